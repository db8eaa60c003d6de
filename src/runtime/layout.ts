/**
 * The layout of the kernels' memory, and how PyTorch's matrices are packed into it.
 *
 * PyTorch stores a matrix as rows of outputs [G H, K]; the kernels read columns of outputs in panels
 * [N / 12][K][12] (see kernels/matvec.as.ts). Zeros pad a gate's H columns to whole vectors of 4 and
 * all gates together to an even number of panels; the state of padding units stays 0.
 */
import { InputError } from '../errors.js'
import {
  GATE_SLOPES,
  GATES,
  type ModelConfig,
  scaleOf,
  tensorShapes,
  type Weights,
} from '../model/config.js'
import { wholeLevels } from '../model/quantize.js'
import { packInt8 } from './pack-int8.js'

/** Columns of a panel; kernels/matvec.as.ts relies on this number and processes two at a time. */
const PANEL = 12
const LANES = 4
const FLOAT = 4
/** Alignment of every part: a cache line. */
const LINE = 64
export const PAGE = 65536
/** A WebAssembly memory addresses 4 GiB. */
const ADDRESSABLE = 65536 * PAGE
/** Ids passed in one call of `prefill`: 4 KB, so that a page of text takes a few calls. */
export const IDS = 1024

/**
 * With a learned embedding, layer 0's input product is computed once for each symbol when that table
 * stays below both limits, else at each step, with the same bits. 8 MB is a quarter of a large cache;
 * 2^26 products take about 10 ms at load.
 */
const TABLE_BYTES = 8 * 2 ** 20
const TABLE_PRODUCTS = 2 ** 26

const upTo = (n: number, step: number): number => Math.ceil(n / step) * step
const evenPanels = (columns: number): number => upTo(columns, 2 * PANEL)

/** Addresses in bytes, sizes in float32 columns. */
export interface LayerPlan {
  /** [width][N] packed; address 0 in layer 0 of a one-hot network. */
  input: number
  /** [H][recurrent] packed. */
  recurrent: number
  /** [H][candidate] packed; only for a GRU with reset before. */
  candidate: number
  /** [N] bias of the input product: the sum of both biases, except for a GRU with reset after. */
  inputBias: number
  /** [N] bias of h's product; only for a GRU with reset after. */
  recurrentBias: number
}

/**
 * The output layer's input of a network with skip connections or attention: parts that are each filled
 * up to whole vectors. Addresses and sizes in bytes; all 0 where the head reads h in place.
 */
export interface FeaturePlan {
  /** Address of the copy, and its bytes. */
  readonly at: number
  readonly bytes: number
  /** Bytes of the embedding in it; 0 for one-hot input. */
  readonly embedded: number
  /** Address of attention's weights; 0 without it. */
  readonly attention: number
  /** Place of attention's sums (kernels/attention.as.ts) in the memory of a session. */
  readonly sums: number
}

/** m, Z and two unused floats of attention's sums. */
const SUMS = 4

export interface Layout {
  readonly kind: number
  /** H padded to whole vectors. */
  readonly gate: number
  /** N. */
  readonly columns: number
  readonly recurrent: number
  readonly candidate: number
  /** V padded to an even number of panels. */
  readonly outputs: number
  /** Width of layer 0's input: E, or 0 for one-hot. */
  readonly width: number
  readonly plan: number
  readonly inputTable: number
  readonly embedding: number
  readonly headWeight: number
  readonly headBias: number
  readonly logits: number
  readonly ids: number
  readonly zx: number
  readonly zh: number
  readonly rh: number
  /** Scratch of h as whole numbers, for 8-bit weights. */
  readonly whole: number
  readonly layers: readonly LayerPlan[]
  /** `inputTable` is computed from embedding and input matrix, which are not needed afterwards. */
  readonly project: boolean
  /** What the output layer reads, where that is not h of the top layer alone. */
  readonly features: FeaturePlan
  /** Address of the first session; what only loading needs may lie from here to `end`. */
  readonly sessions: number
  readonly end: number
  readonly sessionBytes: number
}

/** The number by which kernels/network.as.ts knows a cell. */
function kindOf({ cell, activation, reset }: ModelConfig): number {
  if (cell === 'rnn') return activation === 'tanh' ? 0 : 1
  if (cell === 'gru') return reset === 'after' ? 2 : 3
  return 4
}

/** @throws InputError when the network does not fit the 4 GiB that WebAssembly can address */
export function planLayout(config: ModelConfig): Layout {
  const { cell, vocabulary: V, hidden: H, embedding: E, layers: L } = config
  const gate = upTo(H, LANES)
  const before = cell === 'gru' && config.reset === 'before'
  const candidate = before ? evenPanels(gate) : 0
  // With reset before, the candidate's product starts from column 2 gate and fills panels of its own.
  const columns = evenPanels(before ? 2 * gate + candidate : GATES[cell] * gate)
  const recurrent = before ? evenPanels(2 * gate) : columns
  const outputs = evenPanels(V)
  const tableBytes = V * columns * FLOAT
  const project = E > 0 && tableBytes <= TABLE_BYTES && V * columns * E <= TABLE_PRODUCTS

  // The first page stays free: address 0 means "absent", and AssemblyScript stores its constants there.
  let top = PAGE
  const take = (floats: number): number => {
    const address = top
    top = upTo(top + floats * FLOAT, LINE)
    return address
  }
  const plan = take(28 + 5 * L)
  const ids = take(IDS)
  const zx = take(columns)
  const zh = take(Math.max(columns, recurrent))
  const rh = take(gate)
  const whole = config.bits ? take(gate / 2) : 0
  /** The matrix of a product with h: with 8-bit weights two bytes each, then a scale a column. */
  const takeMatrix = (N: number): number => take(config.bits ? (gate * N) / 2 + N : H * N)
  const logits = take(outputs)
  const inputTable = E === 0 || project ? take(V * columns) : 0
  const layers: LayerPlan[] = []
  for (let k = 0; k < L; k++) {
    layers.push({
      input: k > 0 ? takeMatrix(columns) : 0,
      recurrent: takeMatrix(recurrent),
      candidate: before ? takeMatrix(candidate) : 0,
      inputBias: k > 0 ? take(columns) : 0,
      recurrentBias: cell === 'gru' && !before ? take(columns) : 0,
    })
  }
  const states = L * gate * (cell === 'lstm' ? 2 : 1)
  const features = planFeatures(config, gate, states, take)
  const headBias = take(outputs)
  const headWeight =
    features.bytes > 0 ? take((features.bytes / FLOAT) * outputs) : takeMatrix(outputs)
  // These come last, so that sessions can reuse their memory once the table is computed.
  let sessions = top
  let embedding = 0
  if (E > 0) {
    layers[0].inputBias = take(columns)
    layers[0].input = take(E * columns)
    embedding = take(V * E)
    if (!project || features.embedded > 0) sessions = top
  }
  const accumulated = features.attention > 0 ? SUMS + features.bytes / FLOAT : 0
  const sessionBytes = upTo((states + accumulated) * FLOAT, LINE)
  const end = Math.max(top, sessions + sessionBytes)
  if (end > ADDRESSABLE) {
    throw new InputError(
      'memory',
      `The network needs ${(end / 2 ** 30).toFixed(1)} GiB in memory; WebAssembly can address 4 GiB`,
      { way: 'smaller-network' },
    )
  }
  return {
    ...{ kind: kindOf(config), gate, columns, recurrent, candidate, outputs, width: E },
    ...{ plan, inputTable, embedding, headWeight, headBias, logits, ids },
    ...{ zx, zh, rh, whole, layers, project, features },
    ...{ sessions, end, sessionBytes },
  }
}

/** @param states floats of h and c in a session @param take gives addresses of so many floats */
function planFeatures(
  { skip, attention, embedding: E, layers: L }: ModelConfig,
  gate: number,
  states: number,
  take: (floats: number) => number,
): FeaturePlan {
  if (!skip && !attention) return { at: 0, bytes: 0, embedded: 0, attention: 0, sums: 0 }
  const embedded = skip ? upTo(E, LANES) : 0
  const count = embedded + (skip ? L : 1) * gate
  return {
    at: take(count),
    bytes: count * FLOAT,
    embedded: embedded * FLOAT,
    attention: attention ? take(count) : 0,
    sums: states * FLOAT,
  }
}

/** Rows of the output layer's input, in the order of the kernels: zeros fill each part up. */
function padFeatures(
  rows: Float32Array,
  { skip, embedding: E, hidden: H, layers: L }: ModelConfig,
  { features, gate }: Layout,
): Float32Array {
  if (features.bytes === 0) return rows
  const parts = skip ? [...(E > 0 ? [E] : []), ...new Array<number>(L).fill(H)] : [H]
  const width = parts.reduce((a, b) => a + b, 0)
  const wide = features.bytes / FLOAT
  const out = new Float32Array((rows.length / width) * wide)
  for (let row = 0; row < rows.length / width; row++) {
    let from = row * width
    let to = row * wide
    for (const [i, part] of parts.entries()) {
      out.set(rows.subarray(from, from + part), to)
      from += part
      to += skip && E > 0 && i === 0 ? features.embedded / FLOAT : gate
    }
  }
  return out
}

/** Slope of piecewise linear gates, as kernels/network.as.ts takes it; 0 for the sigmoid. */
function gateSlope({ gates }: ModelConfig): number {
  return gates === undefined || gates === 'sigmoid' ? 0 : GATE_SLOPES[gates]
}

/** The 32 bits of a float32. */
const floatBits = (value: number): number =>
  new Uint32Array(Float32Array.of(value).buffer)[0] as number

/** The plan in the order in which `configure` in kernels/network.as.ts reads it. */
export function planWords(config: ModelConfig, layout: Layout): Uint32Array {
  const { kind, width, columns, recurrent, candidate, outputs } = layout
  const { inputTable, embedding, headWeight, headBias, logits, ids, zx, zh, rh } = layout
  const words = [kind, config.vocabulary, config.hidden, config.layers, width, layout.gate * FLOAT]
  words.push(columns, recurrent, candidate, outputs)
  words.push(inputTable, embedding, headWeight, headBias, logits, ids, zx, zh, rh)
  words.push(floatBits(gateSlope(config)))
  const { features } = layout
  words.push(config.skip ? 1 : 0, features.embedded, features.bytes)
  words.push(features.at, features.attention, features.sums)
  words.push(floatBits(config.bits ? wholeLevels(config.hidden) : 0), layout.whole)
  for (const layer of layout.layers) {
    words.push(layer.input, layer.recurrent, layer.candidate)
    words.push(layer.inputBias, layer.recurrentBias)
  }
  return Uint32Array.from(words)
}

/** Checks that all tensors are there. @throws InputError naming one that is missing or of another size */
export function checkWeights(config: ModelConfig, weights: Weights): void {
  for (const [name, shape] of tensorShapes(config)) {
    const tensor = weights.get(name)
    const count = shape.reduce((a, b) => a * b, 1)
    if (tensor?.length !== count) {
      throw new InputError(
        'weights',
        `The tensor ${name} ${tensor ? `has ${tensor.length} numbers` : 'is missing'}; expected ${count} (${shape.join(' x ')}): load weights that belong to this config.`,
      )
    }
  }
}

/** `gates` blocks of H rows, from block `first` on, that lie `gate` columns apart when packed. */
export interface Blocks {
  readonly first: number
  readonly gates: number
  readonly H: number
  readonly gate: number
}

/**
 * Packs `gates` blocks of H rows, from block `first` on.
 * @param memory the kernels' memory as float32 @param at address in bytes, zero before
 * @param W [.. H, K] row-major
 */
function packMatrix(
  memory: Float32Array,
  at: number,
  W: Float32Array,
  K: number,
  { first, gates, H, gate }: Blocks,
): void {
  for (let g = 0; g < gates; g++) {
    for (let unit = 0; unit < H; unit++) {
      const column = g * gate + unit
      let to = at / FLOAT + Math.floor(column / PANEL) * PANEL * K + (column % PANEL)
      let from = ((first + g) * H + unit) * K
      for (const end = from + K; from < end; from++, to += PANEL) memory[to] = W[from]
    }
  }
}

/** @param bias [gates H] @param other added to the first `shared` blocks */
function packBias(
  memory: Float32Array,
  at: number,
  [bias, other]: [Float32Array, Float32Array],
  shared: number,
  { gates, H, gate }: { gates: number; H: number; gate: number },
): void {
  for (let g = 0; g < gates; g++) {
    for (let unit = 0; unit < H; unit++) {
      const row = g * H + unit
      memory[at / FLOAT + g * gate + unit] = bias[row] + (g < shared ? other[row] : 0)
    }
  }
}

/** One-hot input: row v of the table is column v of the matrix plus the bias. */
function packRows(
  memory: Float32Array,
  layout: Layout,
  W: Float32Array,
  bias: Float32Array,
  V: number,
  H: number,
): void {
  const { inputTable, columns, gate } = layout
  // A few symbols at a time, so that the rows being written stay in the cache.
  const TOGETHER = 32
  for (let v0 = 0; v0 < V; v0 += TOGETHER) {
    const v1 = Math.min(V, v0 + TOGETHER)
    for (let row = 0; row < bias.length; row++) {
      const column = Math.floor(row / H) * gate + (row % H)
      const b = bias[row]
      let to = inputTable / FLOAT + v0 * columns + column
      for (let v = v0; v < v1; v++, to += columns) memory[to] = W[row * V + v] + b
    }
  }
}

/** Writes plan and weights into zeroed memory. */
export function packNetwork(
  buffer: ArrayBufferLike,
  config: ModelConfig,
  weights: Weights,
  layout: Layout,
): void {
  const memory = new Float32Array(buffer)
  const { cell, vocabulary: V, hidden: H, embedding: E } = config
  const { gate, columns, recurrent, candidate, outputs } = layout
  const gates = GATES[cell]
  const before = cell === 'gru' && config.reset === 'before'
  const all = { first: 0, gates, H, gate }
  // The n gate of a GRU with reset after needs both biases, because the reset gate acts on one of them.
  const shared = cell === 'gru' && !before ? 0 : gates
  const get = (name: string) => weights.get(name)!
  /** Packs a matrix that multiplies h. */
  const pack = (at: number, N: number, name: string, blocks: Blocks): void => {
    const scale = weights.get(scaleOf(name))
    if (config.bits && scale) packInt8(buffer, at, N, get(name), scale, blocks)
    else packMatrix(memory, at, get(name), H, blocks)
  }
  layout.layers.forEach((layer, k) => {
    const biases: [Float32Array, Float32Array] = [
      get(`rnn.bias_ih_l${k}`),
      get(`rnn.bias_hh_l${k}`),
    ]
    const Wx = get(`rnn.weight_ih_l${k}`)
    if (k > 0) pack(layer.input, columns, `rnn.weight_ih_l${k}`, all)
    else if (layer.input) packMatrix(memory, layer.input, Wx, E, all)
    if (layer.inputBias) packBias(memory, layer.inputBias, biases, shared, all)
    if (layer.recurrentBias) packBias(memory, layer.recurrentBias, [biases[1], biases[0]], 0, all)
    pack(layer.recurrent, recurrent, `rnn.weight_hh_l${k}`, before ? { ...all, gates: 2 } : all)
    if (before)
      pack(layer.candidate, candidate, `rnn.weight_hh_l${k}`, { ...all, first: 2, gates: 1 })
    if (k === 0 && E === 0) {
      const bias = Float32Array.from(biases[0], (b, row) => (shared ? b + biases[1][row] : b))
      packRows(memory, layout, Wx, bias, V, H)
    }
  })
  if (E > 0) memory.set(get('embedding.weight'), layout.embedding / FLOAT)
  const symbols = { first: 0, gates: 1, H: V, gate: V }
  const { features } = layout
  if (features.bytes > 0) {
    const headWeight = padFeatures(get('head.weight'), config, layout)
    packMatrix(memory, layout.headWeight, headWeight, features.bytes / FLOAT, symbols)
  } else {
    pack(layout.headWeight, outputs, 'head.weight', symbols)
  }
  if (features.attention > 0) {
    const weights = padFeatures(get('attention.weight'), config, layout)
    memory.set(weights, features.attention / FLOAT)
  }
  memory.set(get('head.bias'), layout.headBias / FLOAT)
  new Uint32Array(buffer).set(planWords(config, layout), layout.plan / FLOAT)
}
