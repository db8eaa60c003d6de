/** What an export is, whatever the form. */
import type { Model } from '../../file/index.js'
import type { Bilingual } from '../../knob.js'
import type { SourceFile } from '../source.js'

export interface Exported {
  /** The files in the order in which they are to be written: what names others comes last. */
  readonly files: readonly SourceFile[]
  /** What was converted and what to know of it, a sentence each. */
  readonly notes: readonly Bilingual[]
}

/** One form. A new one is a file that exports this and a line in export.ts. */
export interface ExportForm {
  /** What `ondo export` calls it. */
  readonly kind: string
  /** What is written, for which system: `a folder for charRNN of ml5 0.x`. */
  readonly about: Bilingual
  /**
   * Converts a model.
   * @throws InputError for a model that the form has no place for: what it is, what fits, what to do
   */
  write(model: Model): Exported
}

const utf8 = new TextEncoder()

/** A file of text. */
export const textFile = (name: string, text: string): SourceFile => ({
  name,
  bytes: utf8.encode(text),
})

/** A file of JSON. */
export const jsonFile = (name: string, value: unknown, space = 0): SourceFile =>
  textFile(name, `${JSON.stringify(value, null, space)}\n`)
