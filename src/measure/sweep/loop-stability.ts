/**
 * How firmly a text at T = 0 sits in its loop where no proof comes. In a trained network of a hundred
 * units or more the state comes near a cycle and then its last bits wander, like noise, so that it
 * hardly ever returns to the bit. What can be measured instead: how far ahead each choice of the loop
 * is, and how much that lead still changes from one round to the next.
 */
import type { Writer } from '../../generate/index.js'
import { findLongestLoop } from '../../text/loop.js'

export interface LoopStability {
  /** Symbols of a round. */
  readonly period: number
  /** The smallest lead of a round's choices over their runners-up, difference of logits, nats. */
  readonly margin: number
  /** The greatest change of any symbol's distance to the choice, from one round to the next, nats. */
  readonly drift: number
}

/** Symbols at the end of the text in which the loop is looked for. */
const TAIL = 20_000
/** Logits kept of one round at most. */
const MOST_LOGITS = 8_000_000

/**
 * Writes two rounds more and compares them.
 * @param ids what was written so far at T = 0
 * @param V symbols
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
      // Banned symbols are infinitely far away in both rounds.
      if (step >= period && distance !== before[row + id]) {
        drift = Math.max(drift, Math.abs(distance - before[row + id]))
      }
      before[row + id] = distance
    }
    writer.next(0)
  }
  return { period, margin, drift }
}
