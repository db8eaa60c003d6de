/** What `ondo export page` puts into a page beside the model. */
export interface PageSettings {
  /** For people. */
  readonly name: string
  /** The model's identity. */
  readonly hash: string
  /** Bytes of a number; the model's bytes stand in so many planes (src/file/printable-bytes.ts). */
  readonly width: number
  /** Bytes of the deflated planes. */
  readonly packed: number
  /** With what the page begins; the address after `#` may say otherwise. */
  readonly prompt: string
  readonly seed: string
  /** In its written form: `0.8`, `inf`. */
  readonly temperature: string
}
