/**
 * Where the optimizers' kernels work: one WebAssembly memory with the weights, their gradients and
 * the moments, each laid out alike, so that a kernel walks through all weights in two ranges: those
 * that decay, and those that don't.
 */
import { InputError, withMemory } from '../../errors.js'
import { UPDATE } from './kernels/update.wasm.js'
import { decays, type Tensors } from './optimizer.js'

/** What kernels/update.as.ts exports; pointers and lengths in bytes. */
export interface Kernels {
  squares(g: number, bytes: number): number
  adamw(w: number, g: number, m: number, v: number, bytes: number, ...by: number[]): void
  rmsprop(w: number, g: number, v: number, bytes: number, ...by: number[]): void
  sgd(w: number, g: number, v: number, bytes: number, ...by: number[]): void
}

/** Bytes from the beginning of each array of weights, gradients or moments. */
export interface Range {
  readonly from: number
  readonly bytes: number
  readonly decays: boolean
}

const PAGE = 65536
const MOST = 65536

/** Tensors begin at whole vectors. */
const aligned = (length: number): number => Math.ceil(length / 4) * 16

export class UpdateMemory {
  readonly kernels: Kernels
  readonly ranges: readonly Range[]
  /** Of one set of tensors. */
  private readonly bytes: number
  private readonly places: ReadonlyMap<string, { readonly at: number; readonly length: number }>
  private readonly memory: WebAssembly.Memory

  /** @param sets how many times the weights' size is needed */
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
    const pages = Math.ceil((this.bytes * sets + PAGE) / PAGE)
    if (pages > MOST) {
      throw new InputError(
        'model-too-large',
        `Training this model needs ${Math.ceil((pages * PAGE) / 2 ** 30)} GiB for weights, gradients and moments, and 4 GiB is the most`,
        { way: 'smaller-network' },
      )
    }
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

  /** Address of a set, from 0. The first page is the compiler's. */
  address(set: number): number {
    return PAGE + set * this.bytes
  }

  /** A set's tensors, zero at first. */
  tensors(set: number): Map<string, Float32Array> {
    const base = this.address(set)
    return new Map(
      Array.from(this.places, ([name, { at, length }]) => [
        name,
        new Float32Array(this.memory.buffer, base + at, length),
      ]),
    )
  }

  /** Euclidean norm of all of a set; NaN or Infinity when one of them is. */
  norm(set: number): number {
    return Math.sqrt(this.kernels.squares(this.address(set), this.bytes))
  }
}
