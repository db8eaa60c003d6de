/**
 * Builds the graph of a whole network: inputs are ids, outputs the loss of every symbol and, for
 * training, the gradient of the mean loss for every weight, with PyTorch's names and layouts.
 *
 * N = T B rows, time-major: row t B + b is stream b at step t.
 */
import { InputError } from '../../errors.js'
import { type ModelConfig, tensorShapes } from '../../model/config.js'
import { Graph, type GraphOptions, type InputShape, type Value } from '../../onnx/graph.js'
import {
  type Cell,
  gateFunctionOf,
  type Kept,
  type Layer,
  type LayerWeights,
  reorderGates,
} from './cell.js'
import { gru } from './gru.js'
import { lstm } from './lstm.js'
import { rnn } from './rnn.js'

export interface NetworkOptions extends GraphOptions {
  /** B, parallel streams. */
  readonly batch: number
  /** T, steps. */
  readonly steps: number
  /** false: forward and loss only. */
  readonly training: boolean
  /** Layers whose output is multiplied by a mask (dropout), training only. */
  readonly masked?: readonly number[]
  /** Number of symbols in the mean loss: N by default, more when this is a part of a larger batch. */
  readonly symbols?: number
  /** Penalty that is added to the loss. */
  readonly penalty?: Penalty
  /** Names of the weights whose gradients are computed; by default all. */
  readonly trained?: ReadonlySet<string>
}

/**
 * Activation regularisation of the top layer (Merity, McCann & Socher 2017, "Revisiting Activation
 * Regularization for Language RNNs"): training minimises the mean loss plus
 *
 *     ar mean(m^2) + tar mean((h_t - h_{t-1})^2)
 *
 * with h [N, H] the top layer's output and m the same after its mask; differences are taken within the T
 * steps, so there are (T - 1) B H of them. The output `losses` does not include the penalty.
 */
export interface Penalty {
  readonly ar: number
  readonly tar: number
}

/** A graph ready for an engine. */
export interface NetworkGraph {
  readonly bytes: Uint8Array
  /**
   * `x`, `y` int32 [N]; every weight by its name; the state `h_l0`, `c_l0`, .. float32 [B, H];
   * `mask_l0`, .. float32 [N, H] for masked layers.
   */
  readonly inputs: ReadonlyMap<string, InputShape>
  /** Names of the state's inputs, in the order of layers: h_l0, (c_l0,) h_l1, .. */
  readonly state: readonly string[]
  /** Number of nodes. */
  readonly nodes: number
  /**
   * Reads the gradients of a run, by weight name; two names may share an array (the biases of an LSTM).
   * @param outputs of the run
   * @param x the input ids
   */
  gradients(
    outputs: Readonly<Record<string, Float32Array>>,
    x: ArrayLike<number>,
  ): Map<string, Float32Array>
}

/** Output: -ln p of every target, float32 [N, 1]. */
export const LOSSES = 'losses'

/** Output that holds the state input `name` after the last step. */
export const nextState = (name: string): string => `next.${name}`

export const maskName = (layer: number): string => `mask_l${layer}`

/** ONNX's number for float32. */
const FLOAT = 1

const EMBEDDING = 'embedding.weight'

/** Output: d loss / d embedded input, float32 [N, E]. */
const EMBEDDED = 'gradient.embedded'

/**
 * One line for each cell that can be trained.
 * @throws InputError for what only imported models have and the graphs lack
 */
function cellOf(config: ModelConfig): Cell {
  const lacking =
    (config.bits !== undefined && '8-bit weights') ||
    (config.attention && 'attention') ||
    (config.skip && 'skip connections') ||
    (config.padding !== undefined && 'padded windows')
  if (lacking) {
    throw new InputError(
      'not-trainable',
      `The model has ${lacking}, which training does not know; sample or measure it, or train a model anew.`,
    )
  }
  const gate = gateFunctionOf(config)
  switch (config.cell) {
    case 'rnn':
      return rnn(config.activation)
    case 'gru':
      return gru(config.reset, gate)
    case 'lstm':
      return lstm(gate)
  }
}

/** @throws InputError for a model that the graphs can't train, with the reason */
export function checkTrainable(config: ModelConfig): void {
  cellOf(config)
}

/** Names of the state tensors, layer by layer. */
export function stateNames(config: ModelConfig): string[] {
  return Array.from({ length: config.layers }, (_, k) =>
    config.cell === 'lstm' ? [`h_l${k}`, `c_l${k}`] : [`h_l${k}`],
  ).flat()
}

interface BuiltLayer extends Layer {
  readonly weights: LayerWeights
  /** Input of the layer, [N, H or E]; undefined for one-hot. */
  readonly input: Value | undefined
  readonly mask: Value | undefined
}

/** Builds the training graph, or the evaluation graph, of a model. */
export function networkGraph(config: ModelConfig, options: NetworkOptions): NetworkGraph {
  const builder = new Builder(config, options)
  const top = builder.forward()
  const logProbabilities = builder.loss(top)
  if (options.training) builder.backward(top, logProbabilities)
  return builder.finish()
}

class Builder {
  private readonly g: Graph
  private readonly config: ModelConfig
  private readonly options: NetworkOptions
  private readonly cell: Cell
  private readonly shapes: ReadonlyMap<string, readonly number[]>
  private readonly weights = new Map<string, Value>()
  private readonly layers: BuiltLayer[] = []
  private readonly outputs = new Map<string, string>()
  private readonly x: Value
  private readonly y: Value
  private readonly N: number

  constructor(config: ModelConfig, options: NetworkOptions) {
    this.config = config
    this.options = options
    this.g = new Graph(options)
    this.cell = cellOf(config)
    this.shapes = tensorShapes(config)
    this.N = options.steps * options.batch
    this.x = this.g.input('x', 'int32', [this.N])
    this.y = this.g.input('y', 'int32', [this.N])
    for (const [name, shape] of this.shapes) {
      this.weights.set(name, this.g.input(name, 'float32', shape))
    }
  }

  private weight(name: string): Value {
    return this.weights.get(name)!
  }

  private arranged(name: string): Value {
    return reorderGates(this.g, this.cell, this.config.hidden, this.weight(name))
  }

  private isTrained(name: string): boolean {
    return this.options.trained?.has(name) ?? true
  }

  /** Makes a gradient an output. The graph leaves out what it computes for frozen weights alone. */
  private gradient(value: Value, ...all: string[]): void {
    const names = all.filter(name => this.isTrained(name))
    if (names.length === 0) return
    const output = `gradient.${names[0]}`
    this.g.output(output, value, this.shapes.get(names[0])!)
    for (const name of names) this.outputs.set(name, output)
  }

  /** @returns the output of the top layer, [N, H] */
  forward(): Value {
    const { g, config, options, N } = this
    const { hidden: H, layers: L } = config
    const { batch: B, steps: T } = options
    const names = stateNames(config)
    const state = names.map(name => g.input(name, 'float32', [B, H]))
    const per = names.length / L
    const masked = options.training ? (options.masked ?? []) : []
    const kept = this.kept()
    let below =
      config.embedding > 0
        ? g.op('Gather', [this.weight(EMBEDDING), this.x], { axis: 0 })
        : undefined
    for (let k = 0; k < L; k++) {
      const weights = {
        weightIh: this.arranged(`rnn.weight_ih_l${k}`),
        weightHh: this.arranged(`rnn.weight_hh_l${k}`),
        biasIh: this.arranged(`rnn.bias_ih_l${k}`),
        biasHh: this.arranged(`rnn.bias_hh_l${k}`),
      }
      const input = below
      const layer = this.cell.layer({
        graph: g,
        sizes: { T, B, H },
        weights,
        project: (rows, bias) => this.project(k, input, rows, bias),
        state: state.slice(k * per, (k + 1) * per),
        kept,
      })
      for (let j = 0; j < per; j++) g.output(nextState(names[k * per + j]), layer.state[j], [B, H])
      const mask = masked.includes(k) ? g.input(maskName(k), 'float32', [N, H]) : undefined
      this.layers.push({ ...layer, weights, input, mask })
      below = mask === undefined ? layer.output : g.multiply(layer.output, mask)
    }
    return below!
  }

  /**
   * What is left of the state before each step. A text begins with nothing at its first id (`restart`).
   * With a window of N ids nothing is left after each N steps, so that training reads windows from a
   * zero state; ids at the beginning of a window are predicted from fewer ids than when text is written.
   */
  private kept(): Kept[] {
    const { g, config, options, N } = this
    const { steps: T, batch: B } = options
    const { restart, window } = config
    if (restart === undefined) {
      return Array.from({ length: T }, (_, t) =>
        window !== undefined && t % window === 0 ? 'nothing' : 'all',
      )
    }
    const begins = g.op('Cast', [g.op('Equal', [this.x, g.int32s([restart])])], { to: FLOAT })
    const factors = g.reshape(g.subtract(g.float32s([1]), begins), [N, 1])
    return g
      .split(factors, Array<number>(T).fill(B), 0)
      .map((factor, t): Kept => (window !== undefined && t % window === 0 ? 'nothing' : factor))
  }

  /**
   * The input times some rows of W_ih, plus bias: [N, R]. Layer 0 has only V different inputs, so when V is
   * below N, the product is computed for each symbol and looked up for each row.
   */
  private project(k: number, input: Value | undefined, rows: Value, bias: Value): Value {
    const { g, config, N } = this
    const lookUp = (table: Value): Value => g.op('Gather', [table, this.x], { axis: 0 })
    if (input === undefined) {
      return lookUp(g.add(g.op('Transpose', [rows], { perm: [1, 0] }), bias))
    }
    if (k === 0 && config.vocabulary < N) {
      return lookUp(g.product(this.weight(EMBEDDING), rows, { plus: bias, transposeB: true }))
    }
    return g.product(input, rows, { plus: bias, transposeB: true })
  }

  /** Adds the output `losses`. @returns the log probabilities, [N, V] */
  loss(top: Value): Value {
    const { g, N } = this
    const head = { plus: this.weight('head.bias'), transposeB: true }
    const logits = g.product(top, this.weight('head.weight'), head)
    const logProbabilities = g.op('LogSoftmax', [logits], { axis: 1 })
    const targets = g.reshape(this.y, [N, 1])
    const chosen = g.op('GatherElements', [logProbabilities, targets], { axis: 1 })
    g.output(LOSSES, g.op('Neg', [chosen]), [N, 1])
    return logProbabilities
  }

  backward(top: Value, logProbabilities: Value): void {
    const { g, config, N } = this
    // N d loss / d logits = softmax - onehot. The division by N is part of the products below.
    const targets = g.reshape(this.y, [N, 1])
    const minusOne = g.op('Expand', [g.float32s([-1], [1, 1]), g.int64s([N, 1])])
    const dLogits = g.op('ScatterElements', [g.op('Exp', [logProbabilities]), targets, minusOne], {
      axis: 1,
      reduction: 'add',
    })
    const symbols = this.options.symbols ?? N
    const factor = 1 / symbols
    this.gradient(g.product(dLogits, top, { transposeA: true, factor }), 'head.weight')
    this.gradient(g.multiply(g.sumRows(dLogits), g.float32s([factor])), 'head.bias')
    let dOutput = this.withActivations(
      g.product(dLogits, this.weight('head.weight'), { factor }),
      top,
      symbols,
    )
    for (let k = config.layers - 1; k >= 0; k--) {
      const { mask, input, weights, backward, output } = this.layers[k]
      const dropped = mask === undefined ? dOutput : g.multiply(dOutput, mask)
      const found = backward(
        k === config.layers - 1 ? this.withChanges(dropped, output, symbols) : dropped,
      )
      const torch = (value: Value): Value => reorderGates(g, this.cell, config.hidden, value)
      this.gradient(torch(found.weightHh), `rnn.weight_hh_l${k}`)
      const biases = [`rnn.bias_ih_l${k}`, `rnn.bias_hh_l${k}`]
      if (found.biasIh === found.biasHh) this.gradient(torch(found.biasIh), ...biases)
      else {
        this.gradient(torch(found.biasIh), biases[0])
        this.gradient(torch(found.biasHh), biases[1])
      }
      const entered = input ?? this.oneHot()
      const weightIh = g.product(found.input, entered, { transposeA: true })
      this.gradient(torch(weightIh), `rnn.weight_ih_l${k}`)
      if (input !== undefined) dOutput = g.product(found.input, weights.weightIh)
    }
    if (config.embedding > 0 && this.isTrained(EMBEDDING)) {
      g.output(EMBEDDED, dOutput, [N, config.embedding])
    }
  }

  /** Adds d (ar mean(m^2)) / d m = 2 ar m / (symbols H). @param top m, [N, H] */
  private withActivations(gradient: Value, top: Value, symbols: number): Value {
    const { g, config } = this
    const ar = this.options.penalty?.ar ?? 0
    if (ar === 0) return gradient
    return g.add(gradient, g.multiply(top, g.float32s([(2 * ar) / (symbols * config.hidden)])))
  }

  /**
   * Adds d (tar mean((h_t - h_{t-1})^2)) / d h: each difference d_t adds 2 tar d_t / numbers to h_t and
   * subtracts it from h_{t-1}. @param output h, [N, H]
   */
  private withChanges(gradient: Value, output: Value, symbols: number): Value {
    const { g, config, N } = this
    const { batch: B, steps: T } = this.options
    const tar = this.options.penalty?.tar ?? 0
    if (tar === 0 || T === 1) return gradient
    const numbers = ((symbols * (T - 1)) / T) * config.hidden
    const [, later] = g.split(output, [B, N - B], 0)
    const [earlier] = g.split(output, [N - B, B], 0)
    const factor = g.float32s([(2 * tar) / numbers])
    const change = g.multiply(g.subtract(later, earlier), factor)
    const none = g.op('Expand', [g.float32s([0], [1, 1]), g.int64s([B, config.hidden])])
    const own = g.concat([none, change], 0)
    const before = g.concat([change, none], 0)
    return g.add(gradient, g.subtract(own, before))
  }

  /** One-hot rows of the input, [N, V]. */
  private oneHot(): Value {
    const values = this.g.float32s([0, 1])
    return this.g.op('OneHot', [this.x, this.g.int32s([this.config.vocabulary]), values], {
      axis: 1,
    })
  }

  finish(): NetworkGraph {
    const { g, config, outputs: named } = this
    const trainsEmbedding = config.embedding > 0 && this.isTrained(EMBEDDING)
    return {
      bytes: g.build(),
      inputs: g.inputs,
      state: stateNames(config),
      nodes: g.nodeCount,
      gradients(outputs, x) {
        const found = new Map<string, Float32Array>()
        if (trainsEmbedding) {
          found.set(EMBEDDING, sumBySymbol(outputs[EMBEDDED], x, config))
        }
        for (const [name, output] of named) found.set(name, outputs[output])
        return found
      },
    }
  }
}

/**
 * Sums rows of equal symbols: [N, E] -> [V, E]. This is not done in the graph, because the runtime's
 * ScatterND adds in the order of its threads, so the last bits differ from run to run, and a product
 * with one-hot rows took 40 times as long at V = 2,062.
 */
function sumBySymbol(
  rows: Float32Array,
  x: ArrayLike<number>,
  { vocabulary: V, embedding: E }: ModelConfig,
): Float32Array {
  const sums = new Float32Array(V * E)
  for (let n = 0; n < x.length; n++) {
    const to = x[n] * E
    const from = n * E
    for (let e = 0; e < E; e++) sums[to + e] += rows[from + e]
  }
  return sums
}
