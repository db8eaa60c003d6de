/** Converts symbol records to the columns in which they are sent to the page. */
import type { Distribution, SymbolRecord } from 'ondo'
import { CHOSEN, type RecordColumns } from './protocol.js'

export function columnsOf(positions: readonly SymbolRecord[]): RecordColumns {
  return {
    lengths: Uint16Array.from(positions, position => position.text.length),
    ids: Uint32Array.from(positions, position => position.id),
    temperatures: Float64Array.from(positions, position => position.temperature),
    coins: Float64Array.from(positions, ({ chosen, coin }) =>
      chosen ? CHOSEN : (coin ?? Number.NaN),
    ),
    ranks: Uint32Array.from(positions, ({ modelRank, rank }) => modelRank ?? rank),
    probabilities: Float32Array.from(positions, position => position.p),
    tempered: Float32Array.from(positions, position => position.pT),
    surprisals: Float32Array.from(positions, position => position.surprisal),
    lows: Float64Array.from(positions, position => position.interval?.low ?? Number.NaN),
    highs: Float64Array.from(positions, position => position.interval?.high ?? Number.NaN),
    // The page, which keeps the list of chains, fills these.
    chains: new Uint16Array(positions.length),
  }
}

export const textOf = (positions: readonly SymbolRecord[]): string =>
  positions.map(position => position.text).join('')

export const buffersOf = (columns: RecordColumns): ArrayBuffer[] =>
  Object.values(columns).map(column => column.buffer)

/** Returns the logits [V] of a step. They were computed as float32, so no bit is lost. */
export function logitsOf(distribution: Distribution): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: distribution.size }, (_, id) => distribution.logit(id))
}
