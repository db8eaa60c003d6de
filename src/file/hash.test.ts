import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { utf8 } from './damaged.fixture.js'
import { sha256 } from './hash.js'
import { sha256Plain } from './hash.reference.js'

describe('SHA-256', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('gives the answers of FIPS 180-4 (NIST, SHA256.pdf: "abc", two blocks)', async () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    const two = '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'
    const long = utf8('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')
    expect([sha256Plain(utf8('abc')), sha256Plain(long)]).toEqual([abc, two])
    expect([await sha256(utf8('abc')), await sha256(long)]).toEqual([abc, two])
  })

  it('agrees with its plain twin and with OpenSSL at every length up to three blocks', async () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, i) => (i * 151 + 7) & 255)
    for (let n = 0; n <= 192; n++) {
      const part = bytes.subarray(n & 3, n)
      const want = createHash('sha256').update(part).digest('hex')
      expect(sha256Plain(part)).toBe(want)
      expect(await sha256(part)).toBe(want)
    }
  })

  it('reads memory shared between threads', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3))
    shared.set(utf8('abc'))
    expect(await sha256(shared)).toBe(sha256Plain(utf8('abc')))
  })

  it('does without crypto.subtle, which pages on plain HTTP lack', async () => {
    const want = await sha256(utf8('温度'))
    vi.stubGlobal('crypto', {})
    expect(await sha256(utf8('温度'))).toBe(want)
  })
})
