/**
 * The n-gram of a text: what counting alone can predict of it. Interpolated modified Kneser-Ney, the
 * losses of all orders in one go.
 *
 * Sources: Kneser and Ney 1995; Chen and Goodman 1999, "An empirical study of smoothing techniques
 * for language modeling", equations 26 to 31. Measured beside it on five corpora: absolute discounting
 * and Witten-Bell over plain counts, 0.01 to 0.2 nats worse at each one's best order (docs/results.md).
 *
 * How it is quick: in the suffix array of the whole text, held-out part included, all occurrences of
 * a context stand side by side, and within them those of each continuation. One sweep to the right
 * therefore counts every n-gram of one order, and a second gives every held-out symbol its
 * probability; nothing is looked up, nothing is kept of other orders. 20 bytes a symbol, O(n) an order.
 * The plain twin is `ngram.reference.ts`.
 */
import { counted, InputError } from '../../errors.js'
import { exp, LN2, log } from '../../numeric.js'
import type { TextRange } from '../../text/index.js'
import type { Ids } from '../../text/tokenizer.js'
import { suffixArray } from '../text/suffix-array.js'

export interface NgramRequest {
  /** What is counted: n-grams that lie wholly within one of these stretches. */
  readonly training: readonly TextRange[]
  /** What is predicted, each symbol from all that stands before it in the text. */
  readonly heldOut: readonly TextRange[]
  /** V: what no n-gram has seen is one of V equally likely symbols. */
  readonly vocabulary: number
  /** The highest order asked for, 1 to `HIGHEST_ORDER`. */
  readonly orders?: number
}

export interface NgramBaseline {
  /** The order with the lowest loss. */
  readonly order: number
  /** Its loss, nats a symbol. */
  readonly nats: number
  readonly bits: number
  readonly perplexity: number
  /** Symbols predicted. */
  readonly count: number
  /** Entry n - 1 is the loss of order n, nats; it ends where higher orders stopped helping. */
  readonly losses: readonly number[]
}

/** Longer contexts than this are looked at as if they were this long. */
export const HIGHEST_ORDER = 64
/** The search ends after so many orders that were no better than the best. */
const WITHOUT_GAIN = 3

/** Modified Kneser-Ney takes off one of three amounts: from a count of 1, of 2, of 3 and more. */
const KINDS = 3

/**
 * Discounts of 0, 1, 2, 3 and more, from how many n-grams were counted once, twice, three and four
 * times (Chen and Goodman, equation 26). Where a small text gives none that makes sense, half the count.
 * @param times entry c is the number of n-grams with count c, [5]
 */
export function discounts(times: ArrayLike<number>): readonly [0, number, number, number] {
  const y = times[1] / (times[1] + 2 * times[2])
  const of = (count: 1 | 2 | 3): number => {
    const discount = count - (count + 1) * y * (times[count + 1] / times[count])
    return discount > 0 && discount <= count ? discount : count / 2
  }
  return [0, of(1), of(2), of(3)]
}

/** The text in suffix order; entry j belongs to the j-th smallest suffix. */
interface Sorted {
  /** Where it starts. */
  readonly starts: Int32Array
  /** Symbols it shares with the one before it, up to the highest order. */
  readonly shared: Uint8Array
  /** Symbols from its start to the end of its training stretch; 0 outside them. */
  readonly room: Uint8Array
  /** The symbol before it, from 1; 0 at the beginning of a stretch. */
  readonly before: Ids
  /** 1 when a held-out symbol stands within the highest order of its start. */
  readonly near: Uint8Array
}

function sortText(
  ids: ArrayLike<number>,
  { training, heldOut, vocabulary }: NgramRequest,
  most: number,
): Sorted {
  const n = ids.length
  const symbols = vocabulary < 256 ? new Uint8Array(n + 1) : new Uint32Array(n + 1)
  for (let i = 0; i < n; i++) symbols[i] = ids[i] + 1
  const starts = suffixArray(symbols, vocabulary + 1)

  // Kasai et al. 2001: what a suffix shares with its neighbour, less at most one for the next start.
  const rank = new Int32Array(n + 1)
  for (let j = 0; j <= n; j++) rank[starts[j]] = j
  const shared = new Uint8Array(n + 1)
  for (let i = 0, h = 0; i < n; i++) {
    const other = starts[rank[i] - 1]
    while (i + h < n && other + h < n && symbols[i + h] === symbols[other + h]) h++
    shared[rank[i]] = Math.min(h, most)
    if (h > 0) h--
  }

  const room = new Uint8Array(n + 1)
  const before = vocabulary < 256 ? new Uint8Array(n + 1) : new Uint32Array(n + 1)
  for (const { from, to } of training) {
    for (let i = from; i < to; i++) {
      room[rank[i]] = Math.min(to - i, most)
      if (i > from) before[rank[i]] = symbols[i - 1]
    }
  }
  const near = new Uint8Array(n + 1)
  for (const { from, to } of heldOut) {
    for (let i = Math.max(0, from - most + 1); i < to; i++) near[rank[i]] = 1
  }
  return { starts, shared, room, before, near }
}

/** Counts of one order in suffix order: an entry for each different n-gram. */
interface Counts {
  /** How often it stands in the training text. */
  readonly seen: Int32Array
  /** How many different symbols stand before it there: all that an order below the top looks at. */
  readonly preceded: Int32Array
  readonly seenDiscounts: readonly number[]
  readonly precededDiscounts: readonly number[]
}

function count(
  order: number,
  sorted: Sorted,
  into: Pick<Counts, 'seen' | 'preceded'>,
  lastSeen: Int32Array,
): Counts {
  const { shared, room, before } = sorted
  const { seen, preceded } = into
  const size = shared.length
  const [once, different] = [new Float64Array(5), new Float64Array(5)]
  lastSeen.fill(0)
  for (let j = 0, entry = 0; j < size; entry++) {
    let times = 0
    let kinds = 0
    do {
      if (room[j] >= order) {
        times++
        const symbol = before[j]
        if (symbol !== 0 && lastSeen[symbol] !== entry + 1) {
          lastSeen[symbol] = entry + 1
          kinds++
        }
      }
      j++
    } while (j < size && shared[j] >= order)
    seen[entry] = times
    preceded[entry] = kinds
    if (times < 5) once[times]++
    if (kinds < 5) different[kinds]++
  }
  return {
    seen,
    preceded,
    seenDiscounts: discounts(once),
    precededDiscounts: discounts(different),
  }
}

/** What the continuations of one context have in all, and what is taken off them for the order below. */
class Context {
  private readonly discounts: readonly number[]
  private total = 0
  private readonly kinds = new Int32Array(KINDS + 1)

  constructor(discounts: readonly number[]) {
    this.discounts = discounts
  }

  read(counts: Int32Array, from: number, to: number): void {
    this.total = 0
    this.kinds.fill(0)
    for (let entry = from; entry < to; entry++) {
      this.total += counts[entry]
      this.kinds[Math.min(KINDS, counts[entry])]++
    }
  }

  /** p of a continuation that was counted so often, where the order below gives it `lower`. */
  probability(counted: number, lower: number): number {
    if (this.total === 0) return lower
    const { discounts: d, kinds } = this
    const freed = d[1] * kinds[1] + d[2] * kinds[2] + d[3] * kinds[3]
    return (counted - d[Math.min(KINDS, counted)] + freed * lower) / this.total
  }
}

/** What the held-out symbols are given, [held out] each. */
interface Predicted {
  /** Held-out index of a symbol of the text, or -1, [n]. */
  readonly place: Int32Array
  /** p under the order reached, as the top one. */
  readonly top: Float64Array
  /** p under the order reached, as one that a higher order falls back on. */
  readonly below: Float64Array
}

/** Moves the predictions up by one order. Symbols with too little text before them stay. */
function climb(order: number, sorted: Sorted, counts: Counts, predicted: Predicted): void {
  const { starts, shared, near } = sorted
  const { seen, preceded } = counts
  const { place, top, below } = predicted
  const size = shared.length
  const asTop = new Context(counts.seenDiscounts)
  const asBelow = new Context(counts.precededDiscounts)
  for (let j = 0, entry = 0; j < size; ) {
    // One context: the suffixes that share order - 1 symbols, and among them the different n-grams.
    const first = j
    const firstEntry = entry
    let wanted = 0
    do {
      wanted |= near[j]
      j++
      if (j === size || shared[j] < order) entry++
    } while (j < size && shared[j] >= order - 1)
    if (wanted === 0) continue
    asTop.read(seen, firstEntry, entry)
    asBelow.read(preceded, firstEntry, entry)
    for (let k = first, at = firstEntry; k < j; k++) {
      if (k > first && shared[k] < order) at++
      if (near[k] === 0) continue
      const held = place[starts[k] + order - 1] ?? -1
      if (held < 0) continue
      const p = below[held]
      top[held] = asTop.probability(seen[at], p)
      below[held] = asBelow.probability(preceded[at], p)
    }
  }
}

/**
 * The losses of the n-grams of a text on what was held out of it, from order 1 up, and the best.
 * An order that is not the top one counts how many different symbols came before, not how often.
 * @throws InputError when nothing is counted or nothing predicted
 */
export function ngramBaseline(ids: ArrayLike<number>, request: NgramRequest): NgramBaseline {
  const { training, heldOut, vocabulary } = request
  const most = Math.max(1, Math.min(request.orders ?? HIGHEST_ORDER, HIGHEST_ORDER))
  const place = new Int32Array(ids.length).fill(-1)
  let total = 0
  for (const { from, to } of heldOut) for (let i = from; i < to; i++) place[i] = total++
  if (total === 0 || !training.some(({ from, to }) => to > from)) {
    throw new InputError(
      'ngram-parts',
      `The n-gram has ${counted(total, 'symbol')} to predict and ${counted(training.length, 'stretch')} to count; expected at least one of each: hold out more of the text.`,
    )
  }
  const sorted = sortText(ids, request, most)
  const room = { seen: new Int32Array(ids.length + 1), preceded: new Int32Array(ids.length + 1) }
  const predicted = {
    place,
    top: new Float64Array(total).fill(1 / vocabulary),
    below: new Float64Array(total).fill(1 / vocabulary),
  }
  const lastSeen = new Int32Array(vocabulary + 1)
  const losses: number[] = []
  let best = 0
  for (let order = 1; order <= most; order++) {
    climb(order, sorted, count(order, sorted, room, lastSeen), predicted)
    let sum = 0
    for (const p of predicted.top) sum -= log(p)
    losses.push(sum / total)
    if (losses[order - 1] < losses[best]) best = order - 1
    if (request.orders === undefined && order - 1 - best >= WITHOUT_GAIN) break
  }
  const nats = losses[best]
  return { order: best + 1, nats, bits: nats / LN2, perplexity: exp(nats), count: total, losses }
}
