/** The record of each symbol's draw, in columns that grow: 60 bytes a symbol. */
import { CHOSEN, COLUMNS, type ColumnName, type RecordColumns } from '../writer/protocol.js'

const FIRST_CAPACITY = 1024
const NAMES = Object.keys(COLUMNS) as ColumnName[]

/** A stretch of a text with its records. */
export interface Piece {
  readonly text: string
  readonly columns: RecordColumns
}

export function emptyColumns(length: number): RecordColumns {
  const made: Partial<Record<ColumnName, RecordColumns[ColumnName]>> = {}
  for (const name of NAMES) made[name] = new COLUMNS[name](length)
  return made as RecordColumns
}

/** Whether the reader put this symbol there. */
export const isChosen = (records: Records, n: number): boolean => records.coins[n] === CHOSEN

export class Records {
  /** The text so far, without the prompt. */
  text = ''
  /** Symbols. */
  count = 0
  /** The offset in the text at which each symbol ends, UTF-16 units. */
  ends = new Uint32Array(FIRST_CAPACITY)
  private columns = emptyColumns(FIRST_CAPACITY)

  get ids(): RecordColumns['ids'] {
    return this.columns.ids
  }
  get temperatures(): RecordColumns['temperatures'] {
    return this.columns.temperatures
  }
  /** NaN where no coin was read, CHOSEN where the reader chose the symbol. */
  get coins(): RecordColumns['coins'] {
    return this.columns.coins
  }
  get ranks(): RecordColumns['ranks'] {
    return this.columns.ranks
  }
  get probabilities(): RecordColumns['probabilities'] {
    return this.columns.probabilities
  }
  get tempered(): RecordColumns['tempered'] {
    return this.columns.tempered
  }
  get surprisals(): RecordColumns['surprisals'] {
    return this.columns.surprisals
  }
  get lows(): RecordColumns['lows'] {
    return this.columns.lows
  }
  get highs(): RecordColumns['highs'] {
    return this.columns.highs
  }

  get chains(): RecordColumns['chains'] {
    return this.columns.chains
  }

  clear(): void {
    this.truncate(0)
  }

  /** Removes all symbols from n on. */
  truncate(n: number): void {
    if (n >= this.count) return
    this.text = this.text.slice(0, this.start(n))
    this.count = n
  }

  append(text: string, columns: RecordColumns): void {
    const { lengths } = columns
    this.reserve(this.count + lengths.length)
    let end = this.text.length
    for (let i = 0; i < lengths.length; i++) {
      end += lengths[i]
      this.ends[this.count + i] = end
    }
    for (const name of NAMES) this.columns[name].set(columns[name], this.count)
    this.count += lengths.length
    this.text += text
  }

  /** Symbols [from, to) as they were appended; copies. */
  slice(from: number, to = this.count): Piece {
    const columns: Partial<Record<ColumnName, RecordColumns[ColumnName]>> = {}
    for (const name of NAMES) columns[name] = this.columns[name].slice(from, to)
    const text = to > from ? this.text.slice(this.start(from), this.ends[to - 1]) : ''
    return { text, columns: columns as RecordColumns }
  }

  /** Where symbol n begins in the text. */
  start(n: number): number {
    return n === 0 ? 0 : this.ends[n - 1]
  }

  /** The symbol whose text covers this offset; `count` behind the end. */
  at(offset: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.ends[middle] > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The text of symbol n; '' while a character was incomplete. */
  textOf(n: number): string {
    return this.text.slice(this.start(n), this.ends[n])
  }

  private reserve(count: number): void {
    let capacity = this.ends.length
    if (count <= capacity) return
    while (capacity < count) capacity *= 2
    const ends = new Uint32Array(capacity)
    ends.set(this.ends)
    this.ends = ends
    const wider = emptyColumns(capacity)
    for (const name of NAMES) wider[name].set(this.columns[name])
    this.columns = wider
  }
}
