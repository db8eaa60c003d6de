/** The interface of the runtime: ids in, logits out, with the state as a value. */
import { InputError } from '../errors.js'

/**
 * State of one stream, from which it goes on: h of layers 0..L-1, then (LSTM) c of layers 0..L-1; each
 * H float32. With a window: its ids (window-session.ts).
 */
export type State = Float32Array

export interface Session {
  /** V. */
  readonly size: number
  /**
   * Processes one id.
   * @returns logits [V] of the next symbol, in an array that the next call overwrites
   * @throws InputError for an id outside [0, V)
   */
  step(id: number): Float32Array
  /**
   * Processes many ids. @returns logits [V] after the last, as `step`
   * @throws InputError for no ids, or an id outside [0, V); the state is then unchanged
   */
  prefill(ids: ArrayLike<number>): Float32Array
  /** @returns a copy of the state */
  snapshot(): State
  /**
   * @returns a copy of h of layers 0..L-1, then (LSTM) c of layers 0..L-1, after the id read last: what
   *   the network holds, with a window, too. All 0 before the first id and after `restore` of a window
   */
  activations(): Float32Array
  /** Sets the state. @throws InputError when its length is wrong */
  restore(state: State): void
  /** Sets the state to zero, as at the start of a text. */
  reset(): void
  /** Releases the memory; any later call throws. */
  dispose(): void
}

/** Weights packed for the kernels; many sessions may share one network. */
export interface Network {
  session(): Session
}

/** @throws InputError for an id outside 0..V-1 @param position in a list of ids */
export function checkId(id: number, size: number, position?: number): void {
  if (Number.isInteger(id) && id >= 0 && id < size) return
  const where = position === undefined ? '' : ` at position ${position}`
  throw new InputError(
    'id',
    `The id${where} is ${String(id)}; expected a whole number from 0 to ${size - 1}.`,
  )
}
