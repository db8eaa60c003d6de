/** What `ondo export page` puts into a page beside the model. */
export interface PageSettings {
  /** Name of the model, as shown. */
  readonly name: string
  /** The model's identity. */
  readonly hash: string
  /** Bytes per number, for undoing the byte shuffle (src/file/printable-bytes.ts). */
  readonly width: number
  /** Size of the deflated model, bytes. */
  readonly packed: number
  /** The initial prompt; the address after `#` can override it, the seed and the temperature. */
  readonly prompt: string
  readonly seed: string
  /** The temperature as text: `0.8`, `inf`. */
  readonly temperature: string
}
