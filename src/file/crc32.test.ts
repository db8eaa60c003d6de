import { crc32 as platform } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc32 } from './crc32.js'

it('has the check value of the standard', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
})

it('is the sum that zlib makes, whole and in two pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(crc32(a)).toBe(platform(a))
      expect(crc32(b, crc32(a))).toBe(platform(Buffer.concat([a, b])))
    }),
  )
})
