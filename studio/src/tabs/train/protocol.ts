/**
 * What the page and the worker that trains say to each other.
 *
 * The worker holds the text, the run and its storage; the page holds what it shows. Numbers come at
 * most four times a second, however quick a step is. The text never leaves the browser: the worker
 * asks its own server for ONNX Runtime, and nothing else of anybody.
 */

import type { Device, DeviceChoice } from 'ondo/browser'
import type { TokenizerKind, VocabularyReport } from 'ondo/text'
import type { ErrorMessage } from '../../writer/error-message.js'
import type { PointColumns } from './loss-curve.js'
import type { Wish } from './plan.js'

/** Temperatures of the samples. */
export const SAMPLE_TEMPERATURES = [0.5, 0.8, 1] as const

/** A text handed over: files, or what was pasted. */
export interface Source {
  readonly files: readonly File[]
  readonly text?: string
  readonly tokenizer: TokenizerKind
  /** Found by looking when left out. */
  readonly encoding?: string
}

/** What a text turned out to be. */
export interface CorpusReport {
  readonly name: string
  readonly files: readonly {
    readonly name: string
    readonly bytes: number
    readonly encoding: string
    /** Broken sequences that became U+FFFD. */
    readonly replaced: number
    /** A question where it is hardly the text that was meant. */
    readonly doubt?: { readonly en: string; readonly ja: string }
  }[]
  /** Names of files that are no text or are empty. */
  readonly skipped: readonly string[]
  /** Its beginning, to see whether it was read rightly. */
  readonly excerpt: string
  readonly vocabulary: VocabularyReport
}

export interface Sample {
  readonly step: number
  readonly epoch: number
  /** Smoothed training loss then, nats a symbol; undefined before the first step. */
  readonly loss?: number
  /** One for each of SAMPLE_TEMPERATURES. */
  readonly texts: readonly string[]
}

/** A run: what it is, and where it stands. */
export interface RunFacts {
  readonly name: string
  readonly symbols: number
  readonly vocabulary: number
  readonly cell: string
  readonly layers: number
  readonly hidden: number
  readonly parameters: number
  readonly device: Device
  readonly adapter?: string
  readonly threads: number
  /** Updates in the whole run, and in one pass over the text. */
  readonly steps: number
  readonly stepsPerEpoch: number
}

export interface Standing {
  readonly step: number
  readonly epoch: number
  /** Mean loss of a batch, smoothed, nats a symbol. */
  readonly loss?: number
  readonly seconds: number
  readonly symbolsPerSecond?: number
  readonly secondsLeft?: number
}

/** A run with its past. */
export interface Saved {
  readonly facts: RunFacts
  readonly standing: Standing
  readonly training: PointColumns
  readonly validation: PointColumns
  readonly samples: readonly Sample[]
}

export type ToTrainer =
  /** First of all: is there a run? `assets`: folder of ONNX Runtime's files. */
  | { type: 'look'; assets: string }
  | { type: 'inspect'; job: number; source: Source }
  /** Trains on a text; a run kept here before is replaced. `job`: of its inspection. */
  | {
      type: 'start'
      job: number
      source: Source
      wish: Wish
      device: DeviceChoice
      threads?: number
    }
  /** Goes on with the run that is kept. */
  | { type: 'resume' }
  | { type: 'rest'; why: 'paused' | 'stopped' }
  /** The bytes of the best model so far. */
  | { type: 'take'; job: number }
  | { type: 'discard' }

export type FromTrainer =
  | { type: 'looked'; saved?: Saved }
  | { type: 'inspected'; job: number; report: CorpusReport }
  | ({ type: 'refused'; job: number } & ErrorMessage)
  | { type: 'preparing'; what: 'engine' | 'speed' }
  | { type: 'started'; facts: RunFacts; standing: Standing }
  /** `loss`: mean since the last such message. */
  | { type: 'progress'; standing: Standing; loss: number }
  | { type: 'evaluated'; step: number; loss: number; best: boolean }
  | { type: 'sampled'; sample: Sample }
  | { type: 'kept'; step: number }
  | { type: 'warned'; code: string; message: { readonly en: string; readonly ja: string } }
  | { type: 'rested'; why: 'paused' | 'stopped' | 'finished'; standing: Standing }
  | { type: 'discarded' }
  | { type: 'took'; job: number; name: string; bytes: Uint8Array<ArrayBuffer> }
  /** What was kept before, if anything, still is. */
  | ({ type: 'failed' } & ErrorMessage)
