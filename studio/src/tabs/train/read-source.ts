/** Reads a text that was dropped, chosen or pasted, and reports what it contains. */
import { buildTokenizer, type Model, type Tokenizer } from 'ondo'
import { joinFilesWithAdvice, vocabularyReport } from 'ondo/text'
import { beginning } from '../../../../src/errors.js'
import { errorMessage } from '../../writer/error-message.js'
import { compareBase, loadBase } from './base-model.js'
import type { CorpusReport, Source } from './protocol.js'
import type { Corpus } from './run-store.js'

/** Length of the excerpt in the report, UTF-16 units. */
const EXCERPT_LENGTH = 140

async function bytesOf(file: File, found: boolean) {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()), found }
}

/** The model to go on from, or why it can't be had. */
async function baseOf({ base }: Source): Promise<{ model?: Model; error?: unknown }> {
  if (!base) return {}
  return loadBase(base).then(
    model => ({ model }),
    error => ({ error }),
  )
}

interface Compared {
  readonly tokenizer: Tokenizer
  readonly model?: Model
  readonly report?: CorpusReport['base']
}

/** The tokenizer to train with: of the text alone, or what a model and the text know together. */
async function withBase(
  { model, error }: Awaited<ReturnType<typeof baseOf>>,
  content: string | Uint8Array,
  tokenizer: Tokenizer,
): Promise<Compared> {
  if (error !== undefined) return { tokenizer, report: { error: errorMessage(error) } }
  if (!model) return { tokenizer }
  try {
    const { facts, tokenizer: both } = await compareBase(model, content, tokenizer)
    return { tokenizer: both, model, report: facts }
  } catch (refused) {
    return { tokenizer, report: { error: errorMessage(refused) } }
  }
}

/** @throws FileError when a file is not text, InputError when the text cannot be trained on */
export async function readSource(
  source: Source,
): Promise<{ readonly corpus: Corpus; readonly report: CorpusReport }> {
  const { encoding, text } = source
  const base = await baseOf(source)
  const kind = base.model?.tokenizer.kind ?? source.tokenizer
  // The browser has already decoded pasted text.
  const pasted = text === undefined ? [] : [new File([text], 'text.txt')]
  const all = [...source.files, ...pasted]
  const files = await Promise.all(all.map(file => bytesOf(file, all.length > 1)))
  const joined = await joinFilesWithAdvice(files, {
    tokenizerKind: kind,
    ...(encoding && text === undefined && { encoding }),
  })
  const { content, name } = joined
  const { tokenizer, report } = buildTokenizer(kind, content)
  const compared = await withBase(base, content, tokenizer)
  const start =
    typeof content === 'string'
      ? content
      : new TextDecoder().decode(content.subarray(0, EXCERPT_LENGTH))
  return {
    corpus: {
      name,
      content,
      tokenizer: compared.tokenizer,
      ...(compared.model && { base: compared.model }),
    },
    report: {
      name,
      files: joined.files.map(({ name, bytes, encoding, replaced, doubt }) => ({
        name,
        bytes,
        encoding,
        replaced,
        ...(doubt && { doubt }),
      })),
      skipped: joined.skipped.map(({ name }) => name),
      excerpt: beginning(start, EXCERPT_LENGTH),
      vocabulary: vocabularyReport(tokenizer, report.counts),
      ...(compared.report && { base: compared.report }),
    },
  }
}
