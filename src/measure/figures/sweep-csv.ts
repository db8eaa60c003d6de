/** A sweep as CSV tables with all measured values, for other programs. */
import { formatNumber } from '../../knob.js'
import { type CurvePoint, SWEEP_MEASURES, type SweepText, sortTexts } from '../sweep/curve.js'

const SPREAD = ['median', 'low', 'high', 'least', 'greatest'] as const

const rows = (lines: readonly (readonly (string | number | undefined)[])[]): string =>
  lines.map(cells => `${cells.map(cell => cell ?? '').join(',')}\n`).join('')

/**
 * One row per text: temperature, seed, measures, the loop in which it ends, and the loop proof. The
 * same texts give the same bytes. Values that were not measured are empty.
 */
export function sweepCsv(texts: readonly SweepText[]): string {
  const head = [
    ...['temperature', 'seed', 'characters', 'words', ...SWEEP_MEASURES],
    ...['loop_period', 'loop_start', 'proof_start', 'proof_period'],
  ]
  const row = (text: SweepText) => [
    formatNumber(text.temperature),
    String(text.seed),
    text.characters,
    text.words,
    ...SWEEP_MEASURES.map(measure => text.values[measure]),
    ...[text.loop?.period, text.loop?.start, text.proof?.start, text.proof?.period],
  ]
  return rows([head, ...sortTexts(texts).map(row)])
}

/** One row per temperature: median, quartiles and range of each measure over the seeds. */
export function curveCsv(curve: readonly CurvePoint[]): string {
  const head = [
    'temperature',
    'texts',
    ...SWEEP_MEASURES.flatMap(measure => SPREAD.map(part => `${measure}_${part}`)),
  ]
  const row = ({ temperature, texts, values }: CurvePoint) => [
    formatNumber(temperature),
    texts,
    ...SWEEP_MEASURES.flatMap(measure => SPREAD.map(part => values[measure]?.[part])),
  ]
  return rows([head, ...curve.map(row)])
}
