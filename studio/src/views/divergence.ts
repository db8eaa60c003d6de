/** Where two texts part, and why: one of them was drawn otherwise, or chosen, or had other luck. */
import type { Records } from '../text/records.js'
import { CHOSEN, type Origin } from '../writer/protocol.js'

/** A text with what it followed from. */
export interface TextWithOrigin {
  readonly origin: Origin
  readonly records: Records
}

/** Drawn through other chains? Both texts are of one tree, or have one chain each and the same. */
const otherChain = (a: TextWithOrigin, b: TextWithOrigin, at: number): boolean =>
  a.records.chains[at] !== b.records.chains[at]

export type Divergence =
  /** No symbol differs, as far as both go. */
  | { readonly kind: 'same'; readonly length: number }
  | { readonly kind: 'prompt' }
  | {
      readonly kind: 'temperature' | 'choice' | 'luck' | 'chain'
      /** The first symbol that differs. */
      readonly at: number
      /** The coin of each; CHOSEN where a hand put the symbol there. */
      readonly coins: readonly [number, number]
    }

const sameLuck = (a: Origin, b: Origin): boolean =>
  a.seed === b.seed && (a.stream ?? 0) === (b.stream ?? 0)

/** The coin of a position, even where T = 0 did not read it: the other text may have. */
function coinOf(own: number, other: number): number {
  return Number.isNaN(own) && other !== CHOSEN ? other : own
}

export function divergenceOf(a: TextWithOrigin, b: TextWithOrigin): Divergence {
  if (a.origin.prompt !== b.origin.prompt || a.origin.unknown !== b.origin.unknown) {
    return { kind: 'prompt' }
  }
  const length = Math.min(a.records.count, b.records.count)
  let at = 0
  while (at < length && a.records.ids[at] === b.records.ids[at]) at++
  if (at === length) return { kind: 'same', length }
  const [own, other] = [a.records.coins[at], b.records.coins[at]]
  const kind =
    own === CHOSEN || other === CHOSEN
      ? 'choice'
      : !sameLuck(a.origin, b.origin)
        ? 'luck'
        : otherChain(a, b, at)
          ? 'chain'
          : 'temperature'
  return { kind, at, coins: [coinOf(own, other), coinOf(other, own)] }
}
