/** What a run is, so that it can be made again: the first line of `ondo sample --json`. */
import type { Model } from '../file/model.js'
import type { Seed } from '../random.js'
import { VERSION } from '../version.js'

export interface RunHeader {
  readonly ondo: string
  /** SHA-256 of the model file. */
  readonly model: string
  readonly tokenizer: string
  readonly prompt: string
  readonly promptIds: readonly number[]
  /** As text: JSON numbers end at 2^53. */
  readonly seed: string
  readonly stream: number
  /** As written: JSON has no infinity. */
  readonly temperature: string
}

export function runHeader(
  model: Model,
  run: { prompt: string; ids: ArrayLike<number>; seed: Seed; stream?: number; temperature: number },
): RunHeader {
  return {
    ondo: VERSION,
    model: model.hash,
    tokenizer: model.tokenizer.kind,
    prompt: run.prompt,
    promptIds: Array.from(run.ids),
    seed: String(run.seed),
    stream: run.stream ?? 0,
    temperature: run.temperature === Number.POSITIVE_INFINITY ? 'inf' : String(run.temperature),
  }
}
