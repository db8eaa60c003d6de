/** `ondo calibrate`: the one temperature at which a model is as right as it is sure. */
import { counted } from '../../errors.js'
import {
  type Calibration,
  calibrateModel,
  type ReliabilityBin,
  reliabilityFigure,
} from '../../measure/index.js'
import { writeFigures } from '../../node/figures.js'
import { readCorpus } from '../../node/read.js'
import { LN2 } from '../../numeric.js'
import { contentToScore, encodeContent, encodeToScore } from '../../text/index.js'
import { recordedDataParts } from '../../train/data-parts.js'
import { JSON_FLAG } from '../flags.js'
import { hashOfCorpus, READING_FLAGS, reportReading } from '../inputs/corpus.js'
import { modelTitle, openModel } from '../inputs/open-model.js'
import type { CommandSpec } from '../spec.js'
import { formatCount, formatSplit } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'
import { LiveLine, symbolProgress } from '../terminal/progress-line.js'
import { folderName } from '../terminal/write-output.js'
import { noPngLine } from './sweep.js'

interface CalibrateFlags {
  readonly out?: string
  readonly encoding?: string
  readonly raw?: boolean
  readonly json?: boolean
}

/** Cells of a bar; two of them, with what stands beside, make 80 columns. */
const CELLS = 26

/** Right as often as it was sure: full; where it was right more often, or less, the difference shows. */
function reliabilityBar({ confidence, accuracy, count }: ReliabilityBin): string {
  if (count === 0) return ''
  const [right, sure] = [Math.round(accuracy * CELLS), Math.round(confidence * CELLS)]
  return `${'█'.repeat(Math.min(right, sure))}${(right > sure ? '▓' : '░').repeat(Math.abs(right - sure))}`
}

const share = (part: number, all: number): string =>
  (part === 0 ? '' : `${((100 * part) / all).toFixed(1)}%`).padStart(7)

function diagram({ before, after, count, temperature }: Calibration, io: Io): string {
  const T = Number(temperature.toPrecision(4))
  const head = `${padEnd('', 8)}${padEnd('  T = 1', CELLS + 9)}${`  T = ${T}`}`
  const rows = before.bins.map((bin, i) => {
    const other = after.bins[i]
    const range = `${Math.round(100 * bin.from)}–${Math.round(100 * bin.to)}%`.padStart(8)
    const cells = `${share(bin.count, count)} ${padEnd(reliabilityBar(bin), CELLS + 1)}`
    return `${range}${cells}${share(other.count, count)} ${reliabilityBar(other)}`.trimEnd()
  })
  const key = io.t({
    en: 'How sure it was, the share of predictions, and how often it was right:\n█ as often as it was sure, ▓ more often, ░ less often.',
    ja: '左から、自信、予測に占める割合、当たった割合。\n█ 自信どおり、▓ 自信より多く当たった、░ 自信より外れた',
  })
  return `${io.stdoutColors.dim(head)}\n${rows.join('\n')}\n${key}\n`
}

function summary(calibration: Calibration, io: Io): string {
  const { before, after, temperature, interval } = calibration
  const write = (T: number): string => (T === Number.POSITIVE_INFINITY ? 'inf' : T.toFixed(3))
  const row = (name: string, a: string, b: string): string =>
    `${padEnd(name, 34)}${a.padStart(10)}${b.padStart(10)}\n`
  const nats = (n: number): string => n.toFixed(4)
  const percent = (e: number): string => `${(100 * e).toFixed(2)}%`
  const reach = interval ? ` (95%: ${write(interval[0])} – ${write(interval[1])})` : ''
  return (
    io.stdoutColors.bold(`T* = ${write(temperature)}${reach}\n`) +
    io.stdoutColors.dim(row('', 'T = 1', 'T*')) +
    row(
      io.t({ en: 'loss, nats a symbol', ja: '損失（ナット/文字）' }),
      nats(before.nats),
      nats(after.nats),
    ) +
    row(
      io.t({ en: 'loss, bits a symbol', ja: '損失（ビット/文字）' }),
      nats(before.nats / LN2),
      nats(after.nats / LN2),
    ) +
    row(
      io.t({ en: 'expected calibration error', ja: '期待較正誤差' }),
      percent(before.error),
      percent(after.error),
    )
  )
}

async function run(io: Io, [name, given]: readonly unknown[], more: object): Promise<number> {
  const flags = more as CalibrateFlags
  const model = await openModel(name)
  const { encoding, raw } = flags
  const { tokenizer, training } = model
  const corpus = await readCorpus(given as readonly string[], {
    encoding,
    raw,
    tokenizerKind: tokenizer.kind,
  })
  reportReading(corpus, io)
  const own = (await hashOfCorpus(corpus)) === training.corpusHash
  const { ids, unknown } = own
    ? encodeContent(tokenizer, corpus.content, 'skip')
    : encodeToScore(tokenizer, contentToScore(corpus.content))
  const parts = own ? recordedDataParts(training, ids.length)?.heldOut : undefined
  const held = parts && parts.length > 0 ? parts : undefined

  const line = new LiveLine(io)
  const calibration = await calibrateModel(model, ids, {
    ...(held && { parts: held }),
    signal: io.interrupt,
    onProgress: symbolProgress(line),
  })
  line.clear()

  if (flags.json) {
    await io.json({
      model: model.hash,
      text: corpus.name,
      heldOut: held !== undefined,
      trainedOnThisText: own,
      unknown: unknown.length,
      ...calibration,
    })
  } else {
    await io.write(`${summary(calibration, io)}\n${diagram(calibration, io)}`)
  }
  const count = formatCount(calibration.count, io)
  if (held) {
    const where = formatSplit(training.split ?? '', training.settings, io)
    io.info(
      io.t({
        en: `${count} predictions in the part that was held out of training: ${where}`,
        ja: `学習に使わなかった部分（${where}）での${count}回の予測`,
      }),
    )
  } else if (own) {
    io.info({
      en: 'The model was trained on this text and nothing was held out: T* is too low, and it looks better than it is.',
      ja: 'このテキストはモデルの学習に使われ、検証用の部分がない。T*は低すぎ、実際より良く見える。',
    })
  } else {
    io.info(io.t({ en: `${count} predictions`, ja: `${count}回の予測` }))
  }
  if (unknown.length > 0) {
    io.info(
      io.t({
        en: `left out: ${counted(formatCount(unknown.length, io), 'symbol')} unknown to the model`,
        ja: `モデルの知らない文字${formatCount(unknown.length, io)}個を除いた`,
      }),
    )
  }
  if (flags.out !== undefined) {
    const { files, noPng } = await writeFigures(
      flags.out,
      'calibration',
      io.language,
      (theme, language) =>
        reliabilityFigure(modelTitle(model, name), calibration, { theme, language }),
    )
    io.info(
      io.t({
        en: `in ${flags.out}: ${files.join(', ')}`,
        ja: `${flags.out}に ${files.join('、')}`,
      }),
    )
    if (noPng) io.info(noPngLine(noPng))
  }
  return DONE
}

export const calibrate: CommandSpec = {
  name: 'calibrate',
  arguments: '<model> <text...>',
  about: {
    en: 'Finds the temperature at which a model predicts a text best (T*), and shows how right it is against how sure: the reliability diagram and the expected calibration error, before and after. Where the text is the one the model was trained on, only its held-out part counts. TEXT is files, folders, or - for standard input.',
    ja: 'モデルが文章を最もよく予測する温度T*を求め、自信と的中の食い違いを較正前後の信頼度図と期待較正誤差で示します。学習に使った文章なら、検証用の部分だけを使います。TEXTはファイル、フォルダー、または標準入力を表す「-」。',
  },
  examples: [
    ['ondo calibrate runs/book book.txt', { en: 'on its held-out part', ja: '検証用の部分で' }],
    ['ondo calibrate shakespeare marlowe.txt', { en: 'on somebody else', ja: '別の作家で' }],
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
