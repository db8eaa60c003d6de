/** What the tab and its own worker say to each other; the text on the page goes on meanwhile. */
import type { Seed, SweepResult } from 'ondo'
import type { SweepText } from 'ondo/measure'
import type { ErrorMessage } from '../../writer/error-message.js'

export interface SweepWish {
  readonly source: string | Blob
  readonly temperatures: readonly number[]
  readonly seeds: number | readonly Seed[]
  /** Characters of each text. */
  readonly length: number
  readonly prompt: string
  /** Texts that are there already. */
  readonly done: readonly SweepText[]
}

export type ToSweeper = { type: 'sweep'; wish: SweepWish } | { type: 'cancel' }

export type FromSweeper =
  | { type: 'start'; total: number; done: number }
  | { type: 'text'; text: SweepText; done: number; total: number }
  /** Of what is done, whether or not all of it. */
  | { type: 'end'; result: SweepResult }
  | ({ type: 'failed' } & ErrorMessage)
