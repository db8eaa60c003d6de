/** `ondo baseline`: what counting alone predicts of a text, to hold a network against. */
import { counted, InputError } from '../../errors.js'
import { HIGHEST_ORDER, type NgramBaseline, ngramBaseline } from '../../measure/model/ngram.js'
import { readCorpus } from '../../node/read.js'
import { exp, LN2 } from '../../numeric.js'
import { buildTokenizer, encodeContent, type TokenizerKind } from '../../text/index.js'
import { dataParts, splitHeldOut } from '../../train/data-parts.js'
import { type IdSource, type SplitKind, settingsFor, TRAIN_KNOBS } from '../../train/index.js'
import { JSON_FLAG, MIN_COUNT_FLAG } from '../flags.js'
import { corpusLines, READING_FLAGS, warnOfDoubts } from '../inputs/corpus.js'
import { type CommandSpec, flagOf } from '../spec.js'
import {
  CHOSEN_BY_TEXT_LENGTH,
  formatCount,
  formatDuration,
  formatLoss,
  formatSplit,
} from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'

/** Of the settings of training: those that say which part is held out. */
interface SplitSettings {
  readonly split: SplitKind
  readonly holdout: number
  readonly batch: number
  readonly seq: number
}

/**
 * The n-gram that counts what a network with these settings trains on, and predicts what it holds out;
 * undefined where that is nothing.
 */
export function baselineOf(
  ids: IdSource,
  vocabulary: number,
  { split: kind, holdout, batch, seq: steps }: SplitSettings,
): NgramBaseline | undefined {
  const parts = dataParts(ids.length, { kind, holdout, batch, steps })
  if (parts.heldOut.length === 0 || parts.training.length === 0) return undefined
  return ngramBaseline(ids.subarray(0, ids.length), { ...parts, vocabulary })
}

/** Seconds that `baselineOf` takes, roughly: measured 2 to 2.5 microseconds a symbol on Zen 3. */
export const baselineSeconds = (symbols: number): number => symbols * 3e-6

interface BaselineOptions extends Partial<SplitSettings> {
  readonly test?: number
  readonly orders?: number
  readonly tokenizer?: TokenizerKind
  readonly minCount?: number
  readonly encoding?: string
  readonly raw?: boolean
  readonly json?: boolean
}

const SPLIT = ['split', 'holdout', 'batch', 'seq'] as const

const row = (label: string, nats: number): string =>
  `${label}${nats.toFixed(4).padStart(9)}${(nats / LN2).toFixed(4).padStart(9)}` +
  `${exp(nats).toFixed(3).padStart(13)}`

async function run(io: Io, [given]: readonly unknown[], more: object): Promise<number> {
  const options = more as BaselineOptions
  const { encoding, raw, minCount, orders, test = 0 } = options
  const kind = options.tokenizer ?? 'character'
  const corpus = await readCorpus(given as readonly string[], {
    encoding,
    raw,
    tokenizerKind: kind,
  })
  for (const line of corpusLines(corpus, io)) io.info(line)
  warnOfDoubts(corpus, io)
  const { tokenizer } = buildTokenizer(kind, corpus.content, { minCount })
  const { ids } = encodeContent(tokenizer, corpus.content, 'skip')
  const vocabulary = tokenizer.size

  // As training would have them: the same text is held out.
  const { split, holdout, batch, seq } = settingsFor(
    { symbols: ids.length, vocabulary },
    Object.fromEntries(SPLIT.map(name => [name, options[name]])),
  )
  const settings: SplitSettings = { split, holdout, batch, seq }
  const held = settings.holdout + test
  if (held >= 1) {
    throw new InputError(
      'holdout',
      `The holdout of ${settings.holdout} and the test of ${test} leave nothing to count; expected less than 1 together.`,
    )
  }
  const parts = dataParts(ids.length, { kind: split, holdout: held, batch, steps: seq })
  const { choose, test: kept } = splitHeldOut(parts.heldOut, held === 0 ? 0 : test / held)
  const began = performance.now()
  const { training } = parts
  const best = ngramBaseline(ids, { training, heldOut: choose, vocabulary, orders })
  const tested =
    test > 0
      ? ngramBaseline(ids, { training, heldOut: kept, vocabulary, orders: best.order })
      : undefined
  const seconds = (performance.now() - began) / 1000
  const testLoss = tested?.losses[best.order - 1]
  const countedSymbols = training.reduce((sum, { from, to }) => sum + to - from, 0)

  if (options.json) {
    await io.json({
      text: corpus.name,
      vocabulary,
      counted: countedSymbols,
      predicted: best.count,
      ...settings,
      order: best.order,
      nats: best.nats,
      bits: best.bits,
      perplexity: best.perplexity,
      losses: best.losses,
      test: testLoss === undefined ? null : { part: test, nats: testLoss, count: tested?.count },
      seconds,
    })
    return DONE
  }
  const head = io.t({
    en: 'order     nats     bits   perplexity',
    ja: '次数    ナット   ビット パープレキシティ',
  })
  await io.write(`${io.stdoutColors.dim(head)}\n`)
  for (const [i, nats] of best.losses.entries()) {
    const line = row(String(i + 1).padStart(5), nats)
    const mark = io.t({ en: ' best', ja: ' 最良' })
    await io.write(i === best.order - 1 ? `${io.stdoutColors.bold(line + mark)}\n` : `${line}\n`)
  }
  if (testLoss !== undefined) {
    await io.write(`${row(padEnd(io.t({ en: 'test', ja: 'テスト' }), 5), testLoss)}\n`)
  }
  io.info(
    io.t({
      en: `counted ${counted(formatCount(countedSymbols, io), 'symbol')} and predicted ${formatCount(best.count, io)} in ${formatDuration(seconds, io)}; held out: ${formatSplit(settings.split, { ...settings }, io)}`,
      ja: `${formatCount(countedSymbols, io)}文字を数え、${formatCount(best.count, io)}文字を予測（${formatDuration(seconds, io)}）。検証用: ${formatSplit(settings.split, { ...settings }, io)}`,
    }),
  )
  if (testLoss !== undefined && tested) {
    io.info(
      io.t({
        en: `test: ${counted(formatCount(tested.count, io), 'symbol')} behind it that chose nothing: ${formatLoss(testLoss, io)}`,
        ja: `テスト: その後ろの、次数選びに使わない${formatCount(tested.count, io)}文字: ${formatLoss(testLoss, io)}`,
      }),
    )
  }
  return DONE
}

export const baseline: CommandSpec = {
  name: 'baseline',
  arguments: '<text...>',
  about: {
    en: 'Says what counting alone predicts of a text: the loss of smoothed n-grams (interpolated modified Kneser-Ney) of every order, and the best. They count what a network would train on and predict what it would be validated on, each symbol from all of the text before it. A network that does no better has not earned its keep. TEXT is files, folders, or - for standard input.',
    ja: '数えるだけで文章をどこまで予測できるかを示します。平滑化したn-gram（補間型の修正Kneser-Ney法）の損失を次数ごとに求め、最良のものを選びます。数えるのはネットワークが学習する部分、予測するのは検証に使う部分で、各文字をそれより前の全文から予測します。これに勝てないネットワークには価値がありません。TEXTはファイル、フォルダー、または標準入力を表す「-」。',
  },
  examples: [
    ['ondo baseline book.txt', { en: '', ja: '' }],
    [
      'ondo baseline book.txt --test 0.1',
      { en: '80/10/10: count, choose, test', ja: '80/10/10で数え、選び、試す' },
    ],
    [
      'ondo baseline book.txt --orders 20',
      { en: 'the 20-gram, even if no better', ja: '20-gramまで' },
    ],
  ],
  flags: [
    ...SPLIT.map(name =>
      flagOf(
        TRAIN_KNOBS[name],
        name === 'holdout' || name === 'batch' ? { default: CHOSEN_BY_TEXT_LENGTH } : {},
      ),
    ),
    flagOf({
      name: 'test',
      kind: 'number',
      min: 0,
      max: 0.9,
      default: 0,
      about: {
        en: 'part of the text behind the held-out one, on which the chosen order is tested',
        ja: '検証用のさらに後ろに残し、選んだ次数を試す割合',
      },
    }),
    {
      flags: '--orders <N>',
      about: {
        en: 'all orders up to this one; without it, up to where more context stops helping',
        ja: 'この次数まですべて。省略すると、長くしても良くならないところまで',
      },
      knob: {
        name: 'orders',
        kind: 'whole',
        min: 1,
        max: HIGHEST_ORDER,
        default: HIGHEST_ORDER,
        about: { en: '', ja: '' },
      },
      range: { en: `1 to ${HIGHEST_ORDER}`, ja: `1〜${HIGHEST_ORDER}` },
    },
    flagOf({
      name: 'tokenizer',
      kind: 'choice',
      choices: ['character', 'byte', 'grapheme'],
      default: 'character',
      about: { en: 'what a symbol is', ja: '何を1文字とするか' },
    }),
    MIN_COUNT_FLAG,
    ...READING_FLAGS,
    JSON_FLAG,
  ],
  run,
}
