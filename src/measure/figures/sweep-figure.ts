/** The figure of a sweep: six measures over T with their spread, and the three zones. */

import { counted } from '../../errors.js'
import { formatNumber } from '../../knob.js'
import type { CurvePoint } from '../sweep/curve.js'
import type { Zones } from '../sweep/zones.js'
import type { SpellingUnit } from '../text/spelling-filter.js'
import { element, type FigureOptions, figure, label, PALETTES } from './svg.js'
import { Axis, definitions, drawPanel, formatValue, type Panel } from './sweep-panel.js'

/** The data of a figure: a `SweepResult`, or a `StoredSweep` of a model file. */
export interface SweepFigureData {
  /** Name of the model. */
  readonly name: string
  /** Length of each text, characters. */
  readonly length: number
  readonly curve: readonly CurvePoint[]
  readonly zones?: Zones
  /** Unit of the spelling measure. Default `words`. */
  readonly unit?: SpellingUnit
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
    title: { en: 'Loops: share of the text content', ja: 'ループ：その中にある割合' },
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
/** Title of the spelling panel for scripts without spaces. */
const MISSPELT_GRAMS = {
  en: 'Misspelling: 4-grams never seen',
  ja: '綴り誤り：学習文にない4文字連鎖',
}
/** Replaces the novelty panel when novelty was not measured. */
const WITHOUT_CORPUS: Panel = {
  measure: 'distinct2',
  unit: 'share',
  title: { en: 'Variety: different pairs of words', ja: '多様さ：異なる2語の組' },
}

/** Layout of the panels: on a sheet of their own, or in a narrow column of a page. */
interface PanelLayout {
  readonly width: number
  readonly plot: number
  readonly columns: readonly number[]
  readonly top: number
}
const WIDE: PanelLayout = { width: 760, plot: 300, columns: [58, 436], top: 56 }
const NARROW: PanelLayout = { width: 284, plot: 234, columns: [44], top: 20 }
const ROW = 190
/** The text alternative of the figure, for screen readers. */
function describeFigure({ curve, zones }: SweepFigureData, panels: readonly Panel[]): string {
  const ends = [curve[0], curve[curve.length - 1]]
  const parts = panels.flatMap(({ measure, unit }) => {
    const [from, to] = ends.map(point => point?.values[measure]?.median)
    if (from === undefined || to === undefined) return []
    const write = (value: number): string => formatValue(Number(value.toPrecision(3)), unit)
    return [`${measure} from ${write(from)} to ${write(to)}`]
  })
  const T = (value: number): string => formatNumber(Number(value.toPrecision(3)))
  const named = zones?.zones
    .map(({ zone, from, to }) => `${zone} ${T(from)} to ${T(to)}`)
    .join(', ')
  return `Medians from the lowest to the highest temperature: ${parts.join('; ')}.${named ? ` Zones: ${named}.` : ''}`
}

export interface SweepFigureOptions extends FigureOptions {
  /** One column without title and note, for a page that shows these itself. Default false. */
  readonly narrow?: boolean
}

/**
 * The curves of a sweep as one SVG: medians as marks, the interquartile range and the whole range of
 * the seeds as bands, the zones as hatching with names, the values of the corpus as dashed lines.
 * Each mark has the attributes `data-measure` and `data-temperature`, so that a page can make it a
 * button.
 */
export function sweepFigure(data: SweepFigureData, options: SweepFigureOptions = {}): string {
  const { theme = 'light', language = 'en', narrow = false } = options
  const palette = PALETTES[theme]
  const { curve, name, length } = data
  const { width, plot, columns, top } = narrow ? NARROW : WIDE
  const axis = new Axis(
    curve.map(point => point.temperature),
    plot,
  )
  const novel = curve.some(({ values }) => values.longest !== undefined)
  const panels = PANELS.map(spec => {
    if (spec.measure === 'longest' && !novel) return WITHOUT_CORPUS
    const grams = spec.measure === 'spelling' && data.unit === 'grams'
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
  let content = definitions(axis, palette)
  if (!narrow) content += label(20, 26, title, { 'font-size': 16, 'font-weight': 'bold' })
  for (const [i, spec] of panels.entries()) {
    const x = columns[i % columns.length]
    const y = top + 28 + Math.floor(i / columns.length) * ROW
    content += element(
      'g',
      { transform: `translate(${x} ${y})` },
      drawPanel(spec, data, axis, palette, language),
    )
  }
  if (!narrow) content += label(20, height - 8, note, { fill: palette.muted, 'font-size': 10.5 })
  const temperature = { en: 'temperature', ja: '温度' }[language]
  content += label(width - (narrow ? 8 : 24), height - 8, `${temperature} →`, {
    'text-anchor': 'end',
    fill: palette.muted,
    'font-size': 10.5,
  })
  return figure(
    { width, height },
    { theme, language, title, about: describeFigure(data, panels) },
    content,
  )
}
