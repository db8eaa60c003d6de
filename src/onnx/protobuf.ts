/**
 * Encodes the parts of the protobuf wire format that an ONNX file needs: varints, 32-bit floats and
 * length-delimited fields. Source: protobuf.dev, "Encoding".
 */

const VARINT = 0
const DELIMITED = 2
const FIXED32 = 5

const utf8 = new TextEncoder()

/** Concatenates byte arrays. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Encodes a whole number from 0 to 2^53 - 1, seven bits a byte, low bits first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Encodes an int64; a negative one takes ten bytes, its two's complement in 64 bits. */
function int64(value: number): Uint8Array {
  if (value >= 0) return varint(value)
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

/** Field `number` holding a whole number (int32, int64, enum). */
export function integerField(number: number, value: number): Uint8Array {
  return join([varint(number * 8 + VARINT), int64(value)])
}

/** Field `number` holding a float32. */
export function floatField(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return join([varint(number * 8 + FIXED32), bytes])
}

/** Field `number` holding bytes or an embedded message. */
export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return join([varint(number * 8 + DELIMITED), varint(value.length), value])
}

/** Field `number` holding a string. */
export function stringField(number: number, value: string): Uint8Array {
  return bytesField(number, utf8.encode(value))
}
