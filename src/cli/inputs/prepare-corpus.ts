/** A text as the ids that `ondo train` trains on, with what there is to say of its symbols. */
import { counted } from '../../errors.js'
import type { OpenCorpus } from '../../node/open-corpus.js'
import { type BuildReport, printable, tokenizerFrom, vocabularyReport } from '../../text/index.js'
import { extendTokenizer, type TrainingCorpus } from '../../train/index.js'
import type { Io } from '../terminal/io.js'
import { corpusLines, vocabularyLines, warnOfDoubts } from './corpus.js'
import { type StartModel, startLines } from './start-model.js'
import type { TextSource, TrainingFolder } from './training-folder.js'

/** Symbols shown of those that are left out. */
const SHOWN = 10

/** Symbols that are too rare, apart from those that the model to go on from knows. */
function leftOutLine(dropped: BuildReport['dropped'], minCount: number, io: Io): string {
  const total = dropped.reduce((sum, { count }) => sum + count, 0)
  const shown = dropped.slice(0, SHOWN).map(({ symbol, count }) => `${printable(symbol)} ${count}`)
  const list = `${shown.join(', ')}${dropped.length > SHOWN ? ', …' : ''}`
  return io.t({
    en: `left out: ${counted(dropped.length, 'kind')} that occur less than ${counted(minCount, 'time')}, ${counted(total, 'symbol')} in all: ${list}`,
    ja: `除外: ${minCount}回未満の文字${dropped.length}種類、計${total}文字: ${list}`,
  })
}

export interface PrepareOptions {
  readonly source: TextSource
  /** The folder of the run that goes on; it holds the tokenizer. */
  readonly folder?: TrainingFolder
  readonly start?: StartModel
  readonly dropSymbols?: boolean
}

/** Builds the tokenizer, tells of it, and encodes the text. */
export async function prepareCorpus(
  text: OpenCorpus,
  { source, folder, start, dropSymbols }: PrepareOptions,
  io: Io,
): Promise<TrainingCorpus> {
  for (const line of corpusLines(text, io)) io.info(line)
  warnOfDoubts(text, io)
  const saved = await folder?.tokenizer()
  if (saved !== undefined) return text.encode(tokenizerFrom(saved))
  const { minCount } = source
  const built = await text.build(source.tokenizer ?? 'character', { minCount })
  const { tokenizer, report } = built
  for (const line of vocabularyLines(vocabularyReport(tokenizer, report.counts), io)) io.info(line)
  const trained = start
    ? extendTokenizer(start.model, tokenizer, { drop: dropSymbols ?? false })
    : tokenizer
  const dropped = start
    ? report.dropped.filter(({ symbol }) => trained.known(symbol) === undefined)
    : report.dropped
  if (dropped.length > 0) io.info(leftOutLine(dropped, minCount ?? 1, io))
  if (start) for (const line of startLines(start, { text: tokenizer, trained }, io)) io.info(line)
  return text.encode(trained)
}
