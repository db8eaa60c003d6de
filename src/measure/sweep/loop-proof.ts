/**
 * The proof that a text never ends its loop: at T = 0 the next symbol is a function of the network's
 * state, so a state that comes back, bit for bit and with the same symbol to read, comes back
 * forever. Proves nothing at T > 0, where each position has a coin of its own.
 */
import { counted, InputError } from '../../errors.js'
import type { State } from '../../runtime/session.js'

export interface LoopProof {
  /** From this position on the text repeats. */
  readonly start: number
  /** Steps from one return to the next; of states, so it may be a multiple of the text's period. */
  readonly period: number
  /**
   * True when `start` is the very first position of the cycle. False when the early states had been
   * let go to save memory: then the cycle is proved from `start` on and had begun before.
   */
  readonly earliest: boolean
}

/** A step whose state came again by hash, kept for comparing one period later. */
interface Pinned {
  readonly index: number
  readonly bits: Uint32Array
}

const DEFAULT_MEMORY = 64 * 1024 * 1024

/**
 * Watches a run at T = 0. Hashes each (state, id) and believes nothing before the bits are compared.
 * O(state) a step; memory: 24 bytes a step, and the states themselves up to a limit. Beyond the limit a
 * return is proved one period later.
 */
export class LoopProver {
  private readonly limit: number
  private states: Uint32Array[] = []
  private used = 0
  private readonly ids: number[] = []
  /** By hash, the newest step; by step, the next older one of the same hash, or -1. */
  private readonly newest = new Map<number, number>()
  private readonly older: number[] = []
  private pinned: Pinned | undefined

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

  /** Steps seen. */
  get length(): number {
    return this.ids.length
  }

  /**
   * Takes a step. Either order will do if it is always the same: the state before reading the id, or
   * the state after the text so far with the id just drawn from it.
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

    let unseen = -1
    for (let step = first; step >= 0; step = this.older[step]) {
      if (this.ids[step] !== id) continue
      if (step >= this.states.length) unseen = step
      else if (sameBits(this.states[step], bits)) {
        return { start: step, period: index - step, earliest: true }
      }
    }
    if (this.pinned && this.ids[this.pinned.index] === id && sameBits(this.pinned.bits, bits)) {
      const { index: start } = this.pinned
      return { start, period: index - start, earliest: false }
    }
    // A return of a state first seen after the pinned one says that the pinned one won't return.
    if (unseen >= 0 && (!this.pinned || unseen > this.pinned.index)) this.pinned = { index, bits }

    if (this.states.length === index && this.used + bits.byteLength <= this.limit) {
      this.states.push(bits)
      this.used += bits.byteLength
    }
    return undefined
  }

  /** 53 bits over the state's bits and the id. Replaced in tests by a bad one. */
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

/** Bits, not numbers: -0 is not 0, and a NaN equals itself. */
function sameBits(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
