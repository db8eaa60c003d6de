/** A network of some bytes as one of all bytes. */
import { counted, FileError } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { type Tokenizer, tokenizerFrom } from '../text/index.js'
import { assemble, type NetworkMatrices } from './assemble.js'

/** A logit at which exp gives 0 at any temperature up to 1e7, and which float32 and float16 can hold. */
export const NEVER = -60_000

/**
 * A network of some bytes as one of all 256 bytes, where the id of a byte is the byte. A byte that it
 * lacks reads as no input and is never drawn at a finite temperature.
 * @param ids from byte to id
 */
function expandBytes(network: NetworkMatrices, ids: ReadonlyMap<number, number>): NetworkMatrices {
  const SIZE = 256
  const [first, ...rest] = network.layers
  if (!first) return network
  const V = network.headBias.length
  const rows = first.biasIh.length
  const H = network.headWeight.length / V
  const table = network.embedding
  const E = table ? table.length / V : 0
  // Matrices that do not fit are refused when they are assembled.
  if (!table && first.weightIh.length !== rows * V) return network
  if (!Number.isInteger(H) || !Number.isInteger(E)) return network
  const inputs = new Float32Array(SIZE * E)
  const weightIh = new Float32Array(rows * SIZE)
  const headWeight = new Float32Array(SIZE * H)
  const headBias = new Float32Array(SIZE).fill(NEVER)
  for (const [byte, id] of ids) {
    if (!(byte < SIZE && Number.isInteger(id) && id >= 0 && id < V)) {
      throw new FileError(
        'vocabulary',
        `The vocabulary gives the byte ${byte} the id ${id}; expected bytes up to 255, and ids up to ${V - 1}.`,
      )
    }
    if (table) inputs.set(table.subarray(id * E, (id + 1) * E), byte * E)
    else {
      for (let r = 0; r < rows; r++) {
        weightIh[r * SIZE + byte] = first.weightIh[r * V + id] as number
      }
    }
    headWeight.set(network.headWeight.subarray(id * H, (id + 1) * H), byte * H)
    headBias[byte] = network.headBias[id] as number
  }
  const head = { headWeight, headBias }
  if (table) return { ...network, ...head, embedding: inputs }
  return { ...network, ...head, layers: [{ ...first, weightIh }, ...rest] }
}

/**
 * A network of some bytes as a model of all 256.
 * @param ids from byte to id
 */
export function ofBytes(
  network: NetworkMatrices,
  ids: ReadonlyMap<number, number>,
): ReturnType<typeof assemble> & { readonly tokenizer: Tokenizer; readonly note: Bilingual } {
  const count = network.headBias.length
  return {
    ...assemble(expandBytes(network, ids)),
    tokenizer: tokenizerFrom({ kind: 'byte' }),
    note: {
      en: `the vocabulary of ${counted(count, 'byte')} became all 256, the others with a probability of 0`,
      ja: `${count}種類のバイトの語彙を256種類に広げました（ほかのバイトの確率は0です）`,
    },
  }
}
