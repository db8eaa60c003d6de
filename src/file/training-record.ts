/** Reads the training record of a model file: known fields of known types only. */
import { quote } from '../errors.js'
import { isRecord } from './json.js'
import type { StartRecord, TrainingRecord } from './model.js'

type Kind = 'text' | 'number' | 'object' | 'texts' | 'import'

type Fields<T> = Readonly<Record<keyof T, Kind>>

/** One line a field; the compiler holds this list and the interface together. */
const FIELDS: Fields<TrainingRecord> = {
  corpus: 'text',
  corpusHash: 'text',
  corpusSize: 'number',
  split: 'text',
  seed: 'number',
  settings: 'object',
  epochs: 'number',
  steps: 'number',
  trainLoss: 'number',
  validationLoss: 'number',
  seconds: 'number',
  version: 'text',
  startedFrom: 'object',
  imported: 'import',
}

const START_FIELDS: Fields<StartRecord> = {
  name: 'text',
  hash: 'text',
  corpus: 'text',
  shared: 'number',
  added: 'texts',
  dropped: 'texts',
  frozen: 'texts',
  loss: 'number',
}

const areTexts = (value: unknown, ...fields: readonly string[]): boolean =>
  isRecord(value) && fields.every(field => typeof value[field] === 'string')

function isImport(value: unknown): boolean {
  if (!isRecord(value) || typeof value.from !== 'string') return false
  const { files, conversions } = value
  return (
    Array.isArray(files) &&
    files.every(file => areTexts(file, 'name', 'sha256')) &&
    Array.isArray(conversions) &&
    conversions.every(sentence => areTexts(sentence, 'en', 'ja'))
  )
}

const KINDS: Record<Kind, { fits(value: unknown): boolean; readonly expected: string }> = {
  text: { fits: value => typeof value === 'string', expected: 'text' },
  number: { fits: value => Number.isFinite(value), expected: 'a finite number' },
  object: { fits: isRecord, expected: 'an object' },
  texts: {
    fits: value => Array.isArray(value) && value.every(item => typeof item === 'string'),
    expected: 'a list of texts',
  },
  import: { fits: isImport, expected: 'an object with from, files and conversions' },
}

type Refusal = (code: string, message: string) => Error

/** Keeps the known fields; `name` is how the sentence calls the fields' owner. */
function readFields<T>(
  value: Readonly<Record<string, unknown>>,
  fields: Fields<T>,
  name: string,
  refusal: Refusal,
): Partial<T> {
  const pairs: [string, unknown][] = []
  for (const [field, kind] of Object.entries<Kind>(fields)) {
    const found = Object.hasOwn(value, field) ? value[field] : undefined
    if (found === undefined) continue
    if (!KINDS[kind].fits(found)) {
      const came = typeof found === 'number' ? String(found) : quote(found)
      throw refusal(
        'training',
        `The training record's ${name}${field} is ${came}; expected ${KINDS[kind].expected}.`,
      )
    }
    pairs.push([field, found])
  }
  return Object.fromEntries(pairs) as Partial<T>
}

function readStart(
  value: Readonly<Record<string, unknown>>,
  refusal: Refusal,
): StartRecord | undefined {
  const start = readFields(value, START_FIELDS, 'startedFrom.', refusal)
  const { hash, shared, added, dropped, frozen } = start
  if (hash === undefined || shared === undefined || !added || !dropped || !frozen) return undefined
  return { ...start, hash, shared, added, dropped, frozen }
}

/**
 * Keeps the known fields; others are left out, so that newer files can be read.
 * @param refusal makes the error: of a file, or of a call
 */
export function readTrainingRecord(value: unknown, refusal: Refusal): TrainingRecord {
  if (!isRecord(value)) {
    throw refusal('training', `The training record is ${quote(value)}; expected an object.`)
  }
  const { startedFrom, ...record } = readFields<TrainingRecord>(value, FIELDS, '', refusal)
  const start = isRecord(startedFrom) ? readStart(startedFrom, refusal) : undefined
  return { ...record, ...(start && { startedFrom: start }) }
}
