/** Torch7's serialisation, read as it was written. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { join, utf8 } from './sample.fixture.js'
import {
  type LuaInput,
  type NumberType,
  TorchStorage,
  TorchTensor,
  writeTorch7,
} from './torch7.fixture.js'
import { LuaTable, LuaTensor, readTorch7 } from './torch7.js'

const read = (value: LuaInput, ascii: boolean) =>
  readTorch7({ name: 'a.t7', bytes: writeTorch7(value, ascii) })

function tensorIn(value: LuaInput, ascii: boolean): Float32Array {
  const table = read({ tensor: value }, ascii)
  const tensor = table instanceof LuaTable ? table.fields.get('tensor') : undefined
  return tensor instanceof LuaTensor ? tensor.toFloat32('a.t7') : expect.fail('no tensor')
}

describe.each([false, true])('ASCII: %s', ascii => {
  it('reads views with any offset and stride', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 5 }),
        fc.constantFrom<NumberType>('Double', 'Float', 'Int', 'Long', 'Byte'),
        (rows, columns, offset, type) => {
          const numbers = Array.from({ length: offset + rows * columns }, (_, i) => (7 * i) % 100)
          const storage = new TorchStorage(numbers, type)
          // The transpose of a matrix [columns, rows].
          const tensor = new TorchTensor([rows, columns], storage, offset, [1, rows])
          const expected = Array.from({ length: rows * columns }, (_, i) => {
            const [r, c] = [Math.floor(i / columns), i % columns]
            return numbers[offset + r + c * rows] as number
          })
          expect([...tensorIn(tensor, ascii)]).toEqual(expected)
        },
      ),
    )
  })

  it('reads many numbers, and those that are none', () => {
    const numbers = Float32Array.from(
      { length: 90_001 },
      (_, i) => Math.sin(i) * 10 ** ((i % 60) - 30),
    )
    numbers.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0], 40_000)
    const tensor = new TorchTensor([numbers.length], new TorchStorage(numbers))
    expect(tensorIn(tensor, ascii)).toEqual(numbers)
  })

  it('refuses views that leave their storage', () => {
    const storage = new TorchStorage([1, 2, 3])
    for (const tensor of [
      new TorchTensor([4], storage),
      new TorchTensor([2, 2], storage, 0, [1e9, 1]),
      new TorchTensor([1], storage, 3),
      new TorchTensor([2 ** 20, 2 ** 20], storage, 0, [0, 0]),
    ]) {
      expect(() => tensorIn(tensor, ascii)).toThrow(/its storage ends before/)
    }
  })

  it('keeps the bytes of strings that are no UTF-8', () => {
    const table = read([Uint8Array.of(0xe9), 'é', Uint8Array.of(0x61, 0xff)], ascii)
    expect(table instanceof LuaTable && table.list).toEqual(['\udce9', 'é', 'a\udcff'])
  })
})

it('reads the numbers of C: -nan, inf, exponents, on any lines', () => {
  const text = ['4', '1', '3', 'V 1', '17', 'torch.FloatTensor', '1', '5', '1', '1']
  const storage = ['4', '2', '3', 'V 1', '18', 'torch.FloatStorage', '5']
  const values = '-nan inf\n-inf  1.5e-05\r\n+3\n'
  const bytes = join(utf8(`${[...text, ...storage].join('\n')}\n`), utf8(values))
  const tensor = readTorch7({ name: 'a.t7', bytes })
  const numbers = tensor instanceof LuaTensor ? [...tensor.toFloat32('a.t7')] : []
  expect(numbers).toEqual([Number.NaN, Infinity, -Infinity, Math.fround(1.5e-5), 3])
})

it('refuses a storage that is said to be larger than the file', () => {
  for (const ascii of [false, true]) {
    const bytes = writeTorch7(new TorchStorage(new Float32Array(8)), ascii)
    const whole = new TextDecoder('latin1').decode(bytes)
    const at = ascii ? whole.indexOf('\n8\n') + 1 : bytes.length - 40
    bytes.set(ascii ? utf8('9') : Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127), at)
    const cut = ascii ? bytes.subarray(0, bytes.length - 2) : bytes
    expect(() => readTorch7({ name: 'a.t7', bytes: cut })).toThrow(/damaged or cut short/)
  }
})
