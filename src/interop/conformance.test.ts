/**
 * One suite over all formats. A new format brings a fixture: one file `NAME.fixture.ts` that exports a
 * `FormatFixture` (sample.fixture.ts) and a line in formats.fixture.ts. The fixture writes small random
 * models in the format, one of each variant (cell, layout, version), and gives their logits by a forward
 * pass in the equations of the foreign system. Then every test below runs for it; without a fixture the
 * suite fails. The writers are also what mutations.test.ts damages.
 */
import { describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { loadNetwork } from '../runtime/network.js'
import { FIXTURES } from './formats.fixture.js'
import { FORMAT_KINDS } from './formats.js'
import { type ImportModelOptions, importModel } from './import.js'
import { type FormatFixture, type Sample, type SampleFile, utf8 } from './sample.fixture.js'
import type { SourceFile } from './source.js'

/** A combining mark by itself, two symbols beyond the BMP, Japanese. */
const SYMBOLS = ['\n', ' ', 'a', 'b', 'Z', '"', '\\', 'é', '\u0308', '温', '度', '😀', '𝒳']
const ASCII = ['\n', ' ', 'a', 'b', 'Z', '"', '\\', '0', '~']

const symbolsFor = ({ vocabulary }: FormatFixture): string[] =>
  vocabulary === 'bytes' ? ASCII : SYMBOLS

const open = (files: readonly SourceFile[], { options }: Sample, more: ImportModelOptions = {}) =>
  importModel(files, { ...options, ...more })

/** A refusal: one sentence for people. */
async function refusal(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => expect.fail('nothing was refused'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof FileError || error instanceof InputError)) throw error
  expect(error.message).toMatch(/^[A-Z].*[.?]$/s)
  expect(error.message).not.toMatch(/undefined|NaN|\[object|\n/)
  expect(error.message.length).toBeLessThan(700)
  return error
}

const rename = (files: readonly SampleFile[]): SourceFile[] =>
  files.map((file, i) => (file.named ? file : { ...file, name: `download (${i})` }))

/** What lies beside models in folders. */
const BESIDE: readonly SourceFile[] = [
  { name: 'README.md', bytes: utf8('# A model\n\n{"layers": 2}\n') },
  { name: '.DS_Store', bytes: Uint8Array.of(0, 0, 0, 1, 0x42, 0x75, 0x64, 0x31, 0, 0, 16, 0) },
  { name: 'LICENSE', bytes: utf8('MIT') },
  { name: 'input.txt', bytes: utf8('\nTo be, or not to be'.repeat(40)) },
  { name: 'package.json', bytes: utf8('{"name": "demo", "version": "1.0.0"}') },
  { name: 'notes.json', bytes: utf8('["a", "b"]') },
  { name: 'broken.json', bytes: utf8('{"a": ') },
  { name: 'empty', bytes: new Uint8Array() },
  { name: 'picture.png', bytes: Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0) },
]

/** Every order would be too many: the reverse, and each rotation by a third. */
const ordersOf = (files: readonly SourceFile[]): SourceFile[][] => [
  [...files].reverse(),
  ...[1, 2].map(third => {
    const at = Math.floor((third * files.length) / 3)
    return [...files.slice(at), ...files.slice(0, at)]
  }),
]

it('has a fixture for every format', () => {
  expect(FIXTURES.map(({ kind }) => kind).sort()).toEqual([...FORMAT_KINDS].sort())
})

describe.each(FIXTURES)('$kind', fixture => {
  /** A vocabulary of bytes can be neither too short nor doubled. */
  const itWithSymbols = (name: string, test: () => Promise<void>): void => {
    if (!['bytes', 'with ids of its own'].includes(fixture.vocabulary)) it(name, test)
  }
  const symbols = symbolsFor(fixture)
  const [variant = ''] = fixture.variants
  const sample = fixture.write({ variant, symbols })

  it.each(fixture.variants)('reads %s: logits as in an independent forward pass', async name => {
    const one = fixture.write({ variant: name, symbols, seed: 7 })
    const { model, from } = await open(one.files, one)
    expect(from).toBe(fixture.kind)
    const ids = [2, 1, 3, 4, symbols.length - 1, 0, 5, 6, symbols.length - 2, 2, 2, 0, 3]
    const { ids: ours, unknown } = model.tokenizer.encode(ids.map(id => symbols[id]).join(''))
    expect(unknown).toEqual([])
    const session = (await loadNetwork(model.config, model.weights)).session()
    const idOf = (symbol: string): number => model.tokenizer.encode(symbol).ids[0] as number
    const expected = one.forward(ids)
    let worst = 0
    for (const [t, id] of Array.from(ours).entries()) {
      const logits = session.step(id)
      for (const [v, symbol] of symbols.entries()) {
        const difference = (logits[idOf(symbol)] as number) - (expected[t]?.[v] as number)
        worst = Math.max(worst, Math.abs(difference))
      }
    }
    expect(worst).toBeLessThan(2e-5)
  })

  it('is recognised by content whatever the files are called, and by --from', async () => {
    const { model } = await open(sample.files, sample)
    const renamed = rename(sample.files)
    for (const options of [{}, { from: fixture.kind }]) {
      const again = await open(renamed, sample, options)
      expect(again.from).toBe(fixture.kind)
      expect(again.model.hash).toBe(model.hash)
    }
    for (const from of FORMAT_KINDS.filter(kind => kind !== fixture.kind)) {
      const error = await refusal(open(sample.files, sample, { from }))
      expect(error.message).toMatch(/ (is|are) not /)
    }
  })

  it('takes files in any order, in folders, with others beside', async () => {
    const { model } = await open(sample.files, sample)
    for (const files of ordersOf(sample.files)) {
      expect((await open(files, sample)).model.hash).toBe(model.hash)
    }
    const below = sample.files.map(file => ({ ...file, name: `models/my model/${file.name}` }))
    const spread = sample.files.map((file, i) => ({ ...file, name: `${i}/${file.name}` }))
    for (const files of [below, spread]) {
      expect((await open(files, sample)).model.hash).toBe(model.hash)
      for (const all of [[...BESIDE, ...files], ...ordersOf([...files, ...BESIDE])]) {
        const found = await open(all, sample)
        expect(found.from).toBe(fixture.kind)
        expect(found.model.hash).toBe(model.hash)
      }
    }
  })

  it('refuses files that are cut short, or reads the same', async () => {
    for (const name of fixture.variants) {
      const one = fixture.write({ variant: name, symbols })
      const { model } = await open(one.files, one)
      for (const [at, { bytes }] of one.files.entries()) {
        const lengths = [0, 1, 8, bytes.length - 1]
        for (let n = 1; n < 12; n++) lengths.push(Math.floor((bytes.length * n) / 12))
        for (const length of lengths.filter(length => length < bytes.length)) {
          const files = one.files.with(at, { ...one.files[at]!, bytes: bytes.slice(0, length) })
          const read = await open(files, one).catch((error: unknown) => error)
          if (read instanceof Error) await refusal(Promise.reject(read))
          else expect((read as Awaited<ReturnType<typeof open>>).model.hash).toBe(model.hash)
        }
      }
    }
  })

  itWithSymbols('names a vocabulary of a wrong size', async () => {
    for (const outputs of [symbols.length - 1, symbols.length + 1]) {
      const one = fixture.write({ variant, symbols, outputs })
      const error = await refusal(open(one.files, one))
      expect(error.message).toMatch(/symbol|vocabulary|predicts/)
      // The right one mends it.
      const right = Array.from({ length: outputs }, (_, id) => symbols[id] ?? 'ß')
      const { model } = await open(one.files, one, { vocabulary: { symbols: right } })
      expect(model.config.vocabulary).toBe(outputs)
    }
  })

  itWithSymbols('names symbols that are no single characters', async () => {
    for (const wrong of ['', 'ab', '👩‍👩‍👧']) {
      const one = fixture.write({ variant, symbols: symbols.with(3, wrong) })
      const error = await refusal(open(one.files, one))
      expect(error.message).toMatch(/vocabulary|symbols/i)
    }
  })

  itWithSymbols('names a symbol that comes twice', async () => {
    const one = fixture.write({ variant, symbols: symbols.with(5, 'a') })
    const error = await refusal(open(one.files, one))
    expect(error.message).toMatch(/vocabulary|symbols/i)
  })

  it('refuses all its files when one is empty', async () => {
    for (const [at, file] of sample.files.entries()) {
      const files = sample.files.with(at, { ...file, bytes: new Uint8Array() })
      const read = await open(files, sample).catch((error: unknown) => error)
      // A file that the network does not need (ml5's learning rate) may be empty.
      if (read instanceof Error) await refusal(Promise.reject(read))
    }
    await refusal(
      open(
        sample.files.map(file => ({ ...file, bytes: new Uint8Array() })),
        sample,
      ),
    )
  })
})
