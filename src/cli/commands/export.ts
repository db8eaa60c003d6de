/** `ondo export`: a model in another form. */
import { basename, resolve } from 'node:path'
import { counted, didYouMean, didYouMeanInJapanese, InputError, shorten } from '../../errors.js'
import { decodeModel, encodeModel, quantizeModel } from '../../file/index.js'
import { EXPORT_FORMS, type ExportForm } from '../../interop/export/index.js'
import type { Bilingual } from '../../knob.js'
import { exportPage } from '../../node/export-page.js'
import { findModel, readFileBytes } from '../../node/files.js'
import { SEED, TEMPERATURE } from '../../temperature/index.js'
import { readEscapes } from '../../text/index.js'
import { BITS_FLAG } from '../flags.js'
import { DEFAULT_MODEL, openModel, readInput } from '../inputs/open-model.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { formatBytes } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { wrap } from '../terminal/language.js'
import { writeFolder } from '../terminal/write-folder.js'
import { folderName, writeOutput } from '../terminal/write-output.js'

/** What only a page has; each is a flag of the same name. */
interface PageOptions {
  readonly title?: string
  readonly prompt?: string
  readonly seed?: number | string
  readonly temperature?: number
  readonly bits?: 8
}

interface ExportOptions extends PageOptions {
  readonly out?: string
  readonly force?: boolean
}

const PAGE = 'page'
const PAGE_FLAGS: readonly (keyof PageOptions)[] = [
  'title',
  'prompt',
  'seed',
  'temperature',
  'bits',
]
const FORMS: readonly string[] = [PAGE, ...EXPORT_FORMS.map(({ kind }) => kind)]

/** A model file with 8-bit weights; one that has them already stays as it is. */
async function inEightBits(file: Uint8Array): Promise<Uint8Array> {
  const model = await decodeModel(file)
  return model.config.bits ? file : encodeModel(await quantizeModel(model))
}

async function writePage(io: Io, name: string, path: string, options: PageOptions): Promise<void> {
  const file = name === '-' ? readInput('-') : await readFileBytes(await findModel(name))
  const bytes = options.bits ? await inEightBits(file) : file
  const html = await exportPage(bytes, options)
  await writeOutput(io, path, html)
  if (path === '-') return
  const sizes = [formatBytes(Buffer.byteLength(html)), formatBytes(bytes.length)] as const
  io.info({
    en: `${path}: ${sizes[0]}, with its model of ${sizes[1]}; open it in a browser`,
    ja: `${path}：${sizes[0]}（うちモデル ${sizes[1]}）。ブラウザーで開いてください`,
  })
}

/** @throws InputError for a flag that only pages have */
function checkFlags(form: ExportForm, options: PageOptions): void {
  const flag = PAGE_FLAGS.find(name => options[name] !== undefined)
  if (flag === undefined) return
  throw new InputError(
    'option',
    `The option --${flag} is for ondo export page; ondo export ${form.kind} takes --out and --force.`,
    {
      ja: `--${flag} は ondo export page のオプションです。ondo export ${form.kind} では --out と --force が使えます。`,
    },
  )
}

/** What the output is called: after the file, the training folder, or the end of the address. */
function stemOf(name: string): string {
  if (name === '-') return 'model'
  const path = /^https?:/i.test(name) ? new URL(name).pathname : resolve(name)
  return basename(path).replace(/\.safetensors$/, '') || 'model'
}

/** @throws InputError for --force, where one file is written: it is replaced anyway */
function checkForce(form: string, { force }: ExportOptions): void {
  if (!force) return
  throw new InputError(
    'option',
    `The option --force is for folders; ondo export ${form} writes one file, which it replaces without it.`,
    {
      ja: `--force はフォルダーへの書き出しのオプションです。ondo export ${form} は1つのファイルを書き、--force がなくても置き換えます。`,
    },
  )
}

async function writeForm(
  io: Io,
  form: ExportForm,
  name: string,
  options: ExportOptions,
): Promise<void> {
  const { out, force = false, ...page } = options
  checkFlags(form, page)
  const stem = stemOf(name)
  const { files, notes } = form.write(await openModel(name))
  const [first] = files
  let path: string
  if (first && files.length === 1) {
    checkForce(form.kind, options)
    path = out ?? `${stem}-${form.kind}.${first.name.replace(/^.*\./, '')}`
    await writeOutput(io, path, first.bytes)
    if (path === '-') return
  } else {
    path = folderName('--out', out ?? `${stem}-${form.kind}`)
    await writeFolder(io, path, files, force)
  }
  const size = formatBytes(files.reduce((sum, { bytes }) => sum + bytes.length, 0))
  io.info({
    en: `${path}: ${files.length === 1 ? '' : `${counted(files.length, 'file')}, `}${size}\n  ${form.about.en}`,
    ja: `${path}：${files.length === 1 ? '' : `${files.length}個のファイル、`}${size}\n  ${form.about.ja}`,
  })
  for (const note of notes) {
    for (const line of wrap(io.t(note), 78)) io.info({ en: `  ${line}`, ja: `  ${line}` })
  }
}

async function run(io: Io, [kind, named]: readonly unknown[], given: object): Promise<number> {
  const options = given as ExportOptions
  const name = typeof named === 'string' ? named : DEFAULT_MODEL
  const form = EXPORT_FORMS.find(one => one.kind === kind)
  if (form) {
    await writeForm(io, form, name, options)
    return DONE
  }
  if (kind !== PAGE) {
    const shown = shorten(String(kind))
    throw new InputError(
      'form',
      `The form is "${shown}"; expected ${FORMS.join(', ')}.${didYouMean(shown, FORMS)} Usage: ondo export page MODEL --out page.html`,
      {
        ja: `形式が「${shown}」です。${FORMS.join('、')}のどれかを指定してください。${didYouMeanInJapanese(shown, FORMS)}使い方: ondo export page MODEL --out page.html`,
      },
    )
  }
  checkForce(PAGE, options)
  const { out = 'page.html', force: _, ...page } = options
  await writePage(io, name, out, page)
  return DONE
}

/** The forms, one a line, for help. */
const listed = (language: keyof Bilingual, page: string): string =>
  [
    [PAGE, page] as const,
    ...EXPORT_FORMS.map(({ kind, about }) => [kind, about[language]] as const),
  ]
    .map(([kind, about]) => `  ${kind.padEnd(13)}${about}`)
    .join('\n')

/** Headings of the flags in help. */
const OF_PAGES: Bilingual = { en: 'Pages only', ja: 'pageのみ' }
const OUTPUT: Bilingual = { en: 'Output', ja: '出力' }

export const exportModel: CommandSpec = {
  name: 'export',
  arguments: '<form> [model]',
  about: {
    en: 'Exports a model in another form: as a page that runs by itself, or for another system. MODEL as in `ondo sample`.',
    ja: 'モデルを別の形式に書き出します。単独で動くページか、ほかのシステム用のファイルになります。MODELは `ondo sample` と同じです。',
  },
  examples: [
    ['ondo export page shakespeare', { en: 'makes page.html', ja: 'page.html を作る' }],
    [
      'ondo export page runs/book --out book.html --title "My book"',
      { en: 'your model, to give away', ja: '自作のモデルを人に渡す' },
    ],
    ['ondo export page kokoro -t 0.5 --seed 7', { en: 'begins like this', ja: 'この設定で始まる' }],
    ['ondo export onnx runs/book', { en: 'makes book-onnx', ja: 'book-onnx を作る' }],
    [
      'ondo export pytorch names --out names',
      { en: 'python names/model.py', ja: 'python names/model.py で動く' },
    ],
  ],
  flags: [
    {
      flags: '--title <TEXT>',
      about: { en: 'heading of the page', ja: 'ページの見出し' },
      group: OF_PAGES,
      range: { en: 'default: the model’s name', ja: '既定値はモデルの名前' },
    },
    {
      flags: '-p, --prompt <TEXT>',
      about: { en: 'the prompt that the text begins with', ja: '文章の書き出し' },
      group: OF_PAGES,
      range: { en: 'default: the model’s own', ja: '既定値はモデルの書き出し' },
      parse: readEscapes,
    },
    flagOf(SEED, { short: 's', group: OF_PAGES }),
    flagOf(TEMPERATURE, { short: 't', placeholder: 'T', group: OF_PAGES }),
    { ...BITS_FLAG, group: OF_PAGES },
    {
      flags: '-o, --out <FILE>',
      about: {
        en: 'where to write, a file or a folder; - for standard output',
        ja: '書き出し先のファイルかフォルダー。「-」は標準出力',
      },
      group: OUTPUT,
      default: { en: 'page.html, or MODEL-FORM', ja: 'page.html または MODEL-FORM' },
    },
    {
      flags: '--force',
      about: {
        en: 'replace files that the folder holds already',
        ja: 'フォルダーに同じ名前のファイルがあっても置き換える',
      },
    },
  ],
  notes: {
    en: `Forms\n${listed('en', 'one HTML file with the model and the slider; needs no network')}`,
    ja: `形式（FORM）\n${listed('ja', 'モデルとスライダーを収めた1つのHTMLファイル。通信は不要')}`,
  },
  run,
}
