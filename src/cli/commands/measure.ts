/** `ondo measure`: all the measures of one text, with what is usual for the model's corpus. */
import { counted } from '../../errors.js'
import {
  COPIED_LENGTH,
  CorpusIndex,
  codePoints,
  type Measures,
  measureText,
  scoreSymbols,
  storedMeasures,
  type TypicalRange,
  unknownWords,
  type WindowStatistics,
  windowStatisticsAt,
} from '../../measure/index.js'
import { readCorpus } from '../../node/read.js'
import { LN2 } from '../../numeric.js'
import { contentToScore, encodeToScore, printable } from '../../text/index.js'
import { JSON_FLAG } from '../flags.js'
import { READING_FLAGS, reportReading } from '../inputs/corpus.js'
import { openModel } from '../inputs/open-model.js'
import { openTrainingText } from '../inputs/training-text.js'
import type { CommandSpec } from '../spec.js'
import { formatCount } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd, width, wrap } from '../terminal/language.js'
import { LiveLine, symbolProgress } from '../terminal/progress-line.js'

interface MeasureFlags {
  readonly model?: string
  readonly corpus?: readonly string[]
  readonly encoding?: string
  readonly raw?: boolean
  readonly json?: boolean
}

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

async function run(io: Io, [file]: readonly unknown[], given: object): Promise<number> {
  const flags = given as MeasureFlags
  const model = await openModel(flags.model)
  const { tokenizer, training } = model
  const { encoding, raw } = flags
  // A byte model reads the very bytes, as in training; words and characters are those of their text.
  const read = await readCorpus([file as string], { encoding, raw, tokenizerKind: tokenizer.kind })
  reportReading(read, io)
  const content = contentToScore(read.content)
  const { ids, unknown } = encodeToScore(tokenizer, content)
  const text = typeof content === 'string' ? content : tokenizer.decode(ids)
  const corpus = flags.corpus && (await openTrainingText(model, flags.corpus, flags, io))
  const kept = corpus ? corpus.measures() : storedMeasures(model)

  const line = new LiveLine(io)
  const surprise =
    ids.length < 2
      ? undefined
      : await scoreSymbols(model, ids, {
          signal: io.interrupt,
          onProgress: symbolProgress(line),
        })
  line.clear()
  const measures = measureText(text, {
    filter: kept.filter,
    ...(corpus && { corpus: new CorpusIndex(corpus.text) }),
    ...surprise,
    // The first symbol has no surprisal, nor has one that the model does not know.
    given: Math.min(codePoints(text).length, 1 + unknown.length),
  })
  const usual =
    kept.corpus && measures.characters > 0
      ? windowStatisticsAt(kept.corpus, measures.characters)
      : undefined
  const heldOut = training.validationLoss === undefined ? undefined : training.validationLoss / LN2

  if (flags.json) {
    await io.json({
      text: read.name,
      model: model.hash,
      ...measures,
      unknownSymbols: unknown.length,
      usual: usual ?? null,
      heldOutBits: heldOut ?? null,
    })
    return DONE
  }
  const rows = rowsOf(measures, usual, heldOut)
  const head = io.t({ en: 'usual for the corpus (1% – 99%)', ja: 'コーパスの普通（1%〜99%）' })
  await io.write(
    `${io.stdoutColors.bold(read.name)}: ${io.t({
      en: `${counted(formatCount(measures.characters, io), 'character')}, ${counted(formatCount(measures.words, io), 'word')}`,
      ja: `${formatCount(measures.characters, io)}文字、${formatCount(measures.words, io)}語`,
    })}\n`,
  )
  await io.write(io.stdoutColors.dim(`${padEnd('', 49)}${head}\n`))
  for (const { name, value, usual: own } of rows) {
    const shown = ' '.repeat(Math.max(0, 14 - width(value))) + value
    await io.write(`${`${padEnd(io.t(name), 33)}${shown}  ${own ?? ''}`.trimEnd()}\n`)
  }
  const strange = kept.filter && kept.filter.unit === 'words' ? unknownWords(text, kept.filter) : []
  if (strange.length > 0) {
    const list = [...new Set(strange.map(word => printable(word.text)))]
    const shown = list.slice(0, 12).join(', ') + (list.length > 12 ? ', …' : '')
    for (const part of wrap(`${io.t({ en: 'never seen', ja: '学習文にない語' })}: ${shown}`, 80)) {
      await io.write(`${part}\n`)
    }
  }
  for (const name of ['spelling', 'novelty'] as const) {
    const why = measures.missing[name]
    if (why && name === 'novelty' && !corpus) {
      io.info({
        en: 'what is copied needs the training text: --corpus FILE',
        ja: '写しを測るには学習した文章が必要: --corpus ファイル',
      })
    } else if (why) io.info(why)
  }
  if (unknown.length > 0) {
    io.info(
      io.t({
        en: `without a surprisal: ${counted(formatCount(unknown.length, io), 'character')} unknown to the model`,
        ja: `モデルの知らない文字が${formatCount(unknown.length, io)}個あり、意外さの計算から除いた`,
      }),
    )
  }
  return DONE
}

export const measure: CommandSpec = {
  name: 'measure',
  arguments: '<file>',
  about: {
    en: 'Measures a text: how surprising it is to the model, how much it repeats, whether it loops, how much of it is misspelt, and (with --corpus) how much is copied. Beside each figure stands what is usual for stretches of the corpus of the same length. FILE is a file, or - for standard input.',
    ja: '文章を測ります。モデルにとっての意外さ、反復、ループ、綴り誤り、写し（--corpusがあれば）。横に、同じ長さのコーパスの断片での普通の値を示します。FILEはファイル、または標準入力を表す「-」。',
  },
  examples: [
    ['ondo measure poem.txt --model shakespeare', { en: '', ja: '' }],
    [
      'ondo sample -t 1.5 -n 2000 | ondo measure -',
      { en: 'what heat does', ja: '高い温度の効き目' },
    ],
    [
      'ondo measure out.txt --model runs/book --corpus book.txt',
      { en: 'copies, too', ja: '写しも測る' },
    ],
  ],
  flags: [
    {
      flags: '-m, --model <MODEL>',
      about: {
        en: 'bundled name, file, or training folder; without it, shakespeare',
        ja: '付属モデルの名前、ファイル、学習フォルダー。省略するとshakespeare',
      },
    },
    {
      flags: '--corpus <FILE>',
      about: {
        en: 'the training text, to find what is copied; may be repeated',
        ja: '学習した文章。写しを探す。繰り返し指定可',
      },
      repeat: true,
    },
    JSON_FLAG,
    ...READING_FLAGS,
  ],
  run,
}
