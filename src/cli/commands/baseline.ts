/** `ondo baseline`: what counting alone predicts of a text, to hold a network against. */
import { HIGHEST_ORDER } from '../../measure/model/ngram.js'
import { type SplitSettings, type TestedBaseline, testedBaseline } from '../../node/baseline.js'
import { readCorpus } from '../../node/read.js'
import { buildTokenizer, encodeContent, type TokenizerKind } from '../../text/index.js'
import { settingsFor, TRAIN_KNOBS } from '../../train/index.js'
import { JSON_FLAG, MIN_COUNT_FLAG } from '../flags.js'
import { corpusLines, READING_FLAGS, warnOfDoubts } from '../inputs/corpus.js'
import { reportBaseline } from '../reports/baseline-report.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { CHOSEN_BY_TEXT_LENGTH } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'

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

  // The settings that training would choose, so that the same text is held out.
  const { split, holdout, batch, seq } = settingsFor(
    { symbols: ids.length, vocabulary },
    Object.fromEntries(SPLIT.map(name => [name, options[name]])),
  )
  const settings: SplitSettings = { split, holdout, batch, seq }
  const result = testedBaseline(ids, vocabulary, settings, { test, orders })
  if (options.json) await io.json(jsonOf(corpus.name, vocabulary, settings, result, test))
  else await reportBaseline(result, settings, io)
  return DONE
}

function jsonOf(
  text: string,
  vocabulary: number,
  settings: SplitSettings,
  { best, test, counted, seconds }: TestedBaseline,
  part: number,
): object {
  const { order, nats, bits, perplexity, losses } = best
  return {
    text,
    vocabulary,
    counted,
    predicted: best.count,
    ...settings,
    ...{ order, nats, bits, perplexity, losses },
    test: test === undefined ? null : { part, ...test },
    seconds,
  }
}

export const baseline: CommandSpec = {
  name: 'baseline',
  arguments: '<text...>',
  about: {
    en: 'Shows how well n-gram counts predict a text: the loss of smoothed n-grams (interpolated modified Kneser-Ney) of each order, and the best order. They count the part on which a network would train and predict the part on which it would be validated, each symbol from all the text before it. A network should do better than this. TEXT is files, folders, or - for standard input.',
    ja: 'n-gramの出現回数だけでテキストをどこまで予測できるかを示します。平滑化したn-gram（補間型の修正Kneser-Ney法）の損失を次数ごとに求め、最良の次数を選びます。数えるのはネットワークが学習する部分、予測するのは検証に使う部分で、各文字をそれより前の全文から予測します。ネットワークはこれより良い値になるべきです。TEXTはファイル、フォルダー、または標準入力を表す「-」。',
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
