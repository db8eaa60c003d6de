/**
 * The whole network as a graph: ids in, loss of every symbol out, and for training the gradient of
 * the mean loss with respect to every weight, all in PyTorch's names and layouts.
 *
 * N = T B rows, time-major: row t B + b is stream b at step t.
 */
import { type ModelConfig, tensorShapes } from '../../model/config.js'
import { Graph, type GraphOptions, type InputShape, type Value } from '../graph/graph.js'
import type { Cell, Layer, LayerGradients } from './cell.js'
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
}

/** A graph ready for an engine. */
export interface NetworkGraph {
  readonly bytes: Uint8Array
  /**
   * `x`, `y` int32 [N]; every weight by its name; the state `h_l0`, `c_l0`, .. float32 [B, H];
   * `mask_l0`, .. float32 [N, H] where asked for.
   */
  readonly inputs: ReadonlyMap<string, InputShape>
  /** Names of the state's inputs, in the order of layers: h_l0, (c_l0,) h_l1, .. */
  readonly state: readonly string[]
  /**
   * Weight name -> name of the output that holds its gradient, of the weight's shape. Two weights
   * may share one (the two biases of an LSTM). Empty for evaluation.
   */
  readonly gradients: ReadonlyMap<string, string>
  readonly nodes: number
}

/** Output: -ln p of every target, float32 [N, 1]. */
export const LOSSES = 'losses'

/** Output that holds the state input `name` after the last step. */
export const nextState = (name: string): string => `next.${name}`

export const maskName = (layer: number): string => `mask_l${layer}`

/** One line for each cell that can be trained. */
function cellOf(config: ModelConfig): Cell {
  switch (config.cell) {
    case 'rnn':
      return rnn(config.activation)
    case 'gru':
      return gru(config.reset)
    case 'lstm':
      return lstm
  }
}

/** State tensors of one stream of one layer. */
export function stateNames(config: ModelConfig): string[] {
  return Array.from({ length: config.layers }, (_, k) =>
    config.cell === 'lstm' ? [`h_l${k}`, `c_l${k}`] : [`h_l${k}`],
  ).flat()
}

/** Builds the training graph, or the evaluation graph, of a model. */
export function networkGraph(config: ModelConfig, options: NetworkOptions): NetworkGraph {
  const { batch: B, steps: T, training } = options
  const { hidden: H, layers: L, vocabulary: V, embedding: E } = config
  const N = T * B
  const masked = training ? (options.masked ?? []) : []
  const g = new Graph(options)
  const x = g.input('x', 'int32', [N])
  const y = g.input('y', 'int32', [N])
  const weights = new Map<string, Value>()
  for (const [name, shape] of tensorShapes(config)) {
    weights.set(name, g.input(name, 'float32', shape))
  }
  const weight = (name: string): Value => weights.get(name)!
  const cell = cellOf(config)
  const perLayer = config.cell === 'lstm' ? 2 : 1
  const state = stateNames(config)
  const stateIn = state.map(name => g.input(name, 'float32', [B, H]))

  // The input of layer 0 is one of V rows, so its projection is computed once for each symbol, not
  // for each of the N places, and looked up: [V, G H] against [N, G H].
  const lookUp = (rows: Value, bias: Value): Value => {
    const table =
      E > 0
        ? g.product(weight('embedding.weight'), rows, { plus: bias, transposeB: true })
        : g.add(g.op('Transpose', [rows], { perm: [1, 0] }), bias)
    return g.op('Gather', [table, x], { axis: 0 })
  }

  const layers: Layer[] = []
  const inputs: Value[] = [] // of layer k > 0, [N, H]
  const masks = new Map<number, Value>()
  let below: Value | undefined
  for (let k = 0; k < L; k++) {
    const input = below
    const layer = cell({
      graph: g,
      sizes: { T, B, H },
      weights: {
        weightIh: weight(`rnn.weight_ih_l${k}`),
        weightHh: weight(`rnn.weight_hh_l${k}`),
        biasIh: weight(`rnn.bias_ih_l${k}`),
        biasHh: weight(`rnn.bias_hh_l${k}`),
      },
      project:
        input === undefined
          ? lookUp
          : (rows, bias) => g.product(input, rows, { plus: bias, transposeB: true }),
      state: stateIn.slice(k * perLayer, (k + 1) * perLayer),
    })
    for (let j = 0; j < perLayer; j++) {
      g.output(nextState(state[k * perLayer + j]), layer.state[j], [B, H])
    }
    below = layer.output
    if (masked.includes(k)) {
      masks.set(k, g.input(maskName(k), 'float32', [N, H]))
      below = g.multiply(below, masks.get(k)!)
    }
    layers.push(layer)
    inputs.push(below)
  }
  const top = below!
  const headWeight = weight('head.weight')
  const logits = g.product(top, headWeight, { plus: weight('head.bias'), transposeB: true })
  const logProbabilities = g.op('LogSoftmax', [logits], { axis: 1 })
  const target = g.reshape(y, [N, 1])
  g.output(LOSSES, g.op('Neg', [g.op('GatherElements', [logProbabilities, target], { axis: 1 })]), [
    N,
    1,
  ])
  const gradients = new Map<string, string>()
  if (training) {
    const shapes = tensorShapes(config)
    const gradient = (value: Value, ...names: string[]): void => {
      const output = `gradient.${names[0]}`
      g.output(output, value, shapes.get(names[0])!)
      for (const name of names) gradients.set(name, output)
    }
    // d mean loss / d logits = (softmax - onehot) / N
    const scaled = g.multiply(g.op('Exp', [logProbabilities]), g.floats([1 / N], []))
    const hot = g.op('OneHot', [y, g.ints([V]), g.floats([0, 1 / N])], { axis: 1 })
    const dLogits = g.subtract(scaled, hot)
    gradient(g.product(dLogits, top, { transposeA: true }), 'head.weight')
    gradient(g.sumRows(dLogits), 'head.bias')
    let dOutput = g.product(dLogits, headWeight)
    for (let k = L - 1; k >= 0; k--) {
      const mask = masks.get(k)
      if (mask !== undefined) dOutput = g.multiply(dOutput, mask)
      const found = layers[k].backward(dOutput)
      recurrentGradients(k, found, gradient)
      if (k > 0) {
        gradient(g.product(found.input, inputs[k - 1], { transposeA: true }), `rnn.weight_ih_l${k}`)
        dOutput = g.product(found.input, weight(`rnn.weight_ih_l${k}`))
      } else {
        // Gradient of the table of projections, [V, G H]: rows of equal symbols summed.
        const symbols = g.op('OneHot', [x, g.ints([V]), g.floats([0, 1])], { axis: 1 })
        const weightIh = 'rnn.weight_ih_l0'
        if (E > 0) {
          const table = g.product(symbols, found.input, { transposeA: true })
          gradient(g.product(table, weight('embedding.weight'), { transposeA: true }), weightIh)
          gradient(g.product(table, weight(weightIh)), 'embedding.weight')
        } else gradient(g.product(found.input, symbols, { transposeA: true }), weightIh)
      }
    }
  }
  return { bytes: g.build(), inputs: g.inputs, state, gradients, nodes: g.nodeCount }
}

function recurrentGradients(
  k: number,
  found: LayerGradients,
  gradient: (value: Value, ...names: string[]) => void,
): void {
  gradient(found.weightHh, `rnn.weight_hh_l${k}`)
  if (found.biasIh === found.biasHh) {
    gradient(found.biasIh, `rnn.bias_ih_l${k}`, `rnn.bias_hh_l${k}`)
  } else {
    gradient(found.biasIh, `rnn.bias_ih_l${k}`)
    gradient(found.biasHh, `rnn.bias_hh_l${k}`)
  }
}
