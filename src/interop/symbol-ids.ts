/** A network for other symbols than it was trained for: rows left out, or rows that never speak. */
import { type ModelConfig, modelConfig, type Weights } from '../model/config.js'
import { NEVER } from './vocabulary.js'

/** Tensors with a row an id. */
const BY_ROW = ['embedding.weight', 'head.weight']

interface Network {
  readonly config: ModelConfig
  readonly weights: Weights
}

/**
 * The network whose id i is the id `old[i]` of the given one. The logits of ids that are kept do not
 * change. An id without an old one reads as no input, and its probability is 0 at any finite
 * temperature.
 * @param old for each new id the old one, or undefined
 */
export function withIds(
  { config, weights }: Network,
  old: readonly (number | undefined)[],
): Network {
  const V = config.vocabulary
  const size = old.length
  const rows = (data: Float32Array): Float32Array => {
    const width = data.length / V
    const out = new Float32Array(size * width)
    for (const [id, from] of old.entries()) {
      if (from !== undefined) out.set(data.subarray(from * width, (from + 1) * width), id * width)
    }
    return out
  }
  const changed = new Map(weights)
  for (const name of BY_ROW) {
    const data = weights.get(name)
    if (data) changed.set(name, rows(data))
  }
  const bias = weights.get('head.bias') as Float32Array
  changed.set(
    'head.bias',
    Float32Array.from(old, from => (from === undefined ? NEVER : (bias[from] as number))),
  )
  if (config.embedding === 0) {
    // One-hot input: the columns of the first layer are its embedding.
    const data = weights.get('rnn.weight_ih_l0') as Float32Array
    const out = new Float32Array((data.length / V) * size)
    for (let row = 0; row < data.length / V; row++) {
      for (const [id, from] of old.entries()) {
        if (from !== undefined) out[row * size + id] = data[row * V + from] as number
      }
    }
    changed.set('rnn.weight_ih_l0', out)
  }
  const { restart, padding, ...rest } = config
  const placeOf = (id: number | undefined): number => (id === undefined ? -1 : old.indexOf(id))
  const [begin, fill] = [placeOf(restart), placeOf(padding)]
  return {
    config: modelConfig({
      ...rest,
      vocabulary: size,
      ...(begin >= 0 && { restart: begin }),
      ...(fill >= 0 && { padding: fill }),
    }),
    weights: changed,
  }
}
