/** `ondo export`: a model in another form. */
import { InputError, shorten } from '../../errors.js'
import { exportPage } from '../../node/export-page.js'
import { findModel, readFileBytes } from '../../node/files.js'
import { SEED, TEMPERATURE } from '../../temperature/index.js'
import { readEscapes } from '../../text/index.js'
import { DEFAULT_MODEL, readInput } from '../inputs/open-model.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { formatBytes } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { writeOutput } from '../terminal/write-output.js'

interface ExportOptions {
  readonly out?: string
  readonly title?: string
  readonly prompt?: string
  readonly seed?: number | string
  readonly temperature?: number
}

async function run(io: Io, [form, named]: readonly unknown[], given: object): Promise<number> {
  const { out, ...options } = given as ExportOptions
  if (form !== 'page') {
    throw new InputError(
      'form',
      `The form is "${shorten(String(form))}"; expected page. Usage: ondo export page MODEL --out page.html`,
      {
        ja: `形式が「${shorten(String(form))}」です。pageを指定してください。使い方: ondo export page MODEL --out page.html`,
      },
    )
  }
  const name = typeof named === 'string' ? named : DEFAULT_MODEL
  const bytes = name === '-' ? readInput('-') : await readFileBytes(await findModel(name))
  const html = await exportPage(bytes, options)
  const path = out ?? 'page.html'
  await writeOutput(io, path, html)
  if (path === '-') return DONE
  const sizes = [formatBytes(Buffer.byteLength(html)), formatBytes(bytes.length)] as const
  io.info({
    en: `${path}: ${sizes[0]}, with its model of ${sizes[1]}; open it in a browser`,
    ja: `${path}：${sizes[0]}（うちモデル ${sizes[1]}）。ブラウザーで開いてください`,
  })
  return DONE
}

export const exportModel: CommandSpec = {
  name: 'export',
  arguments: '<form> [model]',
  about: {
    en: 'Exports a model in another form. FORM is page: one HTML file with the model, the code that runs it, and the temperature slider. It opens from a disk or any server and needs no network. MODEL as in `ondo sample`.',
    ja: 'モデルを別の形式に書き出します。FORMは page で、モデル、実行プログラム、温度のスライダーを1つのHTMLファイルに収めます。ディスクからもサーバーからも開けます。通信は不要です。MODELは `ondo sample` と同じです。',
  },
  examples: [
    ['ondo export page shakespeare', { en: 'makes page.html', ja: 'page.html を作る' }],
    [
      'ondo export page runs/book --out book.html --title "My book"',
      { en: 'your model, to give away', ja: '自作のモデルを人に渡す' },
    ],
    ['ondo export page kokoro -t 0.5 --seed 7', { en: 'begins like this', ja: 'この設定で始まる' }],
  ],
  flags: [
    {
      flags: '-o, --out <FILE>',
      about: {
        en: 'where to write; - for standard output',
        ja: '書き出し先。「-」は標準出力',
      },
      default: 'page.html',
    },
    {
      flags: '--title <TEXT>',
      about: { en: 'heading of the page', ja: 'ページの見出し' },
      range: { en: 'default: the model’s name', ja: '既定値はモデルの名前' },
    },
    {
      flags: '-p, --prompt <TEXT>',
      about: { en: 'the prompt that the text begins with', ja: '文章の書き出し' },
      range: { en: 'default: the model’s own', ja: '既定値はモデルの書き出し' },
      parse: readEscapes,
    },
    flagOf(SEED, { short: 's' }),
    flagOf(TEMPERATURE, { short: 't', placeholder: 'T' }),
  ],
  run,
}
