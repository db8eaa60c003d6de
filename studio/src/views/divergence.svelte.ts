/** Divergences in words. */

import type { Settings } from '../settings/settings.svelte.js'
import { CHOSEN } from '../writer/protocol.js'
import type { Divergence, TextWithOrigin } from './divergence.js'
import { words } from './messages.js'

/** One sentence: where two texts diverge, and why. The one at the lower temperature comes first. */
export function divergenceSentence(
  { speech, language }: Settings,
  a: TextWithOrigin,
  b: TextWithOrigin,
  divergence: Divergence,
): string {
  const t = words[language]
  if (divergence.kind === 'same') return t.same(speech.count(divergence.length))
  if (divergence.kind === 'prompt') return t.otherPrompt
  const { at, coins } = divergence
  const place = speech.count(at + 1)
  const name = ({ records }: TextWithOrigin): string => speech.symbolName(records.textOf(at))
  if (divergence.kind === 'seed') {
    return t.otherSeed(place, speech.coin(coins[0]), name(a), speech.coin(coins[1]), name(b))
  }
  if (divergence.kind === 'choice') {
    const [hand, drawn] = coins[0] === CHOSEN ? [a, b] : [b, a]
    return t.chosen(place, name(hand), name(drawn))
  }
  if (divergence.kind === 'chain') return t.chains(place, name(a), name(b))
  const limits = [a.records.highs[at], a.records.lows[at], b.records.highs[at], b.records.lows[at]]
  if (limits.some(Number.isNaN)) {
    return t.through(place, speech.coin(coins[0]), name(a), name(b))
  }
  const [cool, warm] = a.records.temperatures[at] <= b.records.temperatures[at] ? [a, b] : [b, a]
  return t.parts(
    place,
    speech.coin(coins[0]),
    name(cool),
    speech.limit(cool.records.highs[at]),
    name(warm),
    speech.limit(warm.records.lows[at]),
  )
}
