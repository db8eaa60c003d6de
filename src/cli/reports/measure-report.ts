/** What `ondo measure` shows: a table of measures beside the usual ones, and what is missing. */
import { counted } from '../../errors.js'
import {
  COPIED_LENGTH,
  type Measures,
  type SpellingFilter,
  type TypicalRange,
  unknownWords,
  type WindowStatistics,
} from '../../measure/index.js'
import { printable } from '../../text/index.js'
import { formatCount } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { padEnd, width, wrap } from '../terminal/language.js'

const percent = (share: number): string => {
  const text = (100 * share).toFixed(share < 0.1 ? 2 : 1)
  return `${text}%`
}
const bits = (value: number): string => value.toFixed(3)
const whole = (value: number): string => String(Math.round(value))

interface Row {
  readonly name: { readonly en: string; readonly ja: string }
  readonly value: string
  readonly usual?: string
}

const range = (
  usual: TypicalRange | undefined,
  write: (value: number) => string,
): string | undefined => usual && `${write(usual[1])}  (${write(usual[0])} – ${write(usual[2])})`

/** @param heldOut loss of the model's held-out text, bits a symbol */
function rowsOf(
  measures: Measures,
  usual: WindowStatistics | undefined,
  heldOut: number | undefined,
): Row[] {
  const { surprisal, entropy, repetition, distinct, looping, loop, spelling, novelty, balance } =
    measures
  const or = (value: number | undefined, write: (value: number) => string): string =>
    value === undefined ? '-' : write(value)
  const loopText = loop ? ` (${loop.count} x ${loop.period})` : ''
  const grams = spelling?.unit === 'grams'
  return [
    {
      name: { en: 'surprisal, bits a character', ja: '意外さ（ビット/文字）' },
      value: or(surprisal, bits),
      usual: heldOut === undefined ? undefined : bits(heldOut),
    },
    {
      name: { en: 'entropy at T = 1, bits', ja: '温度1のエントロピー（ビット）' },
      value: or(entropy, bits),
    },
    {
      name: { en: 'repetition, 8-grams seen before', ja: '反復（既出の8文字連鎖）' },
      value: or(repetition, percent),
      usual: range(usual?.repetition, percent),
    },
    {
      name: { en: 'inside the loop it ends in', ja: '末尾のループの割合' },
      value: percent(looping) + loopText,
      usual: range(usual?.looping, percent),
    },
    {
      name: grams
        ? { en: 'misspelling, 4-grams never seen', ja: '綴り誤り（学習文にない4文字連鎖）' }
        : { en: 'misspelling, words never seen', ja: '綴り誤り（学習文にない語）' },
      value: or(spelling?.rate, percent),
      usual: range(usual?.spelling, percent),
    },
    ...distinct.slice(0, 2).map((value, i) => ({
      name: {
        en: i === 0 ? 'different words' : 'different pairs of words',
        ja: i === 0 ? '異なる語' : '異なる2語の組',
      },
      value: or(value, percent),
      usual: range(usual?.distinct[i], percent),
    })),
    {
      name: { en: 'longest run copied, characters', ja: '最長の写し（文字）' },
      value: novelty ? whole(novelty.longest?.length ?? 0) : '-',
      usual: range(usual?.longest, whole),
    },
    {
      name: {
        en: `inside copies of ${COPIED_LENGTH} or more`,
        ja: `${COPIED_LENGTH}字以上の写しの割合`,
      },
      value: or(novelty?.copied, percent),
      usual: range(usual?.copied, percent),
    },
    {
      name: { en: 'brackets, quotes: open, stray', ja: '括弧・引用符：閉じ忘れ、余り' },
      value: `${balance.open}, ${balance.stray}`,
    },
  ]
}

export interface MeasuredText {
  readonly name: string
  readonly text: string
  readonly measures: Measures
  readonly filter: SpellingFilter | undefined
  /** Usual values for stretches of the corpus of this length. */
  readonly usual: WindowStatistics | undefined
  /** Loss of the model's held-out text, bits a symbol. */
  readonly heldOut: number | undefined
}

/** At most 80 columns wide. */
export async function writeMeasureTable(
  { name, text, measures, filter, usual, heldOut }: MeasuredText,
  io: Io,
): Promise<void> {
  const rows = rowsOf(measures, usual, heldOut)
  const head = io.t({ en: 'usual for the corpus (1% – 99%)', ja: 'コーパスの通常値（1%〜99%）' })
  await io.write(
    `${io.stdoutColors.bold(name)}: ${io.t({
      en: `${counted(formatCount(measures.characters, io), 'character')}, ${counted(formatCount(measures.words, io), 'word')}`,
      ja: `${formatCount(measures.characters, io)}文字、${formatCount(measures.words, io)}語`,
    })}\n`,
  )
  await io.write(io.stdoutColors.dim(`${padEnd('', 49)}${head}\n`))
  for (const { name: label, value, usual: own } of rows) {
    const shown = ' '.repeat(Math.max(0, 14 - width(value))) + value
    await io.write(`${`${padEnd(io.t(label), 33)}${shown}  ${own ?? ''}`.trimEnd()}\n`)
  }
  const strange = filter && filter.unit === 'words' ? unknownWords(text, filter) : []
  if (strange.length > 0) {
    const list = [...new Set(strange.map(word => printable(word.text)))]
    const shown = list.slice(0, 12).join(', ') + (list.length > 12 ? ', …' : '')
    for (const part of wrap(`${io.t({ en: 'never seen', ja: '学習文にない語' })}: ${shown}`, 80)) {
      await io.write(`${part}\n`)
    }
  }
}

/**
 * Says which measures are missing and why.
 * @param unknown symbols that the model does not know
 * @param hasCorpus whether the training text was given
 */
export function reportMissing(
  { missing }: Measures,
  unknown: number,
  hasCorpus: boolean,
  io: Io,
): void {
  for (const name of ['spelling', 'novelty'] as const) {
    const why = missing[name]
    if (why && name === 'novelty' && !hasCorpus) {
      io.info({
        en: 'finding what is copied needs the training text: --corpus FILE',
        ja: '写しの測定には学習したテキストが必要です: --corpus ファイル',
      })
    } else if (why) io.info(why)
  }
  if (unknown > 0) {
    io.info(
      io.t({
        en: `without surprisal: ${counted(formatCount(unknown, io), 'character')} unknown to the model`,
        ja: `モデルの知らない文字が${formatCount(unknown, io)}個あり、意外さの計算から除いた`,
      }),
    )
  }
}
