/** Most of what came that a sentence repeats, UTF-16 units. */
const MOST_QUOTED = 80
/** Longer messages are cut in the middle, whatever they are made of. */
const LONGEST_MESSAGE = 1200

let segmenter: Intl.Segmenter | undefined

/** The first graphemes of a text, at most so many UTF-16 units: no character that people see is cut. */
export function beginning(text: string, units: number): string {
  if (text.length <= units) return text
  // Old browsers have no segmenter; there no code point is cut, at least.
  if (typeof Intl.Segmenter !== 'function') return wholeCodePoints(text, units)
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  let end = 0
  // A little more than may be shown: whether the last grapheme goes on is seen there.
  for (const { index, segment } of segmenter.segment(text.slice(0, units + 64))) {
    if (index + segment.length > units) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

const wholeCodePoints = (text: string, units: number): string =>
  text.slice(0, units).replace(/[\ud800-\udbff]$/, '')

/** A text from outside made fit for a sentence: as it is, or its beginning and `...`. */
export function shorten(text: string, most = MOST_QUOTED): string {
  if (text.length <= most) return text
  // One grapheme may be longer than all that is shown: an `e` with a thousand accents.
  const whole = beginning(text, most - 3)
  return `${whole.length > most / 2 ? whole : wholeCodePoints(text, most - 3)}...`
}

/** A text with its middle left out when it is longer than `most` UTF-16 units. */
function withoutMiddle(text: string, most: number): string {
  if (text.length <= most) return text
  const end = text.slice(-most / 2).replace(/^[\udc00-\udfff]/, '')
  return `${shorten(text, most / 2)}${end}`
}

/** A path made fit for a sentence: a long one loses its middle, because its end says most. */
export const shortPath = (path: string): string => withoutMiddle(path, 2 * MOST_QUOTED)

/** JSON of a value, as far as there is room: a list of a million entries is not written out. */
function sketch(value: unknown, room: number, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room + 1))
  if (typeof value === 'bigint') return String(value).slice(0, room + 1)
  if (typeof value !== 'object' || value === null) {
    return JSON.stringify(value) ?? (depth === 0 ? String(value) : 'null')
  }
  if (depth > 8) return '...'
  const list = Array.isArray(value)
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name}]`
  let text = ''
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key]
    if (!list && (item === undefined || typeof item === 'function')) continue
    if (text !== '') text += ','
    if (!list) text += `${JSON.stringify(key.slice(0, room + 1))}:`
    text += sketch(item, room, depth + 1)
    if (text.length > room) break
  }
  return list ? `[${text}]` : `{${text}}`
}

/** A name or value from outside, made fit for a sentence: as JSON, at most 80 characters of it. */
export function quote(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return shorten(sketch(value, MOST_QUOTED, 0))
}

/** The last resort for a message that holds what nobody shortened: no UTF-8 carries half a character. */
const limited = (message: string): string =>
  withoutMiddle(message, LONGEST_MESSAGE).replaceAll(/\p{Surrogate}/gu, '\ufffd')

/**
 * Every refusal in Ondo is one of these. The message is one sentence a person can act on:
 * what came (at most some 80 characters of it), what was expected, what to do. `code` is for programs and never changes its meaning.
 */
export class OndoError extends Error {
  readonly code: string
  /** What is wrong, without what to do where that is `way`. */
  readonly fact: string
  /** What to do, where it depends on who shows the sentence. */
  readonly way: Way | undefined
  /** The message in Japanese, where there is one. */
  readonly ja?: string

  /** @param fact the whole sentence; with a way, what stands before it, without its full stop */
  constructor(code: string, fact: string, options?: { cause?: unknown; way?: Way; ja?: string }) {
    const said = limited(fact)
    super(options?.way === undefined ? said : `${said}; ${WAYS[options.way]}.`, options)
    this.name = new.target.name
    this.code = code
    this.fact = said
    this.way = options?.way
    if (options?.ja !== undefined) this.ja = limited(options.ja)
  }
}

/**
 * What to do, in the words of a program. The command line has flags for it and the page has fields:
 * each has a table of its own with the same keys, and `sentenceOf` puts its words in.
 */
export const WAYS = {
  unknown:
    'change the text, or choose what to do with them: unknown "skip" leaves them out, "nearest" writes the nearest known symbol',
  'any-file': 'the tokenizer "byte" takes any file',
  'smaller-min-count': 'choose a smaller minCount',
  'no-min-count': 'leave minCount out, or use the "character" tokenizer',
  'smaller-network': 'choose fewer hidden units, layers or symbols',
  'gentler-training': 'start again with a lower rate or a smaller clip',
  'clipped-training': 'start again with a lower rate, or with clipping (a clip above 0)',
  'resume-as-started':
    'resume without it (only epochs, steps, evaluateEvery, checkpointEvery and patience may change), or start a new run in another folder',
  'start-anew': 'give the folder of an earlier run, or start without resume',
  'run-exists': 'resume it, choose another place, or say that it may be overwritten (overwrite)',
  'sweep-exists': 'choose another folder, or begin anew',
  'aim-filter': 'train the model again, or give the corpus',
  'aim-length': 'give a greater length',
  vocabulary: "give the model's own symbols in order as vocabulary (a JSON list or map, or a text)",
} as const

export type Way = keyof typeof WAYS
export type Ways = Readonly<Record<Way, string>>

/** What an error says, with what to do in the words of who shows it. */
export function sentenceOf(error: unknown, ways: Ways): string {
  if (error instanceof OndoError && error.way !== undefined) {
    return `${error.fact}; ${ways[error.way]}.`
  }
  return error instanceof Error ? error.message : String(error)
}

/** What the caller gave can't be used: an option, a prompt, a temperature. Command line: exit 2. */
export class InputError extends OndoError {}

/** A file is missing, damaged, or not what it says. Command line: exit 1. */
export class FileError extends OndoError {}

/** Training can't go on: loss is not a number, the corpus is too small. Command line: exit 1. */
export class TrainingError extends OndoError {}

/**
 * A count with its noun, the one rule of English for all messages: `1 symbol`, `0 symbols`,
 * `1,204 symbols`, `1.0 passes`. Japanese nouns have no plural and need no rule.
 * @param count a number, or one that is written out already
 * @param noun in the singular
 */
export function counted(count: number | bigint | string, noun: string): string {
  if (String(count) === '1') return `1 ${noun}`
  const plural = /(s|x|z|[^o]ch|sh)$/.test(noun)
    ? `${noun}es`
    : /[^aeiou]y$/.test(noun)
      ? `${noun.slice(0, -1)}ies`
      : `${noun}s`
  return `${count} ${plural}`
}

/** What engines say when they have no memory left, each in its own words. */
const NO_MEMORY =
  /allocation failed|allocate memory|out of memory|invalid (typed )?array( buffer)? length|allocation size overflow|unable to grow|maximum memory size/i

/**
 * An engine's error for memory that it has not, as one sentence; undefined for any other error.
 * @param what needed the memory, as a sentence begins: `The network`
 * @param ja the same in Japanese
 */
export function memoryError(
  error: unknown,
  what = 'This',
  ja = 'この処理',
): InputError | undefined {
  if (error instanceof OndoError || !(error instanceof Error)) return undefined
  const kind =
    error instanceof RangeError || /InternalError|CompileError|RuntimeError/.test(error.name)
  if (!kind || !NO_MEMORY.test(error.message)) return undefined
  return new InputError(
    'memory',
    `${what} needs more memory than there is; close other programs, or take a smaller model or a shorter text.`,
    {
      cause: error,
      ja: `${ja}に必要なメモリーが足りません。ほかのプログラムを閉じるか、小さいモデルか短いテキストを使ってください。`,
    },
  )
}

/** Gives what `make` makes. @throws InputError code `memory` where there is none for it */
export function withMemory<T>(what: { en: string; ja: string }, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw memoryError(error, what.en, what.ja) ?? error
  }
}

/** Longer names than this are near none that is known. */
const LONGEST_NAME = 100

/** Levenshtein distance with transpositions of neighbours counted as one slip. */
function slips(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  )
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2][j - 2] + 1)
      }
      rows[i][j] = best
    }
  }
  return rows[a.length][b.length]
}

/**
 * The known name nearest to a mistyped one, or undefined when none is near.
 * At most one slip in three letters counts as near, so that `--lenght` finds `--length`
 * but `xyz` does not find `seq`.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  // The comparison takes the product of both lengths.
  if (name.length > LONGEST_NAME) return undefined
  let best: string | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    if (candidate.length > LONGEST_NAME) continue
    const distance = slips(name.toLowerCase(), candidate.toLowerCase())
    if (distance < fewest) [best, fewest] = [candidate, distance]
  }
  return best !== undefined && fewest <= Math.max(1, Math.floor(name.length / 3)) ? best : undefined
}

/** The same in Japanese, without a leading space. */
export function didYouMeanInJapanese(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : `「${near}」ではありませんか。`
}

/** ` Did you mean "x"?` with a leading space, or nothing: made to be appended to a sentence. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : ` Did you mean "${near}"?`
}
