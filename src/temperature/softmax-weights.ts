/**
 * Computes exp((l - m) / T) of all symbols at once, for draws and for the ends of intervals. The
 * kernels (kernels/*.as.ts) work in one WebAssembly memory, which all distributions share.
 */
import { counted, withMemory } from '../errors.js'
import { WEIGHTS } from './kernels/weights.wasm.js'

/** Functions that the kernels export. Addresses and lengths are in bytes. */
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
/** The compiler uses the first two pages. The kernels' results, the bins and the arrays follow. */
const RESULTS = 2 * PAGE
const BINS = RESULTS + 32
const ARRAYS = BINS + 4 * PAGE
/** Number of arrays of V float64, which `Arrays` lists. */
const COUNT = 16

/** Numbers of the arrays in the memory. */
export const Arrays = {
  logits: 0,
  /** l - m and weights by id, of the last `weigh`. */
  d: 1,
  weights: 2,
  /** l - m and weights of a window (interval/window.ts), by id and by rank. */
  windowD: 3,
  windowWeights: 4,
  rankedD: 5,
  rankedWeights: 6,
  /** int32. */
  ids: 7,
  /** Four arrays each. */
  partitionTerms: 8,
  rankTerms: 12,
} as const

let compiled: WebAssembly.Module | undefined

/** Compiles the kernels once, which takes about half a millisecond. */
function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(WEIGHTS), c => c.charCodeAt(0)))
  return compiled
}

/** The sum of V weights exp((l - m) / T), and a view of them in the shared memory. */
export class Partition {
  /** Z = sum of weights, added in order of id. */
  readonly sum: number
  /** Sum of weight x (l - m) / T. */
  readonly moment: number
  private readonly memory: WeightMemory
  private readonly view: Float64Array
  private readonly use: number

  constructor(memory: WeightMemory, sum: number, moment: number) {
    this.memory = memory
    this.view = memory.weights
    this.sum = sum
    this.moment = moment
    this.use = memory.use
  }

  /**
   * The weight of a symbol.
   * @throws Error when the memory has been used for other weights since
   */
  weight(id: number): number {
    if (this.memory.use !== this.use) throw overwritten('weights')
    return this.view[id]
  }
}

/** @param what the part of the memory that was overwritten */
export const overwritten = (what: string): Error =>
  new Error(`These ${what} were overwritten by a later computation in the same memory.`)

/** The memory of the kernels. Distributions take turns with it, since nothing here is asynchronous. */
export class WeightMemory {
  /** The largest V that fits into the memory. */
  readonly capacity: number
  /** exp((l - m) / T) by id, of the last `weigh`. */
  readonly weights: Float64Array
  readonly kernels: Kernels
  /** [capacity] ids in order of rank, for `gather`. */
  readonly ids: Int32Array
  /** Distance from one array to the next, in bytes. */
  readonly stride: number
  /** Up to four further results of a kernel, beside its return value. */
  readonly results: Float64Array
  /** Number of calls of `weigh` so far; it shows whether weights are still current. */
  use = 0
  /** The object that the bins belong to, and the one that the window's arrays belong to. */
  binsOwner: object | undefined
  windowOwner: object | undefined
  private readonly logits: Float64Array

  constructor(capacity: number) {
    // The kernels read four numbers at a time, and the terms of a sum have an end mark.
    const length = 4 * Math.ceil((capacity + 4) / 4)
    const bytes = ARRAYS + 8 * COUNT * length
    const memory = withMemory(
      { en: `A distribution over ${counted(capacity, 'symbol')}`, ja: `${capacity}文字の分布` },
      () => new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) }),
    )
    const { buffer } = memory
    const { exports } = new WebAssembly.Instance(kernelModule(), { env: { memory } })
    this.kernels = exports as unknown as Kernels
    this.capacity = capacity
    this.stride = 8 * length
    this.logits = new Float64Array(buffer, this.address(Arrays.logits), length)
    this.weights = new Float64Array(buffer, this.address(Arrays.weights), length)
    this.ids = new Int32Array(buffer, this.address(Arrays.ids), length)
    this.results = new Float64Array(buffer, RESULTS, 4)
  }

  /** Address of an array, in bytes. */
  address(array: number): number {
    return ARRAYS + array * this.stride
  }

  /** Address of `results`. */
  get resultsAddress(): number {
    return RESULTS
  }

  get logitsAddress(): number {
    return this.address(Arrays.logits)
  }

  /** Address of the bins of bins.as.ts. */
  get binsAddress(): number {
    return BINS
  }

  /** Copies the logits [V] of a step into the memory. */
  setLogits(logits: Float64Array): void {
    this.logits.set(logits)
    const { length } = logits
    this.logits.fill(Number.NEGATIVE_INFINITY, length, 4 * Math.ceil(length / 4))
  }

  /**
   * Computes exp((l - m) / T) of the logits that were set.
   * @param count V @param max m, the largest logit
   */
  weigh(count: number, max: number, temperature: number): Partition {
    this.use++
    const sum = this.weighInto(count, max, temperature, Arrays.d, Arrays.weights)
    return new Partition(this, sum, this.results[0])
  }

  /**
   * Does what `weigh` does, but writes into other arrays.
   * @param d where to write l - m @param weights where to write the weights
   * @returns the sum of the weights; results[0] is the moment
   */
  weighInto(count: number, max: number, temperature: number, d: number, weights: number): number {
    return this.kernels.weigh(
      this.logitsAddress,
      max,
      temperature,
      this.address(d),
      this.address(weights),
      32 * Math.ceil(count / 4),
      RESULTS,
    )
  }
}

let shared: WeightMemory | undefined

/** The memory that all distributions share. @param size V */
export function weightMemory(size: number): WeightMemory {
  if (!shared || shared.capacity < size) shared = new WeightMemory(size)
  return shared
}
