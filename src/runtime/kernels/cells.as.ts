/**
 * The element-wise part of each cell, after its products: gates and new state, in place.
 * `gate` is the distance in bytes from one gate's block to the next: H rounded up to four lanes.
 * Units that only fill up the last four lanes have zero weights and stay 0.
 * Equations and sources: src/model/{rnn,gru,lstm}.reference.ts.
 */
import { hardSigmoid, sigmoid, tanh } from './math.as'

/** h = tanh(z). @param z [gate] @param h [gate] */
export function rnnTanh(z: usize, h: usize, gate: usize): void {
  for (let j: usize = 0; j < gate; j += 16) v128.store(h + j, tanh(v128.load(z + j)))
}

/** h = max(0, z). @param z [gate] @param h [gate] */
export function rnnRelu(z: usize, h: usize, gate: usize): void {
  // pmax(z, 0) is z < 0 ? 0 : z: NaN stays NaN.
  for (let j: usize = 0; j < gate; j += 16) {
    v128.store(h + j, f32x4.pmax(v128.load(z + j), f32x4.splat(0)))
  }
}

/**
 * Reset after the product (PyTorch).
 * @param zx [3 gate] r z n from the input @param zh [3 gate] r z n from h @param h [gate]
 */
export function gruAfter(zx: usize, zh: usize, h: usize, gate: usize): void {
  const one = f32x4.splat(1)
  for (let j: usize = 0; j < gate; j += 16) {
    const x = zx + j
    const u = zh + j
    const r = sigmoid(f32x4.add(v128.load(x), v128.load(u)))
    const z = sigmoid(f32x4.add(v128.load(x + gate), v128.load(u + gate)))
    const n = tanh(f32x4.add(v128.load(x + 2 * gate), f32x4.mul(r, v128.load(u + 2 * gate))))
    const old = v128.load(h + j)
    v128.store(h + j, f32x4.add(f32x4.mul(f32x4.sub(one, z), n), f32x4.mul(z, old)))
  }
}

/** Reset before the product, first half: z = sigmoid(z) kept, rh = sigmoid(r) * h. */
export function gruReset(z: usize, h: usize, rh: usize, gate: usize): void {
  for (let j: usize = 0; j < gate; j += 16) {
    v128.store(rh + j, f32x4.mul(sigmoid(v128.load(z + j)), v128.load(h + j)))
    v128.store(z + gate + j, sigmoid(v128.load(z + gate + j)))
  }
}

/** Reset before the product, second half: h = (1 - z) tanh(n) + z h. */
export function gruUpdate(z: usize, h: usize, gate: usize): void {
  const one = f32x4.splat(1)
  for (let j: usize = 0; j < gate; j += 16) {
    const keep = v128.load(z + gate + j)
    const n = tanh(v128.load(z + 2 * gate + j))
    const old = v128.load(h + j)
    v128.store(h + j, f32x4.add(f32x4.mul(f32x4.sub(one, keep), n), f32x4.mul(keep, old)))
  }
}

/**
 * Two passes are faster than one: in one, tanh(c) waits for i, f and g of the same units, and the
 * processor does not look far enough ahead to work on the next units meanwhile.
 * @param z [4 gate] i f g o @param h [gate] @param c [gate]
 */
export function lstm(z: usize, h: usize, c: usize, gate: usize): void {
  for (let j: usize = 0; j < gate; j += 16) {
    const u = z + j
    const i = sigmoid(v128.load(u))
    const f = sigmoid(v128.load(u + gate))
    const g = tanh(v128.load(u + 2 * gate))
    v128.store(c + j, f32x4.add(f32x4.mul(f, v128.load(c + j)), f32x4.mul(i, g)))
  }
  for (let j: usize = 0; j < gate; j += 16) {
    v128.store(h + j, f32x4.mul(sigmoid(v128.load(z + 3 * gate + j)), tanh(v128.load(c + j))))
  }
}

/** `lstm` with gates min(1, max(0, slope x + 1/2)). */
export function lstmHard(z: usize, h: usize, c: usize, gate: usize, slope: f32): void {
  for (let j: usize = 0; j < gate; j += 16) {
    const u = z + j
    const i = hardSigmoid(v128.load(u), slope)
    const f = hardSigmoid(v128.load(u + gate), slope)
    const g = tanh(v128.load(u + 2 * gate))
    const o = hardSigmoid(v128.load(u + 3 * gate), slope)
    const next = f32x4.add(f32x4.mul(f, v128.load(c + j)), f32x4.mul(i, g))
    v128.store(c + j, next)
    v128.store(h + j, f32x4.mul(o, tanh(next)))
  }
}

/** `gruAfter` with gates min(1, max(0, slope x + 1/2)). */
export function gruAfterHard(zx: usize, zh: usize, h: usize, gate: usize, slope: f32): void {
  const one = f32x4.splat(1)
  for (let j: usize = 0; j < gate; j += 16) {
    const x = zx + j
    const u = zh + j
    const r = hardSigmoid(f32x4.add(v128.load(x), v128.load(u)), slope)
    const z = hardSigmoid(f32x4.add(v128.load(x + gate), v128.load(u + gate)), slope)
    const n = tanh(f32x4.add(v128.load(x + 2 * gate), f32x4.mul(r, v128.load(u + 2 * gate))))
    const old = v128.load(h + j)
    v128.store(h + j, f32x4.add(f32x4.mul(f32x4.sub(one, z), n), f32x4.mul(z, old)))
  }
}

/** `gruReset` with gates min(1, max(0, slope x + 1/2)). */
export function gruResetHard(z: usize, h: usize, rh: usize, gate: usize, slope: f32): void {
  for (let j: usize = 0; j < gate; j += 16) {
    v128.store(rh + j, f32x4.mul(hardSigmoid(v128.load(z + j), slope), v128.load(h + j)))
    v128.store(z + gate + j, hardSigmoid(v128.load(z + gate + j), slope))
  }
}
