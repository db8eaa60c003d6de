/** The text that a model was trained on, given again with --corpus. */
import type { Model } from '../../file/index.js'
import {
  type CorpusStatistics,
  corpusStatisticsAt,
  type StoredMeasures,
  storedMeasures,
} from '../../measure/index.js'
import { corpusMeasures, textOfParts } from '../../node/corpus-measures.js'
import { readCorpus } from '../../node/read.js'
import { encodeContent } from '../../text/index.js'
import { recordedDataParts } from '../../train/data-parts.js'
import type { Io } from '../terminal/io.js'
import { hashOfCorpus, reportReading } from './corpus.js'

export interface TrainingText {
  /** What was trained on; the whole text where the model's file does not say which part. */
  readonly text: string
  /** SHA-256 of the corpus. */
  readonly hash: string
  /** Taken from the model's file, or measured now. */
  measures(): StoredMeasures
  figures(length: number): CorpusStatistics | undefined
}

export async function openTrainingText(
  model: Model,
  paths: readonly string[],
  reading: { readonly encoding?: string; readonly raw?: boolean },
  io: Io,
): Promise<TrainingText> {
  const { tokenizer, training } = model
  const { encoding, raw } = reading
  const corpus = await readCorpus(paths, { encoding, raw, tokenizerKind: tokenizer.kind })
  reportReading(corpus, io)
  const { ids } = encodeContent(tokenizer, corpus.content, 'skip')
  const hash = await hashOfCorpus(corpus)
  const own = hash === training.corpusHash
  const recorded = own ? recordedDataParts(training, ids.length) : undefined
  const parts = recorded ?? { training: [{ from: 0, to: ids.length }], heldOut: [] }
  let measured: StoredMeasures | undefined
  const measures = (): StoredMeasures => {
    measured ??= storedMeasures(model).corpus
      ? storedMeasures(model)
      : corpusMeasures(ids, tokenizer, parts)
    return measured
  }
  return {
    text: textOfParts(ids, tokenizer, parts.training),
    hash,
    measures,
    figures: length => {
      const { corpus: profile } = measures()
      return profile && corpusStatisticsAt(profile, length)
    },
  }
}
