/** What of a corpus's measures goes into the model file: the spelling filter and what is usual. */
import { decodeModel, encodeModel, readModelHeader } from '../file/index.js'
import {
  buildSpellingFilter,
  CorpusIndex,
  corpusProfile,
  type KeptMeasures,
  writeMeasures,
} from '../measure/index.js'
import type { Stretch, Tokenizer } from '../text/index.js'
import { FILES, type IdSource } from '../train/index.js'
import { checkpointFolder } from './checkpoint-folder.js'

/** Symbols read at most, of the training text and of the held-out one: seconds, not minutes. */
const MOST_TRAINING = 8_000_000
const MOST_HELD_OUT = 1_000_000
/** Symbols up to which copied runs are looked for: a suffix array takes five bytes a character. */
const MOST_INDEXED = 4_000_000
/** Above this share of broken characters the corpus is not text, and has no spelling. */
const MOST_BROKEN = 0.01

/** The text of some stretches of a corpus, one after the other, a line end between. */
export function textOfParts(
  ids: IdSource,
  tokenizer: Tokenizer,
  parts: readonly Stretch[],
  most = Number.POSITIVE_INFINITY,
): string {
  const texts: string[] = []
  let left = most
  for (const { from, to } of parts) {
    const end = Math.min(to, from + left)
    if (end > from) texts.push(tokenizer.decode(ids.subarray(from, end)))
    left -= Math.max(0, end - from)
  }
  return texts.join('\n')
}

/** Seconds that `corpusMeasures` takes, roughly: measured 2.4 for 1.1 million characters. */
export const measuringSeconds = (symbols: number): number =>
  0.5 + 2e-6 * Math.min(symbols, MOST_TRAINING)

/**
 * Puts measures into the models of a training folder. The weights stay as they are, and so does all
 * that resuming needs.
 * @throws FileError
 */
export async function addMeasures(folder: string, kept: KeptMeasures): Promise<void> {
  const store = await checkpointFolder(folder)
  for (const name of [FILES.best, FILES.model]) {
    const bytes = await store.read(name)
    if (!bytes) continue
    const model = await decodeModel(bytes)
    const { dtypes } = readModelHeader(bytes)
    const measures = { ...model.measures, ...writeMeasures(kept) }
    await store.write(name, encodeModel({ ...model, measures }, { dtype: dtypes[0] }))
  }
}

/** Share of U+FFFD: what bytes that are no text become. */
function broken(text: string): number {
  return (text.match(/\ufffd/g)?.length ?? 0) / Math.max(1, text.length)
}

/**
 * Measures a corpus for the model that is trained on it: the filter of its training part, and what
 * is usual for it, the held-out part judged by the training part.
 * @returns {} for what is not text
 */
export function corpusMeasures(
  ids: IdSource,
  tokenizer: Tokenizer,
  parts: { readonly training: readonly Stretch[]; readonly heldOut: readonly Stretch[] },
): KeptMeasures {
  const training = textOfParts(ids, tokenizer, parts.training, MOST_TRAINING)
  if (broken(training) > MOST_BROKEN) return {}
  const heldOut = textOfParts(ids, tokenizer, parts.heldOut, MOST_HELD_OUT)
  const filter = buildSpellingFilter(training)
  const index = training.length <= MOST_INDEXED ? new CorpusIndex(training) : undefined
  return { filter, corpus: corpusProfile(training, { heldOut, filter, index }) }
}
