/**
 * A model's identity against two other implementations of docs/file-format.md: a plain twin here,
 * which reads the bytes by itself, and the program on that page, run in Python where there is one.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CELLS, modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import type { TokenizerKind } from '../text/tokenizer.js'
import { edited, file, sampleWeights } from './damaged.fixture.js'
import { matchesHash, modelFileHash, rememberFile } from './identity.js'
import { decodeModel, encodeModel, type ModelParts } from './model-file.js'
import { DTYPES } from './safetensors.js'

const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

interface Entry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

function split(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = 8 + Number(view.getBigUint64(0, true))
  const { __metadata__: metadata, ...entries } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, start)),
  ) as Record<string, Entry> & { __metadata__: Record<string, string> }
  return { view, start, metadata: metadata as unknown as Record<string, string>, entries }
}

/** Half-precision bits as IEEE 754 defines them, by arithmetic. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The bits of every half that is finite, by its value; zero has two. */
const HALVES = new Map<number, number>()
for (let bits = 0; bits < 0x10000; bits++) {
  if (((bits >> 10) & 31) < 31 && bits !== 0x8000) HALVES.set(half(bits), bits)
}

function narrowest(values: readonly number[]): Buffer {
  const exact = values.every(value => HALVES.has(value))
  const bytes = Buffer.alloc(values.length * (exact ? 2 : 4))
  values.forEach((value, i) => {
    if (!exact) bytes.writeFloatLE(value, 4 * i)
    else bytes.writeUInt16LE(Object.is(value, -0) ? 0x8000 : HALVES.get(value)!, 2 * i)
  })
  return bytes
}

/** The definition of docs/file-format.md, read for the second time. */
function identityTwin(bytes: Uint8Array): string {
  const { view, start, metadata, entries } = split(bytes)
  const config = JSON.parse(metadata.config)
  const tokenizer = JSON.parse(metadata.tokenizer)
  let text = 'ondo model identity 1\n'
  text += `cell ${config.cell}\nvocabulary ${config.vocabulary}\n`
  text += `embedding ${config.embedding ?? 0}\nhidden ${config.hidden}\nlayers ${config.layers}\n`
  if (config.cell === 'rnn') text += `activation ${config.activation ?? 'tanh'}\n`
  if (config.cell === 'gru') text += `reset ${config.reset ?? 'after'}\n`
  if (config.gates !== undefined) text += `gates ${config.gates}\n`
  for (const field of ['window', 'restart', 'padding']) {
    if (config[field] !== undefined) text += `${field} ${config[field]}\n`
  }
  for (const field of ['skip', 'attention']) if (config[field]) text += `${field} true\n`
  if (config.smoothing !== undefined) {
    const bits = Buffer.alloc(8)
    bits.writeDoubleBE(config.smoothing)
    text += `smoothing ${bits.toString('hex')}\n`
  }
  const end = Buffer.from([255])
  text +=
    tokenizer.kind === 'byte'
      ? 'tokenizer byte\n'
      : `tokenizer ${tokenizer.kind} ${sha(
          Buffer.concat(tokenizer.symbols.flatMap((s: string) => [Buffer.from(s), end])),
        )}\n`
  for (const name of Object.keys(entries).sort()) {
    const { dtype, data_offsets: offsets } = entries[name]
    const [from, to] = offsets.map(offset => start + offset)
    const width = dtype === 'F32' ? 4 : 2
    const values: number[] = []
    const float = Buffer.alloc(4)
    for (let at = from; at < to; at += width) {
      if (dtype === 'F32') values.push(view.getFloat32(at, true))
      else if (dtype === 'F16') values.push(half(view.getUint16(at, true)))
      else {
        float.writeUInt32LE(view.getUint16(at, true) * 65_536)
        values.push(float.readFloatLE())
      }
    }
    text += `tensor ${name} ${sha(narrowest(values))}\n`
  }
  return sha(text)
}

/** The same file with its tensors in another order, data and header alike. */
function reordered(bytes: Uint8Array, order: (names: string[]) => string[]): Uint8Array {
  const { start, metadata, entries } = split(bytes)
  const header: Record<string, unknown> = {}
  const pieces: Uint8Array[] = []
  let at = 0
  for (const name of order(Object.keys(entries))) {
    const [from, to] = entries[name].data_offsets
    header[name] = { ...entries[name], data_offsets: [at, at + to - from] }
    pieces.push(bytes.subarray(start + from, start + to))
    at += to - from
  }
  // Metadata last, its keys and those of its JSON reversed.
  const turned = (json: string): string =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(json)).reverse()), null, 1)
  const texts = Object.entries(metadata).map(([key, text]) => [
    key,
    key === 'config' || key === 'tokenizer' ? turned(text) : text,
  ])
  header.__metadata__ = Object.fromEntries(texts.reverse())
  return file(JSON.stringify(header), Buffer.concat(pieces))
}

const SYMBOLS = ['\n', ' ', 'a', 'é', '温', '👩‍👩‍👧', '"', '\\', '\u0000']

const settings = fc.record({
  cell: fc.constantFrom(...CELLS),
  embedding: fc.constantFrom(0, 2, 3),
  hidden: fc.integer({ min: 1, max: 5 }),
  layers: fc.integer({ min: 1, max: 3 }),
  activation: fc.constantFrom('tanh', 'relu'),
  reset: fc.constantFrom('after', 'before'),
  dropout: fc.constantFrom(0, 0.5),
  gates: fc.constantFrom(undefined, 'hard-fifth', 'hard-sixth'),
  window: fc.constantFrom(undefined, 1, 40),
  restart: fc.constantFrom(undefined, 0),
  padding: fc.constantFrom(undefined, 0),
  skip: fc.constantFrom(undefined, false, true),
  attention: fc.constantFrom(undefined, false, true),
  smoothing: fc.constantFrom(undefined, 1e-7, 0.1, 1 / 3 / 10),
  kind: fc.constantFrom<TokenizerKind>('character', 'grapheme', 'byte'),
  symbols: fc.uniqueArray(fc.constantFrom(...SYMBOLS), { minLength: 1 }),
})
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never

function modelOf({ kind, symbols, ...rest }: Settings): ModelParts {
  const own = kind === 'character' ? symbols.filter(symbol => [...symbol].length === 1) : symbols
  const tokenizer = tokenizerFrom(
    kind === 'byte' ? { kind } : { kind, symbols: own.length > 0 ? own : ['a'] },
  )
  // Padding and attention need a window.
  const free = rest.window === undefined ? { padding: undefined, attention: undefined } : {}
  const config = modelConfig({ ...rest, ...free, vocabulary: tokenizer.size })
  return { config, tokenizer, weights: sampleWeights(config) }
}

/** Weights that are halves no longer. */
const unround = ({ weights, ...rest }: ModelParts): ModelParts => ({
  ...rest,
  weights: new Map([...weights].map(([name, data]) => [name, data.map(x => x * 1.001 + 1e-7)])),
})

describe("a model's identity", () => {
  it('is what the plain twin says, of any model in any width', async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.constantFrom(...DTYPES),
        fc.boolean(),
        async (given, dtype, round) => {
          const parts = round ? modelOf(given) : unround(modelOf(given))
          const bytes = encodeModel(parts, { dtype })
          expect((await decodeModel(bytes)).hash).toBe(identityTwin(bytes))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('stays with another title, record, measure, stop, prompt, width, order and dropout', async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.string(), fc.nat(), async (given, name, seconds) => {
        const parts = modelOf(given)
        const plain = encodeModel(parts)
        const model = await decodeModel(plain)
        const { hash } = model
        const clothed: ModelParts = {
          ...parts,
          config: { ...parts.config, dropout: 0.25 },
          name: name.replaceAll(/\p{Surrogate}/gu, ''),
          prompt: 'a',
          stop: ['\n'],
          training: { seconds, corpus: 'x', version: '9' },
          measures: { corpus: { n: 1 } },
        }
        for (const dtype of DTYPES) {
          const other = await decodeModel(encodeModel(clothed, { dtype }))
          expect(other.hash).toBe(hash)
          expect(await modelFileHash(other)).not.toBe(await modelFileHash(model))
        }
        const turned = await decodeModel(reordered(plain, names => names.reverse()))
        expect(turned.hash).toBe(hash)
      }),
      { numRuns: 25 },
    )
  })

  it('changes with each symbol, weight, and each field of the config that sampling reads', async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.nat(), async (given, place) => {
        const parts = modelOf(given)
        const { hash } = await decodeModel(encodeModel(parts))
        const identityOf = async (change: Partial<ModelParts>): Promise<string> =>
          (await decodeModel(encodeModel({ ...parts, ...change }))).hash
        const { config, tokenizer, weights } = parts
        const [name, data] = [...weights][place % weights.size]
        const moved = data.slice()
        moved[place % moved.length] += 2 ** -8
        expect(await identityOf({ weights: new Map([...weights, [name, moved]]) })).not.toBe(hash)
        const { kind, symbols } = tokenizer.toJSON()
        if (symbols !== undefined) {
          const at = place % symbols.length
          const others = symbols.map((symbol, i) => (i === at ? 'z' : symbol))
          const other = tokenizerFrom({ kind, symbols: others })
          expect(await identityOf({ tokenizer: other })).not.toBe(hash)
        }
        const activation = config.activation === 'tanh' ? 'relu' : 'tanh'
        const reset = config.reset === 'after' ? 'before' : 'after'
        // What a cell does not read changes nothing.
        const differs = async (change: object): Promise<boolean> =>
          (await identityOf({ config: { ...config, ...change } })) !== hash
        expect(await differs({ activation })).toBe(config.cell === 'rnn')
        expect(await differs({ reset })).toBe(config.cell === 'gru')
      }),
      { numRuns: 40 },
    )
  })

  it('is the same where defaults are left out, and by no stored word', async () => {
    const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['a', 'b'] })
    const config = modelConfig({ cell: 'gru', vocabulary: 2, hidden: 3, layers: 1 })
    const bytes = encodeModel({ config, tokenizer, weights: sampleWeights(config) })
    const { hash } = await decodeModel(bytes)
    const bare = edited(bytes, header => {
      header.__metadata__.config = '{"cell":"gru","vocabulary":2,"hidden":3,"layers":1}'
      header.__metadata__.identity = '0'.repeat(64)
    })
    expect((await decodeModel(bare)).hash).toBe(hash)
    expect(identityTwin(bare)).toBe(hash)
  })

  it('is not named by an empty hash, and by the hash of the very file', async () => {
    const bytes = new Uint8Array(readFileSync(fileURLToPath(import.meta.url)))
    const model = { hash: 'a', weights: new Map() }
    rememberFile(model.weights, bytes)
    const answers = await Promise.all(
      ['a', sha(bytes), 'c', ''].map(hash => matchesHash(model, hash)),
    )
    expect(answers).toEqual([true, true, false, false])
    expect(await matchesHash({ hash: 'a', weights: new Map() }, 'undefined')).toBe(false)
  })
})

const modelFolder = fileURLToPath(new URL('../../models/', import.meta.url))
const bundled = readdirSync(modelFolder).filter(name => name.endsWith('.safetensors'))

const python = [process.env.ONDO_PYTHON, 'python3'].find(command => {
  if (!command) return false
  try {
    execFileSync(command, ['-c', 'import hashlib, json, struct'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

const programOf = (page: string): string => {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  return (
    [...text.matchAll(/```python\n(.*?)```/gs)].find(([, code]) => /hashlib/.test(code))?.[1] ?? ''
  )
}

describe('the identity of docs/file-format.md', () => {
  it('is the same program in both languages', () => {
    expect(programOf('file-format.md')).toContain('ondo model identity 1')
    expect(programOf('file-format.ja.md')).toBe(programOf('file-format.md'))
  })

  it.each(bundled)('is that of the plain twin for %s', async name => {
    const bytes = new Uint8Array(readFileSync(join(modelFolder, name)))
    expect((await decodeModel(bytes)).hash).toBe(identityTwin(bytes))
  })

  it.skipIf(!python)('is what the program of the page prints in Python', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ondo-identity-'))
    try {
      const cases: Uint8Array[] = []
      for (const given of fc.sample(settings, { seed: 3, numRuns: 6 })) {
        const dtype = DTYPES[cases.length % DTYPES.length]
        cases.push(encodeModel(unround(modelOf(given)), { dtype }))
      }
      if (bundled.length > 0) cases.push(readFileSync(join(modelFolder, bundled[0])))
      for (const bytes of cases) {
        const path = join(folder, 'model.safetensors')
        writeFileSync(path, bytes)
        const program = ['-c', programOf('file-format.md'), path]
        const printed = execFileSync(python!, program, { encoding: 'utf8' })
        expect(printed.trim()).toBe((await decodeModel(new Uint8Array(bytes))).hash)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
