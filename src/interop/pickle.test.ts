/**
 * Python as a witness of the pickle reader: values of all protocols, and pickletools' verdict on damaged
 * ones. (npm's pickleparser is none: two versions of one day in 2024, and it accepts unknown classes.)
 * Runs where `python3`, or the Python named by ONDO_PYTHON, is found.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { readPickle } from './pickle.js'
import { PyObject, type PyValue } from './pickle-values.js'

const python = [process.env.ONDO_PYTHON, 'python3'].find(command => {
  if (!command) return false
  try {
    execFileSync(command, ['-c', 'import pickletools'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

const read = (bytes: Uint8Array) => readPickle(bytes, { name: 'x.pkl' })

interface Witness {
  readonly values: readonly [protocol: number, pickle: string, value: unknown][]
  readonly damaged: readonly [pickle: string, end: number][]
}

/** Python's `float.hex()` as a number. */
function fromHex(text: string): number {
  const [, sign, whole = '', digits = '', exponent] =
    /^(-?)0x(\d)\.?([0-9a-f]*)p([+-]\d+)$/.exec(text) ?? []
  if (exponent === undefined) return Number(text.replace('inf', 'Infinity'))
  const mantissa = Number.parseInt(whole + digits, 16)
  // In two steps, since 2 ** -1126 is 0.
  const scale = Number(exponent) - 4 * digits.length
  return (sign ? -1 : 1) * mantissa * 2 ** Math.ceil(scale / 2) * 2 ** Math.floor(scale / 2)
}

/** Whether a value of ours is what the script's `plain` says. A whole number may be a bigint. */
function isSame(ours: PyValue, said: unknown): boolean {
  if (said === null || typeof said === 'boolean' || typeof said === 'string') return ours === said
  if (Array.isArray(said)) {
    return (
      Array.isArray(ours) &&
      ours.length === said.length &&
      said.every((one, i) => isSame(ours[i] as PyValue, one))
    )
  }
  const [[kind, value]] = Object.entries(said as Record<string, unknown>) as [[string, unknown]]
  if (kind === 'int') return String(ours) === value
  if (kind === 'float') return Object.is(ours, fromHex(String(value)))
  if (kind === 'bytes') {
    return ours instanceof Uint8Array && Buffer.from(ours).toString('hex') === value
  }
  if (kind === 'set') {
    const items = ours instanceof Set ? [...ours] : []
    return String(items.sort((a, b) => Number(a) - Number(b))) === String(value)
  }
  const pairs = value as [string, unknown][]
  return (
    ours instanceof Map &&
    ours.size === pairs.length &&
    pairs.every(([key, one]) => ours.has(key) && isSame(ours.get(key) as PyValue, one))
  )
}

describe.skipIf(!python)('pickles of Python', () => {
  const script = fileURLToPath(new URL('../../test/witness/pickles.py', import.meta.url))
  const witness = (): Witness =>
    JSON.parse(
      execFileSync(python as string, [script], { encoding: 'utf8', maxBuffer: 1e8 }),
    ) as Witness

  it('read as the same values, and damaged ones as pickletools reads them or not at all', () => {
    const { values, damaged } = witness()
    for (const [protocol, pickle, value] of values) {
      const bytes = new Uint8Array(Buffer.from(pickle, 'hex'))
      const { value: ours, end } = read(bytes)
      expect(isSame(ours, value), `protocol ${protocol}: ${pickle}`).toBe(true)
      expect(end).toBe(bytes.length)
    }
    let accepted = 0
    for (const [pickle, end] of damaged) {
      const bytes = new Uint8Array(Buffer.from(pickle, 'hex'))
      try {
        expect(read(bytes).end, pickle).toBe(end)
        accepted++
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        expect(error.message).toMatch(/^The pickle in "x\.pkl" [^\n]*\.$/)
      }
    }
    expect(accepted).toBeGreaterThan(damaged.length / 20)
  }, 60_000)
})

describe('a pickle', () => {
  const of = (text: string): Uint8Array => Uint8Array.from(text, c => c.charCodeAt(0))

  it('may hold itself', () => {
    const { value } = read(of('(lp0\ng0\na.'))
    expect((value as PyValue[])[0]).toBe(value)
  })

  it('gives instances of unknown classes as records, and changes no object of JavaScript', () => {
    const { value } = read(
      of('(i__main__\n__proto__\np0\n(dS"__proto__"\nI1\nsS"constructor"\nI2\nsb.'),
    )
    expect(value).toBeInstanceOf(PyObject)
    expect((value as PyObject).field('__proto__')).toBe(1)
    expect((value as PyObject).field('toString')).toBeUndefined()
    expect(({} as Record<string, unknown>).length).toBeUndefined()
  })

  it.each(['Fabc\n.', 'F\n.', 'Ix\n.', 'L5x\n.', 'S"a\n.', 'g7\n.', 'a.', '.', '(.', 'Inf\n.'])(
    'of %j is refused',
    text => expect(() => read(of(text))).toThrow(FileError),
  )
})
