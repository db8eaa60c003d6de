/**
 * Parses regular expressions from outside into a tree. The engine's own matcher backtracks, and some
 * expressions take it exponential time; match.ts matches this subset in linear time. The engine only
 * checks the syntax (flag u) and tests classes against one character at a time.
 */
import { counted, InputError } from '../../../errors.js'

/** A part of an expression. `one` takes one character; `look` and `assert` take none. */
export type Node =
  | { readonly kind: 'one'; readonly leaf: number }
  | { readonly kind: 'assert'; readonly place: Place }
  | { readonly kind: 'look'; readonly look: number }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly body: Node; readonly min: number; readonly max: number }

/** The assertions `^`, `$`, `\b` and `\B`. */
export type Place = 'start' | 'end' | 'boundary' | 'inside'

/** A lookahead or lookbehind. */
export interface Look {
  readonly ahead: boolean
  readonly negative: boolean
  readonly body: Node
}

/** A leaf takes one character: a code point, or a class that the engine tests. */
export type Leaf = number | RegExp

export interface Parsed {
  readonly root: Node
  /** Inner looks stand before the looks that contain them. */
  readonly looks: readonly Look[]
  readonly leaves: readonly Leaf[]
  /** Whether the expression reads the character before its first one. */
  readonly looksBack: boolean
  /** Number of parts with all counted repetitions written out: the cost of matching one character. */
  readonly size: number
}

/** Largest length of an expression in UTF-16 units. */
export const LONGEST_PATTERN = 1000
/** Largest depth of nested groups. */
export const DEEPEST_PATTERN = 50
/** Largest number of parts of an expression, with counted repetitions written out. */
export const LARGEST_PATTERN = 1000

const MOST_SHOWN = 60

/** Shortens an expression for an error message. */
export const shownPattern = (pattern: string): string =>
  pattern.length > MOST_SHOWN ? `/${pattern.slice(0, MOST_SHOWN)}…/` : `/${pattern}/`

/** @throws InputError with the reason */
export function refusePattern(pattern: string, why: string, cause?: unknown): never {
  throw new InputError('chain', `The expression ${shownPattern(pattern)} ${why}`, { cause })
}

/**
 * Reads an expression.
 * @throws InputError when it is not a regular expression or can't be matched in linear time
 */
export function parsePattern(pattern: string, ignoreCase: boolean): Parsed {
  if (pattern.length > LONGEST_PATTERN) {
    refusePattern(
      pattern,
      `is ${counted(pattern.length, 'character')} long; expected at most ${LONGEST_PATTERN}.`,
    )
  }
  try {
    new RegExp(pattern, 'u')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^.*: /s, '') : String(cause)
    refusePattern(pattern, `is no regular expression: ${reason}.`, cause)
  }
  return new Parser(pattern, ignoreCase).parse()
}

/** Matches one token. The engine has checked the syntax before. */
const TOKEN =
  /\(\?<(?![=!])[^>]*>|\(\?(?:<?[=!]|:)|\((?!\?)|\)|\||\^|\$|[*+?]\??|\{\d+(?:,\d*)?\}\??|\\[bB]|\\k<[^>]*>|\\[1-9]\d*|\[(?:[^\]\\]|\\.)*\]|\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c.|\\.|[^\\(]/suy

const PLACES: Readonly<Record<string, Place>> = {
  '^': 'start',
  $: 'end',
  '\\b': 'boundary',
  '\\B': 'inside',
}

class Parser {
  private readonly pattern: string
  private readonly ignoreCase: boolean
  private readonly tokens: string[] = []
  private at = 0
  private depth = 0
  private readonly looks: Look[] = []
  private readonly leaves: Leaf[] = []
  private readonly leafOf = new Map<string, number>()
  private looksBack = false
  /** Number of lookbehinds around the current token. */
  private behind = 0
  /** Sizes of the looks, which `parse` adds to the size of the root. */
  private readonly sizes: number[] = []

  constructor(pattern: string, ignoreCase: boolean) {
    this.pattern = pattern
    this.ignoreCase = ignoreCase
    TOKEN.lastIndex = 0
    while (TOKEN.lastIndex < pattern.length) {
      const found = TOKEN.exec(pattern)
      // Newer engines accept groups that older ones reject: (?i:…).
      if (!found)
        this.refuse('has a group that changes flags; put the flag i after the last slash.')
      this.tokens.push(found[0])
    }
  }

  parse(): Parsed {
    const root = this.choice()
    const size = this.sizes.reduce((sum, each) => sum + each, this.checkSize(sizeOf(root)))
    this.checkSize(size)
    const { looks, leaves, looksBack } = this
    return { root, looks, leaves, looksBack, size }
  }

  private refuse(why: string): never {
    return refusePattern(this.pattern, why)
  }

  private checkSize(size: number): number {
    if (size <= LARGEST_PATTERN) return size
    return this.refuse(
      `has ${size < 1e15 ? size : 'countless'} parts when its repetitions are written out; expected at most ${LARGEST_PATTERN}.`,
    )
  }

  private choice(): Node {
    const parts = [this.sequence()]
    while (this.tokens[this.at] === '|') {
      this.at++
      parts.push(this.sequence())
    }
    return parts.length === 1 ? parts[0] : { kind: 'choice', parts }
  }

  private sequence(): Node {
    const parts: Node[] = []
    for (;;) {
      const token = this.tokens[this.at]
      if (token === undefined || token === '|' || token === ')') break
      this.at++
      parts.push(this.repeated(this.one(token)))
    }
    return parts.length === 1 ? parts[0] : { kind: 'sequence', parts }
  }

  /** Reads the quantifier after a part, if there is one. Lazy quantifiers match the same symbols. */
  private repeated(body: Node): Node {
    const token = this.tokens[this.at] ?? ''
    const counts = /^\{(\d+)(,?)(\d*)\}/.exec(token)
    const range: [number, number] | undefined = counts
      ? [
          Number(counts[1]),
          counts[3] ? Number(counts[3]) : counts[2] ? Number.POSITIVE_INFINITY : Number(counts[1]),
        ]
      : token.startsWith('*')
        ? [0, Number.POSITIVE_INFINITY]
        : token.startsWith('+')
          ? [1, Number.POSITIVE_INFINITY]
          : token.startsWith('?')
            ? [0, 1]
            : undefined
    if (!range) return body
    this.at++
    const node: Node = { kind: 'repeat', body, min: range[0], max: range[1] }
    this.checkSize(sizeOf(node))
    return node
  }

  private one(token: string): Node {
    if (token in PLACES) {
      if (token.startsWith('\\')) this.looksBack = true
      return { kind: 'assert', place: PLACES[token] }
    }
    if (/^\\(?:k<|[1-9])/.test(token)) {
      this.refuse(
        `refers back to a group with ${token}, which can take for ever; write out what may stand there.`,
      )
    }
    if (token.startsWith('(')) return this.group(token)
    const literal = Array.from(token).length === 1 && token !== '.' && !this.ignoreCase
    let leaf = this.leafOf.get(token)
    if (leaf === undefined) {
      leaf = this.leaves.length
      this.leafOf.set(token, leaf)
      this.leaves.push(
        literal
          ? (token.codePointAt(0) as number)
          : new RegExp(`^${token}$`, this.ignoreCase ? 'iu' : 'u'),
      )
    }
    return { kind: 'one', leaf }
  }

  private group(token: string): Node {
    if (++this.depth > DEEPEST_PATTERN) {
      this.refuse(
        `has groups more than ${DEEPEST_PATTERN} deep inside each other; write it flatter.`,
      )
    }
    const look = /^\(\?(<?)([=!])$/.exec(token)
    const ahead = look?.[1] === ''
    if (look && ahead && this.behind > 0) {
      this.refuse('looks ahead inside of a part that looks back; write one after the other.')
    }
    const back = look !== null && !ahead
    if (back) {
      this.looksBack = true
      this.behind++
    }
    const body = this.choice()
    if (back) this.behind--
    this.at++ // the closing bracket
    this.depth--
    if (!look) return body
    this.sizes.push(this.checkSize(sizeOf(body)))
    this.looks.push({ ahead, negative: look[2] === '!', body })
    return { kind: 'look', look: this.looks.length - 1 }
  }
}

/** Number of parts with repetitions written out. A look counts as one; its body is counted apart. */
function sizeOf(node: Node): number {
  switch (node.kind) {
    case 'sequence':
    case 'choice':
      return node.parts.reduce((sum, part) => sum + sizeOf(part), 1)
    case 'repeat': {
      const copies = Number.isFinite(node.max) ? node.max : node.min + 1
      return copies * (sizeOf(node.body) + 1) + 1
    }
    default:
      return 1
  }
}

/** Largest number of characters of a match, without those that its looks read. */
export function longestOf(node: Node): number {
  switch (node.kind) {
    case 'one':
      return 1
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + longestOf(part), 0)
    case 'choice':
      return Math.max(...node.parts.map(longestOf))
    case 'repeat': {
      const body = longestOf(node.body)
      return body === 0 ? 0 : body * node.max
    }
    default:
      return 0
  }
}
