/** What `ondo eval` shows: symbols left out, a table of scores, and which of them to trust. */
import { counted } from '../../errors.js'
import type { TrainingRecord } from '../../file/index.js'
import type { Score } from '../../measure/model/score.js'
import { describeSymbol } from '../../text/index.js'
import { formatCount, formatSplit } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'

export interface UnknownKind {
  readonly symbol: string
  readonly count: number
}

/** How often each unknown symbol occurs, the most frequent first. */
export function kindsOf(unknown: readonly { symbol: string }[]): UnknownKind[] {
  const counts = new Map<string, number>()
  for (const { symbol } of unknown) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  return [...counts].map(([symbol, count]) => ({ symbol, count })).sort((a, b) => b.count - a.count)
}

/** Kinds of unknown symbols that are listed. */
const KINDS_SHOWN = 10

export function reportUnknown(kinds: readonly UnknownKind[], io: Io): void {
  for (const { symbol, count } of kinds.slice(0, KINDS_SHOWN)) {
    const shown = describeSymbol(symbol)
    io.info({
      en: `left out: ${shown}, ${counted(formatCount(count, io), 'time')}, which the model does not know`,
      ja: `除外: ${shown} ${formatCount(count, io)}回（モデルの語彙にない文字）`,
    })
  }
  const more = kinds.length - KINDS_SHOWN
  if (more > 0) io.info({ en: `and ${counted(more, 'more kind')}`, ja: `ほか${more}種類` })
}

export interface Scores {
  readonly whole: Score
  /** Held-out part and the rest, for the text that the model was trained on. */
  readonly held?: Score
  readonly seen?: Score
  /** Dynamic evaluation of the held-out part, else of the whole text. */
  readonly dynamic?: Score
}

const row = (label: string, result: Score, io: Io): string =>
  `${padEnd(label, 20)}${result.nats.toFixed(4).padStart(8)}${result.bits.toFixed(4).padStart(9)}` +
  `${result.perplexity.toFixed(3).padStart(13)}${formatCount(result.count, io).padStart(14)}\n`

/** A row for each score, 64 columns wide. */
export function scoreTable({ whole, held, seen, dynamic }: Scores, io: Io): string {
  const { bold, dim } = io.stdoutColors
  const head = io.t({
    en: '    nats     bits   perplexity       symbols',
    ja: '  ナット   ビット パープレキシティ    文字数',
  })
  let text = dim(`${padEnd('', 20)}${head}\n`)
  if (held && seen) {
    text += bold(row(io.t({ en: 'held out', ja: '検証用の部分' }), held, io))
    if (dynamic) {
      text += bold(row(io.t({ en: 'held out, dynamic', ja: '検証用（動的評価）' }), dynamic, io))
    }
    text += row(io.t({ en: 'trained on', ja: '学習した部分' }), seen, io)
  }
  text += row(io.t({ en: 'whole text', ja: '全体' }), whole, io)
  if (dynamic && !held) {
    text += row(io.t({ en: 'whole text, dynamic', ja: '全体（動的評価）' }), dynamic, io)
  }
  return text
}

/** Says so where the model was trained on this text. @param held whether a part was held out */
export function reportScope(training: TrainingRecord, own: boolean, held: boolean, io: Io): void {
  if (held) {
    const where = formatSplit(training.split ?? '', training.settings, io)
    io.info({
      en: `This is the text that the model was trained on. Only the held-out part, ${where}, says how well it predicts.`,
      ja: `このテキストはモデルの学習に使われたものです。予測力を示すのは検証用の部分（${where}）だけです。`,
    })
  } else if (own) {
    io.info({
      en: 'This is the text that the model was trained on, and nothing was held out: the loss is lower than on a new text.',
      ja: 'このテキストはモデルの学習に使われたもので、検証用の部分がありません。損失は新しいテキストより低く出ます。',
    })
  }
}
