/** A run: everything that a text depends on. The first line of `ondo sample --json` is one. */
import type { Model } from '../../file/model.js'
import { readSeed, type Seed } from '../../random.js'
import {
  checkSchedule,
  createChain,
  formatSchedule,
  LENGTH,
  readTemperature,
  type SamplerInput,
  type Schedule,
  TEMPERATURE,
} from '../../temperature/index.js'
import type { Tokenizer, UnknownPolicy } from '../../text/tokenizer.js'
import { VERSION } from '../../version.js'
import type { GenerateOptions } from '../generate.js'

/** Everything that a text depends on, as plain data. With the model, it gives the same text again. */
export interface Run {
  /** The version of Ondo that wrote it. */
  readonly ondo: string
  /** The hash of the model; in older runs the SHA-256 of its file. */
  readonly model: string
  readonly tokenizer: string
  readonly prompt: string
  /** The policy for unknown symbols of the prompt; absent for `error`. */
  readonly unknown?: UnknownPolicy
  /** Text, because JSON numbers are exact only up to 2^53. */
  readonly seed: string
  readonly stream: number
  /** The syntax of the schedule. A constant is text too, because JSON has no infinity. */
  readonly temperature: string
  /** The syntax of the chain; absent for temperature alone. */
  readonly chain?: string
  /** Maximum number of symbols. */
  readonly length: number | 'inf'
  /** Stop strings: the text ends before the first of them. */
  readonly stop: readonly string[]
}

/** A run together with the ids of its prompt. */
export interface RunHeader extends Run {
  readonly promptIds: readonly number[]
}

/** Makes the header of a run. @throws InputError for an invalid schedule or chain */
export function runHeader(
  model: Model,
  run: {
    prompt: string
    ids: ArrayLike<number>
    unknown?: UnknownPolicy
    seed: Seed
    stream?: number
    temperature: number | string | Schedule
    chain?: string | readonly SamplerInput[]
    length?: number
    stop?: string | readonly string[]
  },
): RunHeader {
  const { temperature, unknown = 'error', length = LENGTH.default, stop = model.stop ?? [] } = run
  const chain = run.chain === undefined ? undefined : canonicalChain(run.chain, model.tokenizer)
  return {
    ondo: VERSION,
    model: model.hash,
    tokenizer: model.tokenizer.kind,
    // A lone surrogate can't be written to a file. Tokenizers also replace it by U+FFFD.
    prompt: run.prompt.replaceAll(/\p{Surrogate}/gu, '\ufffd'),
    promptIds: Array.from(run.ids),
    ...(unknown !== 'error' && { unknown }),
    seed: String(readSeed(run.seed)),
    stream: run.stream ?? 0,
    temperature: canonicalTemperature(temperature),
    ...(chain !== undefined && { chain }),
    length: length === Number.POSITIVE_INFINITY ? 'inf' : length,
    stop: typeof stop === 'string' ? [stop] : [...stop],
  }
}

/** A temperature in its one written form. @throws InputError */
export function canonicalTemperature(temperature: number | string | Schedule): string {
  return formatSchedule(checkSchedule(temperature))
}

/** A chain in its one written form; undefined for temperature alone. @throws InputError */
export function canonicalChain(
  chain: string | readonly SamplerInput[],
  tokenizer: Tokenizer,
): string | undefined {
  const made = createChain(chain, tokenizer)
  return made.plain ? undefined : made.toString()
}

/** The options of `generate` that write the text of a run. @throws InputError for invalid values */
export function optionsOf(run: Run): GenerateOptions & { readonly seed: Seed } {
  return {
    prompt: run.prompt,
    unknown: run.unknown ?? 'error',
    seed: readSeed(run.seed),
    stream: run.stream,
    temperature: readTemperature(run.temperature),
    chain: run.chain,
    length: run.length === 'inf' ? Number.POSITIVE_INFINITY : run.length,
    stop: run.stop,
  }
}

/**
 * The schedule of a text whose temperature was changed by hand: `0.8 until 57 then 1.2`. With it, the
 * text can be written again as a run.
 * @param temperatures the recorded T of each position
 */
export function scheduleOf(temperatures: readonly number[]): Schedule {
  const starts: number[] = []
  for (let i = 0; i < temperatures.length; i++) {
    if (i === 0 || temperatures[i] !== temperatures[i - 1]) starts.push(i)
  }
  if (starts.length === 0) return { kind: 'constant', temperature: TEMPERATURE.default }
  // Built by bisection, so that 100,000 changes give a depth of only 17.
  const between = (from: number, to: number): Schedule => {
    if (to - from === 1) return { kind: 'constant', temperature: temperatures[starts[from]] }
    const middle = (from + to) >> 1
    const [first, next] = [between(from, middle), between(middle, to)]
    return { kind: 'then', first, until: starts[middle], next }
  }
  return between(0, starts.length)
}
