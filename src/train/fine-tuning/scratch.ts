/** The comparison with a fine-tuned model: a network that begins with random weights, in the same time. */
import { tokenizerFrom } from '../../text/index.js'
import type { IdSource } from '../batches.js'
import type { TrainEvent } from '../events.js'
import { type TrainOptions, train } from '../trainer.js'
import type { TrainingCorpus } from '../training-corpus.js'
import { occurring } from './vocabulary.js'

/** Settings that decide which symbols are predicted in validation, and what is read before them. */
const OF_VALIDATION = ['split', 'holdout', 'batch', 'seq', 'seed'] as const

/** Maps ids while they are read. */
function mapped(ids: IdSource, to: Int32Array): IdSource {
  return {
    length: ids.length,
    subarray: (from, until) => Int32Array.from(ids.subarray(from, until), id => to[id]),
  }
}

/** The same corpus with a vocabulary of the symbols that occur in it. */
export function ownVocabulary(corpus: TrainingCorpus): TrainingCorpus {
  const { ids, tokenizer } = corpus
  const { kind, symbols } = tokenizer.toJSON()
  if (symbols === undefined) return corpus
  const used = occurring(ids, tokenizer.size)
  const kept = symbols.filter((_, id) => used[id])
  if (kept.length === symbols.length) return corpus
  const to = new Int32Array(symbols.length)
  let next = 0
  symbols.forEach((_, id) => {
    if (used[id]) to[id] = next++
  })
  return { ...corpus, ids: mapped(ids, to), tokenizer: tokenizerFrom({ kind, symbols: kept }) }
}

export type ScratchOptions = Pick<TrainOptions, 'corpus' | 'engine' | 'signal' | 'clock'> & {
  /** The settings of the run to compare with; of them the held-out part and the seed are taken. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Time to train in. */
  readonly seconds: number
}

/**
 * Trains a network from random weights on the same text for the same time, as well as possible: its size
 * and settings are chosen for the text and the time, as for any run with a budget. Its validation
 * predicts the same symbols as that of the run to compare with. Nothing is saved.
 * @returns the events; the last one has the lowest validation loss as `best`
 */
export function trainFromScratch(options: ScratchOptions): AsyncGenerator<TrainEvent> {
  const { settings: all, seconds, corpus, ...rest } = options
  const settings = Object.fromEntries(OF_VALIDATION.map(name => [name, all[name]]))
  return train({ ...rest, corpus: ownVocabulary(corpus), settings, budget: seconds })
}
