/** The figure of a sweep: six measures over T, each with its spread, and the three zones. */
import { counted } from '../../errors.js'
import { log } from '../../numeric.js'
import { HEAT_TEMPERATURES } from '../../temperature/index.js'
import type { CurvePoint, Spread, SweepMeasure } from '../sweep/curve.js'
import { formatTemperature } from '../sweep/temperature-list.js'
import type { Zones } from '../sweep/zones.js'
import type { SpellingUnit } from '../text/spelling-filter.js'
import {
  element,
  type FigureLanguage,
  type FigureOptions,
  figure,
  label,
  line,
  niceScale,
  PALETTES,
  type Palette,
  pathOf,
} from './svg.js'

/** What of a sweep is drawn: a `SweepResult`, or what the model file keeps of one. */
export interface SweepFigureData {
  /** Of the model. */
  readonly name: string
  readonly length: number
  readonly curve: readonly CurvePoint[]
  readonly zones?: Zones
  /** In what spelling is judged. Default words. */
  readonly unit?: SpellingUnit
}

interface Panel {
  readonly measure: SweepMeasure
  readonly unit: 'share' | 'bits' | 'characters'
  readonly title: Readonly<Record<FigureLanguage, string>>
  /** The corpus's own figure that the zones hold the measure against. */
  readonly limit?: (zones: Zones) => number | undefined
  readonly limitName?: Readonly<Record<FigureLanguage, string>>
}

const CORPUS_99 = { en: 'corpus, 99%', ja: 'コーパスの99%点' }

const PANELS: readonly Panel[] = [
  {
    measure: 'repetition',
    unit: 'share',
    title: { en: 'Repetition: 8-grams seen before', ja: '反復：既出の8文字連鎖' },
    limit: zones => zones.limits.repetition,
    limitName: CORPUS_99,
  },
  {
    measure: 'looping',
    unit: 'share',
    title: { en: 'Loops: share of the text inside', ja: 'ループ：その中にある割合' },
    limit: zones => zones.limits.loop,
    limitName: CORPUS_99,
  },
  {
    measure: 'spelling',
    unit: 'share',
    title: { en: 'Misspelling: words never seen', ja: '綴り誤り：学習文にない綴り' },
    limit: zones => zones.limits.spelling,
    limitName: { en: 'breaks above', ja: '崩れの境' },
  },
  {
    measure: 'surprisal',
    unit: 'bits',
    title: { en: 'Surprisal, bits a character', ja: '意外さ（ビット/文字）' },
  },
  {
    measure: 'entropy',
    unit: 'bits',
    title: { en: 'Entropy of the draw, bits', ja: '抽選のエントロピー（ビット）' },
  },
  {
    measure: 'longest',
    unit: 'characters',
    title: { en: 'Novelty: longest run copied', ja: '新しさ：最長の写し（文字）' },
  },
]
/** In scripts without spaces. */
const MISSPELT_GRAMS = {
  en: 'Misspelling: 4-grams never seen',
  ja: '綴り誤り：学習文にない4文字連鎖',
}
/** Where the corpus is not at hand. */
const WITHOUT_CORPUS: Panel = {
  measure: 'distinct2',
  unit: 'share',
  title: { en: 'Variety: different pairs of words', ja: '多様さ：異なる2語の組' },
}

const ZONE_NAMES = {
  loops: { en: 'loops', ja: 'ループ' },
  reads: { en: 'reads like the corpus', ja: '読める' },
  breaks: { en: 'breaks', ja: '崩れる' },
} as const

/** Where the panels stand: on a sheet of their own, or in a page's margin. */
interface Place {
  readonly width: number
  readonly plot: number
  readonly columns: readonly number[]
  readonly top: number
}
const SHEET: Place = { width: 760, plot: 300, columns: [58, 436], top: 56 }
const NARROW: Place = { width: 284, plot: 234, columns: [44], top: 20 }
const HEIGHT = 118
const ROW = 190
/** Room at the ends of the axis for 0 and infinity, which log T does not reach. */
const ENDS = 34
const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]

/** The axis of T: logarithmic between the finite ones, 0 and infinity apart at the ends. */
class Axis {
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
    // Borders between the last finite T and an end lie in its room.
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

const textOf = (value: number, unit: Panel['unit']): string =>
  unit === 'share' ? `${Number((100 * value).toPrecision(4))}%` : String(value)

function definitions(axis: Axis, { heat, soft }: Palette): string {
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
        line(0, 0, 0, 6, { stroke: soft, 'stroke-width': 1, 'stroke-opacity': 0.4 }),
      ) +
      element(
        'pattern',
        { id: 'breaks', ...hatch },
        element('circle', { cx: 3, cy: 3, r: 0.9, fill: soft, 'fill-opacity': 0.55 }),
      ),
  )
}

function zoneMarks(axis: Axis, zones: Zones, ink: string): string {
  const { width } = axis
  const height = HEIGHT
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

/** Of the zone's name, what the zone has room for. */
function fitting(name: string, room: number): string {
  const width = (text: string): number =>
    Array.from(text).reduce((sum, c) => sum + (c > '\u2fff' ? 10.5 : 5.4), 0)
  const [first] = name.split(' ')
  return [name, first].find(text => width(text) <= room) ?? ''
}

/** Over the columns: the zones' names and borders. */
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
        fitting(ZONE_NAMES[zone][language], right - left),
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
  points: readonly Measured[],
  axis: Axis,
  y: (value: number) => number,
  { heat, ink, sheet }: Palette,
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
    // To the ends of the axis only dashes: nothing was measured in between.
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
    const colour = heat[T === 0 ? 0 : T === Number.POSITIVE_INFINITY ? 5 : nearestHeat(T)]
    marks += element('circle', {
      cx: x,
      cy: middle,
      r: 2.6,
      fill: sheet,
      stroke: colour,
      'stroke-width': 1.5,
      'data-measure': measure,
      'data-temperature': formatTemperature(T),
    })
  }
  return marks
}

function nearestHeat(T: number): number {
  const distance = (i: number): number => Math.abs(log(T) - log(HEAT_TEMPERATURES[i]))
  return [1, 2, 3, 4].reduce((best, i) => (distance(i) < distance(best) ? i : best))
}

type Measured = { readonly T: number; readonly spread: Spread }

const greatest = (points: readonly Measured[], of: (T: number) => boolean): number[] =>
  points.filter(({ T }) => of(T)).map(({ spread }) => spread.greatest)

function panel(
  spec: Panel,
  drawing: SweepFigureData,
  axis: Axis,
  palette: Palette,
  language: FigureLanguage,
): string {
  const { measure, unit, title } = spec
  const { width } = axis
  const height = HEIGHT
  const { soft, hair, ink } = palette
  const points = drawing.curve.flatMap(({ temperature: T, values }) => {
    const spread = values[measure]
    return spread ? [{ T, spread }] : []
  })
  const limit = drawing.zones && spec.limit?.(drawing.zones)
  const most = Math.max(0, limit ?? 0, ...greatest(points, T => T < Number.POSITIVE_INFINITY))
  const far = Math.max(0, ...greatest(points, T => T === Number.POSITIVE_INFINITY))
  // Pure chance may lie so far off that the rest would be a flat line: it is named at the edge.
  const outside = points.length > 1 && far > 2 * most
  const { top, ticks } = niceScale(outside ? most : Math.max(most, far))
  const y = (value: number): number => height * (1 - Math.min(value, top) / top)
  let marks = drawing.zones ? zoneMarks(axis, drawing.zones, soft) : ''
  for (const tick of ticks) {
    marks += line(0, y(tick), width, y(tick), { stroke: hair })
    marks += label(-6, y(tick) + 3.5, textOf(tick, unit), {
      'text-anchor': 'end',
      fill: soft,
      'font-size': 10,
    })
  }
  if (limit !== undefined) {
    marks += line(0, y(limit), width, y(limit), { stroke: ink, 'stroke-dasharray': '6 3' })
    const name = `${spec.limitName?.[language]}: ${textOf(Number(limit.toPrecision(2)), unit)}`
    // Beside the line where the curve is not: spelling is low on the left, the others on the right.
    const left = measure === 'spelling'
    marks += label(left ? 4 : width - 4, y(limit) - 4, name, {
      'text-anchor': left ? 'start' : 'end',
      'font-size': 9.5,
      stroke: palette.sheet,
      'stroke-width': 3,
      'paint-order': 'stroke',
    })
  }
  marks += curveMarks(points, axis, y, palette, measure)
  if (outside) {
    marks += label(width - 2, 24, `${textOf(Number(far.toPrecision(3)), unit)} ↑`, {
      'text-anchor': 'end',
      'font-size': 10,
      stroke: palette.sheet,
      'stroke-width': 3,
      'paint-order': 'stroke',
    })
  }
  for (const [T, text] of axis.ticks()) {
    const x = axis.x(T)
    marks += line(x, height, x, height + 3, { stroke: soft })
    marks += label(x, height + 14, text, { 'text-anchor': 'middle', fill: soft, 'font-size': 10 })
  }
  marks += line(0, height, width, height, { stroke: soft })
  if (points.length === 0) {
    const text = { en: 'not measured', ja: '計測なし' }[language]
    marks += label(width / 2, height / 2, text, { 'text-anchor': 'middle', fill: soft })
  }
  const heading = drawing.zones ? zoneNames(axis, drawing.zones, language, soft) : ''
  return (
    label(0, -30, title[language], { 'font-weight': 'bold', 'font-size': 12 }) + heading + marks
  )
}

/** What the figure says, for those who can't see it. */
function inWords({ curve, zones }: SweepFigureData, panels: readonly Panel[]): string {
  const ends = [curve[0], curve[curve.length - 1]]
  const parts = panels.flatMap(({ measure, unit }) => {
    const [from, to] = ends.map(point => point?.values[measure]?.median)
    if (from === undefined || to === undefined) return []
    const say = (value: number): string => textOf(Number(value.toPrecision(3)), unit)
    return [`${measure} from ${say(from)} to ${say(to)}`]
  })
  const T = (value: number): string => formatTemperature(Number(value.toPrecision(3)))
  const named = zones?.zones
    .map(({ zone, from, to }) => `${zone} ${T(from)} to ${T(to)}`)
    .join(', ')
  return `Medians from the lowest to the highest temperature: ${parts.join('; ')}.${named ? ` Zones: ${named}.` : ''}`
}

export interface SweepFigureOptions extends FigureOptions {
  /** One column for a page's margin, without title and note, which the page says. Default false. */
  readonly narrow?: boolean
}

/**
 * The curves of a sweep as one SVG: medians with marks, the middle half and the whole range of the
 * seeds as bands, the zones by hatching and name, the corpus's own figures as dashed lines. Each
 * mark bears its `data-measure` and `data-temperature`, so that a page can make it a button.
 */
export function sweepFigure(drawing: SweepFigureData, options: SweepFigureOptions = {}): string {
  const { theme = 'light', language = 'en', narrow = false } = options
  const palette = PALETTES[theme]
  const { curve, name, length } = drawing
  const { width, plot, columns, top } = narrow ? NARROW : SHEET
  const axis = new Axis(
    curve.map(point => point.temperature),
    plot,
  )
  const novel = curve.some(({ values }) => values.longest !== undefined)
  const panels = PANELS.map(spec => {
    if (spec.measure === 'longest' && !novel) return WITHOUT_CORPUS
    const grams = spec.measure === 'spelling' && drawing.unit === 'grams'
    return grams ? { ...spec, title: MISSPELT_GRAMS } : spec
  })
  const texts = Math.max(0, ...curve.map(point => point.texts))
  const title = {
    en: `${name}: what temperature does`,
    ja: `${name}：温度のはたらき`,
  }[language]
  const note = {
    en: `${counted(texts, 'text')} of ${counted(length.toLocaleString('en'), 'character')} at each T. Line: median; bands: middle half and whole range.`,
    ja: `各温度で${length.toLocaleString('en')}字の文章を${texts}本。線は中央値、帯は中央の半分と全範囲。`,
  }[language]
  const rows = Math.ceil(panels.length / columns.length)
  const height = top + rows * ROW + 14
  let inside = definitions(axis, palette)
  if (!narrow) inside += label(20, 26, title, { 'font-size': 16, 'font-weight': 'bold' })
  for (const [i, spec] of panels.entries()) {
    const x = columns[i % columns.length]
    const y = top + 28 + Math.floor(i / columns.length) * ROW
    inside += element(
      'g',
      { transform: `translate(${x} ${y})` },
      panel(spec, drawing, axis, palette, language),
    )
  }
  if (!narrow) inside += label(20, height - 8, note, { fill: palette.soft, 'font-size': 10.5 })
  const temperature = { en: 'temperature', ja: '温度' }[language]
  inside += label(width - (narrow ? 8 : 24), height - 8, `${temperature} →`, {
    'text-anchor': 'end',
    fill: palette.soft,
    'font-size': 10.5,
  })
  return figure(
    { width, height },
    { theme, language, title, about: inWords(drawing, panels) },
    inside,
  )
}
