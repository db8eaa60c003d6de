/**
 * The forward pass of one network in one memory: one call of `step` runs all layers and the head.
 *
 * The memory is imported and laid out by src/runtime/layout.ts, which writes a plan (uint32 words,
 * addresses in bytes) for `configure`. Nothing is allocated here. Matrices are packed as described in
 * matvec.as.ts; N is the gates' width in columns, filled up to an even number of panels.
 */
import { attend, average } from './attention.as'
import {
  gruAfter,
  gruAfterHard,
  gruReset,
  gruResetHard,
  gruUpdate,
  lstm,
  lstmHard,
  rnnRelu,
  rnnTanh,
} from './cells.as'
import { matvec, matvecDouble } from './matvec.as'
import { matvecInt8, toWhole } from './matvec-int8.as'

const RNN_TANH: u32 = 0
const RNN_RELU: u32 = 1
const GRU_AFTER: u32 = 2
const GRU_BEFORE: u32 = 3

// The plan, in the order of its words.
let kind: u32 = 0
let symbols: u32 = 0
let hidden: usize = 0
let layers: u32 = 0
/** Width of the embedding where it is multiplied at each step; unused when `inputTable` is there. */
let width: usize = 0
/** Bytes of one gate: H rounded up to four lanes. */
let gate: usize = 0
/** N, columns of all gates. */
let columns: usize = 0
/** Columns of a recurrent matrix: N, or for a GRU with reset before: of r and z alone, and of n. */
let recurrent: usize = 0
let candidate: usize = 0
/** Columns of the head: V filled up to an even number of panels. */
let outputs: usize = 0
/** [V][N] input product of layer 0 plus its bias for each symbol; 0 where it is computed. */
let inputTable: usize = 0
let embedding: usize = 0
let headWeight: usize = 0
let headBias: usize = 0
let logits: usize = 0
let ids: usize = 0
/** [N] scratch: products of the input, of h; [H] r * h. */
let zx: usize = 0
let zh: usize = 0
let rh: usize = 0
/** Slope of piecewise linear gates; 0 for the sigmoid. */
let slope: f32 = 0
/**
 * What the output layer reads, copied to `features` where it is not h of the top layer alone: with
 * `skip` the embedding of the symbol, filled up to four lanes, and h of all layers.
 */
let skip: bool = false
/** Bytes of the embedding there and in its table, and of all features; 0 where h is read in place. */
let embedded: usize = 0
let featureBytes: usize = 0
let features: usize = 0
/** [F] weights of attention; 0 without it. */
let attention: usize = 0
/** Bytes from the start of a state to the sums of attention. */
let sums: usize = 0
/** Whole numbers on either side of 0 to which h is rounded, for 8-bit weights; 0 for float32. */
let levels: f32 = 0
/** [H] int16 scratch: h as whole numbers. */
let whole: usize = 0
/** Five addresses a layer: input matrix, recurrent matrix, candidate's recurrent matrix, biases. */
let table: usize = 0

const LAYER_BYTES: usize = 5 * 4

function word(plan: usize, index: usize): u32 {
  return load<u32>(plan + (index << 2))
}

export function configure(plan: usize): void {
  kind = word(plan, 0)
  symbols = word(plan, 1)
  hidden = word(plan, 2)
  layers = word(plan, 3)
  width = word(plan, 4)
  gate = word(plan, 5)
  columns = word(plan, 6)
  recurrent = word(plan, 7)
  candidate = word(plan, 8)
  outputs = word(plan, 9)
  inputTable = word(plan, 10)
  embedding = word(plan, 11)
  headWeight = word(plan, 12)
  headBias = word(plan, 13)
  logits = word(plan, 14)
  ids = word(plan, 15)
  zx = word(plan, 16)
  zh = word(plan, 17)
  rh = word(plan, 18)
  slope = load<f32>(plan + 19 * 4)
  skip = word(plan, 20) != 0
  embedded = word(plan, 21)
  featureBytes = word(plan, 22)
  features = word(plan, 23)
  attention = word(plan, 24)
  sums = word(plan, 25)
  levels = load<f32>(plan + 26 * 4)
  whole = word(plan, 27)
  table = plan + 28 * 4
}

/** Fills `inputTable` from the embedding, with the same sums in the same order as in `forward`. */
export function project(): void {
  const W = load<u32>(table)
  const bias = load<u32>(table, 12)
  for (let id: u32 = 0; id < symbols; id++) {
    matvec(
      embedding + ((id * width) << 2),
      width,
      W,
      columns,
      bias,
      inputTable + ((id * columns) << 2),
    )
  }
}

/** init + x W with x = h of a layer, or r * h: by 8-bit weights where the network has them. */
function product(x: usize, W: usize, N: usize, init: usize, z: usize): void {
  if (levels == 0) {
    matvec(x, hidden, W, N, init, z)
    return
  }
  toWhole(x, gate, levels, whole)
  matvecInt8(whole, gate >> 2, W, N, init, z)
}

/**
 * Runs all layers on one symbol and updates the state: h of all layers, then c of all layers (LSTM).
 */
function forward(state: usize, id: u32): void {
  let layer = table
  let h = state
  let x = inputTable ? 0 : embedding + ((id * width) << 2)
  for (let k: u32 = 0; k < layers; k++) {
    const Wh: usize = load<u32>(layer, 4)
    let z: usize
    if (x) {
      z = zx
      if (k == 0) matvec(x, width, load<u32>(layer), columns, load<u32>(layer, 12), z)
      else product(x, load<u32>(layer), columns, load<u32>(layer, 12), z)
    } else {
      z = inputTable + ((id * columns) << 2)
    }
    if (kind == GRU_AFTER) {
      product(h, Wh, recurrent, load<u32>(layer, 16), zh)
      if (slope == 0) gruAfter(z, zh, h, gate)
      else gruAfterHard(z, zh, h, gate, slope)
    } else {
      product(h, Wh, recurrent, z, zh)
      if (kind == RNN_TANH) rnnTanh(zh, h, gate)
      else if (kind == RNN_RELU) rnnRelu(zh, h, gate)
      else if (kind == GRU_BEFORE) {
        if (slope == 0) gruReset(zh, h, rh, gate)
        else gruResetHard(zh, h, rh, gate, slope)
        product(rh, load<u32>(layer, 8), candidate, z + 2 * gate, zh + 2 * gate)
        gruUpdate(zh, h, gate)
      } else if (slope == 0) lstm(zh, h, h + layers * gate, gate)
      else lstmHard(zh, h, h + layers * gate, gate, slope)
    }
    x = h
    h += gate
    layer += LAYER_BYTES
  }
  if (attention) {
    gather(state, id)
    attend(features, attention, featureBytes, state + sums)
  }
}

/** Copies to `features` what the output layer reads of a step. */
function gather(state: usize, id: u32): void {
  let to = features
  let h = state + (layers - 1) * gate
  if (skip) {
    h = state
    // The last lanes of the embedding's place stay 0: no number of the next row is copied there.
    const row = width << 2
    if (embedded) memory.copy(to, embedding + id * row, row)
    to += embedded
  }
  memory.copy(to, h, features + featureBytes - to)
}

/** Writes the logits of the next symbol. @param id the symbol that was read last */
function head(state: usize, id: u32): void {
  if (!featureBytes) {
    product(state + (layers - 1) * gate, headWeight, outputs, headBias, logits)
    return
  }
  const K = featureBytes >> 2
  if (attention) {
    average(state + sums, featureBytes, features)
    matvecDouble(features, K, headWeight, outputs, headBias, logits)
    return
  }
  gather(state, id)
  matvec(features, K, headWeight, outputs, headBias, logits)
}

/** Processes one symbol and writes the logits of the next one to `logits`. */
export function step(state: usize, id: u32): void {
  forward(state, id)
  head(state, id)
}

/** Processes `count` symbols of the `ids` buffer (uint32); with `last`, runs the head after them. */
export function prefill(state: usize, count: u32, last: bool): void {
  let id: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    id = load<u32>(ids + ((<usize>i) << 2))
    forward(state, id)
  }
  if (last) head(state, id)
}
