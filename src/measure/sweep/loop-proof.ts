/**
 * A proof that a text never leaves its loop. At T = 0 the next symbol is a function of the network's
 * state. When a state repeats bit for bit, with the same input symbol, it repeats forever. This
 * proves nothing at T > 0, where each position has its own random number.
 */
import { counted, InputError } from '../../errors.js'
import type { State } from '../../runtime/session.js'

export interface LoopProof {
  /** Position from which the text repeats. */
  readonly start: number
  /** Steps until the state repeats. May be a multiple of the text's period. */
  readonly period: number
  /**
   * Whether `start` is the first position of the cycle. False when early states were not kept because
   * of the memory limit: the cycle is then proved from `start` on, and began earlier.
   */
  readonly earliest: boolean
}

/** A step whose state has the hash of an earlier one, kept to be compared one period later. */
interface Candidate {
  readonly index: number
  readonly bits: Uint32Array
}

const DEFAULT_MEMORY = 64 * 1024 * 1024

/**
 * Watches a run at T = 0. Hashes each (state, id) and compares the bits of equal hashes. Time:
 * O(state) a step. Memory: 24 bytes a step, and the states up to a limit. Beyond the limit a
 * repetition is proved one period later.
 */
export class LoopProver {
  private readonly limit: number
  private states: Uint32Array[] = []
  private used = 0
  private readonly ids: number[] = []
  /** `newest` maps a hash to its newest step; `older` maps a step to the step before it with the same hash, or -1. */
  private readonly newest = new Map<number, number>()
  private readonly older: number[] = []
  private candidate: Candidate | undefined

  /** @param options.memory bytes of states to keep; default 64 MiB */
  constructor(options: { memory?: number } = {}) {
    const { memory = DEFAULT_MEMORY } = options
    if (!(memory >= 0)) {
      throw new InputError(
        'memory',
        `The memory is ${counted(memory, 'byte')}; expected 0 or more.`,
      )
    }
    this.limit = memory
  }

  /** Number of steps taken so far. */
  get length(): number {
    return this.ids.length
  }

  /**
   * Takes a step. The state may be the one before reading the id, or the one from which the id was
   * just drawn, but always the same of the two.
   * @param state h (and c) of all layers; it is copied
   * @returns the proof, at the first step at which there is one
   */
  push(state: State, id: number): LoopProof | undefined {
    const bits = new Uint32Array(state.slice().buffer)
    const index = this.ids.length
    const hash = this.hash(bits, id)
    const first = this.newest.get(hash) ?? -1
    this.ids.push(id)
    this.older.push(first)
    this.newest.set(hash, index)

    let repeated = -1
    for (let step = first; step >= 0; step = this.older[step]) {
      if (this.ids[step] !== id) continue
      if (step >= this.states.length) repeated = step
      else if (sameBits(this.states[step], bits)) {
        return { start: step, period: index - step, earliest: true }
      }
    }
    if (
      this.candidate &&
      this.ids[this.candidate.index] === id &&
      sameBits(this.candidate.bits, bits)
    ) {
      const { index: start } = this.candidate
      return { start, period: index - start, earliest: false }
    }
    // When a state first seen after the candidate repeats, the candidate itself never will.
    if (repeated >= 0 && (!this.candidate || repeated > this.candidate.index))
      this.candidate = { index, bits }

    if (this.states.length === index && this.used + bits.byteLength <= this.limit) {
      this.states.push(bits)
      this.used += bits.byteLength
    }
    return undefined
  }

  /** A 53-bit hash of the state's bits and the id. Tests replace it by one with collisions. */
  protected hash(bits: Uint32Array, id: number): number {
    let a = id ^ 0x243f6a88
    let b = id ^ 0x85a308d3
    for (const word of bits) {
      a = Math.imul(a ^ word, 0x85ebca6b)
      a ^= a >>> 13
      b = Math.imul(b ^ word, 0xc2b2ae35)
      b ^= b >>> 16
    }
    return (a >>> 11) * 4294967296 + (b >>> 0)
  }
}

/** Compares bits, not numbers: -0 is not 0, and a NaN equals itself. */
function sameBits(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
