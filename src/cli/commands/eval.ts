/** `ondo eval`: how well a model predicts a text. */
import { counted, InputError } from '../../errors.js'
import type { Model } from '../../file/index.js'
import { type Score, score, scoreOfParts } from '../../measure/model/score.js'
import { readCorpus } from '../../node/read.js'
import {
  contentToScore,
  describeSymbol,
  encodeContent,
  encodeToScore,
  type TextRange,
} from '../../text/index.js'
import { recordedDataParts } from '../../train/data-parts.js'
import { JSON_FLAG } from '../flags.js'
import { hashOfCorpus, READING_FLAGS, reportReading } from '../inputs/corpus.js'
import { openModel } from '../inputs/open-model.js'
import { DYNAMIC_FLAGS, dynamicOptions, scoreDynamically } from '../reports/dynamic-score.js'
import type { CommandSpec } from '../spec.js'
import { formatCount, formatSplit } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'
import { LiveLine, symbolProgress } from '../terminal/progress-line.js'

interface EvalOptions {
  readonly encoding?: string
  readonly raw?: boolean
  readonly json?: boolean
}

/** Where the trainer that made the model held text out, or undefined when the file does not say. */
function heldOut({ training }: Model, size: number): readonly TextRange[] | undefined {
  const parts = recordedDataParts(training, size)?.heldOut
  return parts && parts.length > 0 ? parts : undefined
}

/** What lies between the stretches. */
function complement(parts: readonly TextRange[], size: number): TextRange[] {
  const rest: TextRange[] = []
  let at = 0
  for (const { from, to } of [...parts].sort((a, b) => a.from - b.from)) {
    if (from > at) rest.push({ from: at, to: from })
    at = Math.max(at, to)
  }
  if (at < size) rest.push({ from: at, to: size })
  return rest
}

interface UnknownKind {
  readonly symbol: string
  readonly count: number
}

function kindsOf(unknown: readonly { symbol: string }[]): UnknownKind[] {
  const counts = new Map<string, number>()
  for (const { symbol } of unknown) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  return [...counts].map(([symbol, count]) => ({ symbol, count })).sort((a, b) => b.count - a.count)
}

const row = (label: string, result: Score, io: Io): string =>
  `${padEnd(label, 20)}${result.nats.toFixed(4).padStart(8)}${result.bits.toFixed(4).padStart(9)}` +
  `${result.perplexity.toFixed(3).padStart(13)}${formatCount(result.count, io).padStart(14)}\n`

async function run(io: Io, [name, given]: readonly unknown[], more: object): Promise<number> {
  const options = more as EvalOptions
  const paths = given as readonly string[]
  if (name === '-' && paths.includes('-')) {
    throw new InputError('argument', 'Both MODEL and TEXT are -, and there is one standard input.')
  }
  const settings = dynamicOptions({ ...more })
  const model = await openModel(name)
  const { encoding, raw } = options
  const corpus = await readCorpus(paths, { encoding, raw, tokenizerKind: model.tokenizer.kind })
  reportReading(corpus, io)
  const own =
    model.training.corpusHash !== undefined &&
    (await hashOfCorpus(corpus)) === model.training.corpusHash
  // As training had it, or the places of its held-out parts would be others.
  const { ids, unknown } = own
    ? encodeContent(model.tokenizer, corpus.content, 'skip')
    : encodeToScore(model.tokenizer, contentToScore(corpus.content))
  const kinds = kindsOf(unknown)
  if (ids.length < 2 && unknown.length > 0) {
    throw new InputError(
      'text-unknown',
      `The model knows ${ids.length === 0 ? 'none' : 'only one'} of the ${counted(unknown.length + ids.length, 'symbol')} of the text; expected a text in the model's script.`,
    )
  }
  const parts = own ? heldOut(model, ids.length) : undefined

  const line = new LiveLine(io)
  const whole = await score(model, ids, {
    surprisals: parts !== undefined,
    signal: io.interrupt,
    onProgress: symbolProgress(line),
  })
  const judged = parts ?? [{ from: 1, to: ids.length }]
  const dynamic =
    settings &&
    (await scoreDynamically(model, ids, judged, {
      settings,
      signal: io.interrupt,
      onProgress: symbolProgress(line),
    }))
  line.clear()
  const held = parts && whole.surprisals && scoreOfParts(whole.surprisals, parts)
  const seen =
    parts && whole.surprisals && scoreOfParts(whole.surprisals, complement(parts, ids.length))
  const { surprisals: _, ...all } = whole

  if (options.json) {
    await io.json({
      model: model.hash,
      text: corpus.name,
      symbols: ids.length,
      unknown: { count: unknown.length, kinds },
      whole: all,
      trainedOnThisText: own,
      heldOut: held ?? null,
      seen: seen ?? null,
      ...(settings && { dynamic: { ...settings, score: dynamic } }),
    })
    return DONE
  }
  for (const { symbol, count } of kinds.slice(0, 10)) {
    io.info(
      io.t({
        en: `left out: ${describeSymbol(symbol)}, ${counted(formatCount(count, io), 'time')}, which the model does not know`,
        ja: `除外: ${describeSymbol(symbol)} ${formatCount(count, io)}回（モデルの知らない文字）`,
      }),
    )
  }
  if (kinds.length > 10) {
    io.info(
      io.t({
        en: `and ${counted(kinds.length - 10, 'more kind')}`,
        ja: `ほか${kinds.length - 10}種類`,
      }),
    )
  }
  const head = `${padEnd('', 20)}${io.t({ en: '    nats     bits   perplexity       symbols', ja: '  ナット   ビット パープレキシティ    文字数' })}\n`
  await io.write(io.stdoutColors.dim(head))
  if (held && seen) {
    await io.write(
      io.stdoutColors.bold(row(io.t({ en: 'held out', ja: '検証用の部分' }), held, io)),
    )
    if (dynamic) {
      const label = io.t({ en: 'held out, dynamic', ja: '検証用（動的評価）' })
      await io.write(io.stdoutColors.bold(row(label, dynamic, io)))
    }
    await io.write(row(io.t({ en: 'trained on', ja: '学習した部分' }), seen, io))
  }
  await io.write(row(io.t({ en: 'whole text', ja: '全体' }), all, io))
  if (dynamic && !held) {
    await io.write(row(io.t({ en: 'whole text, dynamic', ja: '全体（動的評価）' }), dynamic, io))
  }
  if (held) {
    const where = formatSplit(model.training.split ?? '', model.training.settings, io)
    io.info(
      io.t({
        en: `This is the text that the model was trained on. Only the held-out part, ${where}, says how well it predicts.`,
        ja: `このテキストはモデルの学習に使われたものです。予測力を示すのは検証用の部分（${where}）だけです。`,
      }),
    )
  } else if (own) {
    io.info({
      en: 'This is the text that the model was trained on, and nothing was held out: the loss flatters it.',
      ja: 'このテキストはモデルの学習に使われたもので、検証用の部分がありません。損失は実力より良く出ます。',
    })
  }
  return DONE
}

export const evaluate: CommandSpec = {
  name: 'eval',
  arguments: '<model> <text...>',
  about: {
    en: 'Says how well a model predicts a text: its loss in nats and bits a symbol at T = 1, and perplexity. Where the text is the one the model was trained on, the held-out part is scored apart. TEXT is files, folders, or - for standard input.',
    ja: 'モデルが文章をどれだけ予測できるかを、温度1での1文字あたりの損失（ナット、ビット）とパープレキシティで示します。学習に使った文章なら、検証用の部分を分けて示します。TEXTはファイル、フォルダー、または標準入力を表す「-」。',
  },
  examples: [
    ['ondo eval shakespeare hamlet.txt', { en: '', ja: '' }],
    ['ondo eval runs/book book.txt', { en: 'held-out part apart', ja: '検証用の部分を分けて' }],
    [
      'ondo eval shakespeare hamlet.txt --dynamic',
      { en: 'and once more, learning as it reads', ja: '読みながら学ぶ場合も' },
    ],
    ['echo "To be, or not to be" | ondo eval shakespeare -', { en: '', ja: '' }],
  ],
  flags: [...DYNAMIC_FLAGS, ...READING_FLAGS, JSON_FLAG],
  run,
}
