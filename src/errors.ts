/** Largest length of quoted input in a message, in UTF-16 units. */
const MOST_QUOTED = 80
/** Largest length of a message, in UTF-16 units. Longer messages lose their middle. */
const LONGEST_MESSAGE = 1200

let segmenter: Intl.Segmenter | undefined

/** Returns the first whole graphemes of a text, at most `units` UTF-16 units. */
export function beginning(text: string, units: number): string {
  if (text.length <= units) return text
  // Old browsers have no segmenter. They get whole code points.
  if (typeof Intl.Segmenter !== 'function') return wholeCodePoints(text, units)
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  let end = 0
  // The segmenter gets 64 more units, because they may belong to the last grapheme.
  for (const { index, segment } of segmenter.segment(text.slice(0, units + 64))) {
    if (index + segment.length > units) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

const wholeCodePoints = (text: string, units: number): string =>
  text.slice(0, units).replace(/[\ud800-\udbff]$/, '')

/** Shortens a text for a message: a text longer than `most` becomes its beginning and `...`. */
export function shorten(text: string, most = MOST_QUOTED): string {
  if (text.length <= most) return text
  // One grapheme may be longer than `most`, for example an `e` with a thousand accents.
  const whole = beginning(text, most - 3)
  return `${whole.length > most / 2 ? whole : wholeCodePoints(text, most - 3)}...`
}

/** Leaves out the middle of a text that is longer than `most` UTF-16 units. */
function withoutMiddle(text: string, most: number): string {
  if (text.length <= most) return text
  const end = text.slice(-most / 2).replace(/^[\udc00-\udfff]/, '')
  return `${shorten(text, most / 2)}${end}`
}

/** Shortens a path for a message. It loses its middle, because its end is the most informative. */
export const shortPath = (path: string): string => withoutMiddle(path, 2 * MOST_QUOTED)

/** Writes JSON of a value, and stops after about `room` units, so that long lists cost no time. */
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

/** Writes a name or value from outside as JSON for a message, at most 80 characters of it. */
export function quote(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return shorten(sketch(value, MOST_QUOTED, 0))
}

/** Limits a message that contains unshortened input. Lone surrogates have no UTF-8 and are replaced. */
const limited = (message: string): string =>
  withoutMiddle(message, LONGEST_MESSAGE).replaceAll(/\p{Surrogate}/gu, '\ufffd')

/**
 * The base class of all errors that Ondo reports to callers. The message is one sentence that says what
 * came (at most some 80 characters of it), what was expected and what to do. Programs read `code`,
 * whose meaning never changes.
 */
export class OndoError extends Error {
  readonly code: string
  /** What is wrong; without the advice if `way` names one. */
  readonly fact: string
  /** Names the advice, if its words depend on the interface (see `WAYS`). */
  readonly way: Way | undefined
  /** The message in Japanese, if there is one; like `fact` without the advice if `way` names one. */
  readonly ja?: string

  /** @param fact the whole sentence; with `way`, the part before the advice, without a full stop */
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
 * Advice in the words of the library. The command line names flags instead and the studio names
 * fields: each has its own table with the same keys, and `sentenceOf` inserts its words.
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
  'sweep-exists': 'choose another folder, or start over',
  'aim-filter': 'train the model again, or give the corpus',
  'aim-length': 'give a greater length',
  'file-exists': 'choose another name, or remove it first',
  vocabulary:
    'give its symbols as vocabulary: a JSON list or map, the symbols in the order of their ids, or the text that it was trained on',
} as const

export type Way = keyof typeof WAYS
export type Ways = Readonly<Record<Way, string>>

/** Returns the message of an error, with advice from the table of the interface that shows it. */
export function sentenceOf(error: unknown, ways: Ways): string {
  if (error instanceof OndoError && error.way !== undefined) {
    return `${error.fact}; ${ways[error.way]}.`
  }
  return error instanceof Error ? error.message : String(error)
}

/** An option, a prompt or another input of the caller is not valid. Command line: exit 2. */
export class InputError extends OndoError {}

/** A file is missing, damaged or of another format than it claims. Command line: exit 1. */
export class FileError extends OndoError {}

/** Training can't continue: the loss is NaN, or the corpus is too small. Command line: exit 1. */
export class TrainingError extends OndoError {}

/**
 * Writes a count with its noun in the right number, for all English messages: `1 symbol`, `0 symbols`,
 * `1,204 symbols`, `1.0 passes`. Japanese nouns have no plural and need no rule.
 * @param count a number, or a formatted number
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

/** Matches the messages of all engines for a failed allocation. */
const NO_MEMORY =
  /allocation failed|allocate memory|out of memory|invalid (typed )?array( buffer)? length|allocation size overflow|unable to grow|maximum memory size/i

/**
 * Turns an engine's out-of-memory error into one sentence; returns undefined for any other error.
 * @param what the thing that needs the memory, the subject of the sentence: `The network`
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

/** Returns the result of `make`. @throws InputError (code `memory`) when the allocation fails */
export function withMemory<T>(what: { en: string; ja: string }, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw memoryError(error, what.en, what.ja) ?? error
  }
}

/** Longer names are not compared, because no known name is near them. */
const LONGEST_NAME = 100

/** Levenshtein distance that counts a transposition of neighbours as one edit. */
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
 * Finds the known name nearest to a mistyped one; returns undefined when none is near.
 * A name is near with at most one edit in three letters, so that `--lenght` finds `--length`
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

/** Returns the suggestion of `didYouMean` in Japanese, without a leading space, or ''. */
export function didYouMeanInJapanese(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : `「${near}」ではありませんか。`
}

/** Returns ` Did you mean "x"?` with a leading space, or ''. Callers append it to a sentence. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : ` Did you mean "${near}"?`
}
