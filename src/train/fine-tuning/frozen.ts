/**
 * Frozen layers: their weights stay as they are to the bit. No gradient is computed for them, and the
 * optimizer holds nothing of them. The rows of new symbols are trained in a frozen layer too, because
 * they were drawn at random and would stay so.
 */
import { counted, InputError, quote } from '../../errors.js'
import { elements, type ModelConfig, tensorShapes, type Weights } from '../../model/config.js'
import type { Tensors } from '../optimizer/optimizer.js'

/** `embedding`, `0` for the first recurrent layer, .., `head`. */
export type LayerName = string

/** Names of the layers of a model, from the input to the output. */
export function layerNames({ embedding, layers, attention }: ModelConfig): LayerName[] {
  const recurrent = Array.from({ length: layers }, (_, k) => String(k))
  return [
    ...(embedding > 0 ? ['embedding'] : []),
    ...recurrent,
    ...(attention ? ['attention'] : []),
    'head',
  ]
}

/** The layer of a tensor: `rnn.weight_hh_l1` belongs to `1`. */
const layerOf = (tensor: string): LayerName =>
  /_l(\d+)$/.exec(tensor)?.[1] ?? tensor.split('.', 1)[0]

/**
 * Checks which layers are to be frozen.
 * @returns their names, each once, from the input to the output
 * @throws InputError for a layer that the model lacks, or when none is left to train
 */
export function frozenLayers(
  config: ModelConfig,
  freeze: readonly (string | number)[] | undefined,
): LayerName[] {
  const names = layerNames(config)
  const wanted = new Set(freeze?.map(String))
  for (const name of wanted) {
    if (names.includes(name)) continue
    const why =
      name === 'embedding'
        ? ' The model has no embedding: its input weights belong to layer 0.'
        : ` The model has ${counted(config.layers, 'recurrent layer')}, counted from 0.`
    throw new InputError(
      'freeze',
      `The layer to freeze is ${quote(name)}; expected ${names.join(', ')}.${why}`,
      {
        ja: `固定する層が${quote(name)}です。${names.join('、')}のどれかにしてください。${name === 'embedding' ? 'このモデルに埋め込みはなく、入力の重みは第0層にあります。' : ''}`,
      },
    )
  }
  if (wanted.size === names.length) {
    throw new InputError(
      'freeze',
      `All layers are to be frozen (${names.join(', ')}), so nothing would be left to train; leave one out.`,
      {
        ja: `すべての層（${names.join('、')}）を固定すると、学習するものが残りません。どれかを外してください。`,
      },
    )
  }
  return names.filter(name => wanted.has(name))
}

/** The dimension of a tensor that counts symbols; undefined when it has none. */
function symbolAxis(tensor: string, { embedding }: ModelConfig): 0 | 1 | undefined {
  if (tensor === 'embedding.weight' || tensor.startsWith('head.')) return 0
  return tensor === 'rnn.weight_ih_l0' && embedding === 0 ? 1 : undefined
}

/**
 * Positions of the elements of a tensor that belong to these symbols.
 * @param shape of the tensor; its dimension `axis` has V entries
 */
function elementsOf(ids: readonly number[], shape: readonly number[], axis: 0 | 1): Int32Array {
  const V = shape[axis]
  const other = elements(shape) / V
  const positions = new Int32Array(ids.length * other)
  let n = 0
  if (axis === 0) {
    for (const id of ids) for (let i = 0; i < other; i++) positions[n++] = id * other + i
  } else {
    for (let r = 0; r < other; r++) for (const id of ids) positions[n++] = r * V + id
  }
  return positions
}

/** What of the weights is trained. Tensors that are trained in part are kept compact by the optimizer. */
export class Trained {
  /** Names of the tensors that are trained, whole or in part. */
  readonly names: ReadonlySet<string>
  /** Positions of the trained elements, of tensors that are trained in part. */
  /** Number of trained weights. */
  readonly count: number
  private readonly parts = new Map<string, Int32Array>()

  /** @param added ids of new symbols */
  constructor(config: ModelConfig, frozen: readonly LayerName[], added: readonly number[]) {
    const names = new Set<string>()
    let count = 0
    for (const [name, shape] of tensorShapes(config)) {
      if (!frozen.includes(layerOf(name))) {
        names.add(name)
        count += elements(shape)
        continue
      }
      const axis = symbolAxis(name, config)
      if (axis === undefined || added.length === 0) continue
      names.add(name)
      const part = elementsOf(added, shape, axis)
      this.parts.set(name, part)
      count += part.length
    }
    this.names = names
    this.count = count
  }

  /** Copies what is trained of these tensors; a tensor that is trained in part becomes shorter. */
  compact(full: Tensors): Map<string, Float32Array> {
    const compact = new Map<string, Float32Array>()
    for (const [name, data] of full) {
      if (!this.names.has(name)) continue
      const part = this.parts.get(name)
      compact.set(name, part ? Float32Array.from(part, at => data[at]) : data.slice())
    }
    return compact
  }

  /**
   * Whole tensors around compact ones: a tensor that is trained whole is the compact one itself, others
   * are copies of `rest`, which `expandInto` keeps up to date.
   */
  around(compact: Tensors, rest: Weights): Map<string, Float32Array> {
    const whole = new Map<string, Float32Array>()
    for (const [name, data] of rest) {
      const own = this.parts.has(name) ? undefined : compact.get(name)
      whole.set(name, own ?? data.slice())
    }
    this.expandInto(compact, whole)
    return whole
  }

  /** Whole gradients: a compact one itself where the tensor is trained whole, else a buffer. */
  gradientsAround(compact: Tensors, weights: Tensors): Map<string, Float32Array> {
    const whole = new Map<string, Float32Array>()
    for (const [name, own] of compact) {
      const { length } = weights.get(name)!
      whole.set(name, this.parts.has(name) ? new Float32Array(length) : own)
    }
    return whole
  }

  /** Writes compact tensors into their whole ones. */
  expandInto(compact: Tensors, whole: Tensors): void {
    for (const [name, part] of this.parts) {
      const [from, to] = [compact.get(name)!, whole.get(name)!]
      for (let i = 0; i < part.length; i++) to[part[i]] = from[i]
    }
  }

  /** Reads compact tensors from their whole ones. */
  compactInto(whole: Tensors, compact: Tensors): void {
    for (const [name, part] of this.parts) {
      const [from, to] = [whole.get(name)!, compact.get(name)!]
      for (let i = 0; i < part.length; i++) to[i] = from[part[i]]
    }
  }
}
