/** What `ondo sample` says of a text: symbols left out of the prompt, a summary, warnings. */
import { counted } from '../../errors.js'
import type { Step, StopReason } from '../../generate/index.js'
import type { Bilingual } from '../../knob.js'
import type { Seed } from '../../random.js'
import { formatSchedule, type Schedule, SurpriseReach } from '../../temperature/index.js'
import { describeSymbol, type UnknownSymbol } from '../../text/index.js'
import type { Io } from '../terminal/io.js'

/** Says which symbols of the prompt the model does not know, and what became of them. */
export function reportUnknown(unknown: readonly UnknownSymbol[], io: Io): void {
  for (const { symbol, replacement } of unknown) {
    // With code points: two symbols may look the same.
    const shown = describeSymbol(symbol)
    io.info(
      replacement === undefined
        ? {
            en: `left out ${shown}, which the model does not know`,
            ja: `${shown} を除いた（モデルの知らない文字）`,
          }
        : {
            en: `${describeSymbol(replacement)} stands for ${shown}, which the model does not know`,
            ja: `${shown} の代わりに ${describeSymbol(replacement)} を使った（モデルの知らない文字）`,
          },
    )
  }
}

export class SampleReport {
  text = ''
  symbols = 0
  stop: StopReason | 'interrupted' = 'interrupted'
  stopString: string | undefined
  private readonly temperature: number | Schedule
  private readonly seed: Seed
  private readonly reach: SurpriseReach
  private readonly started = performance.now()
  private surprisal = 0
  private temperatureNote: Bilingual | undefined
  private stepsWithNote = 0

  constructor(temperature: number | Schedule, seed: Seed) {
    this.temperature = temperature
    this.seed = seed
    this.reach = new SurpriseReach(temperature)
  }

  /** @param temperatureNote why the temperature had no effect on this step */
  push(step: Step, temperatureNote: Bilingual | undefined): void {
    if (temperatureNote) this.stepsWithNote++
    this.temperatureNote ??= temperatureNote
    this.text += step.text
    this.symbols++
    this.surprisal += step.surprisal
    this.reach.push(step)
    if (step.stop) {
      this.stop = step.stop
      this.stopString = step.stopString
    }
  }

  /** Mean surprisal; null for an empty text. */
  get bitsPerSymbol(): number | null {
    return this.symbols > 0 ? this.surprisal / this.symbols : null
  }

  summary(io: Io): string {
    const { temperature, seed, symbols, bitsPerSymbol } = this
    const rate = Math.round(symbols / ((performance.now() - this.started) / 1000))
    const speed = rate.toLocaleString('en')
    const T = formatSchedule(
      typeof temperature === 'number' ? { kind: 'constant', temperature } : temperature,
    )
    const bits = bitsPerSymbol === null ? '' : ` · ${bitsPerSymbol.toFixed(2)} `
    return io.t({
      en: `— T ${T} · seed ${seed} · ${counted(symbols, 'symbol')}${bits && `${bits}bits a symbol`} · ${speed} a second`,
      ja: `— 温度 ${T} · シード ${seed} · ${symbols}文字${bits && `${bits}ビット/文字`} · 毎秒${speed}文字`,
    })
  }

  warnings(): Bilingual[] {
    const { temperatureNote: note, stepsWithNote, symbols } = this
    // Where only some steps ignore the temperature, one symbol is likely there: no cause for a warning.
    const ignored = note && stepsWithNote === symbols ? [note] : []
    return [...ignored, this.reach.note() ?? []].flat()
  }
}
