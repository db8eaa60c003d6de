/**
 * exp((l - m) / T) of all symbols at once, what every draw and every end of an interval is made of:
 * the memory in which kernels/*.as.ts work, and what they are asked for.
 */
import { counted, withMemory } from '../errors.js'
import { WEIGHTS } from './kernels/weights.wasm.js'

/** What the kernels export; pointers and lengths in bytes. */
export interface Kernels {
  weigh(l: number, max: number, T: number, d: number, w: number, bytes: number, to: number): number
  gather(d: number, w: number, ids: number, n: number, toD: number, toW: number, Z: number): number
  plan(d: number, w: number, n: number, terms: number, ...by: number[]): number
  replan(terms: number, n: number, ...by: number[]): number
  fill(l: number, max: number, n: number, own: number, bins: number, left: number): number
  sums(bins: number, slots: number, b: number, shift: number, left: number): void
  addUp(terms: number, stride: number, n: number, T: number, divisor: number): number
}

const PAGE = 65536
/** The first two pages are the compiler's; then what a kernel leaves, bins, and the arrays. */
const LEFT = 2 * PAGE
const BINS = LEFT + 32
const ARRAYS = BINS + 4 * PAGE
/** Arrays of V float64: see `Place`. */
const COUNT = 16

/** Which array is where. */
export const Place = {
  logits: 0,
  /** l - m and weights by id, of the last `weigh`. */
  d: 1,
  weights: 2,
  /** Those that a window keeps, by id and by rank. */
  keptD: 3,
  keptWeights: 4,
  rankedD: 5,
  rankedWeights: 6,
  /** int32. */
  ids: 7,
  /** Four arrays each. */
  partitionTerms: 8,
  rankTerms: 12,
} as const

let compiled: WebAssembly.Module | undefined

/** Compiled once, some half a millisecond. */
function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(WEIGHTS), c => c.charCodeAt(0)))
  return compiled
}

/** One at a time uses it: nothing here waits. */
export class Weighing {
  /** Symbols for which there is room. */
  readonly capacity: number
  /** exp((l - m) / T) by id after `weigh`, until the next one that is not told where to write. */
  readonly weights: Float64Array
  /** sum of weight x (l - m) / T after `weigh`. */
  moment = 0
  readonly kernels: Kernels
  /** [capacity] ids in order of rank, for `gather`. */
  readonly ids: Int32Array
  /** Bytes from one array to the next. */
  readonly stride: number
  private readonly logits: Float64Array
  /** What a kernel left beside what it returned: up to four numbers. */
  readonly left: Float64Array

  constructor(capacity: number) {
    // Whole fours, with the end of a sum.
    const length = 4 * Math.ceil((capacity + 4) / 4)
    const bytes = ARRAYS + 8 * COUNT * length
    const memory = withMemory(
      `A distribution over ${counted(capacity, 'symbol')}`,
      () => new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) }),
    )
    const { buffer } = memory
    const { exports } = new WebAssembly.Instance(kernelModule(), { env: { memory } })
    this.kernels = exports as unknown as Kernels
    this.capacity = capacity
    this.stride = 8 * length
    this.logits = new Float64Array(buffer, this.at(Place.logits), length)
    this.weights = new Float64Array(buffer, this.at(Place.weights), length)
    this.ids = new Int32Array(buffer, this.at(Place.ids), length)
    this.left = new Float64Array(buffer, LEFT, 4)
  }

  /** Address of an array. */
  at(place: number): number {
    return ARRAYS + place * this.stride
  }

  /** Where a kernel leaves numbers. */
  get leftAt(): number {
    return LEFT
  }

  get logitsAt(): number {
    return this.at(Place.logits)
  }

  /** Where bins.as.ts has its bins. */
  get binsAt(): number {
    return BINS
  }

  /** @param logits [V] */
  take(logits: Float64Array): void {
    this.logits.set(logits)
    const { length } = logits
    this.logits.fill(Number.NEGATIVE_INFINITY, length, 4 * Math.ceil(length / 4))
  }

  /**
   * exp((l - m) / T) of the logits taken.
   * @param count V @param max m, the largest @param d, weights which arrays to write
   * @returns the sum, in order of id
   */
  weigh(
    count: number,
    max: number,
    temperature: number,
    d: number = Place.d,
    weights: number = Place.weights,
  ): number {
    const { kernels } = this
    const bytes = 32 * Math.ceil(count / 4)
    const l = this.at(Place.logits)
    const to = [this.at(d), this.at(weights)] as const
    const partition = kernels.weigh(l, max, temperature, ...to, bytes, LEFT)
    this.moment = this.left[0]
    return partition
  }
}

let shared: Weighing | undefined

/** The one that all share. @param size V */
export function weighing(size: number): Weighing {
  if (!shared || shared.capacity < size) shared = new Weighing(size)
  return shared
}
