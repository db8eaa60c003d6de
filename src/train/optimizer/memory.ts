/**
 * The memory of the optimizers' kernels: one WebAssembly memory with the weights, their gradients and
 * the moments, all in the same layout, so that a kernel processes all weights in two ranges: those
 * that decay, and those that do not.
 */
import { InputError, withMemory } from '../../errors.js'
import { UPDATE } from './kernels/update.wasm.js'
import { decays, type Tensors } from './optimizer.js'

/** The exports of kernels/update.as.ts; pointers and lengths in bytes. */
export interface Kernels {
  squares(g: number, bytes: number): number
  adamw(w: number, g: number, m: number, v: number, bytes: number, ...by: number[]): void
  rmsprop(w: number, g: number, v: number, bytes: number, ...by: number[]): void
  sgd(w: number, g: number, v: number, bytes: number, ...by: number[]): void
}

/** A range of bytes in each of the sets (weights, gradients, moments). */
export interface Range {
  readonly from: number
  readonly bytes: number
  readonly decays: boolean
}

const PAGE = 65536
const MAX_PAGES = 65536

/** Length in bytes, rounded up to whole vectors. */
const aligned = (length: number): number => Math.ceil(length / 4) * 16

/**
 * @param bytes of all sets
 * @throws InputError when they are more than a memory may have
 */
export function pagesOf(bytes: number): number {
  const pages = Math.ceil((bytes + PAGE) / PAGE)
  if (pages <= MAX_PAGES) return pages
  throw new InputError(
    'model-too-large',
    `Training this model needs ${Math.ceil((pages * PAGE) / 2 ** 30)} GiB for weights, gradients and moments, and 4 GiB is the most`,
    { way: 'smaller-network' },
  )
}

export class UpdateMemory {
  readonly kernels: Kernels
  readonly ranges: readonly Range[]
  /** Size of one set of tensors, in bytes. */
  private readonly bytes: number
  private readonly places: ReadonlyMap<string, { readonly at: number; readonly length: number }>
  private readonly memory: WebAssembly.Memory

  /** @param sets number of sets, each as large as the weights */
  constructor(weights: Tensors, sets: number) {
    const places = new Map<string, { at: number; length: number }>()
    let at = 0
    const place = (which: boolean): number => {
      for (const [name, { length }] of weights) {
        if (decays(name) !== which) continue
        places.set(name, { at, length })
        at += aligned(length)
      }
      return at
    }
    const matrices = place(true)
    this.bytes = place(false)
    this.places = places
    this.ranges = [
      { from: 0, bytes: matrices, decays: true },
      { from: matrices, bytes: this.bytes - matrices, decays: false },
    ]
    const pages = pagesOf(this.bytes * sets)
    const mebibytes = Math.ceil((pages * PAGE) / 2 ** 20)
    this.memory = withMemory(
      {
        en: `Training this model (${mebibytes} MiB for weights, gradients and moments)`,
        ja: `このモデルの学習（重み、勾配、モーメントで${mebibytes} MiB）`,
      },
      () => new WebAssembly.Memory({ initial: pages, maximum: pages }),
    )
    const module = new WebAssembly.Module(Uint8Array.from(atob(UPDATE), c => c.charCodeAt(0)))
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } })
    this.kernels = instance.exports as unknown as Kernels
  }

  /** Address of a set. The first page is used by the compiler. */
  address(set: number): number {
    return PAGE + set * this.bytes
  }

  /** The tensors of a set, zero at first. */
  tensors(set: number): Map<string, Float32Array> {
    const base = this.address(set)
    return new Map(
      Array.from(this.places, ([name, { at, length }]) => [
        name,
        new Float32Array(this.memory.buffer, base + at, length),
      ]),
    )
  }

  /** Euclidean norm of a set; NaN or Infinity when an element is. */
  norm(set: number): number {
    return Math.sqrt(this.kernels.squares(this.address(set), this.bytes))
  }
}
