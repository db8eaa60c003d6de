/** Milliseconds since any fixed moment, as `performance.now` returns them. */
export type Clock = () => number
