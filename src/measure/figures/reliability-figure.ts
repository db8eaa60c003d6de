/** The reliability diagram: accuracy of the most likely symbol against its probability. */
import { formatNumber } from '../../knob.js'
import type { Calibration, Reliability } from '../model/calibration.js'
import {
  element,
  type FigureOptions,
  figure,
  label,
  line,
  PALETTES,
  type Palette,
  pathOf,
} from './svg.js'

const SIZE = { width: 440, height: 458 }
const PLOT = { left: 62, top: 58, side: 340 }
/** Height of the bars that show how many predictions each bin has. */
const COUNTS = 34
/** Bins with less than this share of the predictions are noise and get no mark. */
const LEAST = 0.0005

const x = (share: number): number => PLOT.left + share * PLOT.side
const y = (share: number): number => PLOT.top + (1 - share) * PLOT.side

/** A mark of a curve: filled after calibration, hollow before it. */
const mark = (cx: number, cy: number, filled: boolean, colour: string, sheet: string): string =>
  element('circle', {
    cx,
    cy,
    r: 3.4,
    fill: filled ? colour : sheet,
    stroke: colour,
    'stroke-width': 1.6,
  })

function curveOf({ bins }: Reliability, filled: boolean, colour: string, sheet: string): string {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0)
  const points = bins
    .filter(bin => bin.count > LEAST * total)
    .map(bin => [x(bin.confidence), y(bin.accuracy)] as const)
  const path = element('path', {
    d: pathOf(points),
    fill: 'none',
    stroke: colour,
    'stroke-width': 2,
    'stroke-dasharray': filled ? undefined : '5 4',
  })
  const marks = points.map(([cx, cy]) => mark(cx, cy, filled, colour, sheet))
  return path + marks.join('')
}

function counts({ bins }: Reliability, { muted }: Palette): string {
  const most = Math.max(...bins.map(bin => bin.count))
  return bins
    .map(({ from, to, count }) => {
      const height = most === 0 ? 0 : (COUNTS * count) / most
      return element('rect', {
        x: x(from) + 1,
        y: y(0) - height,
        width: x(to) - x(from) - 2,
        height,
        fill: muted,
        'fill-opacity': '0.22',
      })
    })
    .join('')
}

/** The reliability diagram as SVG, before and after calibration. @param name of the model */
export function reliabilityFigure(
  name: string,
  calibration: Calibration,
  options: FigureOptions = {},
): string {
  const { theme = 'light', language = 'en' } = options
  const palette = PALETTES[theme]
  const { ink, muted, grid, background, heat } = palette
  const { before, after, temperature } = calibration
  const T = formatNumber(Number(temperature.toPrecision(4)))
  const words = {
    en: {
      title: `${name}: as right as it is sure?`,
      across: 'probability of the most likely symbol',
      up: 'how often it is right',
      exact: 'as right as sure',
      error: (r: Reliability) => `off by ${(100 * r.error).toFixed(2)}% on average`,
    },
    ja: {
      title: `${name}：自信どおりに当たるか`,
      across: '最有力候補の確率',
      up: '当たった割合',
      exact: '自信どおり',
      error: (r: Reliability) => `平均のずれ ${(100 * r.error).toFixed(2)}%`,
    },
  }[language]
  let content = label(20, 28, words.title, { 'font-size': 16, 'font-weight': 'bold' })
  for (const tick of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    const text = `${Math.round(100 * tick)}%`
    content += line(x(0), y(tick), x(1), y(tick), { stroke: grid })
    content += line(x(tick), y(0), x(tick), y(1), { stroke: grid })
    content += label(x(0) - 7, y(tick) + 4, text, { 'text-anchor': 'end', fill: muted })
    content += label(x(tick), y(0) + 17, text, { 'text-anchor': 'middle', fill: muted })
  }
  content += counts(after, palette)
  content += line(x(0), y(0), x(1), y(1), { stroke: ink, 'stroke-width': 1 })
  content += label(x(0.3) + 4, y(0.3) + 16, words.exact, { 'font-style': 'italic', fill: muted })
  content += line(x(0), y(0), x(1), y(0), { stroke: muted })
  content += curveOf(before, false, heat[0], background) + curveOf(after, true, heat[4], background)
  const legend = (row: number, filled: boolean, text: string): string => {
    const [left, middle] = [PLOT.left + 14, PLOT.top + 18 + 20 * row]
    const colour = heat[filled ? 4 : 0]
    return (
      line(left, middle, left + 30, middle, {
        stroke: colour,
        'stroke-width': 2,
        'stroke-dasharray': filled ? undefined : '5 4',
      }) +
      mark(left + 15, middle, filled, colour, background) +
      label(left + 38, middle + 4, text)
    )
  }
  content += legend(0, false, `T = 1: ${words.error(before)}`)
  content += legend(1, true, `T* = ${T}: ${words.error(after)}`)
  content += label(x(0.5), SIZE.height - 18, words.across, { 'text-anchor': 'middle' })
  content += label(0, 0, words.up, {
    'text-anchor': 'middle',
    transform: `translate(18 ${y(0.5)}) rotate(-90)`,
  })
  const about = `Expected calibration error ${(100 * before.error).toFixed(2)}% at T = 1 and ${(100 * after.error).toFixed(2)}% at T = ${T}, over ${calibration.count} predictions.`
  return figure(SIZE, { theme, language, title: words.title, about }, content)
}
