/** What `ondo calibrate` shows: T*, losses and errors, the reliability diagram, what was measured. */

import { counted } from '../../errors.js'
import type { TrainingRecord } from '../../file/index.js'
import { formatNumber } from '../../knob.js'
import type { Calibration, ReliabilityBin } from '../../measure/index.js'
import { LN2 } from '../../numeric.js'
import { formatCount, formatSplit } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'

/** Cells of a bar; two of them, with what stands beside, make 80 columns. */
const CELLS = 26

/** Full cells up to the smaller of accuracy and confidence, shaded ones for their difference. */
function reliabilityBar({ confidence, accuracy, count }: ReliabilityBin): string {
  if (count === 0) return ''
  const [right, sure] = [Math.round(accuracy * CELLS), Math.round(confidence * CELLS)]
  return `${'█'.repeat(Math.min(right, sure))}${(right > sure ? '▓' : '░').repeat(Math.abs(right - sure))}`
}

const share = (part: number, all: number): string =>
  (part === 0 ? '' : `${((100 * part) / all).toFixed(1)}%`).padStart(7)

export function reliabilityDiagram(
  { before, after, count, temperature }: Calibration,
  io: Io,
): string {
  const T = Number(temperature.toPrecision(4))
  const head = `${padEnd('', 8)}${padEnd('  T = 1', CELLS + 9)}${`  T = ${T}`}`
  const rows = before.bins.map((bin, i) => {
    const other = after.bins[i]!
    const range = `${Math.round(100 * bin.from)}–${Math.round(100 * bin.to)}%`.padStart(8)
    const cells = `${share(bin.count, count)} ${padEnd(reliabilityBar(bin), CELLS + 1)}`
    return `${range}${cells}${share(other.count, count)} ${reliabilityBar(other)}`.trimEnd()
  })
  const key = io.t({
    en: 'Columns: confidence, share of the predictions, accuracy.\n█ accuracy up to the confidence, ▓ accuracy above it, ░ missing accuracy.',
    ja: '左から、確信度、予測に占める割合、正解率。\n█ 確信度までの正解率、▓ 確信度を上回る分、░ 確信度に足りない分',
  })
  return `${io.stdoutColors.dim(head)}\n${rows.join('\n')}\n${key}\n`
}

export function calibrationSummary(calibration: Calibration, io: Io): string {
  const { before, after, temperature, interval } = calibration
  const write = (T: number): string => formatNumber(T, x => x.toFixed(3))
  const row = (name: string, a: string, b: string): string =>
    `${padEnd(name, 34)}${a.padStart(10)}${b.padStart(10)}\n`
  const nats = (n: number): string => n.toFixed(4)
  const percent = (e: number): string => `${(100 * e).toFixed(2)}%`
  const reach = interval ? ` (95%: ${write(interval[0])} – ${write(interval[1])})` : ''
  return (
    io.stdoutColors.bold(`T* = ${write(temperature)}${reach}\n`) +
    io.stdoutColors.dim(row('', 'T = 1', 'T*')) +
    row(
      io.t({ en: 'loss, nats a symbol', ja: '損失（ナット/文字）' }),
      nats(before.nats),
      nats(after.nats),
    ) +
    row(
      io.t({ en: 'loss, bits a symbol', ja: '損失（ビット/文字）' }),
      nats(before.nats / LN2),
      nats(after.nats / LN2),
    ) +
    row(
      io.t({ en: 'expected calibration error', ja: '期待較正誤差' }),
      percent(before.error),
      percent(after.error),
    )
  )
}

/** Which symbols of the text were predicted, and what that means for the result. */
export function reportScope(
  calibration: Calibration,
  text: {
    /** Only held-out parts were predicted. */
    readonly held: boolean
    /** The model was trained on this text. */
    readonly own: boolean
    /** Symbols that the model does not know. */
    readonly unknown: number
    readonly training: TrainingRecord
  },
  io: Io,
): void {
  const { held, own, unknown, training } = text
  const count = formatCount(calibration.count, io)
  if (held) {
    const where = formatSplit(training.split ?? '', training.settings, io)
    io.info(
      io.t({
        en: `${count} predictions in the part that was held out of training: ${where}`,
        ja: `学習に使わなかった部分（${where}）での${count}回の予測`,
      }),
    )
  } else if (own) {
    io.info({
      en: 'The model was trained on this text and nothing was held out: T* is too low, and it looks better than it is.',
      ja: 'このテキストはモデルの学習に使われ、検証用の部分がない。T*は低すぎ、実際より良く見える。',
    })
  } else {
    io.info(io.t({ en: `${count} predictions`, ja: `${count}回の予測` }))
  }
  if (unknown > 0) {
    io.info(
      io.t({
        en: `left out: ${counted(formatCount(unknown, io), 'symbol')} unknown to the model`,
        ja: `モデルの知らない文字${formatCount(unknown, io)}個を除いた`,
      }),
    )
  }
}
