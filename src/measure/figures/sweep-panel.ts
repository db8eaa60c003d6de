/** One panel of the sweep figure: a measure over T with its spread, its limit and the zones. */
import { formatNumber } from '../../knob.js'
import { log } from '../../numeric.js'
import { HEAT_TEMPERATURES } from '../../temperature/index.js'
import type { CurvePoint, Spread, SweepMeasure } from '../sweep/curve.js'
import type { Zones } from '../sweep/zones.js'
import {
  element,
  type FigureLanguage,
  label,
  line,
  niceScale,
  type Palette,
  pathOf,
} from './svg.js'

export interface Panel {
  readonly measure: SweepMeasure
  readonly unit: 'share' | 'bits' | 'characters'
  readonly title: Readonly<Record<FigureLanguage, string>>
  /** The value of the corpus that the zones compare the measure with. */
  readonly limit?: (zones: Zones) => number | undefined
  readonly limitName?: Readonly<Record<FigureLanguage, string>>
}

const ZONE_NAMES = {
  loops: { en: 'loops', ja: 'ループ' },
  reads: { en: 'reads like the corpus', ja: '読める' },
  breaks: { en: 'breaks', ja: '崩れる' },
} as const

const PANEL_HEIGHT = 118
/** Width at each end of the axis for 0 and infinity, which a log scale does not reach. */
const ENDS = 34
const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]

/** The axis of T: logarithmic for finite T, with 0 and infinity set apart at the ends. */
export class Axis {
  readonly lowest: number
  readonly highest: number
  readonly zero: boolean
  readonly infinite: boolean
  readonly width: number
  private readonly from: number
  private readonly to: number

  constructor(temperatures: readonly number[], width: number) {
    this.width = width
    const finite = temperatures.filter(T => T > 0 && T < Number.POSITIVE_INFINITY)
    this.zero = temperatures.includes(0)
    this.infinite = temperatures.includes(Number.POSITIVE_INFINITY)
    this.lowest = Math.min(...finite, ...(finite.length > 0 ? [] : [1]))
    this.highest = Math.max(...finite, ...(finite.length > 0 ? [] : [1]))
    this.from = this.zero ? ENDS : 6
    this.to = width - (this.infinite ? ENDS : 6)
  }

  x(T: number): number {
    if (T === 0) return 6
    if (T === Number.POSITIVE_INFINITY) return this.to + ENDS - 6
    if (this.highest === this.lowest) return (this.from + this.to) / 2
    const share = (log(T) - log(this.lowest)) / (log(this.highest) - log(this.lowest))
    // A border between the last finite T and 0 or infinity lies inside that end.
    return Math.min(this.to + ENDS - 8, Math.max(8, this.from + share * (this.to - this.from)))
  }

  ticks(): [number, string][] {
    const inside = TICKS.filter(T => T >= this.lowest * 0.999 && T <= this.highest * 1.001)
    return [
      ...(this.zero ? [[0, '0'] as [number, string]] : []),
      ...inside.map(T => [T, String(T)] as [number, string]),
      ...(this.infinite ? [[Number.POSITIVE_INFINITY, '∞'] as [number, string]] : []),
    ]
  }
}

export const formatValue = (value: number, unit: Panel['unit']): string =>
  unit === 'share' ? `${Number((100 * value).toPrecision(4))}%` : String(value)

/** The SVG `defs`: the colour gradient over T and the patterns of the zones. */
export function definitions(axis: Axis, { heat, muted }: Palette): string {
  const { width } = axis
  const stops = HEAT_TEMPERATURES.map((T, i) =>
    element('stop', { offset: (axis.x(T) / width).toFixed(3), 'stop-color': heat[i] }),
  ).join('')
  const hatch = { width: 6, height: 6, patternUnits: 'userSpaceOnUse' }
  return element(
    'defs',
    {},
    element(
      'linearGradient',
      { id: 'heat', gradientUnits: 'userSpaceOnUse', x1: 0, y1: 0, x2: width, y2: 0 },
      stops,
    ) +
      element(
        'pattern',
        { id: 'loops', ...hatch, patternTransform: 'rotate(45)' },
        line(0, 0, 0, 6, { stroke: muted, 'stroke-width': 1, 'stroke-opacity': 0.4 }),
      ) +
      element(
        'pattern',
        { id: 'breaks', ...hatch },
        element('circle', { cx: 3, cy: 3, r: 0.9, fill: muted, 'fill-opacity': 0.55 }),
      ),
  )
}

function zoneMarks(axis: Axis, zones: Zones, ink: string): string {
  const { width } = axis
  const height = PANEL_HEIGHT
  return zones.zones
    .map(({ zone, from, to }, i) => {
      const left = i === 0 ? 0 : axis.x(from)
      const right = i === zones.zones.length - 1 ? width : axis.x(to)
      const fill =
        zone === 'reads'
          ? ''
          : element('rect', {
              x: left,
              width: right - left,
              height,
              fill: `url(#${zone})`,
            })
      const border =
        i === 0
          ? ''
          : line(left, 0, left, height, {
              stroke: ink,
              'stroke-width': 0.8,
              'stroke-dasharray': '2 2',
            })
      return fill + border
    })
    .join('')
}

/** The name, or its first word, or '' : the longest that fits into the width. */
function fittingName(name: string, available: number): string {
  const width = (text: string): number =>
    Array.from(text).reduce((sum, c) => sum + (c > '\u2fff' ? 10.5 : 5.4), 0)
  const [first] = name.split(' ')
  return [name, first].find(text => width(text) <= available) ?? ''
}

/** Names and borders of the zones, above a panel. */
function zoneNames(axis: Axis, zones: Zones, language: FigureLanguage, soft: string): string {
  const { width } = axis
  const last = zones.zones.length - 1
  return zones.zones
    .map(({ zone, from, to }, i) => {
      const left = i === 0 ? 0 : axis.x(from)
      const right = i === last ? width : axis.x(to)
      const name = label(
        (left + right) / 2,
        -6,
        fittingName(ZONE_NAMES[zone][language], right - left),
        {
          'text-anchor': 'middle',
          'font-size': 10.5,
          'font-style': 'italic',
        },
      )
      const at = from.toPrecision(2)
      return i === 0
        ? name
        : name +
            line(left, -4, left, 0, { stroke: soft }) +
            label(left, -17, at, { 'text-anchor': 'middle', fill: soft, 'font-size': 10 })
    })
    .join('')
}

function curveMarks(
  points: readonly PanelPoint[],
  axis: Axis,
  y: (value: number) => number,
  { heat, ink, background }: Palette,
  measure: SweepMeasure,
): string {
  const finite = points.filter(({ T }) => T > 0 && T < Number.POSITIVE_INFINITY)
  const band = (low: 'least' | 'low', high: 'greatest' | 'high', opacity: number): string => {
    const up = finite.map(({ T, spread }) => [axis.x(T), y(spread[high])] as const)
    const back = finite.map(({ T, spread }) => [axis.x(T), y(spread[low])] as const).reverse()
    return element('path', {
      d: `${pathOf([...up, ...back])}Z`,
      fill: ink,
      'fill-opacity': opacity.toFixed(2),
    })
  }
  const stroke = 'url(#heat)'
  let marks = finite.length > 1 ? band('least', 'greatest', 0.16) + band('low', 'high', 0.24) : ''
  const at = ({ T, spread }: (typeof points)[number]) => [axis.x(T), y(spread.median)] as const
  marks += element('path', { d: pathOf(finite.map(at)), fill: 'none', stroke, 'stroke-width': 2 })
  for (const [i, point] of points.entries()) {
    const { T, spread } = point
    const next = points[i + 1]
    // The line to 0 or infinity is dashed, because nothing was measured in between.
    if (next && (T === 0 || next.T === Number.POSITIVE_INFINITY)) {
      const d = pathOf([at(point), at(next)])
      marks += element('path', {
        d,
        fill: 'none',
        stroke,
        'stroke-width': 1.4,
        'stroke-dasharray': '3 3',
      })
    }
    const [x, middle] = at(point)
    if ((T === 0 || T === Number.POSITIVE_INFINITY) && spread.count > 1) {
      marks += line(x, y(spread.least), x, y(spread.greatest), { stroke: ink, 'stroke-width': 1 })
    }
    const colour = heat[T === 0 ? 0 : T === Number.POSITIVE_INFINITY ? 5 : nearestHeatIndex(T)]
    marks += element('circle', {
      cx: x,
      cy: middle,
      r: 2.6,
      fill: background,
      stroke: colour,
      'stroke-width': 1.5,
      'data-measure': measure,
      'data-temperature': formatNumber(T),
    })
  }
  return marks
}

function nearestHeatIndex(T: number): number {
  const distance = (i: number): number => Math.abs(log(T) - log(HEAT_TEMPERATURES[i]))
  return [1, 2, 3, 4].reduce((best, i) => (distance(i) < distance(best) ? i : best))
}

/** A point of a panel's curve. */
type PanelPoint = { readonly T: number; readonly spread: Spread }

const greatest = (points: readonly PanelPoint[], of: (T: number) => boolean): number[] =>
  points.filter(({ T }) => of(T)).map(({ spread }) => spread.greatest)

/** The curves and zones that a panel draws. */
interface PanelData {
  readonly curve: readonly CurvePoint[]
  readonly zones?: Zones
}

/** Draws one panel at (0, 0); its plot is axis.width wide and `PANEL_HEIGHT` high. */
export function drawPanel(
  spec: Panel,
  data: PanelData,
  axis: Axis,
  palette: Palette,
  language: FigureLanguage,
): string {
  const { measure, unit, title } = spec
  const { width } = axis
  const height = PANEL_HEIGHT
  const { muted, grid, ink } = palette
  const points = data.curve.flatMap(({ temperature: T, values }) => {
    const spread = values[measure]
    return spread ? [{ T, spread }] : []
  })
  const limit = data.zones && spec.limit?.(data.zones)
  const most = Math.max(0, limit ?? 0, ...greatest(points, T => T < Number.POSITIVE_INFINITY))
  const far = Math.max(0, ...greatest(points, T => T === Number.POSITIVE_INFINITY))
  // The value at infinity can be so large that the rest would be a flat line. It is then a label.
  const outside = points.length > 1 && far > 2 * most
  const { top, ticks } = niceScale(outside ? most : Math.max(most, far))
  const y = (value: number): number => height * (1 - Math.min(value, top) / top)
  let marks = data.zones ? zoneMarks(axis, data.zones, muted) : ''
  for (const tick of ticks) {
    marks += line(0, y(tick), width, y(tick), { stroke: grid })
    marks += label(-6, y(tick) + 3.5, formatValue(tick, unit), {
      'text-anchor': 'end',
      fill: muted,
      'font-size': 10,
    })
  }
  if (limit !== undefined) {
    marks += line(0, y(limit), width, y(limit), { stroke: ink, 'stroke-dasharray': '6 3' })
    const name = `${spec.limitName?.[language]}: ${formatValue(Number(limit.toPrecision(2)), unit)}`
    // Put the label where the curve is not: spelling is low on the left, the others on the right.
    const left = measure === 'spelling'
    marks += label(left ? 4 : width - 4, y(limit) - 4, name, {
      'text-anchor': left ? 'start' : 'end',
      'font-size': 9.5,
      stroke: palette.background,
      'stroke-width': 3,
      'paint-order': 'stroke',
    })
  }
  marks += curveMarks(points, axis, y, palette, measure)
  if (outside) {
    marks += label(width - 2, 24, `${formatValue(Number(far.toPrecision(3)), unit)} ↑`, {
      'text-anchor': 'end',
      'font-size': 10,
      stroke: palette.background,
      'stroke-width': 3,
      'paint-order': 'stroke',
    })
  }
  for (const [T, text] of axis.ticks()) {
    const x = axis.x(T)
    marks += line(x, height, x, height + 3, { stroke: muted })
    marks += label(x, height + 14, text, { 'text-anchor': 'middle', fill: muted, 'font-size': 10 })
  }
  marks += line(0, height, width, height, { stroke: muted })
  if (points.length === 0) {
    const text = { en: 'not measured', ja: '計測なし' }[language]
    marks += label(width / 2, height / 2, text, { 'text-anchor': 'middle', fill: muted })
  }
  const heading = data.zones ? zoneNames(axis, data.zones, language, muted) : ''
  return (
    label(0, -30, title[language], { 'font-weight': 'bold', 'font-size': 12 }) + heading + marks
  )
}
