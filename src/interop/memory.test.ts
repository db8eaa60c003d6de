/**
 * The memory that a large model takes while it is imported, above the file itself. Linux tells a process
 * its own highest use; elsewhere the test is skipped.
 */
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FIXTURES } from './formats.fixture.js'

const canMeasure = (() => {
  try {
    accessSync('/proc/self/clear_refs', constants.W_OK)
    return true
  } catch {
    return false
  }
})()

const MOST = 4
/** What the engine keeps before it collects garbage; it is most of the rise of a small file. */
const ALWAYS_ALLOWED = 32 * 2 ** 20

describe.skipIf(!canMeasure)('memory', () => {
  it.each(FIXTURES.map(({ kind }) => kind))(
    'of an import from %s stays below four times the file',
    kind => {
      const script = fileURLToPath(new URL('memory.fixture.ts', import.meta.url))
      // As text the same weights are many times as large; NumPy's fixture has one layer of a plain RNN.
      const hidden = { recurrentjs: 180, numpy: 1200 }[kind] ?? 420
      const output = execFileSync(
        process.execPath,
        ['--expose-gc', '--import', 'tsx', script, kind, String(hidden)],
        { encoding: 'utf8' },
      )
      const { size, rise } = JSON.parse(output) as { size: number; rise: number }
      expect(size).toBeGreaterThan(2e6)
      expect(rise).toBeLessThan(MOST * size + ALWAYS_ALLOWED)
    },
    60_000,
  )
})
