/** What the page of replay-browser.test.ts can do: bundled, it is `ondo` there; in Node it is imported. */
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

/** The same model, made where it is needed, through the bytes of its file: so it has its hash. */
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

/** Runs with the record of each step, as the JSON of their files, and their codes. */
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

/** What differs in each file; null for nothing, which JSON can carry. */
export async function verifyRuns(files: readonly string[]): Promise<(Difference | null)[]> {
  const model = await pageModel()
  const found: (Difference | null)[] = []
  for (const file of files) found.push((await verifyRun(model, await readRun(file))) ?? null)
  return found
}

/** The texts that codes stand for. */
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
