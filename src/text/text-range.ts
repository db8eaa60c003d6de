/** A range of positions of a text: `from` is included, `to` is not. */
export interface TextRange {
  readonly from: number
  readonly to: number
}
