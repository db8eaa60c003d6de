/** Functions for replay-browser.test.ts. They are bundled as `ondo` in a page and imported in Node. */
import type { Difference } from '../../src/generate/index.js'
import {
  decodeModel,
  decodeRun,
  encodeModel,
  encodeRun,
  generate,
  type Model,
  optionsOf,
  promptIds,
  readRun,
  recordRun,
  runHeader,
  type Step,
  verifyRun,
  writeRun,
} from '../../src/index.js'
import { modelConfig } from '../../src/model/index.js'
import { CharacterTokenizer } from '../../src/text/index.js'
import { seededWeights } from './seeded.js'

/** Makes the same model in the page and in Node. It is decoded from file bytes so that it has a hash. */
export function pageModel(): Promise<Model> {
  const tokenizer = new CharacterTokenizer([...'abcdefghijklmnopqrstuvwxyz .,\n温度'])
  const config = modelConfig({ cell: 'lstm', vocabulary: tokenizer.size, hidden: 40, layers: 2 })
  return decodeModel(encodeModel({ config, tokenizer, weights: seededWeights(config, 7, 0.6) }))
}

const RUNS = [
  { temperature: '1.1', length: 500 },
  { temperature: 'escape (entropy 0.3..1.4^2)', chain: 'dry 0.8, min-p 0.02', length: 300 },
  { temperature: 'surprise 2.5 until 100 then cycle 0.5,inf,0', stop: ['温'], length: 400 },
  {
    temperature: '0.7@0 1.9@90',
    chain: 'penalty repetition=1.2, top-p 0.95, xtc 0.1',
    length: 200,
  },
]

/** Makes runs with the record of each step; returns the JSON of their files and their codes. */
export async function makeRuns(): Promise<{ files: string[]; codes: string[] }> {
  const model = await pageModel()
  const files: string[] = []
  const codes: string[] = []
  for (const [seed, options] of RUNS.entries()) {
    const prompt = '温度 '
    const ids = promptIds(model, prompt)
    const header = runHeader(model, { ...options, prompt, ids, seed: BigInt(seed) + 2n ** 60n })
    const steps: Step[] = []
    for await (const step of generate(model, { ...optionsOf(header), intervals: true })) {
      steps.push(step)
    }
    files.push(writeRun(await recordRun(header, steps, { record: true })))
    codes.push(encodeRun(header))
  }
  return { files, codes }
}

/** Returns the difference found in each file; null for none, because JSON has no undefined. */
export async function verifyRuns(files: readonly string[]): Promise<(Difference | null)[]> {
  const model = await pageModel()
  const found: (Difference | null)[] = []
  for (const file of files) found.push((await verifyRun(model, await readRun(file))) ?? null)
  return found
}

/** Returns the texts of run codes. */
export async function replayCodes(codes: readonly string[]): Promise<string[]> {
  const model = await pageModel()
  const texts: string[] = []
  for (const code of codes) {
    let text = ''
    for await (const step of generate(model, optionsOf(decodeRun(code)))) text += step.text
    texts.push(text)
  }
  return texts
}
