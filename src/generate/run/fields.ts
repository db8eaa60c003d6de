/** Reads the fields of a JSON file with checks. An invalid field gives an error of one sentence. */
import { FileError, quote, shorten } from '../../errors.js'
import { matchesHash } from '../../file/identity.js'
import { isRecord, parseJson } from '../../file/json.js'
import type { Model } from '../../file/model.js'

/** A JSON object, with a name for error messages. */
export class Fields {
  private readonly what: string
  private readonly values: Readonly<Record<string, unknown>>

  /** @param what the name in error messages: `The run` */
  constructor(value: unknown, what: string) {
    if (!isRecord(value)) throw damaged(`${what} is ${quote(value)}; expected an object`)
    this.values = value
    this.what = what
  }

  /** The fields of a file, after a check of its `format` and `version`. */
  static ofFile(value: unknown, what: string, format: string, version: number): Fields {
    const fields = new Fields(
      typeof value === 'string' ? parseJson(value, what).value : value,
      what,
    )
    if (fields.values.format !== format) {
      const came = fields.values.format
      const has = came === undefined ? 'has no format' : `has the format ${quote(came)}`
      throw new FileError('format', `${what} ${has}; expected "${format}": name another file.`)
    }
    if (fields.values.version !== version) {
      throw new FileError(
        'version',
        `${what} is of version ${quote(fields.values.version)}; expected ${version}: it was made by another Ondo.`,
      )
    }
    return fields
  }

  has(name: string): boolean {
    return this.values[name] !== undefined
  }

  raw(name: string): unknown {
    return this.values[name]
  }

  text(name: string): string {
    const value = this.values[name]
    return typeof value === 'string' ? value : this.refuse(name, 'text')
  }

  /** One of the given words. */
  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.values[name]
    return words.find(word => word === value) ?? this.refuse(name, words.join(' or '))
  }

  whole(name: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.values[name]
    if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most) {
      return value as number
    }
    return this.refuse(name, `a whole number from 0${most < 2 ** 53 - 1 ? ` to ${most}` : ''}`)
  }

  list(name: string): readonly unknown[] {
    const value = this.values[name]
    return Array.isArray(value) ? (value as unknown[]) : this.refuse(name, 'a list')
  }

  /** A list of ids from 0 to `size` - 1. */
  ids(name: string, size: number): number[] {
    const list = this.list(name)
    const good = (id: unknown): id is number =>
      Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < size
    return list.every(good) ? [...list] : this.refuse(name, `whole numbers from 0 to ${size - 1}`)
  }

  texts(name: string): string[] {
    const list = this.list(name)
    const good = (text: unknown): text is string => typeof text === 'string'
    return list.every(good) ? [...list] : this.refuse(name, 'a list of texts')
  }

  /** A whole number below 2^64 as text; a file made by hand may also have a number. */
  seed(name: string): string {
    const value = this.values[name]
    if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value)
    const good = typeof value === 'string' && /^(0|[1-9]\d{0,19})$/.test(value)
    return good && BigInt(value) < 1n << 64n ? value : this.refuse(name, 'a seed in digits')
  }

  refuse(name: string, expected: string): never {
    throw damaged(
      `${this.what} has ${quote(this.values[name])} as its ${name}; expected ${expected}`,
    )
  }
}

const damaged = (sentence: string): FileError =>
  new FileError('damaged', `${sentence}: the file is damaged or was changed by hand.`)

/** Checks that a run or a tree was made with this model. @throws FileError when it was not */
export async function checkModel(model: Model, hash: string, what: string): Promise<void> {
  if (await matchesHash(model, hash)) return
  const short = (text: string): string => (text.length > 16 ? `${text.slice(0, 12)}…` : text)
  throw new FileError(
    'model',
    `${what} was made with the model ${short(hash)}; this one is ${short(model.hash)}${model.name ? ` (${shorten(model.name)})` : ''}: only the same weights and vocabulary give the same text, so name that model.`,
  )
}
