/**
 * Libraries that exports are made for and that are too large to depend on: those below ONDO_WITNESSES,
 * where
 *
 *     npm install --prefix DIR --ignore-scripts @huggingface/transformers@4.3.2 ml5@0.12.2
 *     git clone https://github.com/karpathy/recurrentjs DIR/node_modules/recurrentjs
 *
 * put them. Tests that need one are skipped and counted where it is missing.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** @returns the folder of a package, or undefined */
export function witness(name: string): string | undefined {
  const { ONDO_WITNESSES } = process.env
  if (!ONDO_WITNESSES) return undefined
  const folder = join(ONDO_WITNESSES, 'node_modules', name)
  return existsSync(folder) ? folder : undefined
}
