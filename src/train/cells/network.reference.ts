/**
 * The whole network, plainly: float64, loops, one stream after another. What the graphs of
 * network.ts compute in a few large nodes, and what numeric differences are held against.
 */
import { inputWidth, type ModelConfig } from '../../model/config.js'
import {
  affine,
  affineBackward,
  type TwinCell,
  type TwinState,
  type TwinStep,
  type TwinWeights,
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
  /** By input name `h_l0`, `c_l0`, .. [B, H]. */
  readonly state: ReadonlyMap<string, ArrayLike<number>>
  /** Dropout factors by layer, [T B, H]. */
  readonly masks?: ReadonlyMap<number, ArrayLike<number>>
  readonly penalty?: Penalty
}

export interface TwinResult {
  /** -ln p of every target, time-major [T B]. */
  readonly losses: Float64Array
  /** Their mean. */
  readonly loss: number
  /** What the gradients are of: the mean loss and the penalty. */
  readonly objective: number
  /** By weight name. */
  readonly gradients: ReadonlyMap<string, Float64Array>
  /** After the last step, by input name. */
  readonly state: ReadonlyMap<string, Float64Array>
}

function twinOf(config: ModelConfig): TwinCell {
  switch (config.cell) {
    case 'rnn':
      return rnnTwin(config.activation)
    case 'gru':
      return gruTwin(config.reset)
    case 'lstm':
      return lstmTwin
  }
}

const layerOf = (tensors: ReadonlyMap<string, Float64Array>, k: number): TwinWeights => ({
  weightIh: tensors.get(`rnn.weight_ih_l${k}`)!,
  weightHh: tensors.get(`rnn.weight_hh_l${k}`)!,
  biasIh: tensors.get(`rnn.bias_ih_l${k}`)!,
  biasHh: tensors.get(`rnn.bias_hh_l${k}`)!,
})

/** Forward, loss, and BPTT by hand. */
export function networkTwin(
  config: ModelConfig,
  weights: ReadonlyMap<string, Float64Array>,
  batch: TwinBatch,
): TwinResult {
  const { T, B, x, y, masks } = batch
  const { ar, tar } = batch.penalty ?? { ar: 0, tar: 0 }
  const { hidden: H, layers: L, vocabulary: V, embedding: E } = config
  const cell = twinOf(config)
  const gradients = new Map(
    Array.from(weights, ([name, data]) => [name, new Float64Array(data.length)]),
  )
  const losses = new Float64Array(T * B)
  let penalty = 0
  const states = new Map(
    Array.from(batch.state, ([name, data]) => [name, new Float64Array(data.length)]),
  )
  const headWeight = weights.get('head.weight')!
  const headBias = weights.get('head.bias')!
  const width = inputWidth(config, 0)

  for (let b = 0; b < B; b++) {
    const take = (name: string): Float64Array => {
      const all = batch.state.get(name)!
      return Float64Array.from({ length: H }, (_, j) => all[b * H + j])
    }
    let state: TwinState[] = Array.from({ length: L }, (_, k) =>
      config.cell === 'lstm' ? { h: take(`h_l${k}`), c: take(`c_l${k}`) } : { h: take(`h_l${k}`) },
    )
    const steps: TwinStep[][] = []
    const tops: Float64Array[] = []
    const dLogits: Float64Array[] = []
    for (let t = 0; t < T; t++) {
      const row = t * B + b
      let input: Float64Array =
        E > 0
          ? weights.get('embedding.weight')!.slice(x[row] * E, (x[row] + 1) * E)
          : Float64Array.from({ length: V }, (_, v) => (v === x[row] ? 1 : 0))
      const layers: TwinStep[] = []
      for (let k = 0; k < L; k++) {
        const step = cell(layerOf(weights, k), input, state[k])
        layers.push(step)
        const mask = masks?.get(k)
        input = step.state.h.map((v, j) => (mask ? v * mask[row * H + j] : v))
      }
      state = layers.map(layer => layer.state)
      steps.push(layers)
      tops.push(input)
      const logits = affine(headWeight, input, headBias)
      const max = Math.max(...logits)
      const powers = logits.map(v => Math.exp(v - max))
      const total = powers.reduce((a, c) => a + c, 0)
      losses[row] = Math.log(total) - (logits[y[row]] - max)
      dLogits.push(powers.map((p, v) => (p / total - (v === y[row] ? 1 : 0)) / (T * B)))
    }
    for (let k = 0; k < L; k++) {
      states.get(`h_l${k}`)!.set(state[k].h, b * H)
      if (config.cell === 'lstm') states.get(`c_l${k}`)!.set(state[k].c!, b * H)
    }

    // Of the top layer, each number by itself: what it adds, and what a change of it would.
    const ofTop = Array.from({ length: T }, () => new Float64Array(H))
    const ofMasked = Array.from({ length: T }, () => new Float64Array(H))
    for (let t = 0; t < T; t++) {
      for (let j = 0; j < H; j++) {
        const m = tops[t][j]
        penalty += (ar * m * m) / (T * B * H)
        ofMasked[t][j] = (2 * ar * m) / (T * B * H)
        if (t === 0) continue
        const change = steps[t][L - 1].state.h[j] - steps[t - 1][L - 1].state.h[j]
        const differences = (T - 1) * B * H
        penalty += (tar * change * change) / differences
        ofTop[t][j] += (2 * tar * change) / differences
        ofTop[t - 1][j] -= (2 * tar * change) / differences
      }
    }

    const zero = (): TwinState => ({ h: new Float64Array(H), c: new Float64Array(H) })
    let later: TwinState[] = Array.from({ length: L }, zero)
    for (let t = T - 1; t >= 0; t--) {
      const row = t * B + b
      const fromHead = affineBackward(
        dLogits[t],
        headWeight,
        tops[t],
        gradients.get('head.weight')!,
        gradients.get('head.bias')!,
      )
      let fromAbove: Float64Array = Float64Array.from(fromHead, (d, j) => d + ofMasked[t][j])
      const earlier: TwinState[] = Array(L)
      for (let k = L - 1; k >= 0; k--) {
        const mask = masks?.get(k)
        const own = (j: number): number => (k === L - 1 ? ofTop[t][j] : 0)
        const dh = later[k].h.map(
          (v, j) => v + fromAbove[j] * (mask ? mask[row * H + j] : 1) + own(j),
        )
        const found = steps[t][k].backward({ ...later[k], h: dh }, layerOf(gradients, k))
        earlier[k] = found.before
        fromAbove = found.input
      }
      later = earlier
      if (E > 0) {
        const d = gradients.get('embedding.weight')!
        for (let e = 0; e < width; e++) d[x[row] * E + e] += fromAbove[e]
      }
    }
  }
  const loss = losses.reduce((a, c) => a + c, 0) / (T * B)
  return { losses, loss, objective: loss + penalty, gradients, state: states }
}
