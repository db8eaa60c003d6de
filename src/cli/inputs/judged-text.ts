/** A text that a model is scored on: the one it was trained on, or another. */
import { InputError } from '../../errors.js'
import type { Model } from '../../file/index.js'
import { readCorpus } from '../../node/read.js'
import {
  contentToScore,
  encodeContent,
  encodeToScore,
  type Ids,
  type TextRange,
  type UnknownSymbol,
} from '../../text/index.js'
import { recordedDataParts } from '../../train/data-parts.js'
import type { Io } from '../terminal/io.js'
import { hashOfCorpus, reportReading } from './corpus.js'

export interface JudgedText {
  readonly name: string
  readonly ids: Ids
  /** Symbols that the model does not know; they are left out of `ids`. */
  readonly unknown: readonly UnknownSymbol[]
  /** The model was trained on this text. */
  readonly own: boolean
  /** What was held out of training; undefined for another text, and where nothing was held out. */
  readonly heldOut: readonly TextRange[] | undefined
}

/** @throws FileError */
export async function openJudgedText(
  model: Model,
  paths: readonly string[],
  { encoding, raw }: { readonly encoding?: string; readonly raw?: boolean },
  io: Io,
): Promise<JudgedText> {
  const { tokenizer, training } = model
  const corpus = await readCorpus(paths, { encoding, raw, tokenizerKind: tokenizer.kind })
  reportReading(corpus, io)
  const own = (await hashOfCorpus(corpus)) === training.corpusHash
  // A training text is encoded as in training: its held-out parts are counted in those symbols.
  const { ids, unknown } = own
    ? encodeContent(tokenizer, corpus.content, 'skip')
    : encodeToScore(tokenizer, contentToScore(corpus.content))
  const heldOut = own ? (recordedDataParts(training, ids.length)?.heldOut ?? []) : []
  return {
    name: corpus.name,
    ids,
    unknown,
    own,
    heldOut: heldOut.length > 0 ? heldOut : undefined,
  }
}

/** @throws InputError for a model and a text that are both to be read from standard input */
export function checkOneInput(model: unknown, paths: readonly string[]): void {
  if (model !== '-' || !paths.includes('-')) return
  throw new InputError(
    'argument',
    'Both MODEL and TEXT are -, but there is only one standard input; give a file for one of them.',
    {
      ja: 'MODELとTEXTの両方が「-」ですが、標準入力は1つだけです。どちらかをファイルで指定してください。',
    },
  )
}
