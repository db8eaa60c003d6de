/** TEXT... on the command line: files, folders, standard input, read as one corpus and told of. */
import { counted } from '../../errors.js'
import {
  type CorpusSource,
  codeNumbers,
  ENCODINGS,
  SKIP_REASONS,
  type VocabularyReport,
} from '../../text/index.js'
import { corpusHash } from '../../train/training-corpus.js'
import type { Flag } from '../spec.js'
import { formatBytes, formatCount } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { width } from '../terminal/language.js'
import { bar, formatTimeLeft, LiveLine } from '../terminal/progress-line.js'

/** Flags of reading, the same for every command that reads text. */
export const READING_FLAGS: readonly Flag[] = [
  {
    flags: '--encoding <NAME>',
    about: {
      en: 'encoding of the files, where it is not recognised; any name of the WHATWG standard',
      ja: 'ファイルの文字コード。自動判別できないときに指定する',
    },
    range: { en: ENCODINGS.slice(0, 5).join(', '), ja: ENCODINGS.slice(0, 5).join('、') },
  },
  {
    flags: '--raw',
    about: {
      en: 'keep CRLF and CR line ends; otherwise they become LF',
      ja: '改行のCRLFとCRをLFに変換しない',
    },
  },
]

/** The hash that a model of this corpus has in its file. */
export const hashOfCorpus = ({ content }: CorpusSource): Promise<string> => corpusHash(content)

const LINE_ENDS = { none: 'one line', lf: 'LF', crlf: 'CRLF', cr: 'CR', mixed: 'mixed line ends' }
const FILES_SHOWN = 5

/** What was read, a line a file. */
export function corpusLines(corpus: Omit<CorpusSource, 'content'>, io: Io): string[] {
  const lines = corpus.files.slice(0, FILES_SHOWN).map(file => {
    const facts = [formatBytes(file.bytes), file.encoding]
    if (file.bom) facts.push(io.t({ en: 'with BOM', ja: 'BOMあり' }))
    if (file.encoding !== 'bytes') {
      const turned = file.lineEnds !== 'lf' && file.lineEnds !== 'none'
      facts.push(LINE_ENDS[file.lineEnds] + (turned ? ' -> LF' : ''))
    }
    if (file.replaced > 0) {
      facts.push(
        io.t({
          en: `${formatCount(file.replaced, io)} broken sequences became U+FFFD`,
          ja: `壊れた${formatCount(file.replaced, io)}箇所をU+FFFDに`,
        }),
      )
    }
    return `${file.name}: ${facts.join(', ')}`
  })
  const more = corpus.files.length - FILES_SHOWN
  if (more > 0)
    lines.push(io.t({ en: `and ${counted(more, 'more file')}`, ja: `ほか${more}ファイル` }))
  if (corpus.joined) lines.push(corpus.joined)
  lines.push(...skippedLines(corpus, io))
  return lines
}

/** What was left out of folders, and why. */
function skippedLines({ skipped }: Pick<CorpusSource, 'skipped'>, io: Io): string[] {
  const lines: string[] = []
  for (const { name, reason } of skipped.slice(0, FILES_SHOWN)) {
    const { en, ja } = SKIP_REASONS[reason]
    lines.push(io.t({ en: `${name}: left out because ${en}`, ja: `${name}: 除外（${ja}）` }))
  }
  const unread = skipped.length - FILES_SHOWN
  if (unread > 0) {
    lines.push(io.t({ en: `and ${unread} more left out`, ja: `ほか${unread}ファイルを除外` }))
  }
  return lines
}

/** Questions about files that read as hardly the text that was meant. */
function doubtLines({ files }: Pick<CorpusSource, 'files'>, io: Io): string[] {
  const doubts = files.flatMap(({ doubt }) => doubt ?? [])
  const lines = doubts.slice(0, FILES_SHOWN).map(doubt => io.t(doubt))
  const more = doubts.length - FILES_SHOWN
  if (more > 0) {
    lines.push(io.t({ en: `and ${more} more such files`, ja: `ほか${more}ファイルも同様` }))
  }
  return lines
}

/** Also under --quiet: a text in a wrong encoding trains a model that is worth nothing. */
export function warnOfDoubts(corpus: Pick<CorpusSource, 'files'>, io: Io): void {
  for (const line of doubtLines(corpus, io)) io.warn(io.stderrColors.yellow(line))
}

/** Reports only what was left out, and questions, where not every file is listed. */
export function reportReading(corpus: Pick<CorpusSource, 'files' | 'skipped'>, io: Io): void {
  for (const line of skippedLines(corpus, io)) io.info(line)
  warnOfDoubts(corpus, io)
}

/** How far a large corpus has been gone through: one line that moves, on a terminal. */
export class PassLine {
  private readonly io: Io
  private readonly line: LiveLine
  private pass = ''
  private began = 0

  constructor(io: Io) {
    this.io = io
    this.line = new LiveLine(io)
  }

  update(pass: 'count' | 'encode', done: number, total: number): void {
    const now = performance.now()
    if (pass !== this.pass) {
      this.pass = pass
      this.began = now
    }
    this.line.update(columns => {
      const seconds = (now - this.began) / 1000
      const what = this.io.t(
        pass === 'count' ? { en: 'counting', ja: '計数' } : { en: 'encoding', ja: '符号化' },
      )
      const left = formatTimeLeft((seconds / done) * (total - done), this.io)
      const tail = `${formatBytes(done / Math.max(seconds, 1e-3))}/s ${left}`
      const room = Math.max(3, Math.min(40, columns - width(what) - width(tail) - 2))
      return `${what} ${bar(done / total, room)} ${tail}`
    }, now)
  }

  clear(): void {
    this.line.clear()
  }
}

/** The vocabulary: how many kinds, the rarest, those that a reader can't see. */
export function vocabularyLines(report: VocabularyReport, io: Io): string[] {
  const lines = [
    io.t({
      en: `${counted(formatCount(report.total, io), 'symbol')} of ${counted(formatCount(report.size, io), 'kind')}`,
      ja: `${formatCount(report.total, io)}文字、${formatCount(report.size, io)}種類`,
    }),
  ]
  const rarest = report.rarest.map(one => `${one.printable} ${formatCount(one.count, io)}`)
  if (rarest.length > 0)
    lines.push(`${io.t({ en: 'rarest', ja: '稀な文字' })}: ${rarest.join(', ')}`)
  // A space and a line end are in every text; what is worth a word is the rest.
  const unseen = report.invisible
    .filter(one => one.symbol !== ' ' && one.symbol !== '\n')
    .map(one => `${codeNumbers(one.symbol)} ${one.name} ${formatCount(one.count, io)}`)
  if (unseen.length > 0) {
    const shown = unseen.slice(0, 6).join(', ')
    const more = unseen.length - 6
    lines.push(
      `${io.t({ en: 'invisible', ja: '見えない文字' })}: ${shown}${more > 0 ? io.t({ en: ` and ${more} more`, ja: ` ほか${more}` }) : ''}`,
    )
  }
  return lines
}
