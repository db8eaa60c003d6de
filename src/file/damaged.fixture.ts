/** Builds valid and damaged files for tests. */
import { elements, type ModelConfig, tensorShapes } from '../model/config.js'

export const floats = (...numbers: number[]): Float32Array => Float32Array.from(numbers)
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Joins the parts of a file without any check, so that tests can build hostile files. */
export function file(
  header: string | Uint8Array,
  data: ArrayLike<number> = [],
  claimed?: bigint,
): Uint8Array {
  const json = typeof header === 'string' ? utf8(header) : header
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

export const zeros = (n: number): number[] => new Array<number>(n).fill(0)
export const entry = (dtype: string, shape: unknown, offsets: unknown): string =>
  `{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}}`
/** A whole tensor of one number at the start of the data. */
export const one = `"a":${entry('F32', [1], [0, 4])}`

/** A file's own header, edited as JSON and put back with the right length; the data stays. */
export function edited(
  bytes: Uint8Array,
  change: (header: Record<string, Record<string, unknown>>) => void,
): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  change(header)
  return file(JSON.stringify(header), bytes.subarray(8 + length))
}

/** Small weights for every tensor of a config: different everywhere, exact in F16 and BF16. */
export function sampleWeights(config: ModelConfig): Map<string, Float32Array> {
  let n = 0
  const next = (): number => ((n++ * 37) % 127) / 64 - 1
  const weights = new Map<string, Float32Array>()
  for (const [name, shape] of tensorShapes(config)) {
    weights.set(name, Float32Array.from({ length: elements(shape) }, next))
  }
  return weights
}
