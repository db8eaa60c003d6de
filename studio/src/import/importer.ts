/** Recognises the reader's files by their content, and converts models of other systems. Knows no DOM. */
import { decodeModel, encodeModel, FileError, type Model, OndoError, readRun } from 'ondo'
import { FORMATS, importModel, type SourceFile } from 'ondo/import'
import { modelConfig } from 'ondo/model'
import { counted, quote } from '../../../src/errors.js'
import { readModelHeader } from '../../../src/file/index.js'
import { inBothLanguages } from '../../../src/interop/japanese.js'
import { errorMessage } from '../writer/error-message.js'
import type { FromImporter, GivenFile, ModelEdit, ToImporter } from './protocol.js'

type Post = (message: FromImporter, moved?: ArrayBuffer[]) => void

/** The largest size of all files together, bytes, and their largest number: a folder may be a whole disk. */
const MOST_BYTES = 2 ** 30
const MOST_FILES = 2000
/** So much of a file is enough to see whether it is text, bytes. */
const SAMPLE = 65_536
/** A saved session has at most this size, bytes: a full text takes some 20 MB in it. */
const MOST_SAVED = 2 ** 28

const shortName = (name: string): string => [...name].slice(0, 60).join('')

/** Files that systems put into folders and archives by themselves. */
const isJunk = ({ name }: GivenFile): boolean =>
  name.split('/').some(part => part.startsWith('.') || part === '__MACOSX') ||
  /(^|\/)(Thumbs\.db|desktop\.ini)$/i.test(name)

/** Whether a safetensors file says that Ondo wrote it; whether it is whole is found out later. */
export function isOndoModel(bytes: Uint8Array): boolean {
  if (bytes.length < 9 || bytes[8] !== 0x7b) return false
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + Math.min(length, 2 ** 27)))
  return /"format"\s*:\s*"ondo"/.test(header)
}

/** Whether bytes look like text: UTF-16 with its mark, or no NUL in the beginning. */
export function isTextLike(bytes: Uint8Array): boolean {
  const [a, b] = bytes
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true
  return bytes.length > 0 && !bytes.subarray(0, SAMPLE).includes(0)
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

export class Importer {
  private readonly post: Post

  constructor(post: Post) {
    this.post = post
  }

  async handle(message: ToImporter): Promise<void> {
    const { job } = message
    try {
      if (message.type === 'open') {
        this.send(await recognise(message), job)
      } else {
        const bytes = await edited(await bytesOf(message.file), message.edit)
        this.send({ type: 'edited', bytes }, job)
      }
    } catch (error) {
      const known = error instanceof OndoError ? inBothLanguages(error) : error
      this.post({ type: 'failed', job, ...errorMessage(known) })
    }
  }

  private send(answer: Answer, job: number): void {
    const moved = 'bytes' in answer ? [answer.bytes.buffer] : []
    this.post({ ...answer, job } as FromImporter, moved)
  }
}

type Answer = FromImporter extends infer Message
  ? Message extends { job: number }
    ? Omit<Message, 'job'>
    : never
  : never

const bytesOf = async (file: Blob): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await file.arrayBuffer())

/** @throws FileError when there are too many files, or none */
function checkAmount(files: readonly GivenFile[]): void {
  if (files.length === 0) {
    throw new FileError('empty', 'The folder has no files; choose the folder of a model.', {
      ja: 'フォルダーにファイルがありません。モデルのフォルダーを選んでください。',
    })
  }
  const size = files.reduce((sum, { file }) => sum + file.size, 0)
  if (files.length <= MOST_FILES && size <= MOST_BYTES) return
  throw new FileError(
    'too-much',
    `${counted(files.length, 'file')} of ${Math.ceil(size / 2 ** 20)} MB are too much; expected a model of at most ${counted(MOST_FILES, 'file')} and ${MOST_BYTES / 2 ** 20} MB: choose the folder of one model.`,
    {
      ja: `${files.length}個のファイルは合わせて${Math.ceil(size / 2 ** 20)} MBです。モデルは${MOST_FILES}ファイル、${MOST_BYTES / 2 ** 20} MBまでです。一つのモデルのフォルダーを選んでください。`,
    },
  )
}

async function recognise({
  given: { title, files: given },
  vocabulary,
  asText,
}: Extract<ToImporter, { type: 'open' }>): Promise<Answer> {
  const chosen = given.length === 1 ? given : given.filter(file => !isJunk(file))
  checkAmount(chosen)
  const files = await Promise.all(
    chosen.map(async ({ name, file }) => ({ name, file, bytes: await bytesOf(file) })),
  )
  const told = vocabulary === undefined ? undefined : await vocabularyFileOf(vocabulary)
  if (told && isModel(told)) return { type: 'other-model' }
  const own = files.filter(({ bytes }) => isOndoModel(bytes))
  if (own.length > 0) {
    const models = own.map(({ name, file }) => ({
      name: shortName(name.replace(/^.*\//, '').replace(/\.safetensors$/, '')),
      file,
    }))
    return { type: 'models', models }
  }
  const [only] = files
  const saved = files.length === 1 && only ? await savedText(only) : undefined
  if (saved !== undefined) return { type: 'saved', json: saved }
  if (!FORMATS.some(format => format.recognises(files))) {
    if (asText || files.every(isPlainText)) return { type: 'text' }
    throw unknownFiles(files)
  }
  return imported(files, title, told)
}

async function vocabularyFileOf(vocabulary: GivenFile | string): Promise<SourceFile> {
  return typeof vocabulary === 'string'
    ? { name: 'vocabulary.txt', bytes: new TextEncoder().encode(vocabulary) }
    : { name: vocabulary.name, bytes: await bytesOf(vocabulary.file) }
}

const isModel = (file: SourceFile): boolean =>
  isOndoModel(file.bytes) || FORMATS.some(format => format.recognises([file]))

/** The JSON of a saved session or run; undefined for another file. */
async function savedText({ bytes }: SourceFile): Promise<string | undefined> {
  if (bytes[0] !== 0x7b || bytes.length > MOST_SAVED) return undefined
  const text = new TextDecoder().decode(bytes)
  if (/^\{\s*"format"\s*:\s*"ondo-session"/.test(text)) return text
  const record = await readRun(text).catch(() => undefined)
  return record && text
}

/** Whether a file is text on which a model can be trained; JSON is data. */
function isPlainText({ name, bytes }: SourceFile): boolean {
  if (!isTextLike(bytes)) return false
  return !/\.json$/i.test(name) || !isJson(new TextDecoder().decode(bytes))
}

function unknownFiles(files: readonly SourceFile[]): FileError {
  const names = files.slice(0, 3).map(({ name }) => quote(shortName(name)))
  const more = files.length - names.length
  const [noun, verb] = files.length === 1 ? ['file', 'is'] : ['files', 'are']
  const list = (language: 'en' | 'ja'): string[] => FORMATS.map(({ about }) => about[language])
  return new FileError(
    'import',
    `The ${noun} ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} ${verb} of no known format; expected a model of Ondo, ${list('en').join(', ')}, a session, or a text to train on.`,
    {
      ja: `${names.join('、')}${more > 0 ? `ほか${more}個` : ''}は知らない形式です。開けるのはOndoのモデル、${list('ja').join('、')}、セッション、学習用のテキストです。`,
    },
  )
}

const withoutEndings = (about: string): string => about.replace(/ ?[(（].*$/, '')

async function imported(
  files: readonly SourceFile[],
  title: string,
  told: SourceFile | undefined,
): Promise<Answer> {
  const result = await importModel(files, { ...(told && { vocabulary: told }) })
  const { from, notes, trainedWindow } = result
  const about = FORMATS.find(({ kind }) => kind === from)?.about ?? { en: from, ja: from }
  // The endings of its files are of no interest any more.
  const system = { en: withoutEndings(about.en), ja: withoutEndings(about.ja) }
  const name = result.model.name ?? (shortName(title) || system.en)
  const bytes = encodeModel({ ...result.model, name })
  const foreign = {
    kind: from,
    from: system,
    notes,
    ...(trainedWindow !== undefined && { trainedWindow }),
  }
  return { type: 'imported', name, bytes, foreign }
}

/** The file of a model with another name, prompt or window; the weights stay as they are stored. */
async function edited(
  bytes: Uint8Array,
  { name, prompt, ...edit }: ModelEdit,
): Promise<Uint8Array<ArrayBuffer>> {
  const { dtypes } = readModelHeader(bytes)
  const model: Model = await decodeModel(bytes)
  const kept = edit.window === undefined ? model.config.window : (edit.window ?? undefined)
  const [dtype = 'F32', ...others] = dtypes.filter(one => one !== 'I8')
  return encodeModel(
    {
      ...model,
      config: modelConfig({ ...model.config, window: kept }),
      ...(name !== undefined && { name }),
      ...(prompt !== undefined && { prompt }),
    },
    { dtype: others.length > 0 ? 'F32' : dtype },
  )
}
