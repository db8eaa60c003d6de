/**
 * The folder of a sweep. Each text is appended to `texts.jsonl` when it is written, so that neither
 * Ctrl-C nor a crash loses one. The other files are made from it at the end, each whole or not at all.
 */

import { createHash } from 'node:crypto'
import { appendFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError, InputError, quote, shortPath } from '../errors.js'
import { matchesHash } from '../file/index.js'
import { formatNumber, toJson } from '../knob.js'
import {
  curveCsv,
  type FigureLanguage,
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
import type { NoPngReason } from './png.js'

/** The settings of a sweep besides temperature and seed. All its texts share them. */
export interface SweepKey {
  /** The hash of the model; in older folders the SHA-256 of its file. */
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
  temperature: formatNumber(temperature),
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

const CHECKSUM_DIGITS = 16
const WITH_CHECKSUM = new RegExp(`^\\{"sum":"([0-9a-f]{${CHECKSUM_DIGITS}})",`)
/** The beginning of the first line of an older Ondo, which wrote no checksums. */
const WITHOUT_CHECKSUM = '{"type":"sweep",'

/** The first digits of a SHA-256, enough to detect damage in a line. */
const checksumOf = (fields: string): string =>
  createHash('sha256').update(fields).digest('hex').slice(0, CHECKSUM_DIGITS)

/** A line that begins with the checksum of the rest of it. */
function lineOf(value: object): string {
  const fields = JSON.stringify(value).slice(1)
  return `{"sum":"${checksumOf(fields)}",${fields}\n`
}

/** The content of a line, or undefined when it is damaged. @param summed whether it needs a checksum */
function readLine<T>(line: string, summed: boolean): T | undefined {
  const sum = WITH_CHECKSUM.exec(line)
  if (sum ? checksumOf(line.slice(sum[0].length)) !== sum[1] : summed) return undefined
  try {
    const { sum: _, ...value } = JSON.parse(line)
    return value as T
  } catch {
    return undefined
  }
}

export class SweepFolder {
  readonly path: string
  /** Number of damaged lines that `open` left out. Their texts are written again. */
  damaged = 0
  /** Whether an older Ondo began it, whose lines have no checksums. */
  unchecked = false
  private lock: FolderLock | undefined

  constructor(path: string) {
    this.path = path
  }

  /**
   * Opens the folder for a sweep; until `close`, no other process writes there.
   * @param anew whether to remove the texts that are there
   * @param weights of the model: older folders identify it by the SHA-256 of its file
   * @returns the texts that are already written
   * @throws InputError when the folder has a sweep with other settings, or is in use; FileError
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
    // A crash may have left half a line at the end; that does not count as damage.
    const [head, ...lines] = text.split('\n').slice(0, -1)
    this.unchecked = head?.startsWith(WITHOUT_CHECKSUM) ?? false
    const kept = readLine<SweepKey>(head ?? '', !this.unchecked)
    if (!kept) throw damagedSweep(file)
    const named =
      typeof kept.model === 'string' &&
      (await matchesHash({ hash: key.model, weights }, kept.model))
    const before = named ? { ...kept, model: key.model } : kept
    const names = ['model', 'prompt', 'length', 'chain', 'corpus', 'version'] as const
    const other = names.find(name => before[name] !== key[name])
    if (other) {
      const shown = (value: unknown): string => (value === undefined ? 'none' : quote(value))
      throw new InputError(
        'sweep-exists',
        `${shortPath(this.path)} holds a sweep with another ${other} (${shown(before[other])}, now ${shown(key[other])})`,
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
   * Writes the tables, the figures and the page.
   * @returns the names of the files, and the reason why there is no PNG
   */
  async write(
    key: SweepKey,
    name: string,
    result: SweepResult,
    language: FigureLanguage,
    unit?: SpellingUnit,
  ): Promise<{ files: string[]; noPng?: NoPngReason }> {
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

/** The result without the texts, as JSON. */
function sweepJson(key: SweepKey, name: string, result: SweepResult): string {
  const { texts, seeds, ...rest } = result
  const cold = texts.find(text => text.temperature === 0)
  return `${toJson(
    {
      name,
      ...key,
      ...rest,
      seeds: seeds.map(String),
      texts: texts.length,
      ...(cold?.proof && { proof: cold.proof }),
      ...(cold?.settled && { settled: cold.settled }),
    },
    2,
  )}\n`
}
