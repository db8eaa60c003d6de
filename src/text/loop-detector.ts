/**
 * Loops: a text whose end repeats itself.
 *
 * A text ends in a loop of period p when its last 3p symbols are three equal stretches. Its tail
 * begins as early as x[i] = x[i + p] holds from there to the end. Several periods can hold at once
 * ("ha... ha... ha..." ends in `.` three times and in `ha... ` three times), but no more than
 * log2(n): a longer period's tail contains more than twice the shorter one's.
 */
import { InputError } from '../errors.js'

/** A periodic tail. `start + length` is the end of the text. */
export interface Loop {
  /** Length of the repeated stretch, symbols; never itself a repetition of a shorter one. */
  readonly period: number
  /** The earliest position from which the text has this period to its end. */
  readonly start: number
  /** Symbols of the tail. */
  readonly length: number
  /** Whole repeats in it, 3 or more. */
  readonly count: number
}

/** Least number of consecutive repeats in a loop. */
export const LOOP_REPEATS = 3
/** Shorter loops (`...`, blank lines) are not reported, symbols. */
export const MIN_LOOP = 24

export function makeLoop(period: number, length: number, end: number): Loop {
  return { period, start: end - length, length, count: Math.floor(length / period) }
}

/**
 * All loops in which a sequence ends, shortest period first; each is longer than the one before.
 * O(n) time and memory, by the Z function of the reversed sequence (Gusfield 1997, section 1.4).
 * @param ids symbols or code points, [n]
 */
export function findLoops(ids: ArrayLike<number>): Loop[] {
  const n = ids.length
  const last = n - 1
  // agreeing[p]: how many symbols at the end equal those p before them
  const agreeing = new Int32Array(n)
  let left = 0
  let right = 0
  for (let p = 1; p < n; p++) {
    let length = p < right ? Math.min(right - p, agreeing[p - left]) : 0
    while (p + length < n && ids[last - length] === ids[last - p - length]) length++
    agreeing[p] = length
    if (p + length > right) {
      left = p
      right = p + length
    }
  }
  const loops: Loop[] = []
  for (let p = 1; p * LOOP_REPEATS <= n; p++) {
    const length = agreeing[p] + p
    if (length < p * LOOP_REPEATS) continue
    // A multiple of a shorter period says nothing new: its tail is the same.
    if (loops.some(loop => p % loop.period === 0 && loop.length === length)) continue
    loops.push(makeLoop(p, length, n))
  }
  return loops
}

/** The loop with the smallest period, or undefined when the sequence doesn't end in one. */
export function findLoop(ids: ArrayLike<number>): Loop | undefined {
  return findLoops(ids)[0]
}

/** The loop with the longest tail, for texts where a short loop such as `...` is inside a longer one. */
export function findLongestLoop(ids: ArrayLike<number>): Loop | undefined {
  return findLoops(ids).at(-1)
}

/** Odd, so that powers never vanish modulo 2^32. */
const BASE = 0x2c1b3c6d
/** Spreads a hash over buckets: 2^32 / golden ratio. */
const SPREAD = 0x9e3779b1

/**
 * What one octave of periods, (m/2, m], needs: where each stretch of m symbols among the last m
 * ends, and the one period whose agreement now reaches m symbols back.
 */
class Octave {
  readonly m: number
  /** Newest end of a stretch in each bucket, or -1. */
  readonly head: Int32Array
  /** The next older end in the bucket of an end, and the hash of its stretch, at index end modulo m. */
  readonly older: Int32Array
  readonly hashes: Int32Array
  readonly shift: number
  readonly leaving: number
  /** Rolling polynomial hash of the last m symbols. A collision costs time, never a result. */
  hash = 0
  /** The period followed at present, 0 for none; and how many symbols agree with it. */
  period = 0
  agreeing = 0

  constructor(m: number, base: number) {
    this.m = m
    this.head = new Int32Array(2 * m).fill(-1)
    this.older = new Int32Array(m)
    this.hashes = new Int32Array(m)
    this.shift = Math.clz32(2 * m) + 1
    let power = 1
    for (let i = 0; i < m; i++) power = Math.imul(power, base)
    this.leaving = power
  }

  bucket(): number {
    return Math.imul(this.hash, SPREAD) >>> this.shift
  }
}

/**
 * Finds the loops while a text is written: after each `push` its answers are those of `findLoops`
 * on everything pushed so far. Amortised O(log n) a symbol, memory 36 bytes for each symbol up to the
 * longest period watched, none beyond.
 *
 * Why it is exact. Let m be the power of two in [p, 2p). When the text agrees with itself p back for
 * m symbols and its last p symbols aren't a repetition of something shorter, the nearest earlier
 * place of its last m symbols is exactly p back: a nearer one would be a second period, and by Fine
 * and Wilf (1965) both would make the stretch such a repetition. So a table of where each stretch of
 * m symbols last stood finds p at the moment its agreement reaches m, before it is a loop (2p), and
 * no two periods of one octave are due at once. New periods are rare enough (at most O(1/m) a
 * symbol, Kolpakov and Kucherov 1999) for checking them symbol by symbol.
 */
export class LoopDetector {
  /** Base of the rolling hash. Tests set it to 0, so that stretches with the same last symbol collide. */
  protected readonly base: number = BASE
  private readonly maximumPeriod: number
  private readonly octaves: Octave[] = []
  /** The newest symbols, by position modulo its length, a power of two. */
  private ring = new Uint32Array(4)
  private size = 0

  /** @param options.maximumPeriod longer periods are not watched; default 65,536 */
  constructor(options: { maximumPeriod?: number } = {}) {
    const { maximumPeriod = 65536 } = options
    if (!Number.isSafeInteger(maximumPeriod) || maximumPeriod < 1 || maximumPeriod > 2 ** 26) {
      throw new InputError(
        'period',
        `The longest period to watch is ${maximumPeriod}; expected a whole number from 1 to 2^26.`,
      )
    }
    this.maximumPeriod = maximumPeriod
  }

  /** Symbols pushed so far. */
  get length(): number {
    return this.size
  }

  /**
   * Takes the next symbol.
   * @param id a whole number from 0 to 2^32 - 1
   * @returns for how many symbols the text has been looping (the longest tail), 0 when it isn't
   */
  push(id: number): number {
    const at = this.size
    const n = at + 1
    const mask = this.ring.length - 1
    this.ring[at & mask] = id
    this.size = n
    let looping = 0
    for (const octave of this.octaves) {
      const leaving = Math.imul(octave.leaving, this.ring[(at - octave.m) & mask] + 1)
      octave.hash = (Math.imul(octave.hash, this.base) + id + 1 - leaving) | 0
      if (octave.period > 0) {
        if (this.ring[(at - octave.period) & mask] === id) octave.agreeing++
        else octave.period = octave.agreeing = 0
      }
      if (octave.period === 0) this.seek(octave)
      else if (octave.agreeing >= 2 * octave.period) looping = octave.agreeing + octave.period
      this.enter(octave)
    }
    // The first stretch of 1, 2, 4.. symbols is whole: from here on its octave is watched.
    if ((n & at) === 0 && n < 2 * this.maximumPeriod) this.open(n)
    return looping
  }

  /** All loops in which the text ends at present, shortest period first. */
  loops(): Loop[] {
    const loops: Loop[] = []
    for (const { period, agreeing } of this.octaves) {
      if (period > 0 && agreeing >= 2 * period) {
        loops.push(makeLoop(period, agreeing + period, this.size))
      }
    }
    return loops
  }

  /** The loop with the smallest period, if any. */
  get loop(): Loop | undefined {
    return this.loops()[0]
  }

  /** The loop with the longest tail, if any: the one that `push` counted. */
  get longestLoop(): Loop | undefined {
    return this.loops().at(-1)
  }

  /** Is the nearest earlier place of the last m symbols a period of this octave? Then follow it. */
  private seek(octave: Octave): void {
    const { m, head, older, hashes } = octave
    const n = this.size
    for (let end = head[octave.bucket()]; end >= 0 && n - end <= m; end = older[end & (m - 1)]) {
      if (hashes[end & (m - 1)] !== octave.hash) continue
      const period = n - end
      if (2 * period <= m) {
        // A period of a lower octave, which has already checked it; if not, the hash was wrong.
        const lower = this.octaves[32 - Math.clz32(period - 1)]
        if (lower.period === period && lower.agreeing >= m) return
        continue
      }
      const agreeing = this.agreement(period)
      if (agreeing < m) continue
      if (period <= this.maximumPeriod) {
        octave.period = period
        octave.agreeing = agreeing
      }
      return
    }
  }

  /** How many symbols at the end equal those a period before them. */
  private agreement(period: number): number {
    const ring = this.ring
    const mask = ring.length - 1
    const last = this.size - 1
    const limit = Math.min(this.size, ring.length) - period
    let count = 0
    while (count < limit && ring[(last - count) & mask] === ring[(last - count - period) & mask]) {
      count++
    }
    return count
  }

  private enter(octave: Octave): void {
    const slot = this.size & (octave.m - 1)
    const bucket = octave.bucket()
    octave.older[slot] = octave.head[bucket]
    octave.hashes[slot] = octave.hash
    octave.head[bucket] = this.size
  }

  /** Adds the octave whose stretches are all m symbols so far, and room to look back from it. */
  private open(m: number): void {
    const octave = new Octave(m, this.base)
    for (let i = 0; i < m; i++)
      octave.hash = (Math.imul(octave.hash, this.base) + this.ring[i] + 1) | 0
    this.enter(octave)
    this.octaves.push(octave)
    const ring = new Uint32Array(4 * m)
    ring.set(this.ring.subarray(0, m))
    this.ring = ring
  }
}
