/** `ondo measure`: all the measures of one text, with what is usual for the model's corpus. */
import {
  CorpusIndex,
  codePoints,
  measureText,
  scoreSymbols,
  storedMeasures,
  windowStatisticsAt,
} from '../../measure/index.js'
import { readCorpus } from '../../node/read.js'
import { LN2 } from '../../numeric.js'
import { contentToScore, encodeToScore } from '../../text/index.js'
import { JSON_FLAG } from '../flags.js'
import { READING_FLAGS, reportReading } from '../inputs/corpus.js'
import { openModel } from '../inputs/open-model.js'
import { openTrainingText } from '../inputs/training-text.js'
import { reportMissing, writeMeasureTable } from '../reports/measure-report.js'
import type { CommandSpec } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'
import { LiveLine, symbolProgress } from '../terminal/progress-line.js'

interface MeasureFlags {
  readonly model?: string
  readonly corpus?: readonly string[]
  readonly encoding?: string
  readonly raw?: boolean
  readonly json?: boolean
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
  const { filter } = kept
  await writeMeasureTable({ name: read.name, text, measures, filter, usual, heldOut }, io)
  reportMissing(measures, unknown.length, corpus !== undefined, io)
  return DONE
}

export const measure: CommandSpec = {
  name: 'measure',
  arguments: '<file>',
  about: {
    en: 'Measures a text: how surprising it is to the model, how much it repeats, whether it loops, how much of it is misspelt, and (with --corpus) how much is copied. Beside each value it shows what is usual for passages of the corpus of the same length. FILE is a file, or - for standard input.',
    ja: '文章の、モデルにとっての意外さ、反復、ループ、綴り誤り、写し（--corpusがあれば）を測ります。各値の横に、コーパスの同じ長さの部分での通常値を示します。FILEはファイル、または標準入力を表す「-」。',
  },
  examples: [
    ['ondo measure poem.txt --model shakespeare', { en: '', ja: '' }],
    [
      'ondo sample -t 1.5 -n 2000 | ondo measure -',
      { en: 'a high temperature', ja: '高い温度の影響' },
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
        en: 'bundled name, file, or training folder; default: shakespeare',
        ja: '付属モデルの名前、ファイル、学習フォルダー。省略するとshakespeare',
      },
    },
    {
      flags: '--corpus <FILE>',
      about: {
        en: 'the training text, to find what is copied; may be repeated',
        ja: '学習に使ったテキスト。写しを探す。繰り返し指定可',
      },
      repeat: true,
    },
    JSON_FLAG,
    ...READING_FLAGS,
  ],
  run,
}
