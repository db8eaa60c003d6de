/**
 * How stable a loop at T = 0 is where there is no proof. In a trained network of a hundred units or
 * more, the state comes close to a cycle, but rounding noise in its last bits keeps it from repeating
 * exactly. This measures instead the logit margin of each choice in the loop, and how much the
 * margins change from one period to the next.
 */
import type { Writer } from '../../generate/index.js'
import { findLongestLoop } from '../../text/loop-detector.js'

export interface LoopStability {
  /** Length of the loop, symbols. */
  readonly period: number
  /** The smallest difference between the greatest and the second greatest logit in a period, nats. */
  readonly margin: number
  /** The greatest change of any logit's distance to the maximum, from one period to the next, nats. */
  readonly drift: number
}

/** Length of the end of the text that is searched for a loop, symbols. */
const TAIL = 20_000
/** Limit of the logits of one period. */
const MOST_LOGITS = 8_000_000

/**
 * Generates two more periods at T = 0 and compares their logits.
 * @param writer at the end of the text; it is advanced by two periods
 * @param ids of the text so far, generated at T = 0
 * @param V vocabulary size
 * @returns undefined when the text does not end in a loop
 */
export function loopStability(
  writer: Writer,
  ids: readonly number[],
  V: number,
): LoopStability | undefined {
  const loop = findLongestLoop(ids.slice(-TAIL))
  if (!loop || loop.period * V > MOST_LOGITS) return undefined
  const { period } = loop
  const before = new Float64Array(period * V)
  let margin = Number.POSITIVE_INFINITY
  let drift = 0
  for (let step = 0; step < 2 * period; step++) {
    const next = writer.peek()
    const best = next.idOfRank(1)
    const lead = next.logit(best)
    const row = (step % period) * V
    for (let id = 0; id < V; id++) {
      const distance = lead - next.logit(id)
      if (id !== best && distance < margin) margin = distance
      // A banned symbol has an infinite distance in both periods, and Infinity - Infinity is NaN.
      if (step >= period && distance !== before[row + id]) {
        drift = Math.max(drift, Math.abs(distance - before[row + id]))
      }
      before[row + id] = distance
    }
    writer.next(0)
  }
  return { period, margin, drift }
}
