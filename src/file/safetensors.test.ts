import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.js'
import { entry, file, floats, one } from './damaged.fixture.js'
import { DTYPES, decodeSafetensors, encodeSafetensors, type Tensor, WIDTH } from './safetensors.js'

describe('what is written', () => {
  it('has exactly these bytes', () => {
    const bytes = encodeSafetensors(
      new Map<string, Tensor>([
        ['b', { dtype: 'F32', shape: [2], data: floats(1, -2) }],
        ['a', { dtype: 'F16', shape: [1, 2], data: floats(1, 65504) }],
        ['c', { dtype: 'BF16', shape: [], data: floats(1) }],
      ]),
      { k: 'v' },
    )
    const json =
      '{"__metadata__":{"k":"v"},' +
      '"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F16","shape":[1,2],"data_offsets":[8,12]},' +
      '"c":{"dtype":"BF16","shape":[],"data_offsets":[12,14]}}'
    const padded = json.padEnd(Math.ceil(json.length / 8) * 8)
    const data = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0x3c, 0xff, 0x7b, 0x80, 0x3f]
    expect(bytes).toEqual(file(padded, data))
  })

  it('comes back: names, order, shapes, dtypes, metadata, and every bit of the numbers', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 12 }).filter(x => x !== '__metadata__')
    const tensor = fc
      .tuple(
        fc.constantFrom(...DTYPES),
        fc.array(fc.nat(4), { maxLength: 3 }),
        fc.uint8Array({ minLength: 256, maxLength: 256 }),
      )
      .map(([dtype, shape, random]): Tensor => {
        const size = shape.reduce((a, b) => a * b, 1)
        // Values that every dtype holds exactly, from their own bytes.
        const data = new Uint8Array(size * WIDTH[dtype])
        for (let i = 0; i < data.length; i++) data[i] = random[i] & 0x7f
        const header = `{"x":${entry(dtype, shape, [0, data.length])}}`
        return decodeSafetensors(file(header, data)).tensors.get('x')!
      })
    const metadata = fc.dictionary(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, tensor), { selector: x => x[0] }),
        metadata,
        (list, meta) => {
          const bytes = encodeSafetensors(new Map(list), meta)
          const back = decodeSafetensors(bytes)
          expect([...back.tensors]).toEqual(list)
          expect(Object.entries(back.metadata)).toEqual(Object.entries(meta))
          expect(encodeSafetensors(back.tensors, back.metadata)).toEqual(bytes)
          expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0)
        },
      ),
      { numRuns: 200, seed: 1 },
    )
  })

  it('keeps the payload of a NaN in F32', () => {
    const bytes = file(`{${one}}`, [0x01, 0x02, 0xa3, 0x7f])
    const { tensors } = decodeSafetensors(bytes)
    expect([...encodeSafetensors(tensors).slice(-4)]).toEqual([0x01, 0x02, 0xa3, 0x7f])
  })

  it('keeps names that JavaScript would reorder or lose', () => {
    const tensors = new Map<string, Tensor>()
    for (const name of ['z', '10', '9', '__proto__', 'constructor', '"', '\u0000', '温度']) {
      tensors.set(name, { dtype: 'F32', shape: [1], data: floats(tensors.size) })
    }
    const meta = Object.fromEntries([['__proto__', 'x']])
    const back = decodeSafetensors(encodeSafetensors(tensors, meta))
    expect([...back.tensors]).toEqual([...tensors])
    expect(Object.entries(back.metadata)).toEqual([['__proto__', 'x']])
  })

  it('is read from the middle of a larger buffer, aligned or not', () => {
    const bytes = encodeSafetensors(
      new Map([['a', { dtype: 'F32', shape: [2], data: floats(3, 4) }]]),
    )
    for (const at of [0, 1, 2, 3]) {
      const larger = new Uint8Array(bytes.length + 9).fill(255)
      larger.set(bytes, at)
      const { tensors } = decodeSafetensors(larger.subarray(at, at + bytes.length))
      expect(tensors.get('a')?.data).toEqual(floats(3, 4))
    }
  })

  it.each<[string, Map<string, Tensor>, Record<string, string>]>([
    [
      'numbers that do not fit the shape',
      new Map([['a', { dtype: 'F32', shape: [3], data: floats(1) }]]),
      {},
    ],
    [
      'a shape that is no shape',
      new Map([['a', { dtype: 'F32', shape: [-1, -1], data: floats(1) }]]),
      {},
    ],
    [
      'the reserved name',
      new Map([['__metadata__', { dtype: 'F32', shape: [1], data: floats(1) }]]),
      {},
    ],
    [
      'half a character in a name',
      new Map([['\ud800', { dtype: 'F32', shape: [1], data: floats(1) }]]),
      {},
    ],
    ['half a character in the metadata', new Map(), { a: '\udc00' }],
  ])('is refused with %s', (_, tensors, metadata) => {
    expect(() => encodeSafetensors(tensors, metadata)).toThrow(InputError)
  })
})

describe('what is read', () => {
  it('may have holes in its order of names, empty tensors, unaligned data and no metadata', () => {
    const header = `{"b":${entry('F16', [1], [4, 6])},"e":${entry('F32', [0, 7], [4, 4])},${one}} \n`
    const { tensors, metadata } = decodeSafetensors(file(header, [0, 0, 128, 63, 0, 0x3c]))
    expect([...tensors.keys()]).toEqual(['b', 'e', 'a'])
    expect(tensors.get('a')?.data).toEqual(floats(1))
    expect(tensors.get('b')?.data).toEqual(floats(1))
    expect(tensors.get('e')).toEqual({ dtype: 'F32', shape: [0, 7], data: floats() })
    expect(metadata).toEqual({})
  })
})
