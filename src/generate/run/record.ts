/**
 * The file of a run: the run and its result. It is enough to write the text again and to compare every
 * symbol.
 */

import { FileError } from '../../errors.js'
import { sha256 } from '../../file/hash.js'
import { toJson } from '../../knob.js'
import { UNKNOWN_POLICIES } from '../../text/tokenizer.js'
import type { Step, StopReason } from '../stop.js'
import { Fields } from './fields.js'
import type { RunHeader } from './header.js'

const FORMAT = 'ondo-run'
const FORMAT_VERSION = 1

/** A step as JSON, with infinity as "inf". */
export type StepJson = Readonly<Record<string, unknown>>

export interface RunRecord {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  readonly run: RunHeader
  /** The name or path of the model where the run was made. */
  readonly source?: string
  /** Why the text ended. `interrupted`: a person ended it before its length. */
  readonly stop: StopReason | 'interrupted'
  readonly stopString?: string
  readonly text: string
  /** SHA-256 of the text in UTF-8, hex, to detect a changed text. */
  readonly hash: string
  /** All drawn symbols, including those of a stop string. */
  readonly ids: readonly number[]
  /** The record of each symbol, if requested. */
  readonly steps?: readonly StepJson[]
}

/** The record of a step in the form in which files hold it. */
export const toStepJson = (step: Step): StepJson => JSON.parse(toJson(step)) as StepJson

/**
 * Makes the record of a run.
 * @param steps all steps of `generate`, in order
 * @param more.record whether to keep the record of each symbol. Default false
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
    ...(more.record && { steps: steps.map(toStepJson) }),
  }
}

/** Formats a run as readable JSON, with one field or one step on each line. */
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
 * @throws FileError when it is not a run, is damaged, or was changed by hand
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
