import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isSeed, readSeed } from '../../shared/seed.js'
import { type Address, LESSONS, readAddress, writeAddress } from './address.js'

it('reads back what it wrote: any prompt, any seed, any temperature', () => {
  const address = fc.record<Address>(
    {
      model: fc.stringMatching(/^[a-z-]{1,12}$/),
      prompt: fc.string({ unit: 'grapheme' }),
      seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
      temperature: fc.oneof(
        fc.constantFrom(0, Number.POSITIVE_INFINITY),
        fc.double({ min: 0, max: 100, noNaN: true }).map(Math.abs),
      ),
      lesson: fc.nat({ max: LESSONS.length - 1 }),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(address, each => {
      expect(readAddress(writeAddress(each))).toEqual(each)
    }),
  )
})

it('leaves out what a mistyped link says', () => {
  expect(readAddress('#seed=luck&t=warm&model=&x=1')).toEqual({})
  expect(readAddress('')).toEqual({})
  expect(readAddress('#t=0,5&seed=007')).toEqual({ temperature: 0.5, seed: '007' })
})

it('reads a lesson by number or name, behind ? or #, and ignores unknown lessons', () => {
  expect(readAddress('', '?lesson=3')).toEqual({ lesson: 2 })
  expect(readAddress('#lesson=Coin')).toEqual({ lesson: 2 })
  expect(readAddress('#lesson=1', '?lesson=2')).toEqual({ lesson: 0 })
  for (const none of ['0', '7', '1.5', '-1', '', 'coins', 'length']) {
    expect(readAddress(`#lesson=${none}`), none).toEqual({})
  }
})

it('takes seeds up to 2^64 - 1, in full-width digits too, and nothing else', () => {
  expect(readSeed('１２３')).toBe('123')
  expect(readSeed('007')).toBe('7')
  expect(isSeed('18446744073709551615')).toBe(true)
  for (const text of ['18446744073709551616', '-1', '1.5', '', 'luck']) {
    expect(readSeed(text), text).toBeUndefined()
  }
})
