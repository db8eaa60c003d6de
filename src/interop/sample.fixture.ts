/**
 * What every format brings to the conformance suite (conformance.test.ts): a writer of small random
 * models and a forward pass in the equations of the foreign system. The pass shares no code with the
 * importers, so that a wrong gate order cannot cancel itself.
 */
import type { ImportModelOptions } from './import.js'
import type { SourceFile } from './source.js'

/** A file of a sample. */
export interface SampleFile extends SourceFile {
  /** Another file of the sample names this one, so that it cannot be renamed (a folder is no part of it). */
  readonly named?: boolean
}

export interface Sample {
  readonly files: readonly SampleFile[]
  /** What the user has to say, if the files do not: the vocabulary. */
  readonly options?: ImportModelOptions
  /** Logits [V] after each of the ids, from a zero state, in the order of the symbols. */
  forward(ids: readonly number[]): number[][]
}

export interface SampleRequest {
  /** One of the fixture's variants. */
  readonly variant: string
  /** The vocabulary that is written or given; it need not be sound. The first symbol is a line end. */
  readonly symbols: readonly string[]
  /** V, outputs of the network; the number of symbols unless a wrong vocabulary is wanted. */
  readonly outputs?: number
  readonly hidden?: number
  readonly seed?: number
}

/** One format in the conformance suite. Every format of FORMATS needs one in formats.fixture.ts. */
export interface FormatFixture {
  /** The kind of the format. */
  readonly kind: string
  /** Names of what differs: cells, layouts, versions. At least one. */
  readonly variants: readonly string[]
  /**
   * Where the symbols are: in the files; given by the user, as the format holds none; one of the 256
   * bytes each, which can be neither missing nor doubled; or in the files beside ids of the format's
   * own, so that their number is not V and the format's own test damages them.
   */
  readonly vocabulary: 'in the files' | 'given' | 'bytes' | 'with ids of its own'
  write(request: SampleRequest): Sample
}

/** Pseudo-random numbers from a seed (constants of Numerical Recipes). */
export class Numbers {
  private state: number
  constructor(seed: number) {
    this.state = seed >>> 0
  }
  /** Uniform in [-1, 1). */
  next(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0
    return this.state / 2147483648 - 1
  }
  /** A whole number from 0 to below n. */
  below(n: number): number {
    return Math.floor(((this.next() + 1) / 2) * n)
  }
  /**
   * A matrix [rows, columns] of float32, or a vector. Large ones have small numbers, as trained ones do:
   * a large network of large numbers is chaotic.
   */
  matrix(rows: number, columns = 1, scale = Math.min(0.6, 2 / Math.sqrt(rows))): Float32Array {
    return Float32Array.from({ length: rows * columns }, () => this.next() * scale)
  }
}

/** x [rows] times M [rows, columns], row-major, in float64. */
export function rowTimes(x: ArrayLike<number>, M: ArrayLike<number>, columns: number): number[] {
  const out = new Array<number>(columns).fill(0)
  for (let r = 0; r < x.length; r++) {
    for (let c = 0; c < columns; c++) {
      out[c] = (out[c] as number) + (x[r] as number) * (M[r * columns + c] as number)
    }
  }
  return out
}

/** M [rows, columns] times x [columns], row-major, in float64. */
export function timesColumn(M: ArrayLike<number>, x: ArrayLike<number>): number[] {
  const rows = M.length / x.length
  return Array.from({ length: rows }, (_, r) => {
    let sum = 0
    for (let c = 0; c < x.length; c++) sum += (M[r * x.length + c] as number) * (x[c] as number)
    return sum
  })
}

export const add = (...vectors: ArrayLike<number>[]): number[] =>
  Array.from(vectors[0] as ArrayLike<number>, (_, i) =>
    vectors.reduce((sum, vector) => sum + (vector[i] as number), 0),
  )

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

export const oneHot = (id: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => (i === id ? 1 : 0))

export interface LstmState {
  h: number[]
  c: number[]
}

/** c' = f c + i g, h' = o tanh(c'), of gates before their functions; `z(name, unit)` gives one. */
export function lstmStep(
  state: LstmState,
  z: (gate: 'i' | 'f' | 'g' | 'o', j: number) => number,
): void {
  state.c = state.c.map(
    (c, j) => sigmoid(z('f', j)) * c + sigmoid(z('i', j)) * Math.tanh(z('g', j)),
  )
  state.h = state.c.map((c, j) => sigmoid(z('o', j)) * Math.tanh(c))
}

export const zeroLstm = (H: number): LstmState => ({
  h: new Array(H).fill(0),
  c: new Array(H).fill(0),
})

/** Little-endian bytes of float32. */
export function floatBytes(data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 * data.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < data.length; i++) view.setFloat32(4 * i, data[i] as number, true)
  return bytes
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Bytes one after the other. */
export const join = (...parts: readonly Uint8Array[]): Uint8Array => joined(parts)

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
