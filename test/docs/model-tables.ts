/**
 * Tables of a page whose first column names bundled models. What a model's file says of itself is
 * compared by a test and written anew by scripts/record.ts; other columns are a person's.
 */
import { decodeModel, type Model } from '../../src/file/index.js'
import { storedMeasures } from '../../src/measure/index.js'
import { parameterCount } from '../../src/model/config.js'
import { exportPage } from '../../src/node/index.js'
import type { Edit, Span } from './shown.js'

/** Text of a cell by the name of its column, as one language or the other calls it. */
export type Facts = ReadonlyMap<string, string>

/** By the names of bundled models. */
export type Models = ReadonlyMap<string, Facts>

const MB = 1e6

function networkOf({ config: { cell, layers, hidden, embedding } }: Model): string {
  const width = embedding > 0 ? `, embedding ${embedding}` : ''
  return `${cell.toUpperCase()} ${layers}x${hidden}${width}`
}

/** Finer than a page says it, so that rounding twice can be seen. */
const percent = (share: number): string => `${(100 * share).toFixed(3)}%`

/** @param bytes the model's file */
export async function factsOf(bytes: Uint8Array<ArrayBuffer>): Promise<Map<string, string>> {
  const model = await decodeModel(bytes)
  const { filter, sweep } = storedMeasures(model)
  const zone = (name: string) => sweep?.zones?.zones.find(({ zone }) => zone === name)
  const [loops, reads, breaks] = [zone('loops'), zone('reads'), zone('breaks')]
  const { validationLoss: loss } = model.training
  const share = 100 * (filter?.falsePositiveRate ?? 0)
  const judge = filter?.unit === 'grams' ? `${filter.gramLength}-grams` : 'words'
  const stored = filter === undefined ? 0 : JSON.stringify(filter.toJSON()).length
  const size = `${(bytes.length / MB).toFixed(2)} MB`
  const curve = (sweep?.curve ?? []).flatMap(({ temperature, values }) =>
    (['repetition', 'spelling'] as const).flatMap((measure): [string, string][] => {
      const median = values[measure]?.median
      const T = temperature === Number.POSITIVE_INFINITY ? 'inf' : temperature
      return median === undefined ? [] : [[`${measure} at ${T}`, percent(median)]]
    }),
  )
  return new Map([
    ...curve,
    ['split', model.training.split ?? ''],
    ['network', networkOf(model)],
    ['parameters', parameterCount(model.config).toLocaleString('en')],
    ['file', size],
    ['ファイル', size],
    [
      'loss, nats (bits) a symbol',
      loss === undefined ? '–' : `**${loss.toFixed(4)}** (${(loss / Math.LN2).toFixed(4)})`,
    ],
    ['loops below T', loops ? loops.to.toFixed(2) : '–'],
    ['reads like the corpus', reads ? `${reads.from.toFixed(2)} – ${reads.to.toFixed(2)}` : '–'],
    ['breaks above', breaks ? breaks.from.toFixed(2) : '–'],
    ['filter', `${Math.round(stored / 1000)} KB`],
    ['judged by', `${judge}, false positives ${share.toFixed(1)}%`],
  ])
}

/** The columns that depend on the size of the exported page, so on the program too. */
export async function pageFactsOf(bytes: Uint8Array<ArrayBuffer>): Promise<[string, string][]> {
  const { length } = await exportPage(bytes)
  const size = `${(length / MB).toFixed(2)} MB`
  const ratio = (length / bytes.length).toFixed(2)
  return [
    ['page', size],
    ['ページ', size],
    ['page / file', ratio],
    ['ページ / ファイル', ratio],
  ]
}

interface Cell {
  /** Trimmed names of the columns. */
  readonly columns: readonly string[]
  /** Trimmed cells of its row. */
  readonly row: readonly string[]
  readonly column: number
  readonly at: Span
}

const cellsOf = (row: string): string[] => row.slice(1, -1).split('|')

/** The cells of all tables of a page. */
function* tableCells(page: string): Generator<Cell> {
  for (const table of page.matchAll(/^\|.*\|\n\|[-:| ]+\|\n(?:\|.*\|\n?)+/gm)) {
    const [header, rule, ...rows] = table[0].trimEnd().split('\n')
    const columns = cellsOf(header).map(name => name.trim())
    let start = table.index + header.length + rule.length + 2
    for (const line of rows) {
      const cells = cellsOf(line)
      const row = cells.map(cell => cell.trim())
      let at = start + 1
      for (const [column, text] of cells.entries()) {
        yield { columns, row, column, at: { start: at, text } }
        at += text.length + 1
      }
      start += line.length + 1
    }
  }
}

/** By the first cell of results.md's table of n-grams: a model, and the split that its row is of. */
const BESIDE_NGRAM: Readonly<Record<string, readonly [string, string]>> = {
  'tiny-shakespeare': ['shakespeare', 'tail'],
  こころ: ['kokoro', 'tail'],
  'names, the end of each of 50 stripes (5%)': ['names', 'striped'],
}

/** The bundled network beside the n-gram of its row; nothing where it was held out otherwise. */
function besideNgram({ columns, row, column }: Cell, models: Models): string | undefined {
  const place = columns.indexOf('best network here')
  const [name, split] = BESIDE_NGRAM[row[0]] ?? []
  const facts = models.get(name ?? '')
  if (place < 0 || facts === undefined || facts.get('split') !== split) return undefined
  const loss = facts.get('loss, nats (bits) a symbol')?.match(/[\d.]+/)?.[0]
  const network = facts.get('network')?.replace(/,.*/, '')
  if (!row[place].includes('(bundled, ') || loss === undefined) return undefined
  if (column === place) return `${loss} (bundled, ${network})`
  if (column !== place + 1) return undefined
  const behind = Number(loss) - Number(row[columns.indexOf('nats')].replaceAll('**', ''))
  return `${Math.abs(behind).toFixed(4)} ${behind > 0 ? 'worse' : 'better'}`
}

/** What the models' files say of a cell; bold is the writer's. */
function factOf(cell: Cell, models: Models): string | undefined {
  const { columns, row, column } = cell
  const ofModel = models.get(row[0].replaceAll('`', ''))
  // The table of calibration.md: by place, since two of its columns have one name.
  if (columns[2]?.startsWith('T*')) {
    const fact = ofModel?.get(`calibration ${column}`)
    return columns[2].includes('（') ? fact?.replace(/ \((.*)\)$/, '（$1）') : fact
  }
  const byName = ofModel?.get(columns[column])
  if (byName !== undefined) return byName
  if (columns.includes('best network here')) return besideNgram(cell, models)
  // The table of sweep.md: temperatures down, measures of three models across, the third not bundled.
  if (!/^(T|温度)$/.test(columns[0]) || !/: Shakespeare$/.test(columns[1])) return undefined
  const [model, measure] = [
    [],
    ['shakespeare', 'repetition'],
    ['kokoro', 'repetition'],
    [],
    ['shakespeare', 'spelling'],
    ['kokoro', 'spelling'],
    [],
  ][column]
  const borders = {
    repetition: /^(loops below|これより下で)/,
    spelling: /^(breaks above|これより上で)/,
  }
  const key = Object.entries(borders).find(
    ([name, border]) => name === measure && border.test(row[0]),
  )
  const facts = models.get(model)
  if (key === undefined) return facts?.get(`${measure} at ${row[0]}`)
  return facts?.get(measure === 'repetition' ? 'loops below T' : 'breaks above')
}

/**
 * A share as a page says it. A file keeps four figures of it, so a page may know better than the file
 * whether 23.75% is 23.7 or 23.8.
 */
function written(fact: string, old: string): string {
  const share = /^(\d+\.\d{3})%$/.exec(fact)?.[1]
  if (share === undefined) return fact
  const shown = /^([\d.]+)%$/.exec(old)?.[1]
  if (shown !== undefined && Math.abs(Number(shown) - Number(share)) < 0.0551) return old
  return `${Number(share) === 100 ? 100 : Number(share).toFixed(1)}%`
}

/** What to change in a page so that its tables say what the models' files say. */
export function tableEdits(page: string, models: Models): Edit[] {
  return [...tableCells(page)].flatMap(cell => {
    const fact = factOf(cell, models)
    if (fact === undefined) return []
    const old = cell.at.text.trim()
    const plain = old.replaceAll('**', '')
    const text = written(fact, plain)
    if (text.replaceAll('**', '') === plain) return []
    const isBold = old === `**${plain}**` && !text.includes('**')
    return [{ at: cell.at, text: isBold ? ` **${text}** ` : ` ${text} ` }]
  })
}
