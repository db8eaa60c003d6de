/** Generates text from a prompt, as an async iterator of steps or as a whole. */
import { InputError } from '../errors.js'
import { TimeSlices } from '../event-loop.js'
import type { Model } from '../file/model.js'
import { readKnob } from '../knob.js'
import type { Seed } from '../random.js'
import { loadNetwork } from '../runtime/network.js'
import type { Network } from '../runtime/session.js'
import {
  checkSchedule,
  createChain,
  LENGTH,
  type SamplerInput,
  type Schedule,
  type ScheduleInput,
  SEED,
  startSchedule,
  TEMPERATURE,
  type TemperatureAt,
} from '../temperature/index.js'
import { encodeInput, readStops } from '../text/input-text.js'
import type { Ids, UnknownPolicy } from '../text/tokenizer.js'
import { openWriter, SLICE_MS } from './prefill.js'
import { type Step, StopGate } from './stop.js'
import type { Writer } from './writer.js'

export interface GenerateOptions {
  /** The text to continue. The output does not repeat it. Default: the prompt of the model. */
  readonly prompt?: string
  /** Called every few milliseconds while a long prompt is read, with the number of symbols read. */
  readonly onPrompt?: (read: number, total: number) => void
  /**
   * A number from 0 to Infinity; a schedule, as syntax (`0.4@0 1.2@200`) or as a value; or a function
   * that is called before each draw, for a slider. Default 0.8.
   */
  readonly temperature?: number | string | Schedule | ((moment: ScheduleInput) => number)
  /** Samplers between the logits and the draw: `"temperature, min-p 0.05"`. Default: temperature. */
  readonly chain?: string | readonly SamplerInput[]
  /** Report for each symbol the temperatures at which it stays the same. Default false. */
  readonly intervals?: boolean
  /** Report at each step the loop in which the text ends, if any. Default false. */
  readonly loops?: boolean
  /** Report at each step why temperature had no effect, where the chain caused that. Default false. */
  readonly notes?: boolean
  /** The seed of the random numbers. The same seed gives the same text. Default 42. */
  readonly seed?: Seed
  /** Selects one of the independent random streams of a seed. Default 0. */
  readonly stream?: number
  /** Maximum number of symbols to write. Default 500. Infinity: no limit. */
  readonly length?: number
  /** Stop strings: the text ends before the first of them. Default: those of the model. */
  readonly stop?: string | readonly string[]
  /** Ends the writing before the next symbol, without an error. */
  readonly signal?: AbortSignal
  /** What to do with unknown symbols of the prompt. Default `error`. */
  readonly unknown?: UnknownPolicy
}

const networks = new WeakMap<Model, Promise<Network>>()

/** The network of a model, with packed weights. Made at the first call and shared by all sessions. */
export function networkOf(model: Model): Promise<Network> {
  let network = networks.get(model)
  if (!network) {
    network = loadNetwork(model.config, model.weights).catch((error: unknown) => {
      networks.delete(model) // the next call may find the memory that this one did not
      throw error
    })
    networks.set(model, network)
  }
  return network
}

/**
 * The ids of a prompt, after the normalization of all input text.
 * @throws InputError that lists the unknown symbols, when `unknown` is `error`
 */
export function promptIds(model: Model, prompt: string, unknown: UnknownPolicy = 'error'): Ids {
  return encodeInput(prompt, model.tokenizer, unknown).ids
}

/** Turns each form of the temperature option into a function that is called before each draw. */
function readTemperatureOption(
  temperature: NonNullable<GenerateOptions['temperature']>,
): (writer: Writer) => number {
  if (typeof temperature === 'number') {
    readKnob(TEMPERATURE, temperature)
    return () => temperature
  }
  const at: TemperatureAt =
    typeof temperature === 'function' ? temperature : startSchedule(checkSchedule(temperature))
  return writer => at(writer.scheduleInput())
}

/**
 * The stop strings of a call, or those of the model.
 * @throws InputError for an empty stop string, or one that the model can't write
 */
export function readStopStrings(stop: GenerateOptions['stop'], model: Model): readonly string[] {
  if (stop === undefined) return model.stop ?? []
  return readStops(typeof stop === 'string' ? [stop] : stop, model.tokenizer)
}

/**
 * Generates text: an async iterator of steps. Each step has a piece of the text and the record of its
 * draw; the pieces joined are the text. The temperature is read before each draw, so a slider affects
 * the next symbol and nothing before it.
 *
 * @example
 * for await (const step of generate(model, { prompt: 'ROMEO:', temperature: 0.8, seed: 42 }))
 *   process.stdout.write(step.text)
 * @throws InputError before the first step for options out of range or unknown symbols
 */
export async function* generate(
  model: Model,
  options: GenerateOptions = {},
): AsyncGenerator<Step, void, void> {
  const { temperature = TEMPERATURE.default, seed = SEED.default, stream = 0, signal } = options
  const length =
    options.length === Number.POSITIVE_INFINITY
      ? options.length
      : readKnob(LENGTH, options.length ?? LENGTH.default)
  const temperatureAt = readTemperatureOption(temperature)
  if (typeof options.prompt !== 'string' && options.prompt !== undefined) {
    throw new InputError('prompt', `The prompt is a ${typeof options.prompt}; expected text.`)
  }
  const gate = new StopGate(readStopStrings(options.stop, model))
  const ids = promptIds(model, options.prompt ?? model.prompt ?? '', options.unknown)
  const chain =
    options.chain === undefined ? undefined : createChain(options.chain, model.tokenizer)
  const network = await networkOf(model)
  const writerOptions = {
    seed,
    stream,
    chain,
    watch: typeof temperature !== 'number',
    intervals: options.intervals,
    loops: options.loops,
    notes: options.notes,
  }
  const writer = await openWriter(model, network.session(), ids, writerOptions, {
    signal,
    onProgress: options.onPrompt,
  }).catch((error: unknown) => {
    // An abort while the prompt is read ends the generator without an error.
    if (signal?.aborted) return undefined
    throw error
  })
  if (!writer) return
  try {
    const slices = new TimeSlices({ milliseconds: SLICE_MS })
    for (let n = 0; n < length && !signal?.aborted; n++) {
      const record = writer.next(temperatureAt(writer))
      const steps = gate.push(record)
      if (n === length - 1 && !steps.at(-1)?.stop) steps.push(...gate.flush())
      const last = steps.length - 1
      if (n === length - 1 && !steps[last].stop) {
        steps[last] = { ...steps[last], text: steps[last].text + writer.flush(), stop: 'length' }
      }
      for (const step of steps) {
        yield step
        if (step.stop) return
      }
      if (slices.over) await slices.yield()
    }
    // After an abort, the steps that the stop gate still holds are part of the text.
    yield* gate.flush()
  } finally {
    writer.dispose()
  }
}

/** Generates a whole text. @throws InputError for options out of range or unknown symbols */
export async function generateText(model: Model, options: GenerateOptions = {}): Promise<string> {
  let text = ''
  for await (const step of generate(model, options)) text += step.text
  return text
}
