/** What `ondo aim` shows: each step of the search, and the temperature that it found. */
import { counted } from '../../errors.js'
import { type Bilingual, formatNumber } from '../../knob.js'
import type { AimEvent, AimMeasure, AimResult, SweepCell } from '../../measure/index.js'
import { formatCount } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { LiveLine } from '../terminal/progress-line.js'

const UNITS: Readonly<Record<AimMeasure, Bilingual>> = {
  spelling: { en: 'misspelt', ja: '綴り誤り' },
  repetition: { en: 'repeated', ja: '反復' },
  surprisal: { en: 'bits a character', ja: 'ビット/文字' },
  entropy: { en: 'bits of entropy', ja: 'ビット（エントロピー）' },
}

const SIDES: Readonly<Record<Extract<AimEvent, { type: 'step' }>['side'], Bilingual>> = {
  above: { en: 'T is higher', ja: '目標の温度はもっと高い' },
  below: { en: 'T is lower', ja: '目標の温度はもっと低い' },
  near: { en: 'too near to tell', ja: '目標に近く、区別できない' },
}

const shortT = (T: number): string => formatNumber(Number(T.toPrecision(3)))

/** `2.1%`, `1.500`. */
function formatValue(measure: AimMeasure, value: number): string {
  const share = measure === 'spelling' || measure === 'repetition'
  return share ? `${(100 * value).toFixed(value < 0.1 ? 2 : 1)}%` : value.toFixed(3)
}

/** `2.1% misspelt`, `1.500 bits a character`. */
const formatMeasure = (measure: AimMeasure, value: number, io: Io): string =>
  `${formatValue(measure, value)} ${io.t(UNITS[measure])}`

export class AimProgress {
  private readonly io: Io
  private readonly measure: AimMeasure
  private readonly line: LiveLine
  private texts = 0

  constructor(io: Io, measure: AimMeasure) {
    this.io = io
    this.measure = measure
    this.line = new LiveLine(io)
  }

  /** A text is written now. */
  text({ temperature }: SweepCell): void {
    this.texts++
    this.line.update(() => `${this.texts} · T ${shortT(temperature)}`)
  }

  report(event: AimEvent): void {
    const { io, measure } = this
    if (event.type === 'range') {
      const [first, last] = [event.curve[0], event.curve[event.curve.length - 1]]
      const [from, to] = [first, last].map(point => formatValue(measure, point!.mean))
      this.line.print(
        io.t({
          en: `from ${from} at T = 0 to ${to} at T = inf`,
          ja: `温度0で${from}、無限大で${to}`,
        }),
      )
    }
    if (event.type === 'step') {
      const { temperature, low, high, texts } = event.step
      const value = `${formatValue(measure, low)} – ${formatMeasure(measure, high, io)}`
      const [T, side] = [shortT(temperature), io.t(SIDES[event.side])]
      this.line.print(
        io.t({
          en: `T ${T}: ${value} in ${counted(texts, 'text')}: ${side}`,
          ja: `温度${T}: ${texts}本で${value}: ${side}`,
        }),
      )
    }
  }

  clear(): void {
    this.line.clear()
  }
}

/** @param length characters of each text */
export function aimReport(result: AimResult, length: number, io: Io): string {
  const { measure, target, temperature, interval, check } = result
  const [low, high] = interval.map(shortT)
  const T = shortT(temperature)
  const goal = formatMeasure(measure, target, io)
  const answer = io.t({
    en: ` for ${goal} (95%: ${low} – ${high})`,
    ja: `（目標 ${goal}、95%信頼区間 ${low} – ${high}）`,
  })
  const range = `${formatValue(measure, check.low)} – ${formatValue(measure, check.high)}`
  const mean = formatMeasure(measure, check.mean, io)
  const checked = io.t({
    en: `${counted(check.texts, 'fresh text')} of ${counted(formatCount(length, io), 'character')} at ${T}: ${mean} (95%: ${range})`,
    ja: `温度${T}で新しく書いた文章${check.texts}本（各${formatCount(length, io)}字）: ${mean}（95%信頼区間 ${range}）`,
  })
  return `${io.stdoutColors.bold(`T = ${T}`)}${answer}\n${checked}\n`
}
