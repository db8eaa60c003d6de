/** `ondo calibrate`: the one temperature at which a model is as right as it is sure. */
import { calibrateModel, reliabilityFigure } from '../../measure/index.js'
import { writeFigures } from '../../node/figures.js'
import { JSON_FLAG } from '../flags.js'
import { READING_FLAGS } from '../inputs/corpus.js'
import { checkOneInput, openJudgedText } from '../inputs/judged-text.js'
import { modelTitle, openModel } from '../inputs/open-model.js'
import {
  calibrationSummary,
  reliabilityDiagram,
  reportScope,
} from '../reports/calibration-report.js'
import { reportFiles } from '../reports/figures-report.js'
import type { CommandSpec } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'
import { LiveLine, symbolProgress } from '../terminal/progress-line.js'
import { folderName } from '../terminal/write-output.js'

interface CalibrateFlags {
  readonly out?: string
  readonly encoding?: string
  readonly raw?: boolean
  readonly json?: boolean
}

async function run(io: Io, [name, given]: readonly unknown[], more: object): Promise<number> {
  const flags = more as CalibrateFlags
  const paths = given as readonly string[]
  checkOneInput(name, paths)
  const model = await openModel(name)
  const text = await openJudgedText(model, paths, flags, io)
  const { ids, unknown, own, heldOut } = text

  const line = new LiveLine(io)
  const calibration = await calibrateModel(model, ids, {
    ...(heldOut && { parts: heldOut }),
    signal: io.interrupt,
    onProgress: symbolProgress(line),
  })
  line.clear()

  if (flags.json) {
    await io.json({
      model: model.hash,
      text: text.name,
      heldOut: heldOut !== undefined,
      trainedOnThisText: own,
      unknown: unknown.length,
      ...calibration,
    })
  } else {
    await io.write(`${calibrationSummary(calibration, io)}\n${reliabilityDiagram(calibration, io)}`)
  }
  const { training } = model
  reportScope(
    calibration,
    { held: heldOut !== undefined, own, unknown: unknown.length, training },
    io,
  )
  if (flags.out !== undefined) {
    const { files, noPng } = await writeFigures(
      flags.out,
      'calibration',
      io.language,
      (theme, language) =>
        reliabilityFigure(modelTitle(model, name), calibration, { theme, language }),
    )
    reportFiles(io, flags.out, { files, noPng })
  }
  return DONE
}

export const calibrate: CommandSpec = {
  name: 'calibrate',
  arguments: '<model> <text...>',
  about: {
    en: 'Finds the temperature at which a model predicts a text best (T*), and compares confidence with accuracy: the reliability diagram and the expected calibration error, at T = 1 and at T*. If the model was trained on this text, only its held-out part is used. TEXT is files, folders, or - for standard input.',
    ja: 'モデルがテキストを最もよく予測する温度T*を求め、確信度と正解率のずれを、較正前（温度1）と較正後（T*）の信頼度図と期待較正誤差で示します。学習に使ったテキストなら、検証用の部分だけを使います。TEXTはファイル、フォルダー、または標準入力を表す「-」。',
  },
  examples: [
    ['ondo calibrate runs/book book.txt', { en: 'on its held-out part', ja: '検証用の部分で' }],
    ['ondo calibrate shakespeare marlowe.txt', { en: 'on another author', ja: '別の作家で' }],
    ['ondo calibrate runs/book book.txt --out figures', { en: 'with the diagram', ja: '図も書く' }],
  ],
  flags: [
    {
      flags: '-o, --out <DIR>',
      parse: text => folderName('--out', text),
      about: {
        en: 'where the reliability diagram goes, SVG and PNG',
        ja: '信頼度図（SVGとPNG）の置き場所',
      },
    },
    JSON_FLAG,
    ...READING_FLAGS,
  ],
  run,
}
