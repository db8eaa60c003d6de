/** What `ondo explain` shows: the candidates of one step, and why one of them was drawn. */

import type { SymbolRecord } from '../../generate/index.js'
import { formatNumber } from '../../knob.js'
import type { Seed } from '../../random.js'
import type { Candidate, Interval } from '../../temperature/index.js'
import { printable, type Tokenizer } from '../../text/index.js'
import type { Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'
import { EIGHTHS } from '../terminal/progress-line.js'

/** Cells of a bar; the rest of the row is 52 columns. */
const BAR = 26

/** A bar of `share` of its full width, to an eighth of a cell. */
function bar(share: number): string {
  const eighths = Math.round(share * BAR * 8)
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]
}

const percent = (p: number): string => {
  const text = (100 * p).toFixed(p < 0.1 ? 2 : 1)
  return `${p > 0 && Number(text) === 0 ? '<0.01' : text}%`.padStart(8)
}

const intervalText = ({ low, high }: Interval, rank: number): string => {
  const end = (T: number): string => formatNumber(T, x => x.toPrecision(4))
  return rank === 1 ? `0 <= T <= ${end(high)}` : `${end(low)} < T <= ${end(high)}`
}

export interface ExplainedStep {
  /** The candidates to list, the likeliest first. */
  readonly top: readonly Candidate[]
  /** All other candidates together. */
  readonly others: { readonly count: number; readonly p: number; readonly pT: number }
  /** The candidate that was drawn; it may be among the others. */
  readonly drawn: Candidate
  readonly draw: SymbolRecord
  /** Entropy in bits at T = 1 and at the temperature. */
  readonly entropy: number
  readonly entropyT: number
  readonly temperature: number
  readonly seed: Seed
}

/** A table of candidates, at most 80 columns wide, and sentences about the draw. */
export function explainLines(step: ExplainedStep, tokenizer: Tokenizer, io: Io): string[] {
  const { top, others, drawn, draw, entropy, entropyT, temperature, seed } = step
  const symbol = (id: number): string => printable(tokenizer.symbol(id))
  const T = formatNumber(temperature)
  const row = ({ id, rank, logit, p, pT, cumulative }: Candidate): string => {
    const isDrawn = id === draw.id
    const line = `${isDrawn ? '>' : ' '}${String(rank).padStart(4)}  ${padEnd(symbol(id), 7)}${logit.toFixed(2).padStart(7)}${percent(p)}${percent(pT)}${percent(cumulative)}  ${bar(pT)}`
    return isDrawn ? io.stdoutColors.bold(line) : line
  }
  const lines = [
    io.t({
      en: ' rank  symbol   logit    p(1)    p(T)    C(T)',
      ja: ' 順位  文字  ロジット    p(1)    p(T)    C(T)',
    }),
    ...top.map(row),
  ]
  if (others.count > 0) {
    const word = io.t({ en: `${others.count} more`, ja: `ほか${others.count}` })
    lines.push(
      `       ${padEnd(word, 14)}${percent(others.p)}${percent(others.pT)}${percent(1)}  ${bar(others.pT)}`,
    )
  }
  if (draw.rank > top.length) lines.push(row(drawn))
  lines.push(
    '',
    io.t({
      en: `entropy ${entropy.toFixed(2)} bits at 1, ${entropyT.toFixed(2)} at ${T}`,
      ja: `エントロピー　温度1で ${entropy.toFixed(2)} ビット、温度${T}で ${entropyT.toFixed(2)} ビット`,
    }),
    draw.coin === null
      ? io.t({
          en: `T = 0 uses no random number: ${symbol(draw.id)} is the most likely`,
          ja: `温度0では乱数を使わず、最も確率の高い ${symbol(draw.id)} を選ぶ`,
        })
      : io.t({
          en: `random number ${draw.coin.toFixed(4)} (seed ${seed}) lands on ${symbol(draw.id)}, rank ${draw.rank}: the first C(T) to reach it`,
          ja: `乱数 ${draw.coin.toFixed(4)}（シード ${seed}）が当たるのは順位 ${draw.rank} の ${symbol(draw.id)}。C(T) が初めて届く候補`,
        }),
  )
  if (draw.interval) {
    const range = intervalText(draw.interval, draw.rank)
    lines.push(io.t({ en: `the same choice for ${range}`, ja: `同じ選択になる温度 ${range}` }))
  }
  return lines
}
