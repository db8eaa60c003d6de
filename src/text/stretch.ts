/** A range of positions of a text: `from` is included, `to` is not. */
export interface Stretch {
  readonly from: number
  readonly to: number
}
