/**
 * Computes short hashes of results that must be bit-identical in every JavaScript engine. It runs in
 * Node and, bundled by same-bits.test.ts, in a page.
 */
import { generateText, type Model } from '../../src/index.js'
import { modelConfig } from '../../src/model/config.js'
import { loadNetwork } from '../../src/runtime/network.js'
import { buildTokenizer } from '../../src/text/index.js'
import { CELL_VARIANTS, seededIds, seededWeights } from './seeded.js'

const PRIME = 0x100000001b3n
const MASK = (1n << 64n) - 1n

/** 64-bit FNV-1a over 32-bit words, in hex. It covers every bit and needs only BigInt. */
class Hash {
  private value = 0xcbf29ce484222325n

  add(words: Uint32Array): void {
    for (const word of words) this.value = ((this.value ^ BigInt(word)) * PRIME) & MASK
  }

  get hex(): string {
    return this.value.toString(16).padStart(16, '0')
  }
}

/** Hashes all logits of 2,000 steps of each cell, with two layers of an odd size. */
export async function logitsFingerprint(steps = 2000): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {}
  for (const [name, variant] of Object.entries(CELL_VARIANTS)) {
    for (const embedding of [0, 11]) {
      const config = modelConfig({ ...variant, vocabulary: 65, hidden: 61, layers: 2, embedding })
      // Weights three times as large as PyTorch's move the gates into their nonlinear range. Without
      // gates and with relu, which has no upper limit, the state would grow for ever.
      const strength = config.activation === 'relu' ? 1 : 3
      const weights = seededWeights(config, 7, strength / Math.sqrt(config.hidden))
      const session = (await loadNetwork(config, weights)).session()
      const hash = new Hash()
      for (const id of seededIds(steps, 65)) {
        const logits = session.step(id)
        // Each engine chooses the bits of a NaN itself.
        if (!logits.every(Number.isFinite)) throw new Error(`${name}: a logit is not finite`)
        hash.add(new Uint32Array(logits.buffer, logits.byteOffset, logits.length))
      }
      hashes[`${name}, ${embedding ? 'embedded' : 'one-hot'}`] = hash.hex
    }
  }
  return hashes
}

/** Returns 2,000 characters written at T = 1.1 by an untrained network with large weights. */
export async function writtenText(): Promise<string> {
  const { tokenizer } = buildTokenizer('character', 'abcdefghijklmnopqrstuvwxyz .,\n温度')
  const config = modelConfig({
    ...{ cell: 'lstm', vocabulary: tokenizer.size, hidden: 61, layers: 2, embedding: 11 },
  })
  const weights = seededWeights(config, 7, 0.5)
  const model: Model = { config, tokenizer, weights, hash: 'seeded', training: {} }
  return generateText(model, { prompt: 'warm ', temperature: 1.1, seed: 7, length: 2000 })
}
