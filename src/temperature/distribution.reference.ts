/**
 * The plain twin of distribution.ts: the definitions written out, everything sorted, nothing reused.
 * It explains; distribution.test.ts holds the fast one to it.
 */
import { exp } from '../numeric.js'

/** Ids of the allowed symbols in rank order. */
export function rankOrder(logits: readonly number[]): number[] {
  const ids = logits.map((_, id) => id).filter(id => logits[id] > Number.NEGATIVE_INFINITY)
  return ids.sort((a, b) => logits[b] - logits[a] || a - b)
}

/** p(T), by id. */
export function probabilities(logits: readonly number[], temperature: number): number[] {
  const [first] = rankOrder(logits)
  if (temperature === 0) return logits.map((_, id) => (id === first ? 1 : 0))
  const weights = logits.map(logit =>
    temperature === Number.POSITIVE_INFINITY
      ? Number(logit > Number.NEGATIVE_INFINITY)
      : exp((logit - logits[first]) / temperature),
  )
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map(weight => weight / sum)
}

/** The rank (from 1) that a coin in (0, 1] picks. */
export function drawnRank(logits: readonly number[], temperature: number, coin: number): number {
  const order = rankOrder(logits)
  const p = probabilities(logits, temperature)
  let cumulative = 0
  for (let rank = 1; rank <= order.length; rank++) {
    cumulative += p[order[rank - 1]]
    if (cumulative >= coin) return rank
  }
  return order.length // rounding left the sum below the coin
}

/** bits */
export function entropy(p: readonly number[]): number {
  return -p.reduce((sum, x) => sum + (x > 0 ? x * Math.log2(x) : 0), 0)
}
