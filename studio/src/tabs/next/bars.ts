/** The bars of a step: rows, the other symbols together, the scale. */
import type { Candidate, Candidates, Distribution, Draw } from 'ondo'
import { CUT, ROWS } from '../../text/step-view.svelte.js'

/** Decades that a logarithmic axis shows, from 0.001 % to 100 %. */
const DECADES = 5
/** The maxima of the linear axis: round numbers, so that the scale rarely changes. */
const SCALES = [0.1, 0.15, 0.25, 0.4, 0.6, 0.8, 1]

export class Bars {
  /** The likeliest symbols; the drawn one takes the last row if it is further down. */
  readonly rows: readonly Candidate[]
  readonly others: { readonly count: number; readonly p: number; readonly pT: number }
  /** The cumulative bar: one piece a candidate, percent. */
  readonly pieces: readonly { id: number; rank: number; left: number; width: number }[]
  private readonly full: number
  private readonly log: boolean

  constructor(distribution: Distribution, candidates: Candidates, draw: Draw, log: boolean) {
    const { top, others } = candidates
    this.rows = top.some(({ id }) => id === draw.id)
      ? top
      : [
          ...top.slice(0, Math.min(ROWS, distribution.allowed) - 1),
          // Only the probabilities of the drawn symbol are needed.
          { id: draw.id, rank: draw.rank, logit: 0, p: draw.p, pT: draw.pT, cumulative: 0 },
        ]
    let p = 1
    let pT = 1
    for (const row of this.rows) {
      p -= row.p
      pT -= row.pT
    }
    this.others = {
      count: top.length + others.count - this.rows.length,
      p: Math.max(0, p),
      pT: Math.max(0, pT),
    }
    const left = top.filter(({ rank }) => rank !== CUT)
    this.pieces = left.map(({ id, rank, pT: width, cumulative }) => ({
      id,
      rank,
      left: (cumulative - width) * 100,
      width: width * 100,
    }))
    this.log = log
    const longest = Math.max(
      this.others.p,
      this.others.pT,
      ...this.rows.flatMap(row => [row.p, row.pT]),
    )
    this.full = SCALES.find(scale => longest <= scale) ?? 1
  }

  /** The length of a bar, as CSS. */
  length(p: number): string {
    const share = this.log ? 1 + Math.log10(p) / DECADES : p / this.full
    return `${Math.min(1, Math.max(0, share)) * 100}%`
  }
}
