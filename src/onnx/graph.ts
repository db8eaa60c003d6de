/**
 * Builds an ONNX graph, node by node, and encodes it as a model file. Supports what the training graphs
 * and exported models need, opset 17. Source of the field numbers: onnx/onnx.proto3.
 */
import { bytesField, floatField, integerField, join, stringField } from './protobuf.js'

/** The name of a tensor in a graph. */
export type Value = string & { readonly __value: unique symbol }

export type ElementType = 'float32' | 'float16' | 'int32' | 'int64' | 'bool'

/** TensorProto.DataType. */
const TYPE_CODE: Record<ElementType, number> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
}

/** A dimension: a number, or the name of a size that is known when the graph runs. */
export type Dimension = number | string

/**
 * An attribute. `{ float }` marks a float, because a plain number is encoded as an integer; `{ graph }`
 * is an encoded GraphProto.
 */
export type Attribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly graph: Uint8Array }

/** AttributeProto.AttributeType. */
const FLOAT = 1
const INT = 2
const STRING = 3
const GRAPH = 5
const INTS = 7

const IR_VERSION = 8
const OPSET = 17

/** Domain of the operators that only ONNX Runtime has. */
const RUNTIME_DOMAIN = 'com.microsoft'

function attributeMessage(name: string, value: Attribute): Uint8Array {
  const parts = [stringField(1, name)]
  if (typeof value === 'number') parts.push(integerField(3, value), integerField(20, INT))
  else if (typeof value === 'string') parts.push(stringField(4, value), integerField(20, STRING))
  else if ('float' in value) parts.push(floatField(2, value.float), integerField(20, FLOAT))
  else if ('graph' in value) parts.push(bytesField(6, value.graph), integerField(20, GRAPH))
  else parts.push(...value.map(v => integerField(8, v)), integerField(20, INTS))
  return join(parts)
}

function tensorMessage(
  name: string,
  type: ElementType,
  dims: readonly number[],
  data: Float32Array | Uint16Array | Int32Array | BigInt64Array,
): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return join([
    ...dims.map(d => integerField(1, d)),
    integerField(2, TYPE_CODE[type]),
    stringField(8, name),
    bytesField(9, raw),
  ])
}

/** @param dims absent: any shape */
function valueInfoMessage(
  name: string,
  type: ElementType,
  dims?: readonly Dimension[],
): Uint8Array {
  const parts = [integerField(1, TYPE_CODE[type])]
  if (dims) {
    const sizes = dims.map(d => (typeof d === 'number' ? integerField(1, d) : stringField(2, d)))
    parts.push(bytesField(2, join(sizes.map(size => bytesField(1, size)))))
  }
  const tensorType = join(parts)
  return join([stringField(1, name), bytesField(2, bytesField(1, tensorType))])
}

/** Type and shape of an input. */
export interface InputShape {
  readonly type: Exclude<ElementType, 'float16' | 'bool'>
  readonly dims: readonly number[]
}

export interface GraphOptions {
  /**
   * Inputs plus outputs of one node at most. The CPU has no limit; WebGPU gives a node about 8 storage
   * buffers. Longer concatenations and splits become trees.
   */
  readonly maxNodeTensors?: number
  /** A product with an activation becomes one node, ONNX Runtime's FusedGemm. */
  readonly fused?: boolean | undefined
}

/** A loop over an axis of its sequences, ONNX's Scan. */
export interface ScanRequest {
  /** Values before the first step; each keeps its shape from step to step. */
  readonly states: readonly Value[]
  /** float32 or int64, sliced along `axis`: one slice a step. */
  readonly sequences: readonly { readonly value: Value; readonly type: ElementType }[]
  readonly axis: number
  /** Builds one step. Values of the outer graph may be used in it. */
  step(
    body: Graph,
    states: readonly Value[],
    slices: readonly Value[],
  ): {
    readonly states: readonly Value[]
    /** float32; collected along `axis`. */
    readonly outputs: readonly Value[]
  }
}

/** What a model file says about itself. */
export interface ModelFacts {
  readonly producer: string
  readonly version: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Names and stored tensors, which a graph and the bodies of its loops have in common. */
interface Stored {
  count: number
  readonly constants: Map<string, Value>
  readonly initializers: Uint8Array[]
}

/** An encoded node with the names that it reads and computes. */
interface GraphNode {
  readonly bytes: Uint8Array
  readonly reads: readonly string[]
  readonly outputs: readonly string[]
}

/** A graph under construction. Its methods return the names of what they compute. */
export class Graph {
  readonly maxNodeTensors: number
  private readonly fused: boolean
  private readonly kept = new Set<string>()
  readonly inputs = new Map<string, InputShape>()
  private readonly openInputs: Uint8Array[] = []
  private readonly nodes: GraphNode[] = []
  private readonly outputNames = new Set<string>()
  private readonly outputs: Uint8Array[] = []
  private readonly stored: Stored

  /** @param outer the graph in whose loop this one is a step */
  constructor(options: GraphOptions = {}, outer?: Graph) {
    this.maxNodeTensors = options.maxNodeTensors ?? Number.POSITIVE_INFINITY
    this.fused = options.fused ?? false
    this.stored = outer?.stored ?? { count: 0, constants: new Map(), initializers: [] }
  }

  /** Number of nodes that the built graph has. */
  get nodeCount(): number {
    return this.usedNodes().length
  }

  /** Marks values that nodes made elsewhere read, so that the nodes that make them stay. */
  keep(values: readonly Value[]): void {
    for (const value of values) this.kept.add(value)
  }

  /** The nodes on which an output depends: the gradient of a frozen weight, for example, is no output. */
  private usedNodes(): GraphNode[] {
    const used = new Set([...this.outputNames, ...this.kept])
    // A node comes after those whose values it reads.
    const nodes = this.nodes.toReversed().filter(({ reads, outputs }) => {
      if (!outputs.some(name => used.has(name))) return false
      for (const name of reads) used.add(name)
      return true
    })
    return nodes.reverse()
  }

  private fresh(): Value {
    return `v${this.stored.count++}` as Value
  }

  private emit(
    op: string,
    inputs: readonly Value[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    { domain, body }: { readonly domain?: string; readonly body?: Graph } = {},
  ): void {
    const bytes = join([
      ...inputs.map(name => stringField(1, name)),
      ...outputs.map(name => stringField(2, name)),
      stringField(4, op),
      ...Object.entries(attributes).map(([name, value]) =>
        bytesField(5, attributeMessage(name, value)),
      ),
      ...(domain === undefined ? [] : [stringField(7, domain)]),
    ])
    // Names are unique over a graph and its loops, so that what a loop computes itself does no harm here.
    const inBody = body?.nodes.flatMap(node => node.reads) ?? []
    this.nodes.push({ bytes, reads: [...inputs, ...inBody], outputs })
  }

  input(name: string, type: InputShape['type'], dims: readonly number[]): Value {
    this.inputs.set(name, { type, dims })
    return name as Value
  }

  /** An input with sizes that are known when the graph runs. It is not among `inputs`. */
  openInput(name: string, type: ElementType, dims?: readonly Dimension[]): Value {
    this.openInputs.push(valueInfoMessage(name, type, dims))
    return name as Value
  }

  /** Adds `value` (float32) to the graph's outputs under `name`. */
  output(name: string, value: Value, dims?: readonly Dimension[]): void {
    this.emit('Identity', [value], [name], {})
    this.outputNames.add(name)
    this.outputs.push(valueInfoMessage(name, 'float32', dims))
  }

  /** A tensor that the file holds under its name: float32, or the bits of float16. */
  tensor(name: string, dims: readonly number[], data: Float32Array | Uint16Array): Value {
    const type = data instanceof Uint16Array ? 'float16' : 'float32'
    this.stored.initializers.push(tensorMessage(name, type, dims, data))
    return name as Value
  }

  /** A float32 constant; equal constants of the same shape are stored once. */
  float32s(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.constant(`f${dims}:${values}`, name =>
      tensorMessage(name, 'float32', dims, Float32Array.from(values)),
    )
  }

  /** An int64 vector: shapes, axes, lengths. */
  int64s(values: readonly number[]): Value {
    return this.constant(`i${values}`, name =>
      tensorMessage(name, 'int64', [values.length], BigInt64Array.from(values.map(BigInt))),
    )
  }

  /** An int32 vector. */
  int32s(values: readonly number[]): Value {
    return this.constant(`n${values}`, name =>
      tensorMessage(name, 'int32', [values.length], Int32Array.from(values)),
    )
  }

  private constant(key: string, make: (name: string) => Uint8Array): Value {
    const { constants, initializers } = this.stored
    const known = constants.get(key)
    if (known !== undefined) return known
    const name = this.fresh()
    constants.set(key, name)
    initializers.push(make(name))
    return name
  }

  /** Adds one node with one output. */
  op(
    type: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    const name = this.fresh()
    this.emit(type, inputs, [name], attributes)
    return name
  }

  add(a: Value, b: Value): Value {
    return this.op('Add', [a, b])
  }

  subtract(a: Value, b: Value): Value {
    return this.op('Sub', [a, b])
  }

  multiply(a: Value, b: Value): Value {
    return this.op('Mul', [a, b])
  }

  /** activation(factor a b + c), with a and b optionally transposed; c (`plus`) is broadcast over rows. */
  product(
    a: Value,
    b: Value,
    options: {
      readonly plus?: Value
      readonly transposeA?: boolean
      readonly transposeB?: boolean
      readonly factor?: number
      readonly activation?: 'Sigmoid' | 'Tanh' | 'Relu'
    } = {},
  ): Value {
    const attributes: Record<string, Attribute> = {}
    if (options.transposeA) attributes.transA = 1
    if (options.transposeB) attributes.transB = 1
    if (options.factor !== undefined) attributes.alpha = { float: options.factor }
    const inputs = options.plus ? [a, b, options.plus] : [a, b]
    const { activation } = options
    if (activation === undefined) return this.op('Gemm', inputs, attributes)
    if (!this.fused) return this.op(activation, [this.op('Gemm', inputs, attributes)])
    const name = this.fresh()
    this.emit(
      'FusedGemm',
      inputs,
      [name],
      { ...attributes, activation },
      { domain: RUNTIME_DOMAIN },
    )
    return name
  }

  reshape(value: Value, dims: readonly number[]): Value {
    return this.op('Reshape', [value, this.int64s(dims)])
  }

  /** Sum over the rows of a matrix: [R, C] -> [C]. */
  sumRows(value: Value): Value {
    return this.op('ReduceSum', [value, this.int64s([0])], { keepdims: 0 })
  }

  concat(values: readonly Value[], axis: number): Value {
    let level = values
    while (level.length > 1) {
      const width = Math.min(level.length, this.maxNodeTensors - 1)
      const next: Value[] = []
      for (let i = 0; i < level.length; i += width) {
        const group = level.slice(i, i + width)
        next.push(group.length === 1 ? group[0] : this.op('Concat', group, { axis }))
      }
      level = next
    }
    return level[0]
  }

  split(value: Value, sizes: readonly number[], axis: number): Value[] {
    if (sizes.length === 1) return [value]
    // The input and the vector of lengths count too.
    const width = this.maxNodeTensors - 2
    if (sizes.length > width) {
      const per = Math.ceil(sizes.length / width)
      const groups: number[][] = []
      for (let i = 0; i < sizes.length; i += per) groups.push(sizes.slice(i, i + per))
      const parts = this.split(
        value,
        groups.map(group => group.reduce((a, b) => a + b, 0)),
        axis,
      )
      return parts.flatMap((part, i) => this.split(part, groups[i], axis))
    }
    const names = sizes.map(() => this.fresh())
    this.emit('Split', [value, this.int64s(sizes)], names, { axis })
    return names
  }

  /** A loop over steps. @returns the states after the last step, and what the steps put out */
  scan({ states, sequences, axis, step }: ScanRequest): {
    readonly states: readonly Value[]
    readonly outputs: readonly Value[]
  } {
    const options = { maxNodeTensors: this.maxNodeTensors, fused: this.fused }
    const body = new Graph(options, this)
    const made = step(
      body,
      states.map(() => body.openInput(this.fresh(), 'float32')),
      sequences.map(({ type }) => body.openInput(this.fresh(), type)),
    )
    for (const value of [...made.states, ...made.outputs]) body.output(this.fresh(), value)
    const names = [...made.states, ...made.outputs].map(() => this.fresh())
    const attributes = {
      body: { graph: body.encode('step', []) },
      num_scan_inputs: sequences.length,
      scan_input_axes: sequences.map(() => axis),
      scan_output_axes: made.outputs.map(() => axis),
    }
    const inputs = [...states, ...sequences.map(({ value }) => value)]
    this.emit('Scan', inputs, names, attributes, { body })
    return { states: names.slice(0, states.length), outputs: names.slice(states.length) }
  }

  private encode(name: string, initializers: readonly Uint8Array[]): Uint8Array {
    return join([
      ...this.usedNodes().map(({ bytes }) => bytesField(1, bytes)),
      stringField(2, name),
      ...initializers.map(tensor => bytesField(5, tensor)),
      ...Array.from(this.inputs, ([input, { type, dims }]) =>
        bytesField(11, valueInfoMessage(input, type, dims)),
      ),
      ...this.openInputs.map(input => bytesField(11, input)),
      ...this.outputs.map(output => bytesField(12, output)),
    ])
  }

  /** Encodes the ONNX model. */
  build(facts?: ModelFacts): Uint8Array {
    const graph = this.encode('ondo', this.stored.initializers)
    const opsets = [join([stringField(1, ''), integerField(2, OPSET)])]
    if (this.fused) opsets.push(join([stringField(1, RUNTIME_DOMAIN), integerField(2, 1)]))
    return join([
      integerField(1, IR_VERSION),
      ...(facts ? [stringField(2, facts.producer), stringField(3, facts.version)] : []),
      bytesField(7, graph),
      ...opsets.map(opset => bytesField(8, opset)),
      ...Object.entries(facts?.metadata ?? {}).map(([key, value]) =>
        bytesField(14, join([stringField(1, key), stringField(2, value)])),
      ),
    ])
  }
}
