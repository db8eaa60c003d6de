/** The training folder as the command line sees it: is a run there, of what text, and how far. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rmdir, stat } from 'node:fs/promises'
import { basename, extname, join, relative, resolve } from 'node:path'
import { InputError, shortPath } from '../../errors.js'
import { isRecord } from '../../file/json.js'
import { checkpointFolder } from '../../node/checkpoint-folder.js'
import { fileError, writeFileAtomic } from '../../node/files.js'
import { FolderLock } from '../../node/folder-lock.js'
import type { TokenizerKind } from '../../text/index.js'
import { FILES, type Run, readCheckpoint } from '../../train/index.js'

/** How the text was read: kept beside the run, so that resuming needs no more than the folder. */
export interface TextSource {
  /** TEXT... */
  readonly text: readonly string[]
  readonly encoding?: string
  readonly raw?: boolean
  readonly tokenizer?: TokenizerKind
  readonly minCount?: number
  readonly name?: string
  readonly prompt?: string
  readonly stop?: readonly string[]
}

const SOURCE = 'source.json'

const FIELDS: Readonly<Record<keyof TextSource, true>> = {
  text: true,
  encoding: true,
  raw: true,
  tokenizer: true,
  minCount: true,
  name: true,
  prompt: true,
  stop: true,
}

const hashOf = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex')

/** The content of a source file whose hash fits, or of an earlier Ondo, which wrote none. */
function checkedSource(value: unknown): Partial<TextSource> | undefined {
  if (!isRecord(value)) return undefined
  const { sha256, ...content } = value
  const whole =
    sha256 === undefined
      ? Object.keys(content).every(name => name in FIELDS)
      : sha256 === hashOf(content)
  return whole ? content : undefined
}

export const missingTextError = (): InputError =>
  new InputError(
    'argument',
    'ondo train needs TEXT, a file or folder to learn from; none was given. Usage: ondo train TEXT... [options]',
    {
      ja: 'ondo trainにはTEXT（学習するファイルかフォルダー）が必要です。使い方: ondo train TEXT... [options]',
    },
  )

/** `runs/book` for `texts/book.txt`. */
export function defaultFolder(paths: readonly string[]): string {
  const [first] = paths
  if (first === undefined) throw missingTextError()
  if (first === '-') {
    throw new InputError(
      'option',
      'A text from standard input has no name for the training folder; give one with --out DIR.',
      { ja: '標準入力のテキストには名前がないので、学習フォルダーを--out DIRで指定してください。' },
    )
  }
  const name = basename(resolve(first))
  return join('runs', basename(name, extname(name)) || name)
}

export class TrainingFolder {
  private readonly path: string
  private checkpoint: Promise<Run> | undefined
  private lock: FolderLock | undefined
  private isNew: boolean | undefined

  constructor(path: string) {
    this.path = path
  }

  private async json(name: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.path, name), 'utf8'))
    } catch {
      return undefined
    }
  }

  async holdsRun(): Promise<boolean> {
    for (const name of [FILES.resume, FILES.model, FILES.best]) {
      if (await stat(join(this.path, name)).catch(() => undefined)) return true
    }
    return false
  }

  /** The value of the checkpoint, whose hash is compared; run.json is for people. */
  private run(): Promise<Run> {
    this.checkpoint ??= checkpointFolder(this.path).then(async store => {
      const { run } = await readCheckpoint(store)
      return run
    })
    return this.checkpoint
  }

  /** `tiny-shakespeare.txt, step 812`. */
  async describe(): Promise<string> {
    const { corpus, step } = ((await this.json(FILES.run)) ?? {}) as Partial<Run>
    return `${corpus?.name === undefined ? '' : `${corpus.name}, `}step ${step ?? 'unknown'}`
  }

  /** JSON of the run's tokenizer. @throws FileError as `readCheckpoint` */
  async tokenizer(): Promise<unknown> {
    return JSON.parse((await this.run()).tokenizer)
  }

  /** @throws FileError as `readCheckpoint` */
  async threads(): Promise<number> {
    return (await this.run()).threads
  }

  /** Step of the checkpoint as it is now; undefined where none can be gone on from. */
  async checkpointStep(): Promise<number | undefined> {
    const store = await checkpointFolder(this.path)
    const checkpoint = await readCheckpoint(store).catch(() => undefined)
    return checkpoint?.run.step
  }

  /** How the text was read before; paths as seen from here. Nothing where the file is damaged. */
  async source(): Promise<Partial<TextSource>> {
    const source = checkedSource(await this.json(SOURCE))
    if (source?.text === undefined) return source ?? {}
    const text = source.text.map(path => (path === '-' ? '-' : join(this.path, path)))
    // Standard input is gone; it has to be given again.
    return { ...source, text: text.includes('-') ? [] : text }
  }

  /** Why a run that goes on does not know its text. */
  unknownSource(): InputError {
    return new InputError(
      'argument',
      `Which text ${shortPath(this.path)} was trained on is not known, since its ${SOURCE} is missing, damaged, changed or names standard input; give the text again: ondo train TEXT --out ${shortPath(this.path)} --resume`,
    )
  }

  /** Paths are kept relative to the folder: both may be moved together. */
  async writeSource(source: TextSource): Promise<void> {
    const text = source.text.map(path => (path === '-' ? '-' : relative(this.path, path)))
    const content = { ...source, text }
    const file = { ...content, sha256: hashOf(content) }
    await writeFileAtomic(join(this.path, SOURCE), `${JSON.stringify(file, null, 2)}\n`)
  }

  async exists(): Promise<boolean> {
    return (await stat(this.path).catch(() => undefined)) !== undefined
  }

  /**
   * Takes the folder, which is made where it is not there: until `release` no other run writes here.
   * May be called twice.
   * @throws InputError when another run is going on here; FileError
   */
  async take(): Promise<FolderLock> {
    this.isNew ??= !(await this.exists())
    this.lock ??= await FolderLock.take(this.path)
    return this.lock
  }

  /** @param unused remove the folder where `take` made it and nothing was written into it */
  async release({ unused }: { readonly unused: boolean }): Promise<void> {
    this.lock?.release()
    if (unused && this.isNew) await rmdir(this.path).catch(() => {})
  }

  /** Moves a run's files into the first free `before-N` inside the folder. @returns where they are */
  async moveAside(): Promise<string> {
    let n = 1
    while (await stat(join(this.path, `before-${n}`)).catch(() => undefined)) n++
    const aside = join(this.path, `before-${n}`)
    await mkdir(aside)
    for (const name of [...Object.values(FILES), SOURCE]) {
      await rename(join(this.path, name), join(aside, name)).catch(error => {
        if (error.code !== 'ENOENT') throw fileError(error, join(this.path, name), 'moved')
      })
    }
    return aside
  }
}
