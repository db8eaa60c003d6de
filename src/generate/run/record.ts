/**
 * A run with what came of it, for a file: enough to write the text again, and to see whether it
 * comes out the same, symbol by symbol.
 */

import { FileError, quote, shorten } from '../../errors.js'
import { sha256 } from '../../file/hash.js'
import type { Model } from '../../file/model.js'
import { writableStops } from '../../text/input-text.js'
import { UNKNOWN_POLICIES } from '../../text/tokenizer.js'
import { type GenerateOptions, generate, promptIds } from '../generate.js'
import type { Step, StopReason } from '../stop.js'
import { checkModel, Fields } from './fields.js'
import { optionsOf, type RunHeader } from './header.js'

const FORMAT = 'ondo-run'
const FORMAT_VERSION = 1

/** A step as JSON keeps it: infinity is "inf". */
export type StepJson = Readonly<Record<string, unknown>>

export interface RunRecord {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  readonly run: RunHeader
  /** How the model was called where the run was made: a hint for finding it. */
  readonly source?: string
  /** Why the text ended; `interrupted` when somebody ended it before its length. */
  readonly stop: StopReason | 'interrupted'
  readonly stopString?: string
  readonly text: string
  /** SHA-256 of the text in UTF-8, hex: a text changed by hand is seen. */
  readonly hash: string
  /** All that were drawn, those of a stop string included. */
  readonly ids: readonly number[]
  /** The record of each position, where asked for. */
  readonly steps?: readonly StepJson[]
}

const plain = (step: Step): StepJson =>
  JSON.parse(
    JSON.stringify(step, (_key, value: unknown) =>
      value === Number.POSITIVE_INFINITY ? 'inf' : value,
    ),
  ) as StepJson

/**
 * @param steps all that `generate` gave, in order
 * @param more.record keep the record of each position, not only its symbol. Default false
 */
export async function recordRun(
  run: RunHeader,
  steps: readonly Step[],
  more: { readonly source?: string; readonly record?: boolean } = {},
): Promise<RunRecord> {
  const text = steps.map(step => step.text).join('')
  const last = steps.at(-1)
  const empty = steps.length === 0 && run.length === 0
  return {
    format: FORMAT,
    version: FORMAT_VERSION,
    run,
    ...(more.source !== undefined && { source: more.source }),
    stop: last?.stop ?? (empty ? 'length' : 'interrupted'),
    ...(last?.stopString !== undefined && { stopString: last.stopString }),
    text,
    hash: await sha256(new TextEncoder().encode(text)),
    ids: steps.map(step => step.id),
    ...(more.record && { steps: steps.map(plain) }),
  }
}

/** JSON that a person can read too: a field a line, a step a line. */
export function writeRun(record: RunRecord): string {
  const lines = Object.entries(record).map(([name, value]) => {
    const written =
      name === 'steps'
        ? `[\n${(value as StepJson[]).map(step => `    ${JSON.stringify(step)}`).join(',\n')}\n  ]`
        : JSON.stringify(value)
    return `  ${JSON.stringify(name)}: ${written}`
  })
  return `{\n${lines.join(',\n')}\n}\n`
}

/**
 * Reads a run from its JSON.
 * @throws FileError for what is no run, is damaged, or was changed by hand
 */
export async function readRun(json: unknown): Promise<RunRecord> {
  const fields = Fields.ofFile(json, 'The run', FORMAT, FORMAT_VERSION)
  const run = readHeader(fields.raw('run'))
  const text = fields.text('text')
  if (fields.text('hash') !== (await sha256(new TextEncoder().encode(text)))) {
    throw new FileError(
      'changed',
      'The text of the run is not the one that was saved (its hash differs): it was changed, so save the run anew.',
    )
  }
  const ids = fields.ids('ids', Number.MAX_SAFE_INTEGER)
  const steps = fields.has('steps') ? fields.list('steps') : undefined
  if (steps && steps.length !== ids.length) fields.refuse('steps', 'as many as there are ids')
  return {
    format: FORMAT,
    version: FORMAT_VERSION,
    run,
    ...(fields.has('source') && { source: fields.text('source') }),
    stop: fields.word('stop', ['length', 'stop', 'interrupted']),
    ...(fields.has('stopString') && { stopString: fields.text('stopString') }),
    text,
    hash: fields.text('hash'),
    ids,
    ...(steps && { steps: steps as readonly StepJson[] }),
  }
}

function readHeader(value: unknown): RunHeader {
  const fields = new Fields(value, "The run's header")
  return {
    ondo: fields.text('ondo'),
    model: fields.text('model'),
    tokenizer: fields.text('tokenizer'),
    prompt: fields.text('prompt'),
    promptIds: fields.ids('promptIds', Number.MAX_SAFE_INTEGER),
    ...(fields.has('unknown') && { unknown: fields.word('unknown', UNKNOWN_POLICIES) }),
    seed: fields.seed('seed'),
    stream: fields.whole('stream'),
    temperature: fields.text('temperature'),
    ...(fields.has('chain') && { chain: fields.text('chain') }),
    length: fields.raw('length') === 'inf' ? 'inf' : fields.whole('length'),
    stop: fields.texts('stop'),
  }
}

/** The first place at which a run does not come out as it was recorded. */
export interface Difference {
  /** From 0; behind the last symbol where the texts differ in how they end. */
  readonly position: number
  /** `symbol`, `end`, `prompt`, `text`, or the field of the record. */
  readonly what: string
  /** As it was recorded, and as it came: in words or as JSON. */
  readonly expected: string
  readonly came: string
}

/**
 * Writes a run again and compares: the symbols, why it ended, the text, and where the run has them
 * the records to the last bit.
 * @returns the first difference, or undefined when all is equal
 * @throws FileError when the model is another
 */
export async function verifyRun(
  model: Model,
  record: RunRecord,
  options: Pick<GenerateOptions, 'signal' | 'onPrompt'> = {},
): Promise<Difference | undefined> {
  const { run, ids } = record
  await checkModel(model, run.model, 'The run')
  const shown = (id: number | undefined): string =>
    id === undefined
      ? 'the end'
      : quote(id < model.tokenizer.size ? model.tokenizer.symbol(id) : id)
  const prompt = promptIds(model, run.prompt, run.unknown)
  const other = firstDifference(Array.from(prompt), run.promptIds)
  if (other >= 0) {
    const what = 'prompt'
    const expected = shown(run.promptIds[other])
    return { position: other, what, expected, came: shown(prompt[other]) }
  }
  const interrupted = record.stop === 'interrupted'
  const has = (field: string): boolean =>
    record.steps?.some(step => step?.[field] !== undefined) ?? false
  const request = {
    ...optionsOf(run),
    stop: writableStops(run.stop, model.tokenizer),
    ...(interrupted && { length: ids.length }),
    ...{ intervals: has('interval'), loops: has('loop') },
    ...options,
  }
  let position = 0
  let text = ''
  let end: Step | undefined
  for await (const step of generate(model, request)) {
    if (step.id !== ids[position]) {
      return { position, what: 'symbol', expected: shown(ids[position]), came: shown(step.id) }
    }
    const field = record.steps && differingField(record.steps[position], plain(step), interrupted)
    if (field) return { position, ...field }
    text += step.text
    end = step
    position++
  }
  options.signal?.throwIfAborted()
  if (position < ids.length) {
    return { position, what: 'symbol', expected: shown(ids[position]), came: shown(undefined) }
  }
  // Of an interrupted text half a character may be missing, and the reason is not the model's.
  if (interrupted) return undefined
  if ((end?.stop ?? 'length') !== record.stop || end?.stopString !== record.stopString) {
    const words = (stop: string, at?: string): string =>
      at === undefined ? stop : `${stop} ${quote(at)}`
    return {
      position,
      what: 'end',
      expected: words(record.stop, record.stopString),
      came: words(end?.stop ?? 'length', end?.stopString),
    }
  }
  if (text === record.text) return undefined
  const [now, before] = [[...text], [...record.text]]
  const place = firstDifference(now, before)
  // From where they differ: of two long texts the beginnings say nothing.
  const from = (characters: readonly string[]): string =>
    quote(characters.slice(place, place + 80).join(''))
  return { position: place, what: 'text', expected: from(before), came: from(now) }
}

function firstDifference(a: readonly unknown[], b: readonly unknown[]): number {
  const longest = Math.max(a.length, b.length)
  for (let i = 0; i < longest; i++) if (a[i] !== b[i]) return i
  return -1
}

function differingField(
  expected: StepJson,
  came: StepJson,
  interrupted: boolean,
): Omit<Difference, 'position'> | undefined {
  const names = new Set([...Object.keys(expected ?? {}), ...Object.keys(came)])
  for (const what of names) {
    // Where an interrupted text ended, the one that is written again ends by its length.
    if (interrupted && (what === 'stop' || what === 'text')) continue
    const [a, b] = [JSON.stringify(expected?.[what]), JSON.stringify(came[what])]
    // A record may hold more than comes again here (`temperatureNote`), never less.
    if (a !== b && b !== undefined)
      return { what, expected: shorten(a ?? 'nothing'), came: shorten(b) }
  }
  return undefined
}
