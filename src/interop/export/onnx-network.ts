/**
 * A network of ours as an ONNX graph of standard operators: one step, or a loop of steps. The equations
 * are those of src/model/*.reference.ts; weights are stored under PyTorch's names, as float16 where that
 * loses nothing.
 *
 * B streams are processed at once. S is the length of a state, `stateSize` of the config: [B, S] has the
 * layout of `Session.snapshot`.
 */
import { asHalves } from '../../file/identity.js'
import type { Model } from '../../file/index.js'
import {
  elements,
  GATE_SLOPES,
  GATES,
  type ModelConfig,
  stateSize,
  tensorShapes,
} from '../../model/config.js'
import { Graph, type Value } from '../../onnx/graph.js'
import { VERSION } from '../../version.js'

/** Keys of the config that the graphs express, and `dropout`, which sampling does not use. */
const EXPRESSED: ReadonlySet<string> = new Set<keyof ModelConfig>([
  ...(['cell', 'vocabulary', 'embedding', 'hidden', 'layers', 'activation', 'reset'] as const),
  ...(['gates', 'restart', 'window', 'dropout'] as const),
])

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

/** Builds parts of one graph: its weights once, and steps in it or in the bodies of its loops. */
export class OnnxNetwork {
  readonly graph = new Graph()
  private readonly model: Pick<Model, 'config' | 'weights' | 'hash'>
  private readonly config: ModelConfig
  private readonly layers: readonly LayerValues[]
  private readonly embedding: Value | undefined
  private readonly headWeight: Value
  private readonly headBias: Value

  constructor(model: Pick<Model, 'config' | 'weights' | 'hash'>) {
    this.model = model
    this.config = model.config
    const { graph: g } = this
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

  /** Logits of what the top layer gives: [.., H] to [.., V]. */
  logits(top: Value): Value {
    const { graph: g } = this
    return g.add(g.op('MatMul', [top, this.headWeight]), this.headBias)
  }

  /**
   * One step.
   * @param g the graph, or the body of a loop
   * @param ids int64 [B]
   * @param state [B, S]
   * @returns h of the top layer [B, H], and the state after the step
   */
  step(g: Graph, ids: Value, state: Value): { readonly top: Value; readonly state: Value } {
    const { window } = this.config
    return window === undefined ? this.read(g, ids, state) : this.window(g, ids, state, window)
  }

  /**
   * A loop over T steps. An id of V leaves the state of its stream as it is: it fills shorter texts of a
   * batch.
   * @param ids int64 [B, T]
   * @returns h of the top layer [B, T, H], and the state after the last step
   */
  scan(ids: Value, state: Value): { readonly top: Value; readonly state: Value } {
    const { states, outputs } = this.graph.scan({
      states: [state],
      sequences: [{ value: ids, type: 'int64' }],
      axis: 1,
      step: (body, [before], [id]) => {
        const filler = body.op('Equal', [id as Value, body.int64s([this.config.vocabulary])])
        const known = body.op('Where', [filler, body.int64s([0]), id as Value])
        const next = this.step(body, known, before as Value)
        return {
          states: [keepWhere(body, filler, before as Value, next.state)],
          outputs: [next.top],
        }
      },
    })
    return { top: outputs[0] as Value, state: states[0] as Value }
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
  private window(
    g: Graph,
    ids: Value,
    state: Value,
    N: number,
  ): { readonly top: Value; readonly state: Value } {
    const { window: _, ...inner } = this.config
    const column = g.op('Cast', [g.reshape(g.add(ids, g.int64s([1])), [-1, 1])], { to: 1 })
    const older = g.op('Slice', [state, g.int64s([1]), g.int64s([N]), g.int64s([1])])
    const last = g.concat([older, column], 1)
    const rows = g.op('Shape', [ids])
    const zeros = (width: number): Value =>
      g.op('Expand', [g.float32s([0]), g.concat([rows, g.int64s([width])], 0)])
    const { states } = g.scan({
      states: [zeros(stateSize(inner)), zeros(inner.hidden)],
      sequences: [{ value: g.op('Cast', [last], { to: 7 }), type: 'int64' }],
      axis: 1,
      step: (body, [before, top], [entry]) => {
        const none = body.op('Equal', [entry as Value, body.int64s([0])])
        const id = body.op('Max', [
          body.subtract(entry as Value, body.int64s([1])),
          body.int64s([0]),
        ])
        const next = this.read(body, id, before as Value)
        return {
          states: [
            keepWhere(body, none, before as Value, next.state),
            keepWhere(body, none, top as Value, next.top),
          ],
          outputs: [],
        }
      },
    })
    return { top: states[1] as Value, state: last }
  }

  /** All layers, without a window. */
  private read(g: Graph, ids: Value, given: Value): { readonly top: Value; readonly state: Value } {
    const { cell, hidden: H, layers: L, restart } = this.config
    let state = given
    if (restart !== undefined) {
      const begins = g.op('Equal', [ids, g.int64s([restart])])
      state = keepWhere(g, begins, g.float32s([0]), state)
    }
    const parts = g.split(state, new Array<number>(cell === 'lstm' ? 2 * L : L).fill(H), 1)
    const next: LayerState[] = []
    for (const [k, layer] of this.layers.entries()) {
      const before = { h: parts[k] as Value, ...(cell === 'lstm' && { c: parts[L + k] as Value }) }
      const below = next[k - 1]?.h ?? (this.embedding && g.op('Gather', [this.embedding, ids]))
      const input = below
        ? g.product(below, layer.weightIh, { transposeB: true, plus: layer.biasIh })
        : g.add(g.op('Gather', [layer.weightIh, ids]), layer.biasIh)
      next.push(this.cell(g, layer, input, before))
    }
    const after = [...next.map(({ h }) => h), ...next.flatMap(({ c }) => (c ? [c] : []))]
    return { top: (next.at(-1) as LayerState).h, state: g.concat(after, 1) }
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
