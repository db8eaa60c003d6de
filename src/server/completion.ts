/** `POST /completions`: checks the JSON body, writes the text, and sends it whole or as a stream. */
import { counted, didYouMean, InputError, OndoError, quote } from '../errors.js'
import type { Model } from '../file/index.js'
import {
  type GenerateOptions,
  generate,
  promptIds,
  type Run,
  type RunHeader,
  runHeader,
  type Step,
  TextBytes,
} from '../generate/index.js'
import { type Bilingual, type FlagKnob, readKnob, toJson } from '../knob.js'
import type { Seed } from '../random.js'
import {
  checkSchedule,
  LENGTH,
  readTemperature,
  type Schedule,
  SEED,
  SurpriseReach,
  TEMPERATURE,
} from '../temperature/index.js'
import { encodeBase64, readStops, UNKNOWN, type UnknownPolicy } from '../text/index.js'

const STREAM: FlagKnob = {
  name: 'stream',
  kind: 'flag',
  default: false,
  about: {
    en: 'send each step as it is made (server-sent events) instead of the whole text',
    ja: '全文を待たず、1文字ごとに送る（Server-Sent Events）',
  },
}

const PROMPT_IDS: FlagKnob = {
  name: 'promptIds',
  kind: 'flag',
  default: false,
  about: {
    en: 'give the ids of the prompt back, in `run`',
    ja: 'プロンプトの記号番号を `run` に入れて返す',
  },
}

/** A request that has been checked. */
export interface CompletionRequest {
  readonly model?: string
  readonly prompt?: string
  /** A number, or a schedule. In the body a schedule is its syntax or its JSON value. */
  readonly temperature: number | Schedule
  /** The sampler chain in its syntax. */
  readonly chain?: string
  readonly length: number
  readonly seed: Seed
  readonly stop?: readonly string[]
  readonly unknown: UnknownPolicy
  readonly stream: boolean
  /** Whether the answer contains the ids of the prompt. */
  readonly promptIds: boolean
}

const FIELDS = [
  'model',
  'prompt',
  'temperature',
  'chain',
  'length',
  'seed',
  'stop',
  'unknown',
  'stream',
  'promptIds',
] satisfies (keyof CompletionRequest)[]

function readText(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw new InputError(name, `The ${name} is ${quote(value)}; expected text.`)
}

/** Maximum length of a schedule's syntax, UTF-16 units. */
const LONGEST_SCHEDULE = 100_000

function readAnyTemperature(value: unknown): number | Schedule {
  if (typeof value === 'string' && value.length > LONGEST_SCHEDULE) {
    throw new InputError(
      'schedule',
      `The temperature is ${counted(value.length, 'character')} long; expected at most ${LONGEST_SCHEDULE}.`,
    )
  }
  if (typeof value === 'string') return readTemperature(value)
  const isValue = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isValue ? checkSchedule(value) : readKnob(TEMPERATURE, value)
}

function readStop(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map(stop => {
    if (typeof stop === 'string' && stop !== '') return stop
    throw new InputError(
      'stop',
      `A stop string is ${quote(stop)}; expected text of at least one character.`,
    )
  })
}

/**
 * Checks the body of a request.
 * @param maxLength maximum number of symbols that this server writes for one request
 * @throws InputError for an unknown field, or a value out of range
 */
export function readCompletionRequest(body: unknown, maxLength: number): CompletionRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InputError(
      'body',
      'The body is not a JSON object; expected one such as {"prompt": "ROMEO:", "temperature": 0.8}.',
    )
  }
  const fields = new Map<string, unknown>(Object.entries(body))
  for (const name of fields.keys()) {
    if (!FIELDS.some(field => field === name)) {
      throw new InputError(
        'field',
        `There is no field ${quote(name)}; expected ${FIELDS.join(', ')}.${didYouMean(name, FIELDS)}`,
      )
    }
  }
  const length = { ...LENGTH, max: maxLength }
  const standard = Math.min(LENGTH.default, maxLength)
  return {
    model: readText('model', fields.get('model')),
    prompt: readText('prompt', fields.get('prompt')),
    temperature: readAnyTemperature(fields.get('temperature') ?? TEMPERATURE.default),
    chain: readText('chain', fields.get('chain')),
    length: readKnob(length, fields.get('length') ?? standard),
    seed: readKnob(SEED, fields.get('seed') ?? SEED.default),
    stop: readStop(fields.get('stop')),
    unknown: readKnob(UNKNOWN, fields.get('unknown') ?? UNKNOWN.default),
    stream: readKnob(STREAM, fields.get('stream') ?? STREAM.default),
    promptIds: readKnob(PROMPT_IDS, fields.get('promptIds') ?? PROMPT_IDS.default),
  }
}

/**
 * The events of a completion, in order. They are the lines of `ondo sample --json`; the ids of the
 * prompt are included only on request.
 */
export type CompletionEvent =
  | ({ readonly type: 'run' } & Run & Partial<RunHeader>)
  | ({ readonly type: 'step' } & Step)
  | {
      readonly type: 'end'
      readonly stop: string
      readonly stopString?: string
      readonly symbols: number
      readonly bitsPerSymbol: number | null
      readonly text: string
      /** Says that the schedule aimed at a surprise that the model could not reach. */
      readonly note?: Bilingual
      /** Byte models only: the bytes of the text in base64. `text` has U+FFFD for invalid UTF-8. */
      readonly bytes?: string
    }
  | { readonly type: 'error'; readonly code: string; readonly message: string }

/** Maximum number of different unknown symbols to replace by the nearest known one, 0.1 ms each. */
const MOST_UNKNOWN = 1000

/** @throws InputError when the prompt has too many different unknown symbols */
function checkUnknown(model: Model, prompt: string): void {
  const { unknown } = model.tokenizer.encode(prompt, 'skip')
  const kinds = new Set(unknown.map(({ symbol }) => symbol)).size
  if (kinds <= MOST_UNKNOWN) return
  throw new InputError(
    'prompt',
    `The prompt has ${counted(kinds, 'kind')} of symbols that the model does not know; expected at most ${MOST_UNKNOWN} where "nearest" is to replace them: choose "skip", or another model.`,
  )
}

/**
 * Writes the text of a request.
 * @param maxPrompt maximum number of symbols in the prompt
 * @param signal ends the writing, also during the prompt; `stop` is then `interrupted`
 * @throws InputError before the first event: the prompt is too long or has unknown symbols
 */
export async function* complete(
  model: Model,
  request: CompletionRequest,
  maxPrompt: number,
  signal: AbortSignal,
): AsyncGenerator<CompletionEvent, void, void> {
  const { temperature, chain, length, seed, unknown } = request
  const prompt = request.prompt ?? model.prompt ?? ''
  const stop = request.stop && readStops(request.stop, model.tokenizer)
  if (unknown === 'nearest') checkUnknown(model, prompt)
  const ids = promptIds(model, prompt, unknown)
  if (ids.length > maxPrompt) {
    throw new InputError(
      'prompt',
      `The prompt has ${counted(ids.length, 'symbol')}; expected at most ${maxPrompt}: send its end, which affects the text most.`,
    )
  }
  const run = { prompt, temperature, chain, length, seed, stop, unknown }
  const options: GenerateOptions = { ...run, signal }
  const { promptIds: own, ...header } = runHeader(model, { ...run, ids })
  yield { type: 'run', ...header, ...(request.promptIds && { promptIds: own }) }
  let text = ''
  const raw = model.tokenizer.kind === 'byte' ? new TextBytes(model) : undefined
  const bytes: number[] = []
  const reach = new SurpriseReach(temperature)
  let symbols = 0
  let surprisal = 0
  let ended: Pick<Step, 'stop' | 'stopString'> = length === 0 ? { stop: 'length' } : {}
  for await (const step of generate(model, options)) {
    text += step.text
    if (raw) bytes.push(...raw.push(step))
    reach.push(step)
    symbols++
    surprisal += step.surprisal
    if (step.stop) ended = { stop: step.stop, stopString: step.stopString }
    yield { type: 'step', ...step }
  }
  if (raw) bytes.push(...raw.flush())
  const note = reach.note()
  yield {
    type: 'end',
    stop: ended.stop ?? 'interrupted',
    stopString: ended.stopString,
    symbols,
    bitsPerSymbol: symbols > 0 ? surprisal / symbols : null,
    text,
    ...(note && { note }),
    ...(raw && { bytes: encodeBase64(Uint8Array.from(bytes)) }),
  }
}

/** The code and message for a client. Unexpected errors keep their details on the server. */
export function describeError(error: unknown): { code: string; message: string } {
  return error instanceof OndoError
    ? { code: error.code, message: error.message }
    : { code: 'internal', message: 'Something went wrong inside the server; its log may say more.' }
}

/** Server-sent events. Each is made when the client reads it; a closed connection ends the writing. */
export function eventStream(
  first: CompletionEvent | undefined,
  events: AsyncGenerator<CompletionEvent, void, void>,
  abort: AbortController,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const encode = (event: CompletionEvent): Uint8Array =>
    encoder.encode(`event: ${event.type}\ndata: ${toJson(event)}\n\n`)
  return new ReadableStream({
    start(controller) {
      if (first) controller.enqueue(encode(first))
    },
    async pull(controller) {
      try {
        const next = await events.next()
        if (next.done) controller.close()
        else controller.enqueue(encode(next.value))
      } catch (error) {
        controller.enqueue(encode({ type: 'error', ...describeError(error) }))
        controller.close()
      }
    },
    async cancel() {
      abort.abort()
      await events.return()
    },
  })
}
