/** `ondo import`: a model that another system trained becomes a model file. */
import { basename, extname } from 'node:path'
import { InputError, OndoError, shorten, shortPath } from '../../errors.js'
import { decodeModel, encodeModel } from '../../file/index.js'
import { FORMAT_KINDS, type ImportResult, importModel } from '../../interop/index.js'
import { inBothLanguages } from '../../interop/japanese.js'
import type { Bilingual } from '../../knob.js'
import { parameterCount } from '../../model/config.js'
import { existsError, readFileBytes } from '../../node/files.js'
import { readModelSource } from '../../node/model-source.js'
import { writeTarget } from '../../node/write-target.js'
import { readEscapes, TOKENIZERS, type TokenizerKind } from '../../text/index.js'
import { JSON_FLAG } from '../flags.js'
import { importLines } from '../reports/import-report.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'
import { writeNewOutput } from '../terminal/write-output.js'

const DTYPES = { f32: 'F32', f16: 'F16', bf16: 'BF16' } as const
type DtypeName = keyof typeof DTYPES

interface ImportFlags {
  readonly out?: string
  readonly force?: boolean
  readonly name?: string
  readonly title?: string
  readonly prompt?: string
  readonly vocabulary?: string
  readonly tokenizer?: TokenizerKind
  readonly from?: string
  readonly window?: number
  readonly dtype?: DtypeName
  readonly json?: boolean
}

const EXTENSION = '.safetensors'

/** The name of the source without its extension: `darwin`, `model`. */
function stemOf(paths: readonly string[]): string {
  const [first = ''] = paths
  const name = basename(first === '-' ? '' : first)
  return name.slice(0, name.length - extname(name).length) || 'model'
}

function titleOf({ name, title }: ImportFlags): string | undefined {
  if (name === undefined || title === undefined || name === title) return name ?? title
  throw new InputError(
    'option',
    `--name is "${shorten(name)}" and --title is "${shorten(title)}"; they mean the same, so give one of them.`,
    {
      ja: `--nameが「${shorten(name)}」、--titleが「${shorten(title)}」です。同じ意味なので、どちらか一方を指定してください。`,
    },
  )
}

/** Before the work: a file that would be refused at its end. */
async function checkOut(path: string, force: boolean | undefined): Promise<void> {
  if (path === '-' || force) return
  const target = await writeTarget(path)
  if (target.kind === 'file' && target.old) throw existsError(path)
}

async function readModel(paths: readonly string[], flags: ImportFlags): Promise<ImportResult> {
  try {
    return await importFrom(paths, flags)
  } catch (error) {
    throw error instanceof OndoError ? inBothLanguages(error) : error
  }
}

async function importFrom(paths: readonly string[], flags: ImportFlags): Promise<ImportResult> {
  const { vocabulary, tokenizer, from, window, prompt } = flags
  const title = titleOf(flags)
  const files = await readModelSource(paths)
  return importModel(files, {
    ...(vocabulary !== undefined && {
      vocabulary: { name: basename(vocabulary), bytes: await readFileBytes(vocabulary) },
    }),
    ...(tokenizer !== undefined && { tokenizer }),
    ...(from !== undefined && { from }),
    ...(window !== undefined && { window }),
    ...(prompt !== undefined && { prompt }),
    ...(title !== undefined && { title }),
  })
}

/** What programs read: the keys of `ondo inspect --json`, and what became of the files. */
const jsonOf = (
  { model, from, files, notes }: ImportResult,
  out: string,
  bytes: number,
): object => ({
  from,
  files,
  name: model.name ?? null,
  path: out,
  bytes,
  identity: model.hash,
  parameters: parameterCount(model.config),
  config: model.config,
  tokenizer: model.tokenizer.toJSON(),
  prompt: model.prompt ?? null,
  stop: model.stop ?? [],
  conversions: notes.map(({ en }) => en),
})

const ROUNDED = (dtype: DtypeName): Bilingual => ({
  en: `the weights were rounded to ${dtype}`,
  ja: `重みを${dtype}に丸めました`,
})

/** The file of the model, and the model as the file has it. */
async function encoded(
  result: ImportResult,
  dtype: DtypeName,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly result: ImportResult }> {
  const { model } = result
  const bytes = encodeModel(model, { dtype: DTYPES[dtype] })
  const stored = dtype === 'f32' ? model : await decodeModel(bytes)
  const { training } = model
  if (stored.hash === model.hash || !training.imported) return { bytes, result }
  const note = ROUNDED(dtype)
  const imported = {
    ...training.imported,
    conversions: [...training.imported.conversions, note],
  }
  const noted = { ...stored, training: { ...training, imported } }
  return {
    bytes: encodeModel(noted, { dtype: DTYPES[dtype] }),
    result: { ...result, model: noted, notes: [...result.notes, note] },
  }
}

async function run(io: Io, [given]: readonly unknown[], options: object): Promise<number> {
  const flags = options as ImportFlags
  const paths = given as readonly string[]
  const out = flags.out ?? `${stemOf(paths)}${EXTENSION}`
  if (out === '-' && flags.json) {
    throw new InputError(
      'option',
      'Both --json and --out - write to standard output; give --out a file.',
      {
        ja: '--jsonと「--out -」はどちらも標準出力に書きます。--outにファイルを指定してください。',
      },
    )
  }
  await checkOut(out, flags.force)
  const { bytes, result } = await encoded(await readModel(paths, flags), flags.dtype ?? 'f32')
  await writeNewOutput(io, out, bytes, flags.force)
  if (flags.json) await io.json(jsonOf(result, out, bytes.length))
  else {
    const source = paths.length === 1 ? shortPath(paths[0] as string) : `${paths.length} paths`
    const written = { source, out, bytes: bytes.length }
    for (const line of importLines(result, written, io)) io.info(line)
  }
  return DONE
}

export const importCommand: CommandSpec = {
  name: 'import',
  arguments: '<source...>',
  about: {
    en: 'Makes a model file from a model that another system trained: torch-rnn, char-rnn.js, ml5 charRNN, recurrentjs, Keras, PyTorch and others (docs/import.md). SOURCE is its file, its files, its folder, or a zip of one; - is standard input. The kind is seen from the content. Nothing in the files is run.',
    ja: 'ほかのシステム（torch-rnn、char-rnn.js、ml5のcharRNN、recurrentjs、Keras、PyTorchなど。docs/import.ja.md）で学習したモデルをOndoのモデルファイルにします。SOURCEはファイル、複数のファイル、フォルダー、またはそのzipで、「-」は標準入力です。種類は内容から判別します。ファイルの中のプログラムは実行しません。',
  },
  examples: [
    ['ondo import models/darwin', { en: 'a folder of ml5 charRNN', ja: 'ml5 charRNNのフォルダー' }],
    [
      'ondo import model.pt --vocabulary book.txt',
      {
        en: 'PyTorch; its symbols are the different characters of the text it was trained on',
        ja: 'PyTorch。記号は学習に使ったテキストの文字',
      },
    ],
    [
      'ondo import model.pt --vocabulary char2idx.json',
      { en: 'a JSON list or map of its symbols', ja: '記号のリストまたは対応表（JSON）' },
    ],
    [
      'ondo import weights.h5 model.json chars.json --window 40',
      { en: 'Keras, run in windows as it was trained', ja: 'Keras。学習時と同じ窓で動かす' },
    ],
  ],
  flags: [
    {
      flags: '-o, --out <FILE>',
      about: {
        en: 'the model file to write; - for standard output',
        ja: '書き出すモデルファイル。「-」は標準出力',
      },
      default: {
        en: "the source's name and .safetensors",
        ja: 'SOURCEの名前に .safetensors を付けたもの',
      },
    },
    {
      flags: '--force',
      about: { en: 'replace the file if it exists', ja: 'ファイルがあれば置き換える' },
    },
    {
      flags: '--vocabulary <FILE>',
      about: {
        en: 'the symbols, where the files do not hold them: a JSON list or map, the symbols in the order of their ids, or the text that the model was trained on',
        ja: 'モデルのファイルに記号がない場合に指定する。JSONのリストか対応表、ID順に並べた記号、または学習に使ったテキスト',
      },
    },
    flagOf({
      name: 'tokenizer',
      kind: 'choice',
      choices: TOKENIZERS,
      default: 'character',
      about: {
        en: 'what a symbol is; byte: the ids are bytes',
        ja: '何を1記号とするか。byteならIDはバイト',
      },
    }),
    {
      flags: '--from <KIND>',
      about: {
        en: `the kind, where the content does not tell it: ${FORMAT_KINDS.join(', ')}`,
        ja: `内容から判別できない場合の種類：${FORMAT_KINDS.join('、')}`,
      },
    },
    flagOf(
      {
        name: 'window',
        kind: 'whole',
        min: 1,
        max: 4096,
        default: 0,
        about: {
          en: 'each prediction reads the last N symbols from a zero state, for models that were trained so',
          ja: '予測のたびに直前のN記号を状態0から読む。そのように学習したモデル用',
        },
      },
      { default: { en: 'the whole text', ja: '全文' } },
    ),
    flagOf({
      name: 'dtype',
      kind: 'choice',
      choices: Object.keys(DTYPES) as DtypeName[],
      default: 'f32',
      about: {
        en: 'form of the weights in the file: f32 keeps every bit, f16 halves the file',
        ja: 'ファイル内の重みの形式。f32は元のまま、f16はファイルが半分になる',
      },
    }),
    { flags: '--name <TEXT>', about: { en: 'display name of the model', ja: 'モデルの表示名' } },
    { flags: '--title <TEXT>', about: { en: 'the same as --name', ja: '--nameと同じ' } },
    {
      flags: '-p, --prompt <TEXT>',
      about: { en: 'the default prompt of the model', ja: 'モデルの既定の書き出し' },
      parse: readEscapes,
    },
    JSON_FLAG,
  ],
  run,
}
