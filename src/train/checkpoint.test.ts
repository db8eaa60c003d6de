import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors, encodeModel, encodeSafetensors } from '../file/index.js'
import { buildTokenizer } from '../text/index.js'
import { type Checkpoint, encodeCheckpoint, readCheckpoint } from './checkpoint.js'
import { memoryStore } from './checkpoint-store.js'
import { configOf, trainSettings } from './settings.js'
import { initialWeights } from './weights.js'

const settings = trainSettings({ hidden: 4, layers: 1 })
const { tokenizer } = buildTokenizer('character', 'abc\n')
const config = configOf(settings, tokenizer.size)
const weights = initialWeights(config, { kind: settings.init, forgetBias: 1, seed: 1 })

const checkpoint: Omit<Checkpoint, 'checked'> = {
  run: {
    settings,
    corpus: { hash: 'f'.repeat(64), size: 1000, name: 'book.txt' },
    tokenizer: JSON.stringify(tokenizer),
    threads: 1,
    step: 12,
    best: { loss: 1.5, step: 6 },
    seconds: 3.25,
    metricsBytes: 1000,
    metricsSum: 7,
  },
  weights,
  moments: new Map([['m', weights]]),
  state: new Map([['h0', Float32Array.of(1, 2, 3)]]),
}
const whole = await encodeCheckpoint(checkpoint)

const SENTENCE =
  /^resume\.safetensors is cut off or damaged \(it has \d+ bytes?\), so the run can't go on from it; .*start a new run\.$/

async function read(bytes: Uint8Array): Promise<Checkpoint> {
  const store = memoryStore()
  await store.write('resume.safetensors', bytes)
  return readCheckpoint(store)
}

/** The one sentence, and no other error. */
async function expectRefusal(bytes: Uint8Array): Promise<void> {
  const error = await read(bytes).catch(caught => caught)
  expect(error).toMatchObject({ name: 'FileError', code: 'checkpoint-damaged' })
  expect(error.message).toMatch(SENTENCE)
}

describe('a checkpoint', () => {
  it('is decoded to what was encoded, and the same content gives the same bytes', async () => {
    expect(await read(whole)).toEqual({ ...checkpoint, checked: true })
    expect(await encodeCheckpoint(checkpoint)).toEqual(whole)
  })

  it('is a safetensors file for other readers', () => {
    const { tensors, metadata } = decodeSafetensors(whole)
    expect(metadata.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(tensors.size).toBeGreaterThan(weights.size)
  })

  it('is refused when any bit of its header has changed', async () => {
    const headerEnd = 8 + new DataView(whole.buffer).getUint32(0, true)
    for (let bit = 0; bit < 8 * headerEnd; bit++) {
      const bytes = whole.slice()
      bytes[bit >> 3] ^= 1 << (bit & 7)
      await expectRefusal(bytes)
    }
  }, 60_000)

  it('is refused when any bit has changed, or bytes are missing, zeroed or added', async () => {
    const at = fc.nat({ max: whole.length - 1 })
    const harm = fc.oneof(
      fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([place, bits]) => {
        const bytes = whole.slice()
        bytes[place] ^= bits
        return bytes
      }),
      at.map(length => whole.slice(0, length)),
      fc.tuple(at, at).map(([a, b]) => whole.slice().fill(0, Math.min(a, b), Math.max(a, b) + 1)),
      fc.uint8Array({ minLength: 1 }).map(more => Uint8Array.from([...whole, ...more])),
      fc.tuple(at, at).map(([a, b]) => {
        const bytes = whole.slice()
        bytes[a] = whole[b]
        bytes[b] = whole[a]
        return bytes
      }),
    )
    const same = (bytes: Uint8Array): boolean => Buffer.compare(bytes, whole) === 0
    await fc.assert(
      fc.asyncProperty(harm, async bytes => {
        fc.pre(!same(bytes))
        await expectRefusal(bytes)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  it('of an earlier release, without a hash, is read with a warning', async () => {
    const { tensors, metadata } = decodeSafetensors(whole)
    const { sha256: _, ...rest } = metadata
    const old = encodeSafetensors(tensors, { ...rest, version: '1' })
    expect(await read(old)).toEqual({ ...checkpoint, checked: false })
    // A version that has a hash can't do without.
    await expectRefusal(encodeSafetensors(tensors, rest))
  })

  it('of a later version, or another file, is refused with its own sentence', async () => {
    const model = encodeModel({ config, tokenizer, weights })
    await expect(read(model)).rejects.toThrow(/is no checkpoint of Ondo.*start a new run\.$/)
  })
})
