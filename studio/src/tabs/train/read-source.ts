/** Reads a text that was dropped, chosen or pasted, and reports what it contains. */
import { buildTokenizer } from 'ondo'
import { joinFilesWithAdvice, vocabularyReport } from 'ondo/text'
import { beginning } from '../../../../src/errors.js'
import type { CorpusReport, Source } from './protocol.js'
import type { Corpus } from './run-store.js'

/** Length of the excerpt in the report, UTF-16 units. */
const EXCERPT_LENGTH = 140

async function bytesOf(file: File, found: boolean) {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()), found }
}

/** @throws FileError when a file is not text, InputError when the text cannot be trained on */
export async function readSource(
  source: Source,
): Promise<{ readonly corpus: Corpus; readonly report: CorpusReport }> {
  const { tokenizer: kind, encoding, text } = source
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
  const start =
    typeof content === 'string'
      ? content
      : new TextDecoder().decode(content.subarray(0, EXCERPT_LENGTH))
  return {
    corpus: { name, content, tokenizer },
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
    },
  }
}
