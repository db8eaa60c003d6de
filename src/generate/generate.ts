/** Prompt to steps to text. */
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
import { openWriter, SLICE } from './prefill.js'
import { type Step, StopGate } from './stop.js'
import type { Writer } from './writer.js'

export interface GenerateOptions {
  /** The beginning, not repeated in the output. Default: the model's own. */
  readonly prompt?: string
  /** Called every few milliseconds while a long prompt is read, with the symbols read so far. */
  readonly onPrompt?: (read: number, total: number) => void
  /**
   * 0 to Infinity; a schedule, written (`0.4@0 1.2@200`) or as a value; or a function read before
   * each draw (a slider). Default 0.8.
   */
  readonly temperature?: number | string | Schedule | ((moment: ScheduleInput) => number)
  /** Samplers between the logits and the draw: `"temperature, min-p 0.05"`. Default: temperature. */
  readonly chain?: string | readonly SamplerInput[]
  /** Find for each choice the temperatures at which it is the same. Default false. */
  readonly intervals?: boolean
  /** Report at each step the loop in which the text ends, if it does. Default false. */
  readonly loops?: boolean
  /** Say at each step why the chain left temperature no effect, where it did. Default false. */
  readonly notes?: boolean
  /** Same seed, same luck. Default 42. */
  readonly seed?: Seed
  /** Independent luck under the same seed. Default 0. */
  readonly stream?: number
  /** Symbols to write at most. Default 500; Infinity goes on until stopped. */
  readonly length?: number
  /** The text ends before the first of these. Default: the model's own (a name ends at its line). */
  readonly stop?: string | readonly string[]
  /** Ends the writing before the next symbol, without an error. */
  readonly signal?: AbortSignal
  /** What to do with symbols of the prompt that the model does not know. Default `error`. */
  readonly unknown?: UnknownPolicy
}

const networks = new WeakMap<Model, Promise<Network>>()

/** The model's packed weights, made at the first call and shared by all its sessions. */
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

/** The ids of a prompt, read as all text from outside is. @throws InputError under `error`, listing what the model does not know */
export function promptIds(model: Model, prompt: string, unknown: UnknownPolicy = 'error'): Ids {
  return encodeInput(prompt, model.tokenizer, unknown).ids
}

/** Whatever form the temperature has, as something to ask before each draw. */
function temperatureOf(
  temperature: NonNullable<GenerateOptions['temperature']>,
): (writer: Writer) => number {
  if (typeof temperature === 'number') {
    readKnob(TEMPERATURE, temperature)
    return () => temperature
  }
  const at: TemperatureAt =
    typeof temperature === 'function' ? temperature : startSchedule(checkSchedule(temperature))
  return writer => at(writer.moment())
}

/**
 * The stop strings of a call, or the model's own.
 * @throws InputError for one that is empty, or that the model can't write
 */
export function stopStrings(stop: GenerateOptions['stop'], model: Model): readonly string[] {
  if (stop === undefined) return model.stop ?? []
  return readStops(typeof stop === 'string' ? [stop] : stop, model.tokenizer)
}

/**
 * Writes text: an async iterator of steps, each with its text and the record of why it came.
 * The concatenated `text` of the steps is the text. The temperature is read before each draw, so
 * moving a slider changes the very next symbol and nothing before it.
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
  const temperatureAt = temperatureOf(temperature)
  if (typeof options.prompt !== 'string' && options.prompt !== undefined) {
    throw new InputError('prompt', `The prompt is a ${typeof options.prompt}; expected text.`)
  }
  const gate = new StopGate(stopStrings(options.stop, model))
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
    // Aborted while the prompt was read: nothing is written, and that is no error.
    if (signal?.aborted) return undefined
    throw error
  })
  if (!writer) return
  try {
    const slices = new TimeSlices({ milliseconds: SLICE })
    for (let n = 0; n < length && !signal?.aborted; n++) {
      const position = writer.next(temperatureAt(writer))
      const steps = gate.push(position)
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
    // Aborted: what was held back was written all the same.
    yield* gate.flush()
  } finally {
    writer.dispose()
  }
}

/** The whole text at once. */
export async function generateText(model: Model, options: GenerateOptions = {}): Promise<string> {
  let text = ''
  for await (const step of generate(model, options)) text += step.text
  return text
}
