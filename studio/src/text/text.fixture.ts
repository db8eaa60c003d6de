/** Pieces for tests: a symbol is a letter, its temperature says how it was written. */
import { emptyColumns, type Piece } from './records.js'

export function pieceOf(text: string, temperature = 1): Piece {
  const columns = emptyColumns(text.length)
  columns.lengths.fill(1)
  columns.temperatures.fill(temperature)
  columns.coins.fill(0.5)
  columns.highs.fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < text.length; i++) columns.ids[i] = text.charCodeAt(i)
  return { text, columns }
}

export const ORIGIN = { prompt: 'P', unknown: 'skip', seed: '1' } as const
