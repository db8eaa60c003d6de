/**
 * The whole forward pass in plain TypeScript and float64: the plain twin of the kernels in src/runtime/.
 *
 *     x_0 = row of the embedding, or a one-hot vector of length V
 *     x_k = h of layer k-1
 *     logits = W_head h_{L-1} + b_head
 */
import { type ModelConfig, stateSize, type Weights } from './config.js'
import { gruStep } from './gru.reference.js'
import { lstmStep } from './lstm.reference.js'
import { affine, type LayerState, type LayerWeights } from './product.reference.js'
import { rnnStep } from './rnn.reference.js'

export class ReferenceNetwork {
  private readonly config: ModelConfig
  private readonly weights: Weights
  private readonly layers: readonly LayerWeights[]
  private states: LayerState[]
  /** The last ids, where the config has a window. */
  private readonly window: number[] = []

  constructor(config: ModelConfig, weights: Weights) {
    this.config = config
    this.weights = weights
    this.layers = Array.from({ length: config.layers }, (_, k) => ({
      weightIh: this.tensor(`rnn.weight_ih_l${k}`),
      weightHh: this.tensor(`rnn.weight_hh_l${k}`),
      biasIh: this.tensor(`rnn.bias_ih_l${k}`),
      biasHh: this.tensor(`rnn.bias_hh_l${k}`),
    }))
    this.states = this.zeroStates()
  }

  /** Processes one id. @returns logits [V] of the next symbol */
  step(id: number): Float64Array {
    const { window } = this.config
    if (window === undefined) return this.read(id)
    this.window.push(id)
    if (this.window.length > window) this.window.shift()
    this.states = this.zeroStates()
    return this.window.map(one => this.read(one)).at(-1) as Float64Array
  }

  private read(id: number): Float64Array {
    const { cell, activation, reset, restart, gates } = this.config
    if (id === restart) this.states = this.zeroStates()
    let x: ArrayLike<number> = this.input(id)
    this.states = this.states.map((state, k) => {
      const weights = this.layers[k]
      let next: LayerState
      if (cell === 'rnn') next = rnnStep(x, state, weights, activation)
      else if (cell === 'gru') next = gruStep(x, state, weights, reset, gates)
      else next = lstmStep(x, state, weights, gates)
      x = next.h
      return next
    })
    return affine(this.tensor('head.weight'), x, this.tensor('head.bias'))
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
    const state = new Float64Array(stateSize(this.config))
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
