/** Results both ways, as ml5 0.x gave them: as a promise, and to a callback. */

/** Called with `(undefined, result)`, or with the error alone. */
export type Callback<T> = (error?: unknown, result?: T) => unknown

/**
 * Passes a result to a callback. The promise is settled after it, with the same result or error.
 *
 * A callback that declares a parameter was told of an error, so that the promise needs no second look.
 * Without one, or when it fails on the error, the promise is an unhandled rejection, which consoles show.
 */
export function withCallback<T>(result: Promise<T>, callback?: Callback<T>): Promise<T> {
  if (!callback) return result
  const settled: Promise<T> = result.then(
    value => {
      callback(undefined, value)
      return value
    },
    (error: unknown) => {
      try {
        callback(error)
        if (callback.length > 0) settled.catch(() => {})
      } catch {
        // The callback took the error for a result. The error itself says more than its failure.
      }
      throw error
    },
  )
  return settled
}
