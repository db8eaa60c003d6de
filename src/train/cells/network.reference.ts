/**
 * The plain twin of the graphs in network.ts: forward pass, loss and BPTT in float64 loops, one stream
 * after another. Its gradients are compared with numeric differences.
 */
import type { ModelConfig } from '../../model/config.js'
import {
  affine,
  affineBackward,
  type TwinCell,
  type TwinState,
  type TwinStep,
  type TwinWeights,
  twinGate,
} from './cell.reference.js'
import { gruTwin } from './gru.reference.js'
import { lstmTwin } from './lstm.reference.js'
import type { Penalty } from './network.js'
import { rnnTwin } from './rnn.reference.js'

export interface TwinBatch {
  readonly T: number
  readonly B: number
  /** Time-major ids [T B]. */
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  /** State before the first step, by input name `h_l0`, `c_l0`, ..; [B, H]. */
  readonly state: ReadonlyMap<string, ArrayLike<number>>
  /** Dropout factors by layer, [T B, H]. */
  readonly masks?: ReadonlyMap<number, ArrayLike<number>>
  readonly penalty?: Penalty
}

export interface TwinResult {
  /** -ln p of every target, time-major [T B]. */
  readonly losses: Float64Array
  /** Mean of `losses`. */
  readonly loss: number
  /** Mean loss plus penalty; `gradients` are its gradients. */
  readonly objective: number
  /** Gradients by weight name. */
  readonly gradients: ReadonlyMap<string, Float64Array>
  /** State after the last step, by input name. */
  readonly state: ReadonlyMap<string, Float64Array>
}

function twinOf(config: ModelConfig): TwinCell {
  const gate = twinGate(config.gates)
  switch (config.cell) {
    case 'rnn':
      return rnnTwin(config.activation)
    case 'gru':
      return gruTwin(config.reset, gate)
    case 'lstm':
      return lstmTwin(gate)
  }
}

const layerOf = (tensors: ReadonlyMap<string, Float64Array>, k: number): TwinWeights => ({
  weightIh: tensors.get(`rnn.weight_ih_l${k}`)!,
  weightHh: tensors.get(`rnn.weight_hh_l${k}`)!,
  biasIh: tensors.get(`rnn.bias_ih_l${k}`)!,
  biasHh: tensors.get(`rnn.bias_hh_l${k}`)!,
})

/** One stream of a batch: its forward pass, its penalty, and its backward pass. */
class TwinStream {
  private readonly config: ModelConfig
  private readonly weights: ReadonlyMap<string, Float64Array>
  private readonly batch: TwinBatch
  /** Number of the stream, b. */
  private readonly b: number
  private readonly cell: TwinCell
  private readonly penalty: Penalty
  /** Steps of each layer, by step and layer. */
  private readonly steps: TwinStep[][] = []
  /** Output of the top layer behind its mask, by step, [H]. */
  private readonly tops: Float64Array[] = []
  /** d loss / d logits by step, [V]. */
  private readonly dLogits: Float64Array[] = []
  /** d penalty / d the top layer's h, and d penalty / d the same behind the mask, by step, [H]. */
  private readonly dTop: readonly Float64Array[]
  private readonly dMasked: readonly Float64Array[]

  constructor(
    config: ModelConfig,
    weights: ReadonlyMap<string, Float64Array>,
    batch: TwinBatch,
    b: number,
  ) {
    this.config = config
    this.weights = weights
    this.batch = batch
    this.b = b
    this.cell = twinOf(config)
    this.penalty = batch.penalty ?? { ar: 0, tar: 0 }
    const zeros = () => Array.from({ length: batch.T }, () => new Float64Array(config.hidden))
    this.dTop = zeros()
    this.dMasked = zeros()
  }

  private initialState(): TwinState[] {
    const { hidden: H, layers: L, cell } = this.config
    const take = (name: string): Float64Array => {
      const all = this.batch.state.get(name)!
      return Float64Array.from({ length: H }, (_, j) => all[this.b * H + j])
    }
    return Array.from({ length: L }, (_, k) =>
      cell === 'lstm' ? { h: take(`h_l${k}`), c: take(`c_l${k}`) } : { h: take(`h_l${k}`) },
    )
  }

  /** Whether the state is zero before a step: a text or a window begins. */
  private begins(t: number): boolean {
    const { restart, window } = this.config
    if (window !== undefined && t % window === 0) return true
    return restart !== undefined && this.batch.x[t * this.batch.B + this.b] === restart
  }

  private zeroState(): TwinState[] {
    const { hidden: H, layers: L } = this.config
    return Array.from({ length: L }, () => ({ h: new Float64Array(H), c: new Float64Array(H) }))
  }

  private input(id: number): Float64Array {
    const { vocabulary: V, embedding: E } = this.config
    if (E > 0) return this.weights.get('embedding.weight')!.slice(id * E, (id + 1) * E)
    return Float64Array.from({ length: V }, (_, v) => (v === id ? 1 : 0))
  }

  /** @param losses filled for this stream, [T B] @returns the state after the last step, by layer */
  forward(losses: Float64Array): TwinState[] {
    const { T, B, x, y, masks } = this.batch
    const { layers: L, hidden: H } = this.config
    let state = this.initialState()
    for (let t = 0; t < T; t++) {
      const row = t * B + this.b
      if (this.begins(t)) state = this.zeroState()
      let input = this.input(x[row])
      const layers: TwinStep[] = []
      for (let k = 0; k < L; k++) {
        const step = this.cell(layerOf(this.weights, k), input, state[k])
        layers.push(step)
        const mask = masks?.get(k)
        input = step.state.h.map((v, j) => (mask ? v * mask[row * H + j] : v))
      }
      state = layers.map(layer => layer.state)
      this.steps.push(layers)
      this.tops.push(input)
      const logits = affine(this.weights.get('head.weight')!, input, this.weights.get('head.bias')!)
      const max = Math.max(...logits)
      const powers = logits.map(v => Math.exp(v - max))
      const total = powers.reduce((a, c) => a + c, 0)
      losses[row] = Math.log(total) - (logits[y[row]] - max)
      this.dLogits.push(powers.map((p, v) => (p / total - (v === y[row] ? 1 : 0)) / (T * B)))
    }
    return state
  }

  /** @returns this stream's part of the penalty; prepares its gradient for `backward` */
  activationPenalty(): number {
    const { T, B } = this.batch
    const { layers: L, hidden: H } = this.config
    const { ar, tar } = this.penalty
    let penalty = 0
    for (let t = 0; t < T; t++) {
      for (let j = 0; j < H; j++) {
        const m = this.tops[t][j]
        penalty += (ar * m * m) / (T * B * H)
        this.dMasked[t][j] = (2 * ar * m) / (T * B * H)
        if (t === 0) continue
        const change = this.steps[t][L - 1].state.h[j] - this.steps[t - 1][L - 1].state.h[j]
        const differences = (T - 1) * B * H
        penalty += (tar * change * change) / differences
        this.dTop[t][j] += (2 * tar * change) / differences
        this.dTop[t - 1][j] -= (2 * tar * change) / differences
      }
    }
    return penalty
  }

  /** Truncated BPTT. @param gradients of all weights; this stream's are added */
  backward(gradients: ReadonlyMap<string, Float64Array>): void {
    const { T, B, x, masks } = this.batch
    const { hidden: H, layers: L, embedding: E } = this.config
    let later = this.zeroState()
    for (let t = T - 1; t >= 0; t--) {
      const row = t * B + this.b
      const fromHead = affineBackward(
        this.dLogits[t],
        this.weights.get('head.weight')!,
        this.tops[t],
        gradients.get('head.weight')!,
        gradients.get('head.bias')!,
      )
      let fromAbove: Float64Array = Float64Array.from(fromHead, (d, j) => d + this.dMasked[t][j])
      const earlier: TwinState[] = Array(L)
      for (let k = L - 1; k >= 0; k--) {
        const mask = masks?.get(k)
        const own = (j: number): number => (k === L - 1 ? this.dTop[t][j] : 0)
        const dh = later[k].h.map(
          (v, j) => v + fromAbove[j] * (mask ? mask[row * H + j] : 1) + own(j),
        )
        const found = this.steps[t][k].backward({ ...later[k], h: dh }, layerOf(gradients, k))
        earlier[k] = found.before
        fromAbove = found.input
      }
      later = this.begins(t) ? this.zeroState() : earlier
      if (E > 0) {
        const d = gradients.get('embedding.weight')!
        for (let e = 0; e < E; e++) d[x[row] * E + e] += fromAbove[e]
      }
    }
  }
}

/** Losses, gradients and new state of a batch, stream by stream. */
export function networkTwin(
  config: ModelConfig,
  weights: ReadonlyMap<string, Float64Array>,
  batch: TwinBatch,
): TwinResult {
  const { T, B } = batch
  const { hidden: H } = config
  const zerosLike = (tensors: ReadonlyMap<string, ArrayLike<number>>) =>
    new Map(Array.from(tensors, ([name, data]) => [name, new Float64Array(data.length)]))
  const gradients = zerosLike(weights)
  const state = zerosLike(batch.state)
  const losses = new Float64Array(T * B)
  let penalty = 0
  for (let b = 0; b < B; b++) {
    const stream = new TwinStream(config, weights, batch, b)
    for (const [k, { h, c }] of stream.forward(losses).entries()) {
      state.get(`h_l${k}`)!.set(h, b * H)
      if (config.cell === 'lstm') state.get(`c_l${k}`)!.set(c!, b * H)
    }
    penalty += stream.activationPenalty()
    stream.backward(gradients)
  }
  const loss = losses.reduce((a, c) => a + c, 0) / (T * B)
  return { losses, loss, objective: loss + penalty, gradients, state }
}
