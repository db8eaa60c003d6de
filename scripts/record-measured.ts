/** Figures of bundled models that need the texts they were trained on: calibration on the part held out. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hashOfCorpus } from '../src/cli/inputs/corpus.js'
import type { Calibration } from '../src/measure/index.js'
import { readCorpus } from '../src/node/read.js'
import { ondo } from '../test/support/command.js'

interface Model {
  readonly name: string
  readonly corpusHash: string | undefined
}

const percent = (share: number): string => `${(100 * share).toFixed(2)}%`

/**
 * Calibrates each model whose text is in a folder; the texts are known by their hash.
 * @returns facts for test/docs/model-tables.ts by the model's name: `calibration N` is column N
 */
export async function measured(
  folder: string,
  models: readonly Model[],
): Promise<Map<string, [string, string][]>> {
  const facts = new Map<string, [string, string][]>()
  for (const file of readdirSync(folder).filter(name => /\.(txt|abc)$/.test(name))) {
    const path = join(folder, file)
    const hash = await hashOfCorpus(await readCorpus([path], {}))
    for (const { name } of models.filter(model => model.corpusHash === hash)) {
      const { stdout, stderr, code } = await ondo(['calibrate', name, path, '--json'])
      if (code !== 0) throw new Error(stderr.trimEnd())
      const { temperature, interval, count, before, after } = JSON.parse(stdout) as Calibration
      const [low, high] = (interval ?? []).map(T => T.toFixed(3))
      const reach = interval ? ` (${low} – ${high})` : ''
      const cells = [
        count.toLocaleString('en'),
        `${temperature.toFixed(3)}${reach}`,
        before.nats.toFixed(4),
        after.nats.toFixed(4),
        percent(before.error),
        percent(after.error),
      ]
      facts.set(
        name,
        cells.map((cell, i) => [`calibration ${i + 1}`, cell]),
      )
    }
  }
  return facts
}
