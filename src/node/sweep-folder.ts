/**
 * The folder of a sweep. `texts.jsonl` grows as texts are done, so that neither Ctrl-C nor a crash
 * loses one; all else is made of it at the end, each file whole or not at all.
 */
import { createHash } from 'node:crypto'
import { appendFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError, InputError, quote, shortPath } from '../errors.js'
import { isNamed } from '../file/index.js'
import {
  curveCsv,
  type FigureLanguage,
  formatTemperature,
  type SpellingUnit,
  type SweepResult,
  type SweepText,
  sweepCsv,
  sweepFigure,
  sweepPage,
} from '../measure/index.js'
import type { Weights } from '../model/config.js'
import { readSeed } from '../random.js'
import { writeFigures } from './figures.js'
import { fileError, isMissing, writeFileAtomic } from './files.js'
import { FolderLock } from './folder-lock.js'
import type { NoPng } from './png.js'

/** What texts depend on besides T and seed; texts of other settings can't stand in one sweep. */
export interface SweepKey {
  /** The model's identity; in older folders the SHA-256 of its file. */
  readonly model: string
  readonly prompt: string
  readonly length: number
  readonly chain?: string
  /** SHA-256 of the training text that novelty was measured against. */
  readonly corpus?: string
  readonly version: string
}

const TEXTS = 'texts.jsonl'

interface StoredText extends Omit<SweepText, 'temperature' | 'seed'> {
  readonly temperature: string
  readonly seed: string
}

const stored = ({ temperature, seed, ...rest }: SweepText): StoredText => ({
  temperature: formatTemperature(temperature),
  seed: String(seed),
  ...rest,
})

function restored({ temperature, seed, ...rest }: StoredText): SweepText {
  return {
    temperature: temperature === 'inf' ? Number.POSITIVE_INFINITY : Number(temperature),
    seed: readSeed(seed),
    ...rest,
  }
}

const damagedSweep = (file: string, cause?: unknown): FileError =>
  new FileError('sweep-damaged', `"${shortPath(file)}" holds no sweep, or a damaged one`, {
    way: 'sweep-exists',
    cause,
  })

const SUM_DIGITS = 16
const SUMMED = new RegExp(`^\\{"sum":"([0-9a-f]{${SUM_DIGITS}})",`)
/** How the first line of an earlier Ondo begins, which wrote no sums. */
const WITHOUT_SUMS = '{"type":"sweep",'

/** The first digits of a SHA-256: enough to find damage in a line. */
const sumOf = (fields: string): string =>
  createHash('sha256').update(fields).digest('hex').slice(0, SUM_DIGITS)

/** A line that says whether it is whole: the sum is of all that follows it. */
function lineOf(value: object): string {
  const fields = JSON.stringify(value).slice(1)
  return `{"sum":"${sumOf(fields)}",${fields}\n`
}

/** What a line holds, or undefined when it is damaged. @param summed it has to have its sum */
function readLine<T>(line: string, summed: boolean): T | undefined {
  const sum = SUMMED.exec(line)
  if (sum ? sumOf(line.slice(sum[0].length)) !== sum[1] : summed) return undefined
  try {
    const { sum: _, ...value } = JSON.parse(line)
    return value as T
  } catch {
    return undefined
  }
}

export class SweepFolder {
  readonly path: string
  /** Damaged lines that `open` found and left out: their texts are written again. */
  damaged = 0
  /** It was begun by an earlier Ondo, whose lines have no sums. */
  unchecked = false
  private lock: FolderLock | undefined

  constructor(path: string) {
    this.path = path
  }

  /**
   * Opens the folder for a sweep; until `close`, no other process writes there.
   * @param anew forget what is there
   * @param weights the model's: older folders name their model by the SHA-256 of its file
   * @returns the texts that are done already
   * @throws InputError when it holds a sweep with other settings, or one goes on there; FileError
   */
  async open(key: SweepKey, anew: boolean, weights: Weights): Promise<SweepText[]> {
    const file = join(this.path, TEXTS)
    this.lock = await FolderLock.take(this.path)
    if (anew) await rm(file, { force: true })
    const text = await readFile(file, 'utf8').catch(error => {
      if (isMissing(error)) return ''
      throw fileError(error, file, 'read')
    })
    if (text === '') {
      await writeFileAtomic(file, lineOf({ type: 'sweep', ...key }))
      return []
    }
    // A crash may have left half a line at the end, which is no damage.
    const [head, ...lines] = text.split('\n').slice(0, -1)
    this.unchecked = head?.startsWith(WITHOUT_SUMS) ?? false
    const kept = readLine<SweepKey>(head ?? '', !this.unchecked)
    if (!kept) throw damagedSweep(file)
    const named =
      typeof kept.model === 'string' && (await isNamed({ hash: key.model, weights }, kept.model))
    const before = named ? { ...kept, model: key.model } : kept
    const names = ['model', 'prompt', 'length', 'chain', 'corpus', 'version'] as const
    const other = names.find(name => before[name] !== key[name])
    if (other) {
      const said = (value: unknown): string => (value === undefined ? 'none' : quote(value))
      throw new InputError(
        'sweep-exists',
        `${shortPath(this.path)} holds a sweep with another ${other} (${said(before[other])}, now ${said(key[other])})`,
        { way: 'sweep-exists' },
      )
    }
    const texts = lines.map(line => readLine<StoredText>(line, !this.unchecked))
    const whole = lines.filter((_, i) => texts[i])
    this.damaged = lines.length - whole.length
    const content = [head, ...whole, ''].join('\n')
    if (content !== text) await writeFileAtomic(file, content)
    return texts.flatMap(text => (text ? [restored(text)] : []))
  }

  close(): void {
    this.lock?.release()
  }

  async add(text: SweepText): Promise<void> {
    const file = join(this.path, TEXTS)
    await this.lock?.check()
    await appendFile(file, lineOf(stored(text))).catch(error => {
      throw fileError(error, file, 'written')
    })
  }

  /**
   * Writes tables, figures and the page.
   * @returns the names of the files, and why there is no PNG if there is none
   */
  async write(
    key: SweepKey,
    name: string,
    result: SweepResult,
    language: FigureLanguage,
    unit?: SpellingUnit,
  ): Promise<{ files: string[]; noPng?: NoPng }> {
    const files: string[] = []
    const write = async (file: string, content: string | Uint8Array): Promise<void> => {
      await writeFileAtomic(join(this.path, file), content)
      files.push(file)
    }
    const { texts, curve, zones } = result
    await write('sweep.csv', sweepCsv(texts))
    await write('curve.csv', curveCsv(curve))
    await write('sweep.json', sweepJson(key, name, result))
    const drawing = { name, length: key.length, curve, unit, ...(zones && { zones }) }
    const figures = await writeFigures(this.path, 'sweep', language, (theme, labels) =>
      sweepFigure(drawing, { theme, language: labels }),
    )
    files.push(...figures.files)
    await write('index.html', sweepPage(drawing, result, language))
    return { ...figures, files }
  }
}

/** All but the texts. */
function sweepJson(key: SweepKey, name: string, result: SweepResult): string {
  const { texts, seeds, ...rest } = result
  const cold = texts.find(text => text.temperature === 0)
  return `${JSON.stringify(
    {
      name,
      ...key,
      ...rest,
      seeds: seeds.map(String),
      texts: texts.length,
      ...(cold?.proof && { proof: cold.proof }),
      ...(cold?.settled && { settled: cold.settled }),
    },
    (_, value) => (value === Number.POSITIVE_INFINITY ? 'inf' : value),
    2,
  )}\n`
}
