/** The network's states along a stretch of text, and questions about them. */
import type { FeatureName } from './features.js'
import type { OnUnit, Passage, Suggestion, Unit } from './protocol.js'

/** State after each symbol: rows [count] of h of all layers, then (LSTM) c of all layers. */
export interface Trace {
  readonly layers: number
  readonly hidden: number
  readonly rows: readonly Float32Array[]
}

/** A correlation needs this many symbols in each half, and a feature this often. */
const LEAST_HALF = 60
const LEAST_SEEN = 5
/** At most this many units for each feature, units of a passage, and similar passages. */
const BEST = 2
const MOST_ON = 12
const MOST_PASSAGES = 8
/** The share of a passage's units that must be on in a similar one. */
const ALIKE = 0.7
const MOST_PEAKS = 4
/** Peaks and passages within this distance count as one. */
const APART = 24

export const column = ({ rows }: Trace, at: number): Float32Array<ArrayBuffer> =>
  Float32Array.from(rows, row => row[at])

/** Pearson's r over [from, to); 0 where one of the two never changes. */
export function correlation(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  from: number,
  to: number,
): number {
  const n = to - from
  let [meanX, meanY] = [0, 0]
  for (let i = from; i < to; i++) {
    meanX += x[i] / n
    meanY += y[i] / n
  }
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = from; i < to; i++) {
    const [a, b] = [x[i] - meanX, y[i] - meanY]
    xx += a * a
    yy += b * b
    xy += a * b
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0
}

/** Whether a feature is frequent enough in [from, to) for a correlation. */
function varies(values: Float32Array, from: number, to: number): boolean {
  const counts = new Map<number, number>()
  for (let i = from; i < to; i++) counts.set(values[i], (counts.get(values[i]) ?? 0) + 1)
  const most = Math.max(...counts.values())
  return to - from - most >= LEAST_SEEN
}

/**
 * For each feature, the units that correlate with it: chosen on the first half of the stretch and measured
 * on the second, so that a correlation by chance among hundreds of units is not reported.
 */
export function suggest(
  trace: Trace,
  features: ReadonlyMap<FeatureName, Float32Array>,
): Suggestion[] {
  const { layers, hidden, rows } = trace
  const half = rows.length >> 1
  if (half < LEAST_HALF) return []
  const told = [...features].filter(
    ([, values]) => varies(values, 0, half) && varies(values, half, rows.length),
  )
  const best = new Map<FeatureName, { at: number; r: number }[]>(told.map(([name]) => [name, []]))
  const columns = Array.from({ length: layers * hidden }, (_, at) => column(trace, at))
  for (const [at, x] of columns.entries()) {
    for (const [name, values] of told) {
      const list = best.get(name)!
      list.push({ at, r: correlation(x, values, 0, half) })
      list.sort((a, b) => Math.abs(b.r) - Math.abs(a.r))
      if (list.length > BEST) list.pop()
    }
  }
  return told
    .flatMap(([feature, values]) =>
      best.get(feature)!.map(({ at, r: chosen }) => ({
        feature,
        layer: Math.floor(at / hidden),
        unit: at % hidden,
        r: correlation(columns[at], values, half, rows.length),
        holds: chosen,
      })),
    )
    .filter(({ r, holds }) => r * holds > 0)
    .sort((a, b) => Math.abs(b.r) - Math.abs(a.r))
    .map(({ holds: _, ...suggestion }) => suggestion)
}

/** The positions of the greatest values, at a distance from each other. @param sign -1 for the least */
export function peaks(values: ArrayLike<number>, sign: 1 | -1): number[] {
  const order = Array.from({ length: values.length }, (_, n) => n).sort(
    (a, b) => sign * (values[b] - values[a]) || a - b,
  )
  const found: number[] = []
  for (const n of order) {
    if (found.length === MOST_PEAKS) break
    if (found.every(other => Math.abs(other - n) >= APART)) found.push(n)
  }
  return found
}

/** Units that are on, with one sign, in all of [from, to); those that are rarely on elsewhere first. */
export function unitsOn(trace: Trace, from: number, to: number, threshold: number): OnUnit[] {
  const { layers, hidden, rows } = trace
  const found: OnUnit[] = []
  for (let at = 0; at < layers * hidden; at++) {
    const sign = Math.sign(rows[from][at])
    const on = (row: Float32Array): boolean => sign * row[at] >= threshold
    let mean = 0
    let whole = sign !== 0
    for (let n = from; whole && n < to; n++) {
      whole = on(rows[n])
      mean += rows[n][at] / (to - from)
    }
    if (!whole) continue
    const share = rows.filter(on).length / rows.length
    found.push({ layer: Math.floor(at / hidden), unit: at % hidden, mean, share })
  }
  return found.sort((a, b) => a.share - b.share).slice(0, MOST_ON)
}

/** Other stretches in which most of these units are on, the most similar first. */
export function passagesLike(
  { hidden, rows }: Trace,
  units: readonly OnUnit[],
  from: number,
  to: number,
  threshold: number,
): Passage[] {
  if (units.length === 0) return []
  const on = (row: Float32Array): number =>
    units.filter(
      ({ layer, unit, mean }) => Math.sign(mean) * row[layer * hidden + unit] >= threshold,
    ).length / units.length
  const scores = rows.map(on)
  const found: Passage[] = []
  for (let n = 0; n < rows.length; ) {
    if (scores[n] < ALIKE) {
      n++
      continue
    }
    let end = n
    let sum = 0
    while (end < rows.length && scores[end] >= ALIKE) sum += scores[end++]
    if (end <= from || n >= to) found.push({ from: n, to: end, score: sum / (end - n) })
    n = end
  }
  const wanted = to - from
  const near = ({ from: a, to: b, score }: Passage): number => score * Math.min(1, (b - a) / wanted)
  return found.sort((a, b) => near(b) - near(a)).slice(0, MOST_PASSAGES)
}

/** The index of a unit's h in a state's row. */
export const placeOf = ({ hidden }: Trace, { layer, unit }: Unit): number => layer * hidden + unit
