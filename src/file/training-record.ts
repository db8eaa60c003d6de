/** Reads the training record of a model file: known fields of known types only. */
import { quote } from '../errors.js'
import { isRecord } from './json.js'
import type { TrainingRecord } from './model.js'

type Kind = 'text' | 'number' | 'object'

/** One line a field; the compiler holds this list and the interface together. */
const FIELDS: Record<keyof TrainingRecord, Kind> = {
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
}

const FITS: Record<Kind, (value: unknown) => boolean> = {
  text: value => typeof value === 'string',
  number: value => Number.isFinite(value),
  object: isRecord,
}

/**
 * Keeps the known fields; others are left out, so that newer files can be read.
 * @param refusal makes the error: of a file, or of a call
 */
export function readTrainingRecord(
  value: unknown,
  refusal: (code: string, message: string) => Error,
): TrainingRecord {
  if (!isRecord(value)) {
    throw refusal('training', `The training record is ${quote(value)}; expected an object.`)
  }
  const pairs: [string, unknown][] = []
  for (const [field, kind] of Object.entries(FIELDS)) {
    const found = Object.hasOwn(value, field) ? value[field] : undefined
    if (found === undefined) continue
    if (!FITS[kind](found)) {
      const came = typeof found === 'number' ? String(found) : quote(found)
      const want = kind === 'number' ? 'a finite number' : kind === 'text' ? 'text' : 'an object'
      throw refusal('training', `The training record's ${field} is ${came}; expected ${want}.`)
    }
    pairs.push([field, found])
  }
  return Object.fromEntries(pairs)
}
