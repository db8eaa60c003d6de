/** A range of positions in a text, in symbols: from `from` up to, but not including, `to`. */
export interface TextRange {
  readonly from: number
  readonly to: number
}
