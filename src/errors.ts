/**
 * Every refusal in Ondo is one of these. The message is one sentence a person can act on:
 * what came, what was expected, what to do. `code` is for programs and never changes its meaning.
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
    super(options?.way === undefined ? fact : `${fact}; ${WAYS[options.way]}.`, options)
    this.name = new.target.name
    this.code = code
    this.fact = fact
    this.way = options?.way
    if (options?.ja !== undefined) this.ja = options.ja
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

let segmenter: Intl.Segmenter | undefined

/** The first graphemes of a text, at most so many UTF-16 units: no character that people see is cut. */
export function beginning(text: string, units: number): string {
  if (text.length <= units) return text
  // Old browsers have no segmenter; there no code point is cut, at least.
  if (typeof Intl.Segmenter !== 'function') {
    return text.slice(0, units).replace(/[\ud800-\udbff]$/, '')
  }
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  let end = 0
  // A little more than may be shown: whether the last grapheme goes on is seen there.
  for (const { index, segment } of segmenter.segment(text.slice(0, units + 64))) {
    if (index + segment.length > units) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

/** Most of what came that a sentence repeats, UTF-16 units. */
const MOST_QUOTED = 80

/** What came, made fit for a sentence: quoted, control characters escaped, short. */
export function quote(value: unknown): string {
  const text = asJson(value)
  return text.length > MOST_QUOTED ? `${beginning(text, MOST_QUOTED - 3)}...` : text
}

/** JSON, or the kind of thing where JSON can't be: nested too deep, a bigint, a function. */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value === 'object' ? 'an object' : String(value)
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
  if (name.length > LONGEST_NAME) return undefined
  let best: string | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = slips(name.toLowerCase(), candidate.toLowerCase())
    if (distance < fewest) [best, fewest] = [candidate, distance]
  }
  return best !== undefined && fewest <= Math.max(1, Math.floor(name.length / 3)) ? best : undefined
}

/** ` Did you mean "x"?` with a leading space, or nothing: made to be appended to a sentence. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearestName(name, known)
  return near === undefined ? '' : ` Did you mean "${near}"?`
}
