/** CRC-32 (ISO 3309, as in PNG and zip). Detects accidental damage, but not deliberate changes. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
  return sum
})

/**
 * @param before the sum of the bytes that come before these, so that a text can grow
 * @returns 0 to 2^32 - 1
 */
export function crc32(bytes: ArrayLike<number>, before = 0): number {
  let sum = ~before
  for (let i = 0; i < bytes.length; i++) sum = (sum >>> 8) ^ TABLE[(sum ^ bytes[i]) & 255]
  return ~sum >>> 0
}
