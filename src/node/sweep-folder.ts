/**
 * The folder of a sweep. `texts.jsonl` grows as texts are done, so that neither Ctrl-C nor a crash
 * loses one; all else is made of it at the end, each file whole or not at all.
 */
import { appendFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError, InputError } from '../errors.js'
import { isNamed } from '../file/index.js'
import {
  curveCsv,
  type FigureLanguage,
  type SpellingUnit,
  type SweepResult,
  type SweepText,
  sweepCsv,
  sweepFigure,
  sweepPage,
  writeTemperature,
} from '../measure/index.js'
import type { Weights } from '../model/config.js'
import { makeFolder } from './checkpoint-folder.js'
import { writeFigures } from './figures.js'
import { fileError, isMissing, writeFileAtomic } from './files.js'
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
  temperature: writeTemperature(temperature),
  seed: String(seed),
  ...rest,
})

/** Seeds above 2^53 are BigInt, as the generator takes them. */
function restored({ temperature, seed, ...rest }: StoredText): SweepText {
  const number = Number(seed)
  return {
    temperature: temperature === 'inf' ? Number.POSITIVE_INFINITY : Number(temperature),
    seed: Number.isSafeInteger(number) ? number : BigInt(seed),
    ...rest,
  }
}

function readLine<T>(line: string, file: string): T {
  try {
    return JSON.parse(line) as T
  } catch (cause) {
    throw new FileError(
      'sweep-damaged',
      `"${file}" holds no sweep, or a damaged one: choose another --out, or begin anew with --force.`,
      { cause },
    )
  }
}

export class SweepFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /**
   * Opens the folder for a sweep.
   * @param anew forget what is there
   * @param weights the model's: older folders name their model by the SHA-256 of its file
   * @returns the texts that are done already
   * @throws InputError when it holds a sweep with other settings; FileError
   */
  async open(key: SweepKey, anew: boolean, weights: Weights): Promise<SweepText[]> {
    const file = join(this.path, TEXTS)
    await makeFolder(this.path)
    if (anew) await rm(file, { force: true })
    const text = await readFile(file, 'utf8').catch(error => {
      if (isMissing(error)) return ''
      throw fileError(error, file, 'read')
    })
    if (text === '') {
      await writeFileAtomic(file, `${JSON.stringify({ type: 'sweep', ...key })}\n`)
      return []
    }
    // A crash may have left half a line at the end.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole !== text) await writeFileAtomic(file, whole)
    const [head, ...lines] = whole.trimEnd().split('\n')
    const kept = readLine<SweepKey>(head, file)
    const named =
      typeof kept.model === 'string' && (await isNamed({ hash: key.model, weights }, kept.model))
    const before = named ? { ...kept, model: key.model } : kept
    const names = ['model', 'prompt', 'length', 'chain', 'corpus', 'version'] as const
    const other = names.find(name => before[name] !== key[name])
    if (other) {
      const said = (value: unknown): string =>
        value === undefined ? 'none' : JSON.stringify(value)
      throw new InputError(
        'sweep-exists',
        `${this.path} holds a sweep with another ${other} (${said(before[other])}, now ${said(key[other])}): choose another --out, or begin anew with --force.`,
      )
    }
    return lines.map(line => restored(readLine<StoredText>(line, file)))
  }

  async add(text: SweepText): Promise<void> {
    const file = join(this.path, TEXTS)
    await appendFile(file, `${JSON.stringify(stored(text))}\n`).catch(error => {
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
