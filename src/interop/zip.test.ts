/** Archives: what honest ones hold, and what hostile ones try. */
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { join, utf8 } from './sample.fixture.js'
import { readZip, zipNames } from './zip.js'

const open = (bytes: Uint8Array): Map<string, Uint8Array> => readZip({ name: 'x.zip', bytes })

function refusal(bytes: Uint8Array): string {
  try {
    open(bytes)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    expect(error.message).toMatch(/^The archive "x\.zip" [^\n]*\.$/)
    return error.message
  }
  return expect.fail('nothing was refused')
}

/** Positions of a signature. */
function positionsOf(bytes: Uint8Array, ...signature: number[]): number[] {
  return [...bytes.keys()].filter(at => signature.every((byte, i) => bytes[at + i] === byte))
}
const ENTRY = [0x50, 0x4b, 1, 2]

/** The archive with numbers overwritten in its directory's entries. */
function patched(bytes: Uint8Array, at: number, value: number, width: 2 | 4): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  for (const entry of positionsOf(copy, ...ENTRY)) {
    if (width === 2) view.setUint16(entry + at, value, true)
    else view.setUint32(entry + at, value, true)
  }
  return copy
}

const text = 'weights '.repeat(40)
const plain = zipSync({ 'a/b.txt': utf8(text), 温: utf8('x') }, { level: 0 })
const packed = zipSync({ 'a/b.txt': utf8(text), 温: utf8('x') }, { level: 6 })

describe('an archive', () => {
  it('gives its files, stored or deflated, after other bytes at its end', () => {
    for (const bytes of [plain, packed]) {
      const files = open(bytes)
      expect([...files.keys()]).toEqual(['a/b.txt', '温'])
      expect(new TextDecoder().decode(files.get('a/b.txt'))).toBe(text)
      expect(zipNames(bytes)).toEqual(['a/b.txt', '温'])
    }
  })

  it('names folders, but gives no file for them', () => {
    expect([...open(zipSync({ 'a/': new Uint8Array(), 'a/b': utf8('x') })).keys()]).toEqual(['a/b'])
  })

  it.each(['/etc/passwd', '../x', 'a/../../x', 'C:\\x', 'a\\..\\x', 'a\0b'])(
    'with the entry %j is refused',
    name => expect(refusal(zipSync({ [name]: utf8('x') }))).toMatch(/leaves the archive/),
  )

  it('with the entry __proto__ changes nothing', () => {
    const bytes = zipSync({ __proto_x: utf8('x') }, { level: 0 })
    for (const at of positionsOf(bytes, ...utf8('__proto_x'))) bytes.set(utf8('__proto__'), at)
    expect(open(bytes).get('__proto__')).toEqual(utf8('x'))
    expect(({} as { length?: number }).length).toBeUndefined()
  })

  it('with two entries of one name is refused', () => {
    const bytes = zipSync({ aaa: utf8('x'), bbb: utf8('y') }, { level: 0 })
    for (const at of positionsOf(bytes, ...utf8('bbb'))) bytes.set(utf8('aaa'), at)
    expect(refusal(bytes)).toMatch(/has two entries "aaa"/)
  })

  it('that is encrypted, packed in another way or damaged is refused', () => {
    expect(refusal(patched(plain, 8, 1, 2))).toMatch(/encrypted; unpack it first/)
    expect(refusal(patched(plain, 10, 14, 2))).toMatch(/by method 14; expected stored or deflated/)
    expect(refusal(patched(plain, 16, 1234, 4))).toMatch(/damaged/) // its checksum
    const flipped = packed.slice()
    flipped[50] ^= 4
    expect(refusal(flipped)).toMatch(/damaged/)
    for (const length of [0, 4, 30, plain.length - 1]) {
      expect(refusal(plain.slice(0, length))).toMatch(/damaged/)
    }
  })

  it('without checksums is read, as PyTorch can write it', () => {
    expect(open(patched(plain, 16, 0, 4)).get('温')).toEqual(utf8('x'))
  })

  it('that expands too far is refused before it is unpacked', () => {
    const bomb = zipSync({ a: new Uint8Array(8e6) }, { level: 9 })
    expect(refusal(bomb)).toMatch(/expands to more than 1 MB/)
    // It says to be small.
    expect(refusal(patched(bomb, 24, 100, 4))).toMatch(/damaged/)
    expect(refusal(patched(plain, 24, 0xffffffff, 4))).toMatch(/expands|damaged/)
  })

  it('whose entries share their bytes is refused', () => {
    const one = zipSync({ a: utf8(text) }, { level: 0 })
    const [start = 0] = positionsOf(one, ...ENTRY)
    const directory = one.slice(start, -22)
    const second = directory.slice()
    second[46] = 'b'.charCodeAt(0)
    const end = one.slice(-22)
    new DataView(end.buffer).setUint16(8, 2, true)
    new DataView(end.buffer).setUint16(10, 2, true)
    expect(refusal(join(one.slice(0, start), directory, second, end))).toMatch(/damaged/)
  })

  it('with more entries than any model is refused at once', () => {
    const many = patched(plain, 0, 0x4b50, 2)
    new DataView(many.buffer).setUint16(many.length - 12, 40_000, true)
    expect(refusal(many)).toMatch(/more than 20000 entries/)
  })
})
