/**
 * A network of ours as an ONNX graph of standard operators: one step, or a loop of steps. The equations
 * are those of src/model/*.reference.ts; weights are stored under PyTorch's names, as float16 where that
 * loses nothing.
 *
 * B streams are processed at once. S is the length of a state: [B, S] has the layout of
 * `Session.snapshot`. W is the width of what the output layer reads.
 */
import { asHalves } from '../../file/identity.js'
import type { Model } from '../../file/index.js'
import {
  activationSize,
  elements,
  GATE_SLOPES,
  GATES,
  type ModelConfig,
  outputWidth,
  tensorShapes,
} from '../../model/config.js'
import { Graph, type Value } from '../../onnx/graph.js'
import { VERSION } from '../../version.js'

/** Keys of the config that the graphs express, and `dropout`, which sampling does not use. */
const EXPRESSED: ReadonlySet<string> = new Set<keyof ModelConfig>([
  ...(['cell', 'vocabulary', 'embedding', 'hidden', 'layers', 'activation', 'reset'] as const),
  ...(['gates', 'restart', 'window', 'padding', 'skip', 'attention', 'smoothing'] as const),
  'dropout',
])

/** S: the last N ids of a window, or h (and c) of each layer. */
export const stateSize = (config: ModelConfig): number => config.window ?? activationSize(config)

/** Settings of a model that the graphs can't express; they were added after this code. */
export const notExpressed = (config: ModelConfig): string[] =>
  Object.entries(config)
    .filter(([key, value]) => value !== undefined && value !== false && !EXPRESSED.has(key))
    .map(([key]) => key)

/** Bytes of all weights as they are stored in an ONNX file, at most. */
export const weightBytes = (config: ModelConfig): number =>
  [...tensorShapes(config).values()].reduce((sum, shape) => sum + 4 * elements(shape), 0)

interface LayerValues {
  /** [G H, in]; for one-hot input [V, G H]. */
  readonly weightIh: Value
  readonly biasIh: Value
  /** Of the gates that read h itself: all, or r and z alone where reset comes before the product. */
  readonly weightHh: Value
  readonly biasHh: Value
  /** Of the candidate that reads r h. */
  readonly candidate?: { readonly weight: Value; readonly bias: Value }
}

/** State of one layer, [B, H] each. */
interface LayerState {
  readonly h: Value
  readonly c?: Value
}

/** ε of the model's attention, against a division by 0. */
const ATTENTION_EPSILON = 1e-7

interface Step {
  /** What the output layer reads, [B, W]. */
  readonly output: Value
  /** [B, S], after the step. */
  readonly state: Value
}

/** Builds parts of one graph: its weights once, and steps in it or in the bodies of its loops. */
export class OnnxNetwork {
  readonly graph = new Graph()
  private readonly model: Pick<Model, 'config' | 'weights' | 'hash'>
  private readonly config: ModelConfig
  private readonly layers: readonly LayerValues[]
  private readonly embedding: Value | undefined
  private readonly headWeight: Value
  private readonly headBias: Value
  private readonly attention: Value | undefined

  constructor(model: Pick<Model, 'config' | 'weights' | 'hash'>) {
    this.model = model
    this.config = model.config
    const { graph: g, config } = this
    const values = new Map<string, Value>()
    for (const [name, shape] of tensorShapes(model.config)) {
      const data = model.weights.get(name) as Float32Array
      const halves = asHalves(data)
      const stored = halves
        ? g.op('Cast', [g.tensor(`${name}.f16`, shape, new Uint16Array(halves.buffer))], { to: 1 })
        : g.tensor(name, shape, data)
      values.set(name, stored)
    }
    const of = (name: string): Value => values.get(name) as Value
    this.embedding = values.get('embedding.weight')
    // What is transposed or split is so once, outside of loops.
    this.headWeight = g.op('Transpose', [of('head.weight')])
    this.headBias = of('head.bias')
    this.attention = config.attention ? g.op('Transpose', [of('attention.weight')]) : undefined
    this.layers = Array.from({ length: this.config.layers }, (_, k) => {
      const oneHot = k === 0 && !this.embedding
      const weightIh = of(`rnn.weight_ih_l${k}`)
      return {
        weightIh: oneHot ? g.op('Transpose', [weightIh]) : weightIh,
        biasIh: of(`rnn.bias_ih_l${k}`),
        ...this.recurrentValues(of(`rnn.weight_hh_l${k}`), of(`rnn.bias_hh_l${k}`)),
      }
    })
  }

  private recurrentValues(
    weightHh: Value,
    biasHh: Value,
  ): Pick<LayerValues, 'weightHh' | 'biasHh' | 'candidate'> {
    const { cell, reset, hidden: H } = this.config
    if (cell !== 'gru' || reset === 'after') return { weightHh, biasHh }
    const split = (value: Value) => this.graph.split(value, [2 * H, H], 0) as [Value, Value]
    const [[gateWeight, weight], [gateBias, bias]] = [split(weightHh), split(biasHh)]
    return { weightHh: gateWeight, biasHh: gateBias, candidate: { weight, bias } }
  }

  /** Logits of what the output layer reads: [.., W] to [.., V]. */
  logits(output: Value): Value {
    const { graph: g } = this
    return g.add(g.op('MatMul', [output, this.headWeight]), this.headBias)
  }

  /** The logits that texts are drawn from, `drawingLogits` of src/model: [.., V]. */
  drawingLogits(output: Value): Value {
    const { smoothing, padding, vocabulary } = this.config
    const { graph: g } = this
    let logits = this.logits(output)
    if (smoothing !== undefined) {
      const probabilities = g.op('Softmax', [logits], { axis: -1 })
      logits = g.op('Log', [g.add(probabilities, g.float32s([smoothing]))])
    }
    if (padding === undefined) return logits
    const never = new Array<number>(vocabulary).fill(0)
    never[padding] = Number.NEGATIVE_INFINITY
    return g.add(logits, g.float32s(never))
  }

  /**
   * One step.
   * @param g the graph, or the body of a loop
   * @param ids int64 [B]
   * @param state [B, S]
   */
  step(g: Graph, ids: Value, state: Value): Step {
    const { window, restart } = this.config
    // A text of its own: nothing before it is in its state or window.
    const before =
      restart === undefined
        ? state
        : keepWhere(g, g.op('Equal', [ids, g.int64s([restart])]), g.float32s([0]), state)
    return window === undefined ? this.read(g, ids, before) : this.window(g, ids, before, window)
  }

  /**
   * A loop over T steps. An id of V leaves the state of its stream as it is: it fills shorter texts of a
   * batch. An id of V + 1 is that which begins a text, in a model that has one.
   * @param ids int64 [B, T]
   * @returns what the output layer reads of each step, [B, T, W], and the state after the last
   */
  scan(ids: Value, state: Value): Step {
    const { states, outputs } = this.graph.scan({
      states: [state],
      sequences: [{ value: ids, type: 'int64' }],
      axis: 1,
      step: (body, [before], [id]) => {
        const { vocabulary: V, restart } = this.config
        const is = (special: number): Value =>
          body.op('Equal', [id as Value, body.int64s([special])])
        const filler = is(V)
        let known = body.op('Where', [filler, body.int64s([0]), id as Value])
        if (restart !== undefined) {
          known = body.op('Where', [is(V + 1), body.int64s([restart]), known])
        }
        const next = this.step(body, known, before as Value)
        return {
          states: [keepWhere(body, filler, before as Value, next.state)],
          outputs: [next.output],
        }
      },
    })
    return { output: outputs[0] as Value, state: states[0] as Value }
  }

  /** Encodes the graph. */
  build(): Uint8Array {
    return this.graph.build({
      producer: 'Ondo',
      version: VERSION,
      metadata: { 'ondo.config': JSON.stringify(this.config), 'ondo.identity': this.model.hash },
    })
  }

  /** The last N ids, read from a zero state. The state holds them plus 1; 0 stands for none. */
  private window(g: Graph, ids: Value, state: Value, N: number): Step {
    const { padding } = this.config
    const column = g.op('Cast', [g.reshape(g.add(ids, g.int64s([1])), [-1, 1])], { to: 1 })
    const older = g.op('Slice', [state, g.int64s([1]), g.int64s([N]), g.int64s([1])])
    const last = g.concat([older, column], 1)
    const numbers = g.op('Cast', [last], { to: 7 })
    const entries =
      padding === undefined
        ? numbers
        : g.op('Where', [g.op('Equal', [numbers, g.int64s([0])]), g.int64s([padding + 1]), numbers])
    const rows = g.op('Shape', [ids])
    const zeros = (width: number): Value =>
      g.op('Expand', [g.float32s([0]), g.concat([rows, g.int64s([width])], 0)])
    const { states, outputs } = g.scan({
      states: [zeros(activationSize(this.config)), zeros(outputWidth(this.config))],
      sequences: [{ value: entries, type: 'int64' }],
      axis: 1,
      step: (body, [before, output], [entry]) => {
        const absent = body.op('Equal', [entry as Value, body.int64s([0])])
        const index = body.subtract(entry as Value, body.int64s([1]))
        const next = this.read(body, body.op('Max', [index, body.int64s([0])]), before as Value)
        return {
          states: [
            keepWhere(body, absent, before as Value, next.state),
            keepWhere(body, absent, output as Value, next.output),
          ],
          outputs: this.attention ? [next.output] : [],
        }
      },
    })
    const absent = g.op('Equal', [entries, g.int64s([0])])
    const output = this.attention
      ? this.average(g, outputs[0] as Value, absent, this.attention)
      : (states[1] as Value)
    return { output, state: last }
  }

  /**
   * The average over a window by attention.
   * @param outputs [B, N, W]
   * @param absent bool [B, N]: entries that do not count
   * @param weight [W, 1]
   * @returns [B, W]
   */
  private average(g: Graph, outputs: Value, absent: Value, weight: Value): Value {
    const missing = g.op('Unsqueeze', [absent, g.int64s([2])])
    const scores = g.op('Where', [
      missing,
      g.float32s([Number.NEGATIVE_INFINITY]),
      g.op('MatMul', [outputs, weight]),
    ])
    const highest = g.op('ReduceMax', [scores], { axes: [1], keepdims: 1 })
    const weights = g.op('Exp', [g.subtract(scores, highest)])
    const sum = g.op('ReduceSum', [weights, g.int64s([1])], { keepdims: 1 })
    const shares = g.op('Div', [weights, g.add(sum, g.float32s([ATTENTION_EPSILON]))])
    return g.op('ReduceSum', [g.multiply(shares, outputs), g.int64s([1])], { keepdims: 0 })
  }

  /** All layers, one step. @param given h, and for the LSTM c, of each layer: [B, L H] or [B, 2 L H] */
  private read(g: Graph, ids: Value, given: Value): Step {
    const { cell, hidden: H, layers: L, skip } = this.config
    const parts = g.split(given, new Array<number>(cell === 'lstm' ? 2 * L : L).fill(H), 1)
    const embedded = this.embedding && g.op('Gather', [this.embedding, ids])
    const next: LayerState[] = []
    for (const [k, layer] of this.layers.entries()) {
      const before = { h: parts[k] as Value, ...(cell === 'lstm' && { c: parts[L + k] as Value }) }
      const below = next[k - 1]?.h ?? embedded
      const input = below
        ? g.product(below, layer.weightIh, { transposeB: true, plus: layer.biasIh })
        : g.add(g.op('Gather', [layer.weightIh, ids]), layer.biasIh)
      next.push(this.cell(g, layer, input, before))
    }
    const hidden = next.map(({ h }) => h)
    const state = g.concat([...hidden, ...next.flatMap(({ c }) => (c ? [c] : []))], 1)
    const read = skip ? [...(embedded ? [embedded] : []), ...hidden] : hidden.slice(-1)
    return { output: g.concat(read, 1), state }
  }

  /** @param input W_ih x + b_ih, [B, G H] */
  private cell(g: Graph, layer: LayerValues, input: Value, before: LayerState): LayerState {
    const { cell, activation } = this.config
    if (cell === 'lstm') return this.lstm(g, layer, input, before)
    if (cell === 'gru') return { h: this.gru(g, layer, input, before.h) }
    const sum = g.add(input, this.recurrent(g, layer, before.h))
    return { h: g.op(activation === 'tanh' ? 'Tanh' : 'Relu', [sum]) }
  }

  private recurrent(g: Graph, { weightHh, biasHh }: LayerValues, h: Value): Value {
    return g.product(h, weightHh, { transposeB: true, plus: biasHh })
  }

  private gate(g: Graph, x: Value): Value {
    const { gates } = this.config
    if (gates === undefined || gates === 'sigmoid') return g.op('Sigmoid', [x])
    const linear = { alpha: { float: GATE_SLOPES[gates] }, beta: { float: 0.5 } }
    return g.op('HardSigmoid', [x], linear)
  }

  private lstm(g: Graph, layer: LayerValues, input: Value, { h, c }: LayerState): LayerState {
    const sums = g.add(input, this.recurrent(g, layer, h))
    const [i, f, candidate, o] = this.gates(g, sums) as [Value, Value, Value, Value]
    const kept = g.multiply(this.gate(g, f), c as Value)
    const next = g.add(kept, g.multiply(this.gate(g, i), g.op('Tanh', [candidate])))
    return { h: g.multiply(this.gate(g, o), g.op('Tanh', [next])), c: next }
  }

  private gru(g: Graph, layer: LayerValues, input: Value, h: Value): Value {
    const [inputR, inputZ, inputN] = this.gates(g, input) as [Value, Value, Value]
    const sums = this.recurrent(g, layer, h)
    const { candidate } = layer
    const [sumR, sumZ, sumN] = this.gates(g, sums, candidate ? 2 : 3)
    const r = this.gate(g, g.add(inputR, sumR as Value))
    const z = this.gate(g, g.add(inputZ, sumZ as Value))
    const recurrent = candidate
      ? g.product(g.multiply(r, h), candidate.weight, { transposeB: true, plus: candidate.bias })
      : g.multiply(r, sumN as Value)
    const n = g.op('Tanh', [g.add(inputN, recurrent)])
    return g.add(g.multiply(g.subtract(g.float32s([1]), z), n), g.multiply(z, h))
  }

  /** The blocks of H columns of [B, count H]. */
  private gates(g: Graph, value: Value, count = GATES[this.config.cell]): Value[] {
    return g.split(value, new Array<number>(count).fill(this.config.hidden), 1)
  }
}

/** Rows of `kept` where a condition [B] holds, of `other` elsewhere; [B, width] each. */
function keepWhere(g: Graph, condition: Value, kept: Value, other: Value): Value {
  return g.op('Where', [g.reshape(condition, [-1, 1]), kept, other])
}
