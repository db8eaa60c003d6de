/**
 * Plain twins of the samplers, written from the papers. They use maps from symbol to logit, and
 * Math.exp and Math.log, so that they share only the definitions with the samplers.
 * samplers.test.ts compares both.
 */

/** Maps the symbols of the remaining candidates to logits. */
export type Logits = ReadonlyMap<number, number>

export const logitsOf = (logits: ArrayLike<number>): Logits =>
  new Map(Array.from(logits, (logit, id) => [id, logit] as const).filter(([, l]) => l > -Infinity))

/** softmax: exp(l_i - max) / sum_j exp(l_j - max) */
export function probabilities(logits: Logits): Map<number, number> {
  const max = Math.max(...logits.values())
  const weights = [...logits].map(([id, logit]) => [id, Math.exp(logit - max)] as const)
  const sum = weights.reduce((total, [, weight]) => total + weight, 0)
  return new Map(weights.map(([id, weight]) => [id, weight / sum]))
}

/** Symbols by probability, largest first, ties by smaller id. */
export const ranking = (logits: Logits): number[] =>
  [...logits.keys()].sort((a, b) => logits.get(b)! - logits.get(a)! || a - b)

const keep = (logits: Logits, ids: Iterable<number>): Logits => {
  const kept = new Set(ids)
  return new Map([...logits].filter(([id]) => kept.has(id)))
}

/** Ackley, Hinton, Sejnowski 1985: divide every logit by T. */
export const temperature = (logits: Logits, T: number): Logits =>
  new Map([...logits].map(([id, logit]) => [id, logit / T]))

/** Fan, Lewis, Dauphin 2018: the k most probable. */
export const topK = (logits: Logits, k: number): Logits => keep(logits, ranking(logits).slice(0, k))

/** Holtzman et al. 2020: the smallest V' with sum over V' of P >= p. */
export function topP(logits: Logits, p: number): Logits {
  const P = probabilities(logits)
  const order = ranking(logits)
  for (let size = 1; size <= order.length; size++) {
    const set = order.slice(0, size)
    if (set.reduce((total, id) => total + P.get(id)!, 0) >= p) return keep(logits, set)
  }
  return logits
}

/** Nguyen et al. 2024: {v : P(v) >= p_base * p_max}. */
export function minP(logits: Logits, base: number): Logits {
  const P = probabilities(logits)
  const scaled = base * Math.max(...P.values())
  return keep(
    logits,
    [...P].filter(([, p]) => p >= scaled).map(([id]) => id),
  )
}

/**
 * Meister et al. 2023: minimise the sum of |H + log P(v)| over sets with P(V') >= tau,
 * solved as in the paper, by taking the nearest symbols first.
 */
export function typical(logits: Logits, tau: number): Logits {
  const P = probabilities(logits)
  const H = -[...P.values()].reduce((total, p) => total + (p > 0 ? p * Math.log(p) : 0), 0)
  const distance = (id: number) => Math.abs(H + Math.log(P.get(id)!))
  const order = [...logits.keys()].sort((a, b) => distance(a) - distance(b))
  for (let size = 1; size <= order.length; size++) {
    const set = order.slice(0, size)
    if (set.reduce((total, id) => total + P.get(id)!, 0) >= tau) return keep(logits, set)
  }
  return logits
}

/** Tang et al. 2024: l >= max - n * sigma. */
export function topNSigma(logits: Logits, n: number): Logits {
  const all = [...logits.values()]
  const mean = all.reduce((a, b) => a + b, 0) / all.length
  const sigma = Math.sqrt(all.reduce((total, l) => total + (l - mean) ** 2, 0) / all.length)
  const threshold = Math.max(...all) - n * sigma
  return keep(
    logits,
    [...logits].filter(([, logit]) => logit >= threshold).map(([id]) => id),
  )
}

/** text-generation-webui #6335: remove all symbols at or above the threshold except the least likely. */
export function xtc(logits: Logits, threshold: number): Logits {
  const P = probabilities(logits)
  const viable = ranking(logits).filter(id => P.get(id)! >= threshold)
  const removed = new Set(viable.slice(0, -1))
  return keep(
    logits,
    [...logits.keys()].filter(id => !removed.has(id)),
  )
}

/** Keskar et al. 2019 with negative logits multiplied; OpenAI: mu - c * frequency - [c > 0] * presence. */
export function penalty(
  logits: Logits,
  text: readonly number[],
  { repetition, presence, frequency }: Record<'repetition' | 'presence' | 'frequency', number>,
): Logits {
  return new Map(
    [...logits].map(([id, logit]) => {
      const c = text.filter(other => other === id).length
      if (c === 0) return [id, logit]
      const divided = logit > 0 ? logit / repetition : logit * repetition
      return [id, divided - c * frequency - presence]
    }),
  )
}

/**
 * text-generation-webui #5677, from its description: for every symbol x, find the longest suffix of
 * the text that contains no breaker and occurred before, followed by x. The penalty grows with its
 * length.
 */
export function dry(
  logits: Logits,
  text: readonly number[],
  { multiplier, base, allowed }: Record<'multiplier' | 'base' | 'allowed', number>,
  breakers: readonly number[],
): Logits {
  const longest = (x: number): number => {
    for (let length = text.length - 1; length >= 1; length--) {
      const end = text.slice(text.length - length)
      if (end.some(id => breakers.includes(id))) continue
      for (let from = 0; from + length < text.length; from++) {
        const here = text.slice(from, from + length)
        if (here.every((id, i) => id === end[i]) && text[from + length] === x) return length
      }
    }
    return 0
  }
  return new Map(
    [...logits].map(([id, logit]) => {
      const length = breakers.includes(id) ? 0 : longest(id)
      return length >= allowed ? [id, logit - multiplier * base ** (length - allowed)] : [id, logit]
    }),
  )
}

/** OpenAI's logit_bias: add a number to the logit. */
export const bias = (logits: Logits, add: ReadonlyMap<number, number>): Logits =>
  new Map([...logits].map(([id, logit]) => [id, logit + (add.get(id) ?? 0)]))
