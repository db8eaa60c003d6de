/** NumPy's files: every order and width, vocabularies inside, what is refused; real NumPy as a witness. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { loadNetwork } from '../runtime/network.js'
import { importModel } from './index.js'
import { readNpy } from './npy.js'
import { type NpyArray, writeNpy, writeNpz } from './numpy.fixture.js'

const H = 4
const SYMBOLS = [...'abc\n温']
const V = SYMBOLS.length
const numbers = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(seed + 1.7 * i) / 2))

/** A network with column vectors, as min-char-rnn has them. */
const PLAIN: Readonly<Record<string, NpyArray>> = {
  Wxh: { shape: [H, V], data: numbers(H * V, 1), descr: '<f8' },
  Whh: { shape: [H, H], data: numbers(H * H, 2), descr: '<f8' },
  Why: { shape: [V, H], data: numbers(V * H, 3), descr: '<f8' },
  bh: { shape: [H, 1], data: numbers(H, 4), descr: '<f8' },
  by: { shape: [V, 1], data: numbers(V, 5), descr: '<f8' },
}
const CHARS: NpyArray = { shape: [V], data: SYMBOLS, descr: '<U1' }

const open = (arrays: Readonly<Record<string, NpyArray>>, vocabulary?: string) =>
  importModel([{ name: 'model.npz', bytes: writeNpz(arrays) }], {
    ...(vocabulary !== undefined && { vocabulary }),
  })

describe('an array', () => {
  it('is read in either order, any width, byte order and version', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
        fc.constantFrom('<f8', '>f8', '<f4', '>f4', '<f2', '<i8', '>i4', '|u1'),
        fc.boolean(),
        fc.constantFrom(1 as const, 2 as const, 3 as const),
        (shape, descr, fortran, version) => {
          const size = shape.reduce((a, b) => a * b, 1)
          const data = Array.from({ length: size }, (_, i) => (i * 37) % 200)
          const bytes = writeNpy({ shape, data, descr, fortran, version })
          const array = readNpy({ name: 'a', bytes })
          expect(array.shape).toEqual(shape)
          expect([...array.toFloat32()]).toEqual(data)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('of text keeps all characters', () => {
    const data = ['a', '温', '😀', '\n', '', 'ab']
    for (const [descr, shape] of [
      ['<U2', [6]],
      ['>U3', [2, 3]],
    ] as const) {
      const read = readNpy({ name: 'a', bytes: writeNpy({ shape, data, descr }) }).toTexts()
      expect(read).toEqual(data)
    }
  })

  it.each([
    ['|O', [2], /holds Python objects, which can run code .* without dtype=object/],
    ['<c8', [2], /has the type "<c8"/],
    ['<f8', [1000], /damaged or cut short/],
    ['<f8', [2 ** 31, 2 ** 31], /damaged or cut short/],
  ])('of %s %j is refused by name', (descr, shape, sentence) => {
    const bytes = writeNpy({ shape: [2], data: [1, 2], descr: '<f8' })
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
    bytes.fill(0x20, 10, 127)
    bytes.set(new TextEncoder().encode(text), 10)
    expect(() => readNpy({ name: 'Wxh', bytes }).toFloat32()).toThrow(sentence)
    expect(() => readNpy({ name: 'Wxh', bytes }).toFloat32()).toThrow('"Wxh"')
  })

  it('cut anywhere is a sentence', () => {
    const bytes = writeNpy({ shape: [3], data: [1, 2, 3], descr: '<f8' })
    for (let end = 0; end < bytes.length; end++) {
      expect(() => readNpy({ name: 'a', bytes: bytes.subarray(0, end) })).toThrow(/"a"/)
    }
  })
})

describe('a plain RNN', () => {
  it('is the same from columns, rows, vectors of one dimension, and other names', async () => {
    const { model } = await open({ ...PLAIN, chars: CHARS })
    expect(model.config).toMatchObject({ cell: 'rnn', activation: 'tanh', hidden: H })
    const turned = (name: string): NpyArray => {
      const { shape, data, descr } = PLAIN[name] as NpyArray
      const [rows = 1, columns = 1] = shape
      const flipped = Array.from(
        { length: rows * columns },
        (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number,
      )
      return { shape: [columns, rows], data: flipped, descr }
    }
    const rows = Object.fromEntries(Object.keys(PLAIN).map(name => [name, turned(name)]))
    const flat = (name: string): NpyArray => ({
      ...(PLAIN[name] as NpyArray),
      shape: [name === 'bh' ? H : V],
    })
    const vectors = { ...PLAIN, bh: flat('bh'), by: flat('by') }
    const { Wxh, Whh, Why, bh, by } = PLAIN as Record<'Wxh' | 'Whh' | 'Why' | 'bh' | 'by', NpyArray>
    const textbook = { U: Wxh, W: Whh, V: Why, b: bh, c: by }
    const lower = { w_xh: Wxh, w_hh: Whh, w_hy: Why, b_h: bh, b_y: by }
    for (const arrays of [rows, vectors, textbook, lower]) {
      const same = await open({ ...arrays, chars: CHARS })
      expect(same.model.hash).toBe(model.hash)
    }
  })

  it('with as many units as symbols takes columns, and says so, unless a bias tells', async () => {
    const square = { shape: [V, V], data: numbers(V * V, 7), descr: '<f4' }
    const bh = { shape: [V], data: numbers(V, 9), descr: '<f4' }
    const weights = { Wxh: square, Whh: square, Why: square, bh, chars: CHARS }
    const notesOf = async (shape: readonly number[]): Promise<string> => {
      const by = { shape, data: numbers(V, 8), descr: '<f4' }
      const { notes } = await open({ ...weights, by })
      return notes.map(({ en }) => en).join()
    }
    expect(await notesOf([V])).toContain('nothing tells whether its vectors are columns or rows')
    expect(await notesOf([1, V])).toContain('its vectors are rows')
    expect(await notesOf([V, 1])).toBe('')
  })

  it('asks for its symbols, or has them as an array, a string, bytes, or a file beside it', async () => {
    await expect(open(PLAIN)).rejects.toMatchObject({ way: 'vocabulary' })
    const { model } = await open(PLAIN, JSON.stringify(SYMBOLS))
    for (const vocabulary of [
      CHARS,
      { shape: [V, 1], data: SYMBOLS, descr: '>U3' },
      { shape: [], data: [SYMBOLS.join('')], descr: `<U${V}` },
    ]) {
      expect((await open({ ...PLAIN, vocabulary })).model.hash).toBe(model.hash)
    }
    const ascii: NpyArray = { shape: [V], data: [...'abcde'], descr: '|S1' }
    expect((await open({ ...PLAIN, chars: ascii })).model.tokenizer.toJSON().symbols).toEqual([
      ...'abcde',
    ])
    const beside = { name: 'chars.json', bytes: new TextEncoder().encode(JSON.stringify(SYMBOLS)) }
    const files = [{ name: 'model.npz', bytes: writeNpz(PLAIN) }, beside]
    expect((await importModel(files)).model.hash).toBe(model.hash)
  })

  it('with its symbols as Python objects names the array, unless they are told otherwise', async () => {
    const dict: NpyArray = { shape: [1], data: [0], descr: '|O8' }
    const arrays = { ...PLAIN, char_to_ix: dict }
    await expect(open(arrays)).rejects.toMatchObject({
      fact: expect.stringMatching(/^The array "char_to_ix" holds Python objects/),
      ja: expect.stringContaining('char_to_ix'),
      way: 'vocabulary',
    })
    const { model } = await open(arrays, JSON.stringify(SYMBOLS))
    expect(model.hash).toBe((await open({ ...PLAIN, chars: CHARS })).model.hash)
    expect((await open({ ...arrays, chars: CHARS })).model.hash).toBe(model.hash)
  })

  it("may have PyTorch's names", async () => {
    const f4 = (shape: readonly number[], seed: number): NpyArray => ({
      shape,
      data: numbers(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
      descr: '<f4',
    })
    const { model } = await open({
      'lstm.weight_ih_l0': f4([4 * H, V], 1),
      'lstm.weight_hh_l0': f4([4 * H, H], 2),
      'lstm.bias_ih_l0': f4([4 * H], 3),
      'lstm.bias_hh_l0': f4([4 * H], 4),
      'fc.weight': f4([V, H], 5),
      'fc.bias': f4([V], 6),
      chars: CHARS,
    })
    expect(model.config).toMatchObject({ cell: 'lstm', hidden: H, vocabulary: V })
  })

  it.each([
    [
      { Whh: { shape: [H, V], data: numbers(H * V, 1), descr: '<f8' } },
      /expected \[H, V\], \[H, H\]/,
    ],
    [
      { bh: { shape: [V], data: numbers(V, 1), descr: '<f8' } },
      /has bh of the shape \[5\]; expected 4/,
    ],
    [
      { Wxh: { shape: [V * H], data: numbers(V * H, 1), descr: '<f8' } },
      /Wxh has the shape \[20\]/,
    ],
  ] as const)('that does not fit is refused: %j', async (change, sentence) => {
    await expect(open({ ...PLAIN, ...change, chars: CHARS })).rejects.toThrow(sentence)
  })

  it('without its matrices lists what the file has', async () => {
    const { Wxh, Whh } = PLAIN as Record<'Wxh' | 'Whh', NpyArray>
    await expect(open({ Wxh, Whh, chars: CHARS })).rejects.toThrow(
      /has the arrays "Wxh", "Whh", "chars"/,
    )
  })
})

const python = [process.env.ONDO_PYTHON, 'python3'].find(command => {
  if (!command) return false
  try {
    execFileSync(command, ['-c', 'import numpy'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

describe.skipIf(!python)('what NumPy itself writes', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-numpy-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('gives its logits: stored and compressed, each width, either order', async () => {
    const script = `
import json, numpy as np
H, V = 7, 5
r = np.random.default_rng(1)
w = dict(Wxh=r.normal(size=(H, V)), Whh=r.normal(size=(H, H)) / 3, Why=r.normal(size=(V, H)), bh=r.normal(size=(H, 1)), by=r.normal(size=(V, 1)))
chars = np.array(['a', 'b', 'c', '\\n', '\\u6e29'])
np.savez('f8.npz', chars=chars, **w)
np.savez_compressed('f4.npz', chars=chars, **{k: v.astype(np.float32) for k, v in w.items()})
np.savez('f2.npz', chars=chars, **{k: v.astype(np.float16) for k, v in w.items()})
np.savez('fortran.npz', chars=chars, **{k: np.asfortranarray(v) for k, v in w.items()})
np.savez('rows.npz', chars=chars, **{k: v.T for k, v in w.items()})
np.savez('big.npz', chars=chars, **{k: v.astype('>f8') for k, v in w.items()})
np.savez('object.npz', char_to_ix=np.array({'a': 0}, dtype=object), **w)
h = np.zeros((H, 1))
for i in [0, 3, 4, 1, 1, 2]:
  x = np.zeros((V, 1)); x[i] = 1
  h = np.tanh(w['Wxh'] @ x + w['Whh'] @ h + w['bh'])
print(json.dumps((w['Why'] @ h + w['by']).ravel().tolist()))
`
    const expected = JSON.parse(
      execFileSync(python as string, ['-c', script], { cwd: folder, encoding: 'utf8' }),
    )
    const fileOf = (name: string) => ({
      name: `${name}.npz`,
      bytes: new Uint8Array(readFileSync(join(folder, `${name}.npz`))),
    })
    for (const name of ['f8', 'f4', 'f2', 'fortran', 'rows', 'big']) {
      const { model } = await importModel([fileOf(name)])
      const session = (await loadNetwork(model.config, model.weights)).session()
      const logits = session.prefill(Array.from(model.tokenizer.encode('a\n温bbc').ids))
      for (const [i, logit] of expected.entries()) {
        expect(Math.abs((logits[i] as number) - logit), name).toBeLessThan(
          name === 'f2' ? 5e-3 : 1e-5,
        )
      }
    }
    await expect(importModel([fileOf('object')])).rejects.toMatchObject({
      message: expect.stringMatching(/"char_to_ix" holds Python objects/),
      way: 'vocabulary',
    })
    const given = await importModel([fileOf('object')], { vocabulary: 'abc\n温' })
    expect(given.model.hash).toBe((await importModel([fileOf('f8')])).model.hash)
  })
})
