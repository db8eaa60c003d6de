/** What a run is, so that it can be made again: the first line of `ondo sample --json`. */
import type { Model } from '../file/model.js'
import type { Seed } from '../random.js'
import { createChain, type LinkInput, type Schedule, writeSchedule } from '../temperature/index.js'
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
  /** The schedule as written; a constant is one too, and JSON has no infinity. */
  readonly temperature: string
  /** The chain as written; absent for temperature alone. */
  readonly chain?: string
}

export function runHeader(
  model: Model,
  run: {
    prompt: string
    ids: ArrayLike<number>
    seed: Seed
    stream?: number
    temperature: number | Schedule
    chain?: string | readonly LinkInput[]
  },
): RunHeader {
  const { temperature } = run
  const schedule: Schedule =
    typeof temperature === 'number' ? { kind: 'constant', temperature } : temperature
  return {
    ondo: VERSION,
    model: model.hash,
    tokenizer: model.tokenizer.kind,
    prompt: run.prompt,
    promptIds: Array.from(run.ids),
    seed: String(run.seed),
    stream: run.stream ?? 0,
    temperature: writeSchedule(schedule),
    ...(run.chain !== undefined && { chain: createChain(run.chain, model.tokenizer).toString() }),
  }
}
