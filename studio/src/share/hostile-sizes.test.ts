import { expect, it } from 'vitest'
import { readAddress } from './address.js'
import { readSession } from './session.js'

const LARGE = {
  words: 'word "'.repeat(150_000),
  emoji: '👩‍👩‍👧'.repeat(125_000),
  marks: `e${'\u0301'.repeat(1_000_000)}`,
}

it.each(Object.entries(LARGE))('one megabyte (%s) in a link or session is left out', (_, text) => {
  for (const field of ['seed', 'stream', 't', 'chain', 'lesson', 'hide']) {
    const address = readAddress(`#${new URLSearchParams({ [field]: text })}`)
    expect(JSON.stringify(address).length, field).toBeLessThan(100)
  }
  expect(readSession(text)).toBeUndefined()
  const session = { format: 'ondo-session', version: 2, chains: ['', text] }
  expect(readSession(JSON.stringify(session))).toBeUndefined()
})
