/**
 * A model's identity: a hash of everything that determines its texts, and of nothing else. Title, prompt,
 * training record, measures, the order of keys and tensors, and the width in which the same numbers
 * are stored may all change. The definition is in docs/file-format.md; `identity.test.ts` and a
 * program in that page's Python compute it a second time.
 */
import { type ModelConfig, scaleOf, type Weights } from '../model/config.js'
import { wholeWeights } from '../model/quantize.js'
import type { TokenizerJson } from '../text/tokenizer.js'
import { f16ToF32Bits, f32ToF16Bits } from './half.js'
import { sha256 } from './hash.js'
import type { Model } from './model.js'

/** The first line; it changes when the definition does. */
const FIRST_LINE = 'ondo model identity 1'

/** No UTF-8 contains this byte, so that no two lists of symbols give the same bytes. */
const END_OF_SYMBOL = 0xff

/** The values as float16, little-endian; undefined when one of them is none exactly. */
export function asHalves(data: Float32Array): Uint8Array | undefined {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
  const fits = (i: number): boolean => f16ToF32Bits(f32ToF16Bits(bits[i])) === bits[i]
  // Trained weights are none from the first on, so nothing is allocated for them.
  for (let i = 0; i < bits.length; i++) if (!fits(i)) return undefined
  const view = new DataView(new ArrayBuffer(2 * bits.length))
  for (let i = 0; i < bits.length; i++) view.setUint16(2 * i, f32ToF16Bits(bits[i]), true)
  return new Uint8Array(view.buffer)
}

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** Row-major float32, little-endian; the memory itself where the machine keeps it so. */
function asFloats(data: Float32Array): Uint8Array {
  if (littleEndian) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const view = new DataView(new ArrayBuffer(data.byteLength))
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
  for (let i = 0; i < bits.length; i++) view.setUint32(4 * i, bits[i], true)
  return new Uint8Array(view.buffer)
}

function symbolBytes(symbols: readonly string[]): Uint8Array {
  const encoder = new TextEncoder()
  const pieces = symbols.map(symbol => encoder.encode(symbol))
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length + 1, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
    bytes[at++] = END_OF_SYMBOL
  }
  return bytes
}

/** The bits of a float64 as 16 hexadecimal digits, the sign first. */
function float64Bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

/** Fields of the config that sampling reads: dropout is of training alone. */
function configLines(config: ModelConfig): string[] {
  const { cell, vocabulary, embedding, hidden, layers, activation, reset } = config
  const { restart, gates, window, padding, skip, attention, smoothing, bits } = config
  return [
    `cell ${cell}`,
    `vocabulary ${vocabulary}`,
    `embedding ${embedding}`,
    `hidden ${hidden}`,
    `layers ${layers}`,
    ...(cell === 'rnn' ? [`activation ${activation}`] : []),
    ...(cell === 'gru' ? [`reset ${reset}`] : []),
    ...(gates !== undefined ? [`gates ${gates}`] : []),
    ...(window !== undefined ? [`window ${window}`] : []),
    ...(restart !== undefined ? [`restart ${restart}`] : []),
    ...(padding !== undefined ? [`padding ${padding}`] : []),
    ...(skip ? ['skip true'] : []),
    ...(attention ? ['attention true'] : []),
    ...(bits !== undefined ? [`bits ${bits}`] : []),
    ...(smoothing !== undefined ? [`smoothing ${float64Bits(smoothing)}`] : []),
  ]
}

/** The whole numbers of a matrix of 8-bit weights, as the file has them. */
function wholeBytes(data: Float32Array, scale: Float32Array): Uint8Array {
  const whole = wholeWeights(data, scale)
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength)
}

/**
 * What the identity says of a tensor's values: the hash of the narrower of two forms that loses
 * nothing. So a file of F16 is hashed as it lies there, at no more cost than the hash of the file.
 */
export const hashTensor = (data: Float32Array): Promise<string> =>
  sha256(asHalves(data) ?? asFloats(data))

/** The identity of a model, SHA-256 in hexadecimal. */
export function modelIdentity(
  config: ModelConfig,
  tokenizer: TokenizerJson,
  weights: Weights,
): Promise<string> {
  const hashes = [...weights].map(([name, data]) => {
    const scale = weights.get(scaleOf(name))
    const hash = scale ? sha256(wholeBytes(data, scale)) : hashTensor(data)
    return [name, hash] as const
  })
  return identityFromHashes(config, tokenizer, new Map(hashes))
}

/** The same from hashes that were begun while the tensors were read, by name. */
export async function identityFromHashes(
  config: ModelConfig,
  { kind, symbols }: TokenizerJson,
  tensors: ReadonlyMap<string, Promise<string>>,
): Promise<string> {
  const names = [...tensors.keys()].sort()
  const [symbolHash, ...hashes] = await Promise.all([
    symbols === undefined ? undefined : sha256(symbolBytes(symbols)),
    ...names.map(name => tensors.get(name)),
  ])
  const lines = [
    FIRST_LINE,
    ...configLines(config),
    `tokenizer ${kind}${symbolHash === undefined ? '' : ` ${symbolHash}`}`,
    ...names.map((name, i) => `tensor ${name} ${hashes[i]}`),
  ]
  return sha256(new TextEncoder().encode(lines.map(line => `${line}\n`).join('')))
}

/**
 * Whether a run, a link or a sweep with this hash belongs to the model. The hash is the identity; older
 * ones have the SHA-256 of the file, which matches that file only.
 */
export async function matchesHash(
  model: Pick<Model, 'hash' | 'weights'>,
  hash: string,
): Promise<boolean> {
  return hash === model.hash || (hash !== '' && hash === (await modelFileHash(model)))
}

/** Beside the models, which stay plain data that can be sent to another thread. */
const files = new WeakMap<Weights, Uint8Array | Promise<string>>()

/** @param bytes the file that the weights were read from */
export function rememberFile(weights: Weights, bytes: Uint8Array): void {
  files.set(weights, bytes)
}

/**
 * SHA-256, in hexadecimal, of the file that a model was read from; undefined for one that came from
 * no file, or from another thread. Computed when first asked for: only runs of before need it.
 */
export async function modelFileHash({
  weights,
}: Pick<Model, 'weights'>): Promise<string | undefined> {
  let known = files.get(weights)
  if (known instanceof Uint8Array) {
    known = sha256(known)
    files.set(weights, known)
  }
  return known
}
