/** `ondo eval`: how well a model predicts a text. */
import { counted, InputError } from '../../errors.js'
import { score, scoreOfParts } from '../../measure/model/score.js'
import { scoreDynamically } from '../../node/dynamic-score.js'
import { complement } from '../../train/data-parts.js'
import { JSON_FLAG } from '../flags.js'
import { READING_FLAGS } from '../inputs/corpus.js'
import { checkOneInput, openJudgedText } from '../inputs/judged-text.js'
import { openModel } from '../inputs/open-model.js'
import { kindsOf, reportScope, reportUnknown, scoreTable } from '../reports/eval-report.js'
import type { CommandSpec } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'
import { LiveLine, symbolProgress } from '../terminal/progress-line.js'
import { DYNAMIC_FLAGS, dynamicOptions } from './eval-flags.js'

interface EvalOptions {
  readonly encoding?: string
  readonly raw?: boolean
  readonly json?: boolean
}

async function run(io: Io, [name, given]: readonly unknown[], more: object): Promise<number> {
  const options = more as EvalOptions
  const paths = given as readonly string[]
  checkOneInput(name, paths)
  const settings = dynamicOptions({ ...more })
  const model = await openModel(name)
  const { name: text, ids, unknown, own, heldOut } = await openJudgedText(model, paths, options, io)
  const kinds = kindsOf(unknown)
  if (ids.length < 2 && unknown.length > 0) {
    const symbols = unknown.length + ids.length
    throw new InputError(
      'text-unknown',
      `The model knows ${ids.length === 0 ? 'none' : 'only one'} of the ${counted(symbols, 'symbol')} of the text; expected a text in the model's script.`,
      {
        ja: `テキストの${symbols}文字のうち、モデルの語彙にあるのは${ids.length}文字です。モデルと同じ種類の文字のテキストを指定してください。`,
      },
    )
  }

  const line = new LiveLine(io)
  const whole = await score(model, ids, {
    surprisals: heldOut !== undefined,
    signal: io.interrupt,
    onProgress: symbolProgress(line),
  })
  const judged = heldOut ?? [{ from: 1, to: ids.length }]
  const dynamic =
    settings &&
    (await scoreDynamically(model, ids, judged, {
      settings,
      signal: io.interrupt,
      onProgress: symbolProgress(line),
    }))
  line.clear()
  const { surprisals, ...all } = whole
  const held = heldOut && surprisals && scoreOfParts(surprisals, heldOut)
  const seen = heldOut && surprisals && scoreOfParts(surprisals, complement(heldOut, ids.length))

  if (options.json) {
    await io.json({
      model: model.hash,
      text,
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
  reportUnknown(kinds, io)
  await io.write(scoreTable({ whole: all, held, seen, dynamic }, io))
  reportScope(model.training, own, held !== undefined, io)
  return DONE
}

export const evaluate: CommandSpec = {
  name: 'eval',
  arguments: '<model> <text...>',
  about: {
    en: 'Scores how well a model predicts a text: its loss in nats and bits a symbol at T = 1, and its perplexity. If the model was trained on this text, the held-out part gets a score of its own. TEXT is files, folders, or - for standard input.',
    ja: 'モデルがテキストをどれだけ予測できるかを、温度1での1文字あたりの損失（ナット、ビット）とパープレキシティで示します。学習に使ったテキストなら、検証用の部分を分けて示します。TEXTはファイル、フォルダー、または標準入力を表す「-」。',
  },
  examples: [
    ['ondo eval shakespeare hamlet.txt', { en: '', ja: '' }],
    [
      'ondo eval runs/book book.txt',
      { en: 'the held-out part by itself', ja: '検証用の部分を分けて評価' },
    ],
    [
      'ondo eval shakespeare hamlet.txt --dynamic',
      { en: 'also while learning from it', ja: '読みながら学習する場合も' },
    ],
    ['echo "To be, or not to be" | ondo eval shakespeare -', { en: '', ja: '' }],
  ],
  flags: [...DYNAMIC_FLAGS, ...READING_FLAGS, JSON_FLAG],
  run,
}
