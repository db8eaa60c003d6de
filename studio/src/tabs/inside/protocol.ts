/** Messages between the tab and its worker, in which the network reads the text again. */

import type { ErrorMessage } from '../../writer/error-message.js'
import type { FeatureName } from './features.js'

/** The quantity of a unit that is shown: its state, the LSTM's cell, or a gate. */
export const QUANTITIES = ['h', 'c', 'i', 'f', 'g', 'o', 'r', 'z', 'n'] as const
export type Quantity = (typeof QUANTITIES)[number]

export interface Unit {
  /** From 0. */
  readonly layer: number
  /** From 0. */
  readonly unit: number
}

/** The number of guesses under each symbol. */
export const GUESSES = 5

export interface ReadRequest {
  readonly job: number
  readonly source: string | Blob
  readonly prompt: string
  readonly unknown: 'skip' | 'nearest'
  readonly held?: string
  /** The whole text, because the states depend on all of it. */
  readonly ids: Uint32Array
  /** How many of the last symbols are kept. */
  readonly keep: number
}

export type ToStateReader =
  | ({ type: 'read' } & ReadRequest)
  | ({ type: 'series'; job: number; quantity: Quantity } & Unit)
  /** Symbols [from, to) of those kept; units with |h| of `threshold` or more are on. */
  | { type: 'brush'; job: number; from: number; to: number; threshold: number }

/** A unit that correlates with a feature of the text. */
export interface Suggestion extends Unit {
  readonly feature: FeatureName
  /** Pearson's r, on the half of the text that was not used to choose the unit. */
  readonly r: number
}

export interface OnUnit extends Unit {
  /** Mean of h in the passage. */
  readonly mean: number
  /** Share of the whole text in which it is on with this sign. */
  readonly share: number
}

/** Symbols [from, to) of those kept. */
export interface Passage {
  readonly from: number
  readonly to: number
  /** The share of the marked passage's units that are on here too. */
  readonly score: number
}

export type FromStateReader =
  | {
      type: 'read'
      job: number
      layers: number
      hidden: number
      quantities: readonly Quantity[]
      /** Whether units can be held at other values than 0. */
      anyValue: boolean
      /** The position in the text of the first symbol kept. */
      from: number
      count: number
      /** [count, GUESSES] of what comes after each symbol, likeliest first, at T = 1. */
      guesses: Uint32Array<ArrayBuffer>
      chances: Float32Array<ArrayBuffer>
      suggestions: readonly Suggestion[]
    }
  | {
      type: 'series'
      job: number
      /** [count] */
      values: Float32Array<ArrayBuffer>
      highest: readonly number[]
      lowest: readonly number[]
    }
  | { type: 'brushed'; job: number; units: readonly OnUnit[]; passages: readonly Passage[] }
  | ({ type: 'failed' } & ErrorMessage)
