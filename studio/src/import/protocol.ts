/**
 * The messages between the page and the worker that recognises and converts files. A worker of its own
 * does it, so that the text is written on meanwhile, and so that the reader can cancel.
 */
import type { ErrorMessage } from '../writer/error-message.js'
import type { Foreign } from '../writer/protocol.js'

/** A file as the reader gave it. */
export interface GivenFile {
  /** Path within the chosen folder, with `/` between parts; of a single file its name. */
  readonly name: string
  readonly file: Blob
}

export interface Given {
  /**
   * Name of the folder, or of the only file without its extension: a title where the files have none.
   * Empty for several files that are in no folder.
   */
  readonly title: string
  readonly files: readonly GivenFile[]
}

/** What a model is to be changed to; what is left out stays. */
export interface ModelEdit {
  readonly name?: string
  readonly prompt?: string
  /** Symbols of the window; `null`: the whole text. */
  readonly window?: number | null
}

export type ToImporter =
  /**
   * @param vocabulary a file or text that says the symbols, where the files of the model do not
   * @param asText files of no known format are texts
   */
  | { type: 'open'; job: number; given: Given; vocabulary?: GivenFile | string; asText?: boolean }
  | { type: 'edit'; job: number; file: Blob; edit: ModelEdit }

export type FromImporter =
  /** Model files of Ondo itself. */
  | { type: 'models'; job: number; models: readonly { name: string; file: Blob }[] }
  /** A saved session or run. */
  | { type: 'saved'; job: number; json: string }
  /** Text files, on which a model can be trained. */
  | { type: 'text'; job: number }
  | {
      type: 'imported'
      job: number
      name: string
      bytes: Uint8Array<ArrayBuffer>
      foreign: Foreign
    }
  /** What should be a vocabulary is a model itself. */
  | { type: 'other-model'; job: number }
  | { type: 'edited'; job: number; bytes: Uint8Array<ArrayBuffer> }
  | ({ type: 'failed'; job: number } & ErrorMessage)
