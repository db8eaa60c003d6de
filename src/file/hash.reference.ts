/** SHA-256 as FIPS 180-4 writes it (§4.1.2, §5.1.1, §6.2.2): the plain twin, and the stand-in. */

/** Fractional parts of the cube roots of the first 64 primes, and of the square roots of the first 8. */
function constants(): { K: Uint32Array; start: Uint32Array } {
  const primes: number[] = []
  for (let n = 2; primes.length < 64; n++) if (primes.every(p => n % p !== 0)) primes.push(n)
  return {
    K: Uint32Array.from(primes, p => fractionOfRoot(p, 3)),
    start: Uint32Array.from(primes.slice(0, 8), p => fractionOfRoot(p, 2)),
  }
}

/** 32 bits after the point of p^(1/power), by whole numbers: a double's root is not exact enough. */
function fractionOfRoot(p: number, power: number): number {
  const scaled = BigInt(p) << BigInt(32 * power)
  let root = 0n
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** BigInt(power) <= scaled) root += bit
  }
  return Number(root & 0xffffffffn)
}

const { K, start } = constants()
const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

function block(H: Uint32Array, W: Uint32Array): void {
  for (let t = 16; t < 64; t++) {
    const s0 = rotate(W[t - 15], 7) ^ rotate(W[t - 15], 18) ^ (W[t - 15] >>> 3)
    const s1 = rotate(W[t - 2], 17) ^ rotate(W[t - 2], 19) ^ (W[t - 2] >>> 10)
    W[t] = W[t - 16] + s0 + W[t - 7] + s1
  }
  let [a, b, c, d, e, f, g, h] = H
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const choice = (e & f) ^ (~e & g)
    const first = (h + sum1 + choice + K[t] + W[t]) | 0
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + sum0 + majority) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) H[i] += word
}

export function sha256Plain(bytes: Uint8Array): string {
  // A one bit, zeros to 8 bytes before the end of a block, the length in bits.
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n)
  const H = start.slice()
  const W = new Uint32Array(64)
  for (let at = 0; at < padded.length; at += 64) {
    for (let t = 0; t < 16; t++) W[t] = view.getUint32(at + 4 * t)
    block(H, W)
  }
  return Array.from(H, word => word.toString(16).padStart(8, '0')).join('')
}
