/**
 * An n-gram baseline: how well counts of n-grams predict a text. Interpolated modified Kneser-Ney;
 * computes the losses of all orders together.
 *
 * Sources: Kneser and Ney 1995; Chen and Goodman 1999, "An empirical study of smoothing techniques
 * for language modeling", equations 26 to 31. On five corpora, absolute discounting and Witten-Bell
 * over plain counts were 0.01 to 0.2 nats worse at the best order of each (docs/results.md).
 *
 * Speed: in the suffix array of the whole text, held-out part included, all occurrences of a context
 * are adjacent, and so are all occurrences of each of its continuations. One scan from left to right
 * counts every n-gram of one order, and a second scan computes the probability of every held-out
 * symbol. There are no hash tables, and no counts of other orders are kept. Memory: 20 bytes a
 * symbol; time: O(n) an order. The plain twin is `ngram.reference.ts`.
 */
import { counted, InputError } from '../../errors.js'
import { exp, LN2, log } from '../../numeric.js'
import type { TextRange } from '../../text/index.js'
import type { Ids } from '../../text/tokenizer.js'
import { suffixArray } from '../text/suffix-array.js'

export interface NgramRequest {
  /** Ranges to count. Only n-grams that lie wholly within one range count. */
  readonly training: readonly TextRange[]
  /** Ranges to predict. Each symbol is predicted from all of the text before it. */
  readonly heldOut: readonly TextRange[]
  /** V. The base distribution below order 1 is uniform over V symbols. */
  readonly vocabulary: number
  /** Highest order, 1 to `HIGHEST_ORDER`. Default: the search stops when higher orders do not help. */
  readonly orders?: number
}

export interface NgramBaseline {
  /** The order with the lowest loss. */
  readonly order: number
  /** Its loss, nats a symbol. */
  readonly nats: number
  readonly bits: number
  readonly perplexity: number
  /** Number of predicted symbols. */
  readonly count: number
  /** Entry n - 1 is the loss of order n, nats. It ends where higher orders stopped helping. */
  readonly losses: readonly number[]
}

/** Longer matches are truncated to this length. */
export const HIGHEST_ORDER = 64
/** The search ends after so many orders without a lower loss. */
const PATIENCE = 3

/** Modified Kneser-Ney has three discounts: for a count of 1, of 2, and of 3 or more. */
const DISCOUNTS = 3

/**
 * Discounts of the counts 0, 1, 2, and 3 or more, from the numbers of n-grams that occur once, twice,
 * three and four times (Chen and Goodman, equation 26). Where these numbers give no discount between
 * 0 and the count, as in small texts, it is half the count.
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

/** The text in suffix order: entry j describes the j-th smallest suffix. Each [n + 1]. */
interface SuffixTable {
  /** Position where the suffix starts. */
  readonly starts: Int32Array
  /** Length of the common prefix with the suffix before it, at most the highest order. */
  readonly shared: Uint8Array
  /** Symbols from the start to the end of its training range; 0 outside these ranges. */
  readonly remaining: Uint8Array
  /** The symbol before the suffix, plus 1; 0 at the start of a training range. */
  readonly before: Ids
  /** 1 when a held-out symbol is within the highest order of the start. */
  readonly near: Uint8Array
}

function sortText(
  ids: ArrayLike<number>,
  { training, heldOut, vocabulary }: NgramRequest,
  most: number,
): SuffixTable {
  const n = ids.length
  const symbols = vocabulary < 256 ? new Uint8Array(n + 1) : new Uint32Array(n + 1)
  for (let i = 0; i < n; i++) symbols[i] = ids[i] + 1
  const starts = suffixArray(symbols, vocabulary + 1)

  // Kasai et al. 2001: the common prefix shrinks by at most one from one start to the next.
  const rank = new Int32Array(n + 1)
  for (let j = 0; j <= n; j++) rank[starts[j]] = j
  const shared = new Uint8Array(n + 1)
  for (let i = 0, h = 0; i < n; i++) {
    const other = starts[rank[i] - 1]
    while (i + h < n && other + h < n && symbols[i + h] === symbols[other + h]) h++
    shared[rank[i]] = Math.min(h, most)
    if (h > 0) h--
  }

  const remaining = new Uint8Array(n + 1)
  const before = vocabulary < 256 ? new Uint8Array(n + 1) : new Uint32Array(n + 1)
  for (const { from, to } of training) {
    for (let i = from; i < to; i++) {
      remaining[rank[i]] = Math.min(to - i, most)
      if (i > from) before[rank[i]] = symbols[i - 1]
    }
  }
  const near = new Uint8Array(n + 1)
  for (const { from, to } of heldOut) {
    for (let i = Math.max(0, from - most + 1); i < to; i++) near[rank[i]] = 1
  }
  return { starts, shared, remaining, before, near }
}

/** OrderCounts of one order in suffix order: one entry for each different n-gram. */
interface OrderCounts {
  /** Occurrences in the training text. */
  readonly seen: Int32Array
  /** Number of different symbols before it there. Orders below the top one use this count. */
  readonly preceded: Int32Array
  readonly seenDiscounts: readonly number[]
  readonly precededDiscounts: readonly number[]
}

function count(
  order: number,
  sorted: SuffixTable,
  into: Pick<OrderCounts, 'seen' | 'preceded'>,
  lastSeen: Int32Array,
): OrderCounts {
  const { shared, remaining, before } = sorted
  const { seen, preceded } = into
  const size = shared.length
  const [once, different] = [new Float64Array(5), new Float64Array(5)]
  lastSeen.fill(0)
  for (let j = 0, entry = 0; j < size; entry++) {
    let times = 0
    let kinds = 0
    do {
      if (remaining[j] >= order) {
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

/** The sum of the counts of one context, and how much of it the discounts give to the order below. */
class ContextCounts {
  private readonly discounts: readonly number[]
  private total = 0
  private readonly kinds = new Int32Array(DISCOUNTS + 1)

  constructor(discounts: readonly number[]) {
    this.discounts = discounts
  }

  read(counts: Int32Array, from: number, to: number): void {
    this.total = 0
    this.kinds.fill(0)
    for (let entry = from; entry < to; entry++) {
      this.total += counts[entry]
      this.kinds[Math.min(DISCOUNTS, counts[entry])]++
    }
  }

  /** p of a continuation with this count. @param lower its p in the order below */
  probability(counted: number, lower: number): number {
    if (this.total === 0) return lower
    const { discounts: d, kinds } = this
    const freed = d[1] * kinds[1] + d[2] * kinds[2] + d[3] * kinds[3]
    return (counted - d[Math.min(DISCOUNTS, counted)] + freed * lower) / this.total
  }
}

/** Probabilities of the held-out symbols under the current order. */
interface HeldOutProbabilities {
  /** Index among the held-out symbols of each symbol of the text, or -1, [n]. */
  readonly index: Int32Array
  /** p with the current order as the top order, [held out]. */
  readonly top: Float64Array
  /** p with the current order as the one below a higher order, [held out]. */
  readonly below: Float64Array
}

/** Raises the order by one. Symbols with too little text before them keep their probability. */
function raiseOrder(
  order: number,
  sorted: SuffixTable,
  counts: OrderCounts,
  predicted: HeldOutProbabilities,
): void {
  const { starts, shared, near } = sorted
  const { seen, preceded } = counts
  const { index, top, below } = predicted
  const size = shared.length
  const asTop = new ContextCounts(counts.seenDiscounts)
  const asBelow = new ContextCounts(counts.precededDiscounts)
  for (let j = 0, entry = 0; j < size; ) {
    // One context: the suffixes that share order - 1 symbols, with their different n-grams.
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
      const held = index[starts[k] + order - 1] ?? -1
      if (held < 0) continue
      const p = below[held]
      top[held] = asTop.probability(seen[at], p)
      below[held] = asBelow.probability(preceded[at], p)
    }
  }
}

/**
 * The loss of n-gram models of a text on its held-out ranges, for each order from 1 up.
 * The top order uses counts of occurrences; the orders below it use counts of different predecessors.
 * @param ids the text, [n]
 * @throws InputError when there is nothing to count or nothing to predict
 */
export function ngramBaseline(ids: ArrayLike<number>, request: NgramRequest): NgramBaseline {
  const { training, heldOut, vocabulary } = request
  const most = Math.max(1, Math.min(request.orders ?? HIGHEST_ORDER, HIGHEST_ORDER))
  const index = new Int32Array(ids.length).fill(-1)
  let total = 0
  for (const { from, to } of heldOut) for (let i = from; i < to; i++) index[i] = total++
  if (total === 0 || !training.some(({ from, to }) => to > from)) {
    throw new InputError(
      'ngram-parts',
      `The n-gram has ${counted(total, 'symbol')} to predict and ${counted(training.length, 'stretch')} to count; expected at least one of each: hold out more of the text.`,
    )
  }
  const sorted = sortText(ids, request, most)
  const buffers = { seen: new Int32Array(ids.length + 1), preceded: new Int32Array(ids.length + 1) }
  const predicted = {
    index,
    top: new Float64Array(total).fill(1 / vocabulary),
    below: new Float64Array(total).fill(1 / vocabulary),
  }
  const lastSeen = new Int32Array(vocabulary + 1)
  const losses: number[] = []
  let best = 0
  for (let order = 1; order <= most; order++) {
    raiseOrder(order, sorted, count(order, sorted, buffers, lastSeen), predicted)
    let sum = 0
    for (const p of predicted.top) sum -= log(p)
    losses.push(sum / total)
    if (losses[order - 1] < losses[best]) best = order - 1
    if (request.orders === undefined && order - 1 - best >= PATIENCE) break
  }
  const nats = losses[best]
  return { order: best + 1, nats, bits: nats / LN2, perplexity: exp(nats), count: total, losses }
}
