/** A text that was dropped, chosen or pasted: read, and told what it is. */
import { buildTokenizer } from 'ondo'
import { joinFilesWithAdvice, vocabularyReport } from 'ondo/text'
import type { CorpusReport, Source } from './protocol.js'
import type { Corpus } from './run-store.js'

/** What the beginning of a text shows. */
const EXCERPT = 140

async function bytesOf(file: File, found: boolean) {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()), found }
}

/** @throws FileError when it is no text, InputError when nothing can be made of it */
export async function readSource(
  source: Source,
): Promise<{ readonly corpus: Corpus; readonly report: CorpusReport }> {
  const { tokenizer: kind, encoding, text } = source
  // Pasted text was decoded by the browser already.
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
    typeof content === 'string' ? content : new TextDecoder().decode(content.subarray(0, EXCERPT))
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
      excerpt: start.slice(0, EXCERPT),
      vocabulary: vocabularyReport(tokenizer, report.counts),
    },
  }
}
