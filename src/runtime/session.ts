/** The model's mouth: ids in, logits out, state as a value. It knows nothing of text or temperature. */

/** State of one stream: h of layers 0..L-1, then (LSTM) c of layers 0..L-1; each H float32. */
export type State = Float32Array

export interface Session {
  /** V. */
  readonly size: number
  /**
   * Reads one id.
   * @returns the logits [V] of what comes next; a view that the next call overwrites
   */
  step(id: number): Float32Array
  /** Reads many ids; the logits after the last. Before any id, the caller has no logits: feed one. */
  prefill(ids: ArrayLike<number>): Float32Array
  /** A copy of the state. */
  snapshot(): State
  /** Puts a state back. @throws InputError when its length does not fit */
  restore(state: State): void
  /** State to zero, as at the start of a text. */
  reset(): void
  /** Gives the memory back; any later call throws. */
  dispose(): void
}

/** Weights packed for the kernels; many sessions may share one network. */
export interface Network {
  session(): Session
}
