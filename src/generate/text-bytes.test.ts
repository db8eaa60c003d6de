/** A byte model's text as bytes: none is lost, none of a stop string comes, none comes too early. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteTokenizer } from '../text/index.js'
import { generate } from './generate.js'
import { mockModel } from './mock.fixture.js'
import { type Step, StopGate } from './stop.js'
import { bytesOfSteps, TextBytes } from './text-bytes.js'
import type { SymbolRecord } from './writer.js'

const tokenizer = new ByteTokenizer()
const encoder = new TextEncoder()

/** Bytes with whole characters, broken ones, and parts of the stop strings below. */
const anyBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 3 }).map(text => encoder.encode(text)),
      fc.constantFrom('ab', 'あ', '\n', '\ufffd').map(text => encoder.encode(text)),
      fc
        .constantFrom([0xe3], [0xe3, 0x81], [0xf0, 0x9f, 0x98], [0xff])
        .map(bytes => Uint8Array.from(bytes)),
    ),
    { maxLength: 30 },
  )
  .map(pieces => pieces.flatMap(piece => [...piece]))
const anyStops = fc.array(fc.constantFrom('ab', 'あ', 'いあ', '\n', '😀', '\ufffd', '\ufffda'), {
  maxLength: 3,
})

/** The steps of a text, as `generate` makes them. */
function stepsOf(bytes: readonly number[], stops: readonly string[]): Step[] {
  const decoder = tokenizer.decoder()
  const gate = new StopGate(stops)
  const all: Step[] = []
  for (const id of bytes) {
    all.push(...gate.push({ id, text: decoder.push(id) } as SymbolRecord))
    if (all.at(-1)?.stop) return all
  }
  all.push(...gate.flush())
  const last = all.length - 1
  if (last >= 0) all[last] = { ...all[last], text: all[last].text + decoder.flush() }
  return all
}

describe('the bytes of a text', () => {
  it('are all that were drawn where nothing stops it', () => {
    fc.assert(
      fc.property(anyBytes, bytes => {
        expect([...bytesOfSteps({ tokenizer }, stepsOf(bytes, []))]).toEqual(bytes)
      }),
      { numRuns: 500 },
    )
  })

  it('are those before the stop string, and decode to the very text', () => {
    fc.assert(
      fc.property(anyBytes, anyStops, (bytes, stops) => {
        const steps = stepsOf(bytes, stops)
        const kept = bytesOfSteps({ tokenizer }, steps)
        expect([...kept]).toEqual(bytes.slice(0, kept.length))
        expect(tokenizer.decode(kept)).toBe(steps.map(step => step.text).join(''))
        if (steps.at(-1)?.stop === undefined) expect(kept.length).toBe(bytes.length)
      }),
      { numRuns: 2000 },
    )
  })

  it('come as soon as their character is known', () => {
    const bytes = new TextBytes({ tokenizer })
    const decoder = tokenizer.decoder()
    const came = [0x61, 0xe3, 0x81, 0x82, 0xe3, 0xe3, 0x41, 0xff].map(id => [
      ...bytes.push({ id, text: decoder.push(id) }),
    ])
    expect(came).toEqual([[0x61], [], [], [0xe3, 0x81, 0x82], [], [0xe3], [0xe3, 0x41], [0xff]])
    expect([...bytes.flush()]).toEqual([])
  })

  it('are as many as the symbols of a real text', async () => {
    const model = mockModel('x', { kind: 'byte', scale: 0.3 })
    const steps: Step[] = []
    for await (const step of generate(model, {
      prompt: 'x',
      temperature: 2,
      length: 300,
      stop: [],
    }))
      steps.push(step)
    const bytes = bytesOfSteps(model, steps)
    expect([...bytes]).toEqual(steps.map(step => step.id))
    // Without the bytes this text would be lost.
    expect(steps.map(step => step.text).join('')).toContain('\ufffd')
  })
})
