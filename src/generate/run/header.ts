/** What a run is, so that it can be made again: the first line of `ondo sample --json`. */
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

/** All that a text follows from, as plain data: with the model, enough to write it again. */
export interface Run {
  /** The version of Ondo that wrote it. */
  readonly ondo: string
  /** The model's identity; in older runs the SHA-256 of its file. */
  readonly model: string
  readonly tokenizer: string
  readonly prompt: string
  /** What was done with symbols of the prompt that the model does not know; absent for `error`. */
  readonly unknown?: UnknownPolicy
  /** As text: JSON numbers end at 2^53. */
  readonly seed: string
  readonly stream: number
  /** The schedule as written; a constant is one too, and JSON has no infinity. */
  readonly temperature: string
  /** The chain as written; absent for temperature alone. */
  readonly chain?: string
  /** Symbols to write at most. */
  readonly length: number | 'inf'
  /** The text ends before the first of these. */
  readonly stop: readonly string[]
}

/** A run with the ids of its prompt. */
export interface RunHeader extends Run {
  readonly promptIds: readonly number[]
}

/** @throws InputError for a schedule or chain that can't be read */
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
    // Half a character can't be written to a file; tokenizers read it as U+FFFD too.
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

/** The call of `generate` that writes the run's text. @throws InputError for what can't be read */
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
 * The schedule of a text whose temperature was moved by hand: `0.8 until 57 then 1.2`. With it such
 * a text is a run as any other.
 * @param temperatures T of each position, as the record shows it
 */
export function scheduleOf(temperatures: readonly number[]): Schedule {
  const starts: number[] = []
  for (let i = 0; i < temperatures.length; i++) {
    if (i === 0 || temperatures[i] !== temperatures[i - 1]) starts.push(i)
  }
  if (starts.length === 0) return { kind: 'constant', temperature: TEMPERATURE.default }
  // Halved again and again: of 100,000 moves none is deeper than 17 others.
  const between = (from: number, to: number): Schedule => {
    if (to - from === 1) return { kind: 'constant', temperature: temperatures[starts[from]] }
    const middle = (from + to) >> 1
    const [first, next] = [between(from, middle), between(middle, to)]
    return { kind: 'then', first, until: starts[middle], next }
  }
  return between(0, starts.length)
}
