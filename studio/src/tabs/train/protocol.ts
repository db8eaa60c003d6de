/**
 * The messages between the page and the worker that trains.
 *
 * The worker holds the text, the run and its storage; the page holds only what it shows. The worker
 * sends progress at most four times a second, however fast the steps are. The text never leaves the
 * browser: the only request of the worker loads ONNX Runtime from its own server.
 */

import type { Device, DeviceChoice } from 'ondo/browser'
import type { TokenizerKind, VocabularyReport } from 'ondo/text'
import type { ErrorMessage } from '../../writer/error-message.js'
import type { PointColumns } from './loss-curve.js'
import type { RunRequest } from './plan.js'

/** Temperatures of the samples. */
export const SAMPLE_TEMPERATURES = [0.5, 0.8, 1] as const

/** A model to go on from: the address or the file of one that the reader can choose. */
export interface BaseModel {
  readonly source: string | Blob
  /** Used where the file does not name its model. */
  readonly name: string
}

/** A text to train on: files, or pasted text. */
export interface Source {
  readonly files: readonly File[]
  readonly text?: string
  readonly tokenizer: TokenizerKind
  /** Detected from the bytes when left out. */
  readonly encoding?: string
  /** The text is read as this model reads it, and training goes on from it. */
  readonly base?: BaseModel
}

/** What a text and the model to go on from have in common. */
export interface BaseFacts {
  readonly name: string
  readonly cell: string
  readonly layers: number
  readonly hidden: number
  /** Number of kinds of symbols of the text, and how many of them the model knows. */
  readonly kinds: number
  readonly known: number
  /** Symbols that it does not know, in printable form. */
  readonly added: readonly string[]
}

/** Result of inspecting a text. */
export interface CorpusReport {
  readonly name: string
  readonly files: readonly {
    readonly name: string
    readonly bytes: number
    readonly encoding: string
    /** Number of invalid sequences that were replaced by U+FFFD. */
    readonly replaced: number
    /** A question to the user when the decoded text is probably not the intended one. */
    readonly doubt?: { readonly en: string; readonly ja: string }
  }[]
  /** Names of files that are empty or not text. */
  readonly skipped: readonly string[]
  /** The beginning of the text, so that the user can check the encoding. */
  readonly excerpt: string
  readonly vocabulary: VocabularyReport
  /** Absent for a new model; an error where training can't go on from the chosen one. */
  readonly base?: BaseFacts | { readonly error: ErrorMessage }
}

export interface Sample {
  readonly step: number
  readonly epoch: number
  /** Smoothed training loss at that step, nats per symbol; undefined before the first step. */
  readonly loss?: number
  /** One text for each of SAMPLE_TEMPERATURES. */
  readonly texts: readonly string[]
}

/** The facts of a run that do not change. */
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
  /** Number of updates in the whole run; `stepsPerEpoch` in one pass over the text. */
  readonly steps: number
  readonly stepsPerEpoch: number
  /** The model that the run went on from. */
  readonly base?: { readonly name: string; readonly added: readonly string[] }
}

/** The progress of a run. */
export interface Standing {
  readonly step: number
  readonly epoch: number
  /** Smoothed mean loss of a batch, nats per symbol. */
  readonly loss?: number
  readonly seconds: number
  readonly symbolsPerSecond?: number
  readonly secondsLeft?: number
}

/** A stored run with its history. */
export interface Saved {
  readonly facts: RunFacts
  readonly standing: Standing
  readonly training: PointColumns
  readonly validation: PointColumns
  readonly samples: readonly Sample[]
}

export type ToTrainer =
  /** Sent first: asks whether a run is stored. `assets` is the folder of ONNX Runtime's files. */
  | { type: 'look'; assets: string }
  | { type: 'inspect'; job: number; source: Source }
  /** Trains on a text and replaces the stored run. `job` is the job of its inspection. */
  | {
      type: 'start'
      job: number
      source: Source
      request: RunRequest
      device: DeviceChoice
      threads?: number
    }
  /** Continues the stored run. */
  | { type: 'resume' }
  | { type: 'rest'; why: 'paused' | 'stopped' }
  /** Asks for the bytes of the best model so far. */
  | { type: 'take'; job: number }
  | { type: 'discard' }

export type FromTrainer =
  | { type: 'looked'; saved?: Saved }
  | { type: 'inspected'; job: number; report: CorpusReport }
  | ({ type: 'refused'; job: number } & ErrorMessage)
  | { type: 'preparing'; what: 'engine' | 'speed' }
  | { type: 'started'; facts: RunFacts; standing: Standing }
  /** `loss` is the mean since the last such message. */
  | { type: 'progress'; standing: Standing; loss: number }
  | { type: 'evaluated'; step: number; loss: number; best: boolean }
  | { type: 'sampled'; sample: Sample }
  | { type: 'kept'; step: number }
  | { type: 'warned'; code: string; message: { readonly en: string; readonly ja: string } }
  | { type: 'rested'; why: 'paused' | 'stopped' | 'finished'; standing: Standing }
  | { type: 'discarded' }
  | { type: 'took'; job: number; name: string; bytes: Uint8Array<ArrayBuffer> }
  /** A run that was stored before the failure is still stored. */
  | ({ type: 'failed' } & ErrorMessage)
