/**
 * The average over the steps of a window that an output layer with attention reads.
 *
 *     a_t = exp(w s_t - m) / (sum_t exp(w s_t - m) + 1e-7),   m = max_t w s_t,   x = sum_t a_t s_t
 *
 * One pass: the sums so far belong to the largest score so far, and are scaled when a larger one
 * comes (Milakov & Gimelshein, "Online normalizer calculation for softmax", 2018). So the memory does
 * not grow with the window. Plain twin: src/model/network.reference.ts.
 *
 * The sums: m, Z = sum_t exp(w s_t - m), two unused, then [F] sum_t exp(w s_t - m) s_t. All zero before
 * the first step, when Z = 0 says that there is no m yet.
 */
import { exponential } from './math.as'

/** Bytes of m, Z and two unused floats before the weighted sum. */
const HEAD: usize = 16
/** Keras' epsilon(), which textgenrnn's layer adds to the sum. */
const EPSILON: f32 = 1e-7

// @inline
function exponentialOf(x: f32): f32 {
  return f32x4.extract_lane(exponential(f32x4.splat(x)), 0)
}

/** w s, in four sums that are added in a fixed order. */
function scoreOf(s: usize, w: usize, bytes: usize): f32 {
  let sum = f32x4.splat(0)
  for (let j: usize = 0; j < bytes; j += 16) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(s + j), v128.load(w + j)))
  }
  const left = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)
  return left + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
}

/** Adds a step. @param s [F] @param w [F] @param bytes 4 F, a multiple of 16 @param sums as above */
export function attend(s: usize, w: usize, bytes: usize, sums: usize): void {
  const score = scoreOf(s, w, bytes)
  const m = load<f32>(sums)
  const Z = load<f32>(sums, 4)
  let kept: f32 = 0
  let added: f32 = 1
  let largest = score
  if (Z != 0) {
    largest = max(m, score)
    kept = exponentialOf(m - largest)
    added = exponentialOf(score - largest)
  }
  store<f32>(sums, largest)
  store<f32>(sums, Z * kept + added, 4)
  const keep = f32x4.splat(kept)
  const add = f32x4.splat(added)
  const x = sums + HEAD
  for (let j: usize = 0; j < bytes; j += 16) {
    const old = f32x4.mul(v128.load(x + j), keep)
    v128.store(x + j, f32x4.add(old, f32x4.mul(v128.load(s + j), add)))
  }
}

/** Writes the average. @param to [F] */
export function average(sums: usize, bytes: usize, to: usize): void {
  const Z = f32x4.splat(load<f32>(sums, 4) + EPSILON)
  for (let j: usize = 0; j < bytes; j += 16) {
    v128.store(to + j, f32x4.div(v128.load(sums + HEAD + j), Z))
  }
}
