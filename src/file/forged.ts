/** For tests: files made by hand, well or badly. */

export const floats = (...numbers: number[]): Float32Array => Float32Array.from(numbers)
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A file from its parts, with nothing checked: the tool of an attacker. */
export function file(
  header: string | Uint8Array,
  data: ArrayLike<number> = [],
  claimed?: bigint,
): Uint8Array {
  const json = typeof header === 'string' ? utf8(header) : header
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(Array.from(data), 8 + json.length)
  return bytes
}

export const zeros = (n: number): number[] => new Array<number>(n).fill(0)
export const entry = (dtype: string, shape: unknown, offsets: unknown): string =>
  `{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}}`
/** A whole tensor of one number at the start of the data. */
export const one = `"a":${entry('F32', [1], [0, 4])}`
