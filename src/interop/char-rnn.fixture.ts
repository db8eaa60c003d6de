/**
 * Makes checkpoints of char-rnn as Torch7 writes them, nngraph's graph included, and computes their
 * logits in double precision by char-rnn's equations.
 */
import { add, type FormatFixture, Numbers, oneHot, sigmoid, timesColumn } from './sample.fixture.js'
import {
  type LuaInput,
  type NumberType,
  TorchObject,
  TorchStorage,
  TorchTensor,
  writeTorch7,
} from './torch7.fixture.js'

/** An nn.Linear: weight [outputs, inputs] row-major, bias [outputs]. */
export interface Linear {
  readonly weight: Float32Array
  readonly bias: Float32Array
}

/** For each layer its sums (LSTM, RNN one; GRU update, reset, candidate), and the decoder. */
export interface CharRnnModel {
  readonly cell: 'lstm' | 'gru' | 'rnn'
  readonly V: number
  readonly H: number
  readonly layers: readonly (readonly { readonly i2h: Linear; readonly h2h: Linear }[])[]
  readonly decoder: Linear
}

type Table = Map<LuaInput, LuaInput>

const table = (fields: Readonly<Record<string, LuaInput>>): Table => new Map(Object.entries(fields))

/** Random weights. */
export function randomModel(
  cell: CharRnnModel['cell'],
  [V, H, L]: readonly [number, number, number],
  seed = 1,
): CharRnnModel {
  const numbers = new Numbers(seed)
  const linear = (outputs: number, inputs: number): Linear => ({
    weight: numbers.matrix(outputs, inputs),
    bias: numbers.matrix(outputs),
  })
  const rows = cell === 'lstm' ? 4 * H : H
  const layers = Array.from({ length: L }, (_, k) =>
    Array.from({ length: cell === 'gru' ? 3 : 1 }, () => ({
      i2h: linear(rows, k === 0 ? V : H),
      h2h: linear(rows, H),
    })),
  )
  return { cell, V, H, layers, decoder: linear(V, H) }
}

const apply = ({ weight, bias }: Linear, x: ArrayLike<number>): number[] =>
  add(timesColumn(weight, x), bias)

/** Logits after each of some ids that count from 0: char-rnn's equations, float64. */
export function charRnnLogits(model: CharRnnModel, ids: readonly number[]): number[][] {
  const { cell, V, H, layers } = model
  const h = layers.map((): number[] => new Array(H).fill(0))
  const c = layers.map((): number[] => new Array(H).fill(0))
  return ids.map(id => {
    let x: number[] = oneHot(id, V)
    layers.forEach((sums, k) => {
      const before = h[k] as number[]
      const sum = (at: number, state: readonly number[]): number[] => {
        const { i2h, h2h } = sums[at] as { i2h: Linear; h2h: Linear }
        return add(apply(i2h, x), apply(h2h, state))
      }
      if (cell === 'rnn') h[k] = sum(0, before).map(Math.tanh)
      else if (cell === 'gru') {
        const z = sum(0, before).map(sigmoid)
        const r = sum(1, before).map(sigmoid)
        const n = sum(
          2,
          before.map((value, j) => (r[j] as number) * value),
        ).map(Math.tanh)
        h[k] = before.map((value, j) => {
          const part = z[j] as number
          return part * (n[j] as number) + (1 - part) * value
        })
      } else {
        const all = sum(0, before)
        const gate = (at: number, j: number): number => all[at * H + j] as number
        c[k] = (c[k] as number[]).map(
          (value, j) => sigmoid(gate(1, j)) * value + sigmoid(gate(0, j)) * Math.tanh(gate(3, j)),
        )
        h[k] = (c[k] as number[]).map((value, j) => sigmoid(gate(2, j)) * Math.tanh(value))
      }
      x = h[k] as number[]
    })
    return apply(model.decoder, x)
  })
}

/** A node of nngraph while the graph is made: its data is shared by the graphs in both directions. */
class Node {
  readonly data = table({ annotations: table({}), mapindex: new Map(), reverseMap: new Map() })
  readonly reads: Node[] = []

  constructor(module?: TorchObject, reads: readonly Node[] = []) {
    if (module) this.data.set('module', module)
    for (const node of reads) this.read(node)
  }

  read(node: Node): void {
    const mapindex = this.data.get('mapindex') as Table
    this.reads.push(node)
    mapindex.set(this.reads.length, node.data)
    mapindex.set(node.data, this.reads.length)
  }

  split(count: number): Node[] {
    const whole = new Node(undefined, [this])
    whole.data.set('nSplitOutputs', count)
    return Array.from({ length: count }, (_, i) => {
      const part = new Node(undefined, [whole])
      part.data.set('selectindex', i + 1)
      return part
    })
  }
}

export interface CheckpointOptions {
  readonly kind?: NumberType | 'Cuda'
  /** Whether all weights are views into one storage, as char-rnn leaves them. */
  readonly flat?: boolean
  readonly dropout?: number
  /** `graph`: nngraph's graph and modules; `modules`: modules alone; `nodes`: a graph without modules. */
  readonly holds?: 'graph' | 'modules' | 'nodes'
  readonly criterion?: boolean
  readonly opt?: Readonly<Record<string, LuaInput>>
  /** Symbols in the order of their ids. */
  readonly symbols: readonly (string | Uint8Array)[]
}

/** Makes modules with their tensors. */
class Modules {
  private readonly flat: number[] = []
  private readonly kind: NumberType | 'Cuda'
  private readonly storage: TorchStorage | undefined

  constructor({ kind = 'Double', flat = true }: CheckpointOptions) {
    this.kind = kind
    // One storage for all, which grows with the tensors that follow.
    this.storage = flat ? new TorchStorage(this.flat, kind) : undefined
  }

  of(type: string, fields: Readonly<Record<string, LuaInput>> = {}): TorchObject {
    const output = new TorchTensor([1], new TorchStorage([0], this.kind))
    return new TorchObject(
      type,
      table({ output, _type: `torch.${this.kind}Tensor`, train: false, ...fields }),
    )
  }

  linear({ weight, bias }: Linear): TorchObject {
    return this.of('nn.Linear', {
      weight: this.tensor(weight, [bias.length, weight.length / bias.length]),
      bias: this.tensor(bias, [bias.length]),
    })
  }

  private tensor(numbers: Float32Array, shape: readonly number[]): TorchTensor {
    const at = this.flat.length
    for (const value of numbers) this.flat.push(value)
    return this.storage
      ? new TorchTensor(shape, this.storage, at)
      : new TorchTensor(shape, new TorchStorage(numbers, this.kind))
  }
}

/** The nodes of one time step: what char-rnn's LSTM, GRU and RNN build. */
class Step {
  private readonly modules: Modules
  private readonly options: CheckpointOptions
  constructor(modules: Modules, options: CheckpointOptions) {
    this.modules = modules
    this.options = options
  }

  node(
    type: string,
    reads: readonly Node[] = [],
    fields: Readonly<Record<string, LuaInput>> = {},
  ): Node {
    return new Node(this.modules.of(type, fields), reads)
  }

  linear(linear: Linear, reads: Node, name?: string): Node {
    const node = new Node(this.modules.linear(linear), [reads])
    if (name !== undefined) (node.data.get('annotations') as Table).set('name', name)
    return node
  }

  dropout(node: Node): Node {
    const { dropout: p = 0 } = this.options
    return p > 0 ? this.node('nn.Dropout', [node], { p }) : node
  }

  add(...reads: Node[]): Node {
    return this.node('nn.CAddTable', reads)
  }

  multiply(...reads: Node[]): Node {
    return this.node('nn.CMulTable', reads)
  }

  lstm(
    sum: { i2h: Linear; h2h: Linear },
    [x, c, h]: readonly [Node, Node, Node],
    k: number,
  ): Node[] {
    const sums = this.add(
      this.linear(sum.i2h, x, `i2h_${k + 1}`),
      this.linear(sum.h2h, h, `h2h_${k + 1}`),
    )
    const H = sum.i2h.bias.length / 4
    const size = new TorchStorage([4, H], 'Long')
    const gates = this.node('nn.SplitTable', [this.node('nn.Reshape', [sums], { size })])
    const [n1, n2, n3, n4] = gates.split(4) as [Node, Node, Node, Node]
    const i = this.node('nn.Sigmoid', [n1])
    const f = this.node('nn.Sigmoid', [n2])
    const o = this.node('nn.Sigmoid', [n3])
    const g = this.node('nn.Tanh', [n4])
    const next = this.add(this.multiply(f, c), this.multiply(i, g))
    return [next, this.multiply(o, this.node('nn.Tanh', [next]))]
  }

  gru(sums: CharRnnModel['layers'][number], x: Node, h: Node): Node {
    const gate = (at: number): Node => {
      const { i2h, h2h } = sums[at] as { i2h: Linear; h2h: Linear }
      return this.node('nn.Sigmoid', [this.add(this.linear(i2h, x), this.linear(h2h, h))])
    }
    const z = gate(0)
    const r = gate(1)
    const { i2h, h2h } = sums[2] as { i2h: Linear; h2h: Linear }
    const second = this.linear(h2h, this.multiply(r, h))
    const candidate = this.node('nn.Tanh', [this.add(this.linear(i2h, x), second)])
    const negative = this.node('nn.MulConstant', [z], { constant_scalar: -1 })
    const kept = this.node('nn.AddConstant', [negative], { constant_scalar: 1 })
    return this.add(this.multiply(z, candidate), this.multiply(kept, h))
  }

  /** Inputs (x, then the states) and outputs (the states, then log-probabilities). */
  build(model: CharRnnModel): { inputs: Node[]; outputs: Node[] } {
    const { cell, V, layers } = model
    const states = layers.length * (cell === 'lstm' ? 2 : 1)
    const inputs = Array.from({ length: 1 + states }, () => this.node('nn.Identity'))
    const outputs: Node[] = []
    let x = this.node('OneHot', [inputs[0] as Node], { outputSize: V })
    layers.forEach((sums, k) => {
      const [sum] = sums as [{ i2h: Linear; h2h: Linear }]
      if (k > 0) x = this.dropout(x)
      if (cell === 'lstm') {
        const [c, h] = [inputs[2 * k + 1] as Node, inputs[2 * k + 2] as Node]
        outputs.push(...this.lstm(sum, [x, c, h], k))
      } else {
        const h = inputs[k + 1] as Node
        const plain = (): Node =>
          this.node('nn.Tanh', [this.add(this.linear(sum.i2h, x), this.linear(sum.h2h, h))])
        outputs.push(cell === 'gru' ? this.gru(sums, x, h) : plain())
      }
      x = outputs.at(-1) as Node
    })
    const decoder = this.linear(model.decoder, this.dropout(x), 'decoder')
    outputs.push(this.node('nn.LogSoftMax', [decoder]))
    return { inputs, outputs }
  }
}

/** All nodes in the order of nngraph's forwardnodes: depth first from the outputs, inputs before readers. */
function sorted(root: Node): Node[] {
  const found = new Set<Node>()
  const visit = (node: Node): void => {
    if (found.has(node)) return
    for (const read of node.reads) visit(read)
    found.add(node)
  }
  visit(root)
  return [...found]
}

/** A graph.Graph of nodes in one direction; children are listed, and numbered by node. */
function graphOf(nodes: readonly Node[], next: (node: Node) => readonly Node[]): TorchObject[] {
  const objects = new Map<Node, TorchObject>()
  nodes.forEach((node, i) => {
    const fields = table({ data: node.data, id: i + 1, visited: false, marked: false })
    objects.set(node, new TorchObject('nngraph.Node', fields.set('children', new Map())))
  })
  for (const [node, object] of objects) {
    const children = (object.fields as Table).get('children') as Table
    for (const [i, child] of next(node).entries()) {
      children.set(i + 1, objects.get(child) as TorchObject)
      children.set(objects.get(child) as TorchObject, i + 1)
    }
  }
  return [...objects.values()]
}

/** The nn.gModule of a time step. */
function networkOf(model: CharRnnModel, options: CheckpointOptions): TorchObject {
  const modules = new Modules(options)
  const { inputs, outputs } = new Step(modules, options).build(model)
  const innode = new Node()
  for (const [i, part] of innode.split(inputs.length).entries()) inputs[i]?.read(part)
  const outnode = new Node(undefined, outputs)
  const nodes = sorted(outnode)
  const readers = (node: Node): Node[] => nodes.filter(({ reads }) => reads.includes(node))
  const forward = graphOf(nodes, readers)
  const backward = graphOf([...nodes].reverse(), ({ reads }) => reads)
  const { holds = 'graph' } = options
  const list = nodes.flatMap(({ data }) => (data.get('module') as TorchObject | undefined) ?? [])
  return modules.of('nn.gModule', {
    ...(holds !== 'nodes' && { modules: list }),
    ...(holds !== 'modules' && {
      bg: new TorchObject('graph.Graph', table({ nodes: backward, edges: [] })),
      fg: new TorchObject('graph.Graph', table({ nodes: forward, edges: [] })),
      forwardnodes: forward,
      backwardnodes: backward,
      innode: forward[0] as TorchObject,
      outnode: backward[0] as TorchObject,
      nInputs: inputs.length,
      verbose: false,
    }),
  })
}

/** A checkpoint as train.lua saves it. */
export function charRnnCheckpoint(model: CharRnnModel, options: CheckpointOptions): LuaInput {
  const { cell, H, layers } = model
  const vocab: Table = new Map(options.symbols.map((symbol, i) => [symbol, i + 1]))
  return table({
    vocab,
    train_losses: [3.1, 2.5],
    val_loss: 2.4,
    val_losses: new Map([[1000, 2.4]]),
    i: 1000,
    epoch: 0.5,
    opt: table({
      model: cell,
      rnn_size: H,
      num_layers: layers.length,
      dropout: options.dropout ?? 0,
      init_from: '',
      ...options.opt,
    }),
    protos: table({
      ...(options.criterion !== false && {
        criterion: new TorchObject('nn.ClassNLLCriterion', table({ sizeAverage: true })),
      }),
      rnn: networkOf(model, options),
    }),
  })
}

/** The conformance suite's models: two layers. */
export const charRnn: FormatFixture = {
  kind: 'char-rnn',
  variants: ['lstm', 'lstm ASCII', 'gru', 'gru float', 'rnn', 'rnn ASCII'],
  vocabulary: 'in the files',
  write({ variant, symbols, outputs, hidden = 5, seed = 1 }) {
    const [cell, form] = variant.split(' ') as [CharRnnModel['cell'], string | undefined]
    const model = randomModel(cell, [outputs ?? symbols.length, hidden, 2], seed)
    const kind = form === 'float' ? 'Float' : 'Double'
    const checkpoint = charRnnCheckpoint(model, { symbols, kind })
    const bytes = writeTorch7(checkpoint, form === 'ASCII')
    return {
      files: [{ name: 'lm_lstm_epoch0.50_2.4000.t7', bytes }],
      forward: ids => charRnnLogits(model, ids),
    }
  },
}
