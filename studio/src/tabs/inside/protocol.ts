/** What the tab and its own worker say to each other: the network reads the text once more, aside. */

import type { ErrorMessage } from '../../writer/error-message.js'
import type { FeatureName } from './features.js'

/** What of a unit is looked at: its state, the LSTM's cell, or a gate. */
export const QUANTITIES = ['h', 'c', 'i', 'f', 'g', 'o', 'r', 'z', 'n'] as const
export type Quantity = (typeof QUANTITIES)[number]

export interface Unit {
  /** From 0. */
  readonly layer: number
  /** From 0. */
  readonly unit: number
}

/** Guesses under each symbol. */
export const GUESSES = 5

export interface ReadWish {
  readonly job: number
  readonly source: string | Blob
  readonly prompt: string
  readonly unknown: 'skip' | 'nearest'
  readonly held?: string
  /** The whole text, for the network has read it all. */
  readonly ids: Uint32Array
  /** So many of the last symbols are kept. */
  readonly keep: number
}

export type ToInsider =
  | ({ type: 'read' } & ReadWish)
  | ({ type: 'series'; job: number; quantity: Quantity } & Unit)
  /** Symbols [from, to) of those kept; units with |h| of `threshold` or more are on. */
  | { type: 'brush'; job: number; from: number; to: number; threshold: number }

/** A unit that goes along with something that one can see in the text. */
export interface Suggestion extends Unit {
  readonly feature: FeatureName
  /** Pearson's, on the half of the text that did not choose the unit. */
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
  /** Of the units that are on in the brushed passage, the share that is on here, too. */
  readonly score: number
}

export type FromInsider =
  | {
      type: 'read'
      job: number
      layers: number
      hidden: number
      quantities: readonly Quantity[]
      /** Whether units can be held at other values than 0. */
      anyValue: boolean
      /** Place in the text of the first symbol kept. */
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
