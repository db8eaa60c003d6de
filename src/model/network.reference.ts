/**
 * The whole forward pass in plain TypeScript and float64: the plain twin of the kernels in src/runtime/.
 *
 *     x_0 = row of the embedding, or a one-hot vector of length V
 *     x_k = h of layer k-1
 *     s = h_{L-1}; with skip connections [embedding, h_0 .. h_{L-1}]
 *     logits = W_head s + b_head
 *
 * With attention, over the steps t since the state was zero:
 *
 *     a_t = exp(w s_t - m) / (sum_t exp(w s_t - m) + 1e-7),   m = max_t w s_t
 *     logits = W_head sum_t a_t s_t + b_head
 *
 * With 8-bit weights h is rounded before each product (quantize.ts).
 *
 * Source: textgenrnn's AttentionWeightedAverage, after Felbo et al., "Using millions of emoji
 * occurrences to learn any-domain representations" (DeepMoji), 2017.
 */
import { activationSize, type ModelConfig, type Weights } from './config.js'
import { gruStep } from './gru.reference.js'
import { lstmStep } from './lstm.reference.js'
import { affine, type LayerState, type LayerWeights } from './product.reference.js'
import { wholeLevels } from './quantize.js'
import { rnnStep } from './rnn.reference.js'

export class ReferenceNetwork {
  private readonly config: ModelConfig
  private readonly weights: Weights
  private readonly layers: readonly LayerWeights[]
  private states: LayerState[]
  /** The last ids, where the config has a window. */
  private readonly window: number[] = []
  /** s_t since the state was zero, where the config has attention. */
  private outputs: ArrayLike<number>[] = []

  constructor(config: ModelConfig, weights: Weights) {
    this.config = config
    this.weights = weights
    this.layers = Array.from({ length: config.layers }, (_, k) => ({
      weightIh: this.tensor(`rnn.weight_ih_l${k}`),
      weightHh: this.tensor(`rnn.weight_hh_l${k}`),
      biasIh: this.tensor(`rnn.bias_ih_l${k}`),
      biasHh: this.tensor(`rnn.bias_hh_l${k}`),
      inputLevels: k > 0 ? this.levels : undefined,
      levels: this.levels,
    }))
    this.states = this.zeroStates()
  }

  /** Processes one id. @returns logits [V] of the next symbol */
  step(id: number): Float64Array {
    const { window, padding, restart } = this.config
    if (window === undefined) {
      if (id === restart) this.clear()
      return this.head(this.read(id))
    }
    if (id === restart) this.window.length = 0
    this.window.push(id)
    if (this.window.length > window) this.window.shift()
    this.clear()
    const missing = padding === undefined ? 0 : window - this.window.length
    const ids = [...new Array<number>(missing).fill(padding ?? 0), ...this.window]
    return this.head(ids.map(one => this.read(one)).at(-1) as ArrayLike<number>)
  }

  /** Processes one id. @returns what the output layer reads of this step */
  private read(id: number): ArrayLike<number> {
    const { cell, activation, reset, gates, skip, attention, embedding } = this.config
    const parts: ArrayLike<number>[] = []
    let x: ArrayLike<number> = this.input(id)
    this.states = this.states.map((state, k) => {
      const weights = this.layers[k]
      let next: LayerState
      if (cell === 'rnn') next = rnnStep(x, state, weights, activation)
      else if (cell === 'gru') next = gruStep(x, state, weights, reset, gates)
      else next = lstmStep(x, state, weights, gates)
      x = next.h
      parts.push(x)
      return next
    })
    if (embedding > 0) parts.unshift(this.input(id))
    const output = skip ? Float64Array.from(parts.flatMap(part => Array.from(part))) : x
    if (attention) this.outputs.push(output)
    return output
  }

  /** @param last what the output layer reads of the last step */
  private head(last: ArrayLike<number>): Float64Array {
    const { attention } = this.config
    const x = attention ? this.average() : last
    return affine(this.tensor('head.weight'), x, this.tensor('head.bias'), this.levels)
  }

  /** The average of s_t by attention. */
  private average(): Float64Array {
    const { outputs } = this
    const scores = outputs.map(s => affine(this.tensor('attention.weight'), s, [0])[0])
    const max = Math.max(...scores)
    const weights = scores.map(score => Math.exp(score - max))
    const sum = weights.reduce((a, b) => a + b, 0) + 1e-7
    return Float64Array.from(outputs[0], (_, j) =>
      outputs.reduce((total, s, t) => total + (weights[t] / sum) * s[j], 0),
    )
  }

  private clear(): void {
    this.states = this.zeroStates()
    this.outputs = []
  }

  /**
   * The state as in `Session.snapshot`: h of layers 0..L-1, then (LSTM) c of layers 0..L-1; H each.
   * With a window: its ids plus 1.
   */
  snapshot(): Float64Array {
    const { window } = this.config
    if (window !== undefined) {
      const ids = this.window.map(id => id + 1)
      return Float64Array.from([...new Array<number>(window - ids.length).fill(0), ...ids])
    }
    const { states } = this
    const parts = [...states.map(({ h }) => h), ...states.map(({ c }) => c)]
    const state = new Float64Array(activationSize(this.config))
    let at = 0
    for (const part of parts) {
      state.set(part, at)
      at += part.length
    }
    return state
  }

  private zeroStates(): LayerState[] {
    const { cell, hidden } = this.config
    return this.layers.map(() => ({
      h: new Float64Array(hidden),
      c: new Float64Array(cell === 'lstm' ? hidden : 0),
    }))
  }

  /** The levels to which h is rounded before a product; undefined for float32. */
  private get levels(): number | undefined {
    return this.config.bits && wholeLevels(this.config.hidden)
  }

  private input(id: number): ArrayLike<number> {
    const { embedding: E, vocabulary: V } = this.config
    if (E > 0) return this.tensor('embedding.weight').subarray(id * E, (id + 1) * E)
    return Float64Array.from({ length: V }, (_, v) => (v === id ? 1 : 0))
  }

  private tensor(name: string): Float32Array {
    const tensor = this.weights.get(name)
    if (!tensor) throw new Error(`The reference network lacks the tensor ${name}.`)
    return tensor
  }
}
