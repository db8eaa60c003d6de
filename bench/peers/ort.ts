/**
 * ONNX Runtime, one symbol at a time, one thread. Two graphs are tried, and the faster one is the
 * peer: our own small nodes (Gather, Gemm, Sigmoid ..; one-hot input as a row look-up), and the
 * LSTM or GRU operator that ONNX has ready.
 */
import type * as Ort from 'onnxruntime-node'
import type { ModelConfig, Weights } from '../../src/model/config.js'
import { loadOnnxRuntime } from '../../src/node/onnx-runtime.mjs'
import { Graph, type Value } from '../../src/onnx/graph.js'
import { bytesField, integerField, join, stringField } from '../../src/onnx/protobuf.js'
import { type Candidate, now, sink } from '../harness.js'

const ort = await loadOnnxRuntime()

export const ORT_VERSION = ort.env.versions.node ?? ort.env.versions.common

/** A graph whose weights are constants, which ONNX Runtime packs for its products at load. */
class StepGraph {
  readonly graph = new Graph()
  private readonly more: Uint8Array[] = []

  weight(name: string, dims: readonly number[], data: Float32Array): Value {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const fields = [...dims.map(d => integerField(1, d)), integerField(2, 1), stringField(8, name)]
    this.more.push(bytesField(5, join([...fields, bytesField(9, raw)])))
    return name as Value
  }

  /** A node with several outputs and whole-number attributes. */
  node(
    op: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, number>>,
    outputs: number,
  ): Value[] {
    const names = Array.from({ length: outputs }, (_, i) => `${op}${this.more.length}.${i}`)
    const fields = Object.entries(attributes).map(([name, value]) =>
      bytesField(5, join([stringField(1, name), integerField(3, value), integerField(20, 2)])),
    )
    this.graph.keep(inputs)
    const from = inputs.map(name => stringField(1, name))
    const to = names.map(name => stringField(2, name))
    this.more.push(bytesField(1, join([...from, ...to, stringField(4, op), ...fields])))
    return names as Value[]
  }

  /** Protobuf merges a message that occurs twice: tensors and nodes join the graph of `build`. */
  build(): Uint8Array {
    return join([this.graph.build(), bytesField(7, join(this.more))])
  }
}

/** [rows, columns] to [columns, rows]. */
function transposed(W: Float32Array, rows: number, columns: number): Float32Array {
  const T = new Float32Array(W.length)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) T[c * rows + r] = W[r * columns + c]
  }
  return T
}

const added = (a: Float32Array, b: Float32Array): Float32Array => a.map((x, i) => x + b[i])

interface Sizes {
  readonly V: number
  readonly H: number
  readonly L: number
}

/** h (and c) of each layer come in as h0, c0, .. and go out as nh0, nc0, .. */
function inputs(g: Graph, { H, L }: Sizes, lstm: boolean): { h: Value[]; c: Value[] } {
  const all = (letter: string) =>
    Array.from({ length: L }, (_, k) => g.input(`${letter}${k}`, 'float32', [1, H]))
  return { h: all('h'), c: lstm ? all('c') : [] }
}

function finish(step: StepGraph, weights: Weights, { V, H }: Sizes, top: Value): Uint8Array {
  const W = step.weight('head', [H, V], transposed(weights.get('head.weight')!, V, H))
  const b = step.weight('headBias', [V], weights.get('head.bias')!)
  step.graph.output('logits', step.graph.product(top, W, { plus: b }), [1, V])
  return step.build()
}

/** Small nodes, one Gemm a product, one Sigmoid over neighbouring gates. */
function nodesGraph(config: ModelConfig, weights: Weights): Uint8Array {
  const { vocabulary: V, hidden: H, layers: L, cell } = config
  const lstm = cell === 'lstm'
  const step = new StepGraph()
  const g = step.graph
  const x = g.input('x', 'int64', [1])
  const { h, c } = inputs(g, { V, H, L }, lstm)
  const G = lstm ? 4 : 3
  let top = x
  for (let k = 0; k < L; k++) {
    const get = (name: string) => weights.get(`rnn.${name}_l${k}`)!
    const width = k > 0 ? H : V
    const bias = lstm ? added(get('bias_ih'), get('bias_hh')) : get('bias_ih')
    const Wx = transposed(get('weight_ih'), G * H, width)
    const Wh = step.weight(`Wh${k}`, [H, G * H], transposed(get('weight_hh'), G * H, H))
    let fromX: Value
    if (k === 0) {
      const rows = Wx.map((w, i) => w + bias[i % (G * H)])
      fromX = g.op('Gather', [step.weight('rows', [V, G * H], rows), x])
    } else {
      const plus = step.weight(`bx${k}`, [G * H], bias)
      fromX = g.product(top, step.weight(`Wx${k}`, [H, G * H], Wx), { plus })
    }
    if (lstm) {
      const z = g.product(h[k], Wh, { plus: fromX })
      const [zif, zg, zo] = g.split(z, [2 * H, H, H], 1)
      const [i, f] = g.split(g.op('Sigmoid', [zif]), [H, H], 1)
      const next = g.add(g.multiply(f, c[k]), g.multiply(i, g.op('Tanh', [zg])))
      top = g.multiply(g.op('Sigmoid', [zo]), g.op('Tanh', [next]))
      g.output(`nc${k}`, next, [1, H])
    } else {
      const fromH = g.product(h[k], Wh, { plus: step.weight(`bh${k}`, [G * H], get('bias_hh')) })
      const [xrz, xn] = g.split(fromX, [2 * H, H], 1)
      const [hrz, hn] = g.split(fromH, [2 * H, H], 1)
      const [r, z] = g.split(g.op('Sigmoid', [g.add(xrz, hrz)]), [H, H], 1)
      const n = g.op('Tanh', [g.add(xn, g.multiply(r, hn))])
      // (1 - z) n + z h = n + z (h - n)
      top = g.add(n, g.multiply(z, g.subtract(h[k], n)))
    }
    g.output(`nh${k}`, top, [1, H])
  }
  return finish(step, weights, { V, H, L }, top)
}

/** Blocks of H rows in another order: ONNX has i o f c, and z r h. */
function blocks(W: Float32Array, order: readonly number[]): Float32Array {
  const size = W.length / order.length
  const out = new Float32Array(W.length)
  order.forEach((from, to) => {
    out.set(W.subarray(from * size, (from + 1) * size), to * size)
  })
  return out
}

/** ONNX's own LSTM or GRU operator, a sequence of one. */
function operatorGraph(config: ModelConfig, weights: Weights): Uint8Array {
  const { vocabulary: V, hidden: H, layers: L, cell } = config
  const lstm = cell === 'lstm'
  const order = lstm ? [0, 3, 1, 2] : [1, 0, 2]
  const G = order.length
  const step = new StepGraph()
  const g = step.graph
  const x = g.input('x', 'int64', [1])
  const { h, c } = inputs(g, { V, H, L }, lstm)
  const eye = new Float32Array(V * V)
  for (let v = 0; v < V; v++) eye[v * V + v] = 1
  let top = g.reshape(g.op('Gather', [step.weight('eye', [V, V], eye), x]), [1, 1, V])
  for (let k = 0; k < L; k++) {
    const get = (name: string) => blocks(weights.get(`rnn.${name}_l${k}`)!, order)
    const bias = new Float32Array(2 * G * H)
    bias.set(get('bias_ih'))
    bias.set(get('bias_hh'), G * H)
    const nodeInputs = [
      top,
      step.weight(`W${k}`, [1, G * H, k > 0 ? H : V], get('weight_ih')),
      step.weight(`R${k}`, [1, G * H, H], get('weight_hh')),
      step.weight(`B${k}`, [1, 2 * G * H], bias),
      '' as Value,
      g.reshape(h[k], [1, 1, H]),
      ...(lstm ? [g.reshape(c[k], [1, 1, H])] : []),
    ]
    // Outputs Y, Y_h, Y_c; linear_before_reset is PyTorch's reset after the product.
    const attributes: Record<string, number> = { hidden_size: H }
    if (!lstm) attributes.linear_before_reset = 1
    const [, y, nc] = step.node(lstm ? 'LSTM' : 'GRU', nodeInputs, attributes, lstm ? 3 : 2)
    g.output(`nh${k}`, g.reshape(y, [1, H]), [1, H])
    if (lstm) g.output(`nc${k}`, g.reshape(nc, [1, H]), [1, H])
    top = g.reshape(y, [1, 1, H])
  }
  return finish(step, weights, { V, H, L }, g.reshape(top, [1, H]))
}

class OrtPeer implements Candidate {
  readonly name: string
  private readonly session: Ort.InferenceSession
  private readonly config: ModelConfig

  constructor(name: string, session: Ort.InferenceSession, config: ModelConfig) {
    this.name = name
    this.session = session
    this.config = config
  }

  async through(ids: Iterable<number>): Promise<Float32Array> {
    const { hidden: H, layers: L, cell } = this.config
    const zero = () => new ort.Tensor('float32', new Float32Array(H), [1, H])
    const state: Record<string, Ort.Tensor> = {}
    for (let k = 0; k < L; k++) {
      state[`h${k}`] = zero()
      if (cell === 'lstm') state[`c${k}`] = zero()
    }
    const names = Object.keys(state)
    let logits = new Float32Array()
    for (const id of ids) {
      const x = new ort.Tensor('int64', BigInt64Array.of(BigInt(id)), [1])
      const out = await this.session.run({ x, ...state })
      // What comes out goes in again as it is.
      for (const name of names) state[name] = out[`n${name}`] as Ort.Tensor
      logits = out.logits.data as typeof logits
    }
    return logits
  }

  async run(count: number): Promise<number> {
    const { vocabulary: V } = this.config
    const ids = Array.from({ length: count }, (_, i) => (7 * i + 3) % V)
    const start = now()
    sink((await this.through(ids))[0])
    return now() - start
  }

  close(): Promise<void> {
    return this.session.release()
  }
}

/** Both peers. */
export async function ortPeers(config: ModelConfig, weights: Weights): Promise<OrtPeer[]> {
  const options: Ort.InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  }
  const make = async (name: string, bytes: Uint8Array) =>
    new OrtPeer(name, await ort.InferenceSession.create(bytes, options), config)
  return [
    await make('ORT, small nodes', nodesGraph(config, weights)),
    await make(`ORT, ${config.cell.toUpperCase()} operator`, operatorGraph(config, weights)),
  ]
}
