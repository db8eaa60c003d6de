/** Where two texts diverge, and why: another temperature or chain, a choice, or another seed. */
import type { Records } from '../text/records.js'
import { CHOSEN, type Origin } from '../writer/protocol.js'

/** A text with what it began from. */
export interface TextWithOrigin {
  readonly origin: Origin
  readonly records: Records
}

/** Whether other chains drew the symbols. The indices agree: both texts are of one tree, or have one chain. */
const otherChain = (a: TextWithOrigin, b: TextWithOrigin, at: number): boolean =>
  a.records.chains[at] !== b.records.chains[at]

export type Divergence =
  /** No symbol differs up to the end of the shorter text. */
  | { readonly kind: 'same'; readonly length: number }
  | { readonly kind: 'prompt' }
  | {
      readonly kind: 'temperature' | 'choice' | 'seed' | 'chain'
      /** The first symbol that differs. */
      readonly at: number
      /** The coin of each; CHOSEN where the reader chose the symbol. */
      readonly coins: readonly [number, number]
    }

const sameSeed = (a: Origin, b: Origin): boolean =>
  a.seed === b.seed && (a.stream ?? 0) === (b.stream ?? 0)

/** The coin of a position; where T = 0 did not read it, that of the other text. */
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
      : !sameSeed(a.origin, b.origin)
        ? 'seed'
        : otherChain(a, b, at)
          ? 'chain'
          : 'temperature'
  return { kind, at, coins: [coinOf(own, other), coinOf(other, own)] }
}
