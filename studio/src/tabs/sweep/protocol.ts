/** Messages between the tab and its worker, which sweeps while the page goes on writing. */
import type { Seed, SweepResult } from 'ondo'
import type { SweepText } from 'ondo/measure'
import type { ErrorMessage } from '../../writer/error-message.js'

export interface SweepRequest {
  readonly source: string | Blob
  readonly temperatures: readonly number[]
  readonly seeds: number | readonly Seed[]
  /** Characters of each text. */
  readonly length: number
  readonly prompt: string
  /** Texts of an earlier sweep to be used again. */
  readonly done: readonly SweepText[]
}

export type ToSweeper = { type: 'sweep'; request: SweepRequest } | { type: 'cancel' }

export type FromSweeper =
  | { type: 'start'; total: number; done: number }
  | { type: 'text'; text: SweepText; done: number; total: number }
  /** The result, also of a sweep that was stopped. */
  | { type: 'end'; result: SweepResult }
  | ({ type: 'failed' } & ErrorMessage)
