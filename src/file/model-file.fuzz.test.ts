/**
 * 10,000 damaged files, and one law for all of them. Whatever the bytes are, `decodeModel` either
 * throws a FileError, or
 *
 * 1. a second reader (`witness`, below: JSON.parse and addition) finds the file whole: the tensors
 *    lie end to end and are those that the config demands, by name and shape;
 * 2. the model is what the file says: its config, its tokenizer's symbols and its finite weights;
 * 3. writing it gives a file that reads as the same model;
 * 4. if the bytes before the data are the original's, so is all of the model but its weights; and
 *    then the length must be the original's too (cutting or appending is always refused).
 *
 * A flipped bit inside a weight or a name can't be seen, as the format has no checksum: of a weight the
 * model's identity tells, which is why replays quote it.
 */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { modelConfig, tensorShapes } from '../model/config.js'
import { Random } from '../random.js'
import { tokenizerFrom } from '../text/index.js'
import { sampleWeights, utf8 } from './damaged.fixture.js'
import { modelFileHash } from './identity.js'
import type { Model } from './model.js'
import { decodeModel, encodeModel } from './model-file.js'
import { WIDTH } from './safetensors.js'

const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['\n', ' ', 'a', 'b', '温'] })
const config = modelConfig({ cell: 'gru', vocabulary: 5, embedding: 3, hidden: 4, layers: 2 })
const original = encodeModel(
  {
    config,
    tokenizer,
    weights: sampleWeights(config),
    name: 'Fuzz',
    prompt: 'ab',
    stop: ['\n'],
    training: { corpus: 'x', seed: 7, trainLoss: 1.5, settings: { rate: 0.002 } },
  },
  { dtype: 'F16' },
)
const headerLength = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
const dataStart = 8 + headerLength(original)

/** Chance in the hand: whole numbers below n, from one seed. */
class Dice {
  private position = 0
  private readonly random = new Random(20_260)
  below(n: number): number {
    return this.random.words(this.position++)[0] % n
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }
}

const join = (...pieces: Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** The original with another header; its length told truly, or left as it was. */
function withHeader(text: string, truly: boolean): Uint8Array {
  const json = utf8(text)
  const bytes = join(original.subarray(0, 8), json, original.subarray(dataStart))
  if (truly) new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  return bytes
}

function flip(bytes: Uint8Array, from: number, to: number, dice: Dice): Uint8Array {
  const copy = bytes.slice()
  for (let n = 1 + dice.below(4); n > 0; n--) {
    copy[from + dice.below(to - from)] ^= 1 << dice.below(8)
  }
  return copy
}

const headerText = new TextDecoder().decode(original.subarray(8, dataStart))
const NUMBERS = [
  '0',
  '1',
  '-1',
  '2',
  '4',
  '7',
  '1.5',
  '1e2',
  '00',
  '4294967296',
  '9007199254740993',
  '1e999',
  'null',
  '[]',
  '""',
  'true',
  '{}',
]

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Changes one place somewhere in a JSON value, metadata's own JSON strings included. */
function mutateJson(value: Json, dice: Dice): Json {
  const replacement = (): Json =>
    dice.of<Json>([
      null,
      0,
      1,
      2,
      -1,
      3.5,
      '',
      'x',
      [],
      {},
      true,
      'F32',
      'BF16',
      'lstm',
      'rnn',
      'byte',
      [4],
      [12, 4],
      0.1,
    ])
  if (typeof value === 'string' && value.startsWith('{') && dice.below(4) > 0) {
    return JSON.stringify(mutateJson(JSON.parse(value), dice))
  }
  if (typeof value === 'number' && dice.below(2) === 0) return value + dice.below(9) - 4
  if (Array.isArray(value) && value.length > 0 && dice.below(4) > 0) {
    const copy = [...value]
    const i = dice.below(copy.length)
    const j = dice.below(copy.length)
    const way = dice.below(4)
    if (way === 0) copy.splice(i, 1)
    else if (way === 1) [copy[i], copy[j]] = [copy[j], copy[i]]
    else if (way === 2) copy.push(copy[i])
    else copy[i] = mutateJson(copy[i], dice)
    return copy
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const copy = { ...value }
    const keys = Object.keys(copy)
    if (keys.length > 0 && dice.below(8) > 0) {
      const key = dice.of(keys)
      const other = dice.of(keys)
      const way = dice.below(10)
      if (way === 0) delete copy[key]
      else if (way === 1) [copy[key], copy[other]] = [copy[other], copy[key]]
      else if (way === 2) copy[`${key}${dice.below(3)}`] = copy[key]
      else copy[key] = mutateJson(copy[key], dice)
      return copy
    }
  }
  return replacement()
}

const MUTATIONS: Record<string, (dice: Dice) => Uint8Array> = {
  'bits anywhere': dice => flip(original, 0, original.length, dice),
  'bits of the header': dice => flip(original, 8, dataStart, dice),
  'bits of the data': dice => flip(original, dataStart, original.length, dice),
  'the length of the header': dice => {
    const copy = original.slice()
    if (dice.below(2) === 0) return flip(copy, 0, 8, dice)
    const near = headerLength(original) + dice.below(65) - 32
    new DataView(copy.buffer).setBigUint64(0, BigInt(near), true)
    return copy
  },
  cut: dice => original.slice(0, dice.below(original.length)),
  'appended to': dice =>
    join(
      original,
      Uint8Array.from({ length: 1 + dice.below(64) }, () => dice.below(256)),
    ),
  spliced: dice => {
    const from = dice.below(original.length)
    const piece = original.subarray(from, from + 1 + dice.below(64))
    const at = dice.below(original.length)
    return join(
      original.subarray(0, at),
      piece,
      original.subarray(at + dice.below(2) * piece.length),
    )
  },
  'a piece taken out': dice => {
    const at = dice.below(original.length)
    return join(original.subarray(0, at), original.subarray(at + 1 + dice.below(32)))
  },
  'a number of the header': dice => {
    const numbers = [...headerText.matchAll(/\d+/g)]
    const { 0: digits, index } = dice.of(numbers)
    const other =
      dice.below(3) === 0 ? dice.of(NUMBERS) : String(Number(digits) + dice.below(17) - 8)
    const text = headerText.slice(0, index) + other + headerText.slice(index + digits.length)
    return withHeader(text, dice.below(4) > 0)
  },
  'the header as JSON': dice => {
    let header: Json = JSON.parse(headerText)
    for (let n = 1 + dice.below(2); n > 0; n--) header = mutateJson(header, dice)
    return withHeader(JSON.stringify(header), true)
  },
  'a key twice': dice => {
    const keys = [...headerText.matchAll(/"[^"\\]+":/g)]
    const { 0: key, index } = dice.of(keys)
    return withHeader(`${headerText.slice(0, index)}${key}0,${headerText.slice(index)}`, true)
  },
}

interface Entry {
  dtype: 'F32' | 'F16' | 'BF16'
  shape: number[]
  data_offsets: [number, number]
}

/** Reads an accepted file the simplest way there is; fails the test where it is not whole. */
function witness(bytes: Uint8Array, model: Model): void {
  const start = 8 + headerLength(bytes)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)))
  const { __metadata__: metadata, ...tensors } = header as {
    __metadata__: Record<string, string>
    [name: string]: unknown
  }
  expect(model.config).toEqual(modelConfig(JSON.parse(metadata.config)))
  expect(model.tokenizer.toJSON()).toEqual(JSON.parse(metadata.tokenizer))
  expect(model.tokenizer.size).toBe(model.config.vocabulary)
  const shapes = tensorShapes(model.config)
  expect(Object.keys(tensors).sort()).toEqual([...shapes.keys()].sort())
  let sum = 0
  const owner = new Uint8Array(bytes.length - start)
  for (const [name, tensor] of Object.entries(tensors) as [string, Entry][]) {
    expect(tensor.shape).toEqual(shapes.get(name))
    const [begin, end] = tensor.data_offsets
    expect(end - begin).toBe(tensor.shape.reduce((a, b) => a * b, WIDTH[tensor.dtype]))
    owner.fill(1, begin, end)
    sum += end - begin
    const weights = model.weights.get(name)!
    expect(weights.length).toBe(tensor.shape.reduce((a, b) => a * b, 1))
    expect(weights.every(Number.isFinite)).toBe(true)
  }
  expect([sum, owner.indexOf(0)]).toEqual([owner.length, -1])
}

const said = ({ tokenizer, hash: _, weights: __, ...rest }: Model): object => ({
  ...rest,
  tokenizer: tokenizer.toJSON(),
})
const startsAlike = (bytes: Uint8Array): boolean =>
  bytes.length >= dataStart && original.subarray(0, dataStart).every((byte, i) => byte === bytes[i])

describe('10,000 mutations of a model file', () => {
  it('are refused by a FileError, or whole and just what they say', {
    timeout: 120_000,
  }, async () => {
    const dice = new Dice()
    const kinds = Object.entries(MUTATIONS)
    const before = await decodeModel(original)
    const counts = new Map(kinds.map(([kind]) => [kind, { accepted: 0, refused: 0 }]))
    const codes = new Set<string>()
    for (let n = 0; n < 10_000; n++) {
      const [kind, mutate] = kinds[n % kinds.length]
      const bytes = mutate(dice)
      const count = counts.get(kind)!
      let model: Model
      try {
        model = await decodeModel(bytes)
      } catch (error) {
        if (!(error instanceof FileError))
          throw new Error(`mutation ${n}: ${kind}`, { cause: error })
        expect(error.message).toMatch(/^.{10,500}$/s)
        codes.add(error.code)
        count.refused++
        continue
      }
      count.accepted++
      witness(bytes, model)
      expect(await modelFileHash(model)).toBe(createHash('sha256').update(bytes).digest('hex'))
      const again = await decodeModel(encodeModel(model))
      expect(again.hash).toBe(model.hash)
      expect(said(again)).toEqual(said(model))
      expect(again.weights).toEqual(model.weights)
      if (startsAlike(bytes)) {
        expect(said(model)).toEqual(said(before))
        expect(bytes.length).toBe(original.length)
      }
    }
    // The test must have met both ends: files still good and files refused, for many reasons.
    const sum = (way: 'accepted' | 'refused'): number =>
      [...counts.values()].reduce((total, count) => total + count[way], 0)
    expect(sum('accepted')).toBeGreaterThan(500)
    expect(sum('refused')).toBeGreaterThan(6_000)
    expect(codes.size).toBeGreaterThan(15)
    for (const kind of ['cut', 'appended to', 'a key twice']) {
      expect([kind, counts.get(kind)!.accepted]).toEqual([kind, 0])
    }
    for (const kind of ['bits of the data', 'the header as JSON', 'bits of the header']) {
      expect(counts.get(kind)!.accepted, kind).toBeGreaterThan(5)
    }
  })
})
