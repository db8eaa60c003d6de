/**
 * Matches an expression against the symbols of a vocabulary in time that is linear in both: each
 * character of a text meets each instruction at most once. Lookbehinds run forwards over the text and
 * lookaheads run backwards over the symbol. Both store one bit for each position, which the expression
 * around them reads.
 */
import { type Leaf, longestOf, type Parsed, parsePattern } from './parse.js'
import { ASSERT, compileProgram, LOOK, MATCH, type Program, SPLIT, TAKE } from './program.js'

const NONE = new Uint8Array(0)

const codePoints = (text: string): number[] =>
  Array.from(text, character => character.codePointAt(0) as number)

interface LookProgram {
  readonly ahead: boolean
  readonly negative: boolean
  readonly program: Program
  readonly run: Run
}

/** All that an expression can know of the text before a symbol. */
export interface End {
  /** The current states of each lookbehind; empty for lookaheads. */
  readonly states: readonly (readonly number[])[]
  /** The code point of the last character, or -1 for an empty text. */
  readonly last: number
  /** Two ends with the same key match the same symbols. */
  readonly key: string
}

export class Pattern {
  readonly source: string
  /** Whether the expression reads the text before the symbol. */
  readonly looksBack: boolean
  /** Cost of one character: the number of instructions that it may meet. */
  readonly size: number
  private readonly main: Run
  private readonly looks: readonly LookProgram[]
  private readonly leaves: Leaves
  private readonly nothing: End
  /** Largest number of characters that the lookbehinds can read before a position. */
  private readonly sight: number

  /**
   * @param pattern the text between the slashes (flag u)
   * @throws InputError when it is not a regular expression or can't be matched in linear time
   */
  constructor(pattern: string, ignoreCase = false) {
    const parsed: Parsed = parsePattern(pattern, ignoreCase)
    this.source = new RegExp(pattern, 'u').source
    this.looksBack = parsed.looksBack
    this.size = parsed.size
    this.leaves = new Leaves(parsed.leaves, ignoreCase)
    this.main = new Run(compileProgram(parsed.root, false), this.leaves)
    this.looks = parsed.looks.map(({ ahead, negative, body }) => {
      const program = compileProgram(body, ahead)
      return { ahead, negative, program, run: new Run(program, this.leaves) }
    })
    this.sight = parsed.looks.reduce(
      (sum, { ahead, body }) => sum + (ahead ? 0 : longestOf(body)),
      1,
    )
    this.nothing = this.endOf('')
  }

  /** Reads the end of a text, no more of it than the lookbehinds can read. */
  endOf(text: string): End {
    const seen = 2 * (this.sight + 2)
    const whole = text.length <= seen
    const characters = codePoints(whole ? text : text.slice(-seen))
    const states: number[][] = this.looks.map(() => [])
    const truths = new Uint8Array(this.looks.length)
    let last = -1
    for (const [n, character] of characters.entries()) {
      this.lookBehind(states, truths, { place: whole ? n : n + 1, last, next: character })
      last = character
    }
    const kind = last < 0 ? '^' : this.leaves.isWord(last) ? 'w' : ' '
    const sets = states.map(set => Int32Array.from(set).sort().join(' '))
    return { states, last, key: kind + sets.join(';') }
  }

  /** Returns whether the whole symbol matches. @param end the end of the text before it */
  matches(symbol: string, end: End = this.nothing): boolean {
    const { looks, main } = this
    const characters = codePoints(symbol)
    const length = characters.length
    const first = end.last < 0 ? 0 : 1 // place 0 means the start of the text
    const at = (i: number): At => ({
      place: first + i,
      last: i === 0 ? end.last : characters[i - 1],
      next: i === length ? -1 : characters[i],
    })
    /** The truth of each look at each position from 0 to length: [length + 1][looks]. */
    const truths: Uint8Array[] = looks.length > 0 ? [] : new Array(length + 1).fill(NONE)
    if (looks.length > 0) {
      for (let i = 0; i <= length; i++) truths.push(new Uint8Array(looks.length))
      const states = end.states.map(set => [...set])
      for (let i = 0; i <= length; i++) this.lookBehind(states, truths[i], at(i))
      for (const [n, look] of looks.entries()) {
        if (!look.ahead) continue
        let ahead: number[] = []
        for (let i = length; i >= 0; i--) {
          ahead.push(look.program.start)
          const found = look.run.close(ahead, at(i), truths[i])
          truths[i][n] = found === look.negative ? 0 : 1
          if (i > 0) ahead = look.run.take(characters[i - 1])
        }
      }
    }
    let states = [main.program.start]
    for (let i = 0; i < length; i++) {
      main.close(states, at(i), truths[i])
      states = main.take(characters[i])
      if (states.length === 0) return false
    }
    return main.close(states, at(length), truths[length])
  }

  /** Writes which lookbehinds are true at a position, then takes the next character. */
  private lookBehind(states: number[][], truths: Uint8Array, at: At): void {
    for (const [n, { ahead, negative, program, run }] of this.looks.entries()) {
      if (ahead) continue
      states[n].push(program.start)
      const found = run.close(states[n], at, truths)
      truths[n] = found === negative ? 0 : 1
      states[n] = at.next < 0 ? [] : run.take(at.next)
    }
  }
}

/** A position between two characters (-1 for none). `place` is 0 only at the start of the text. */
interface At {
  readonly place: number
  readonly last: number
  readonly next: number
}

/** Simulates one program on one text. */
class Run {
  readonly program: Program
  private readonly leaves: Leaves
  /** The TAKE instructions that `close` found; `take` reads them. */
  private waiting: number[] = []
  private readonly seen: Uint32Array
  private round = 0

  constructor(program: Program, leaves: Leaves) {
    this.program = program
    this.leaves = leaves
    this.seen = new Uint32Array(program.ops.length)
  }

  /** Follows all instructions that take no character. @returns whether the program may end here */
  close(states: readonly number[], at: At, truths: Uint8Array): boolean {
    const { ops, args, next } = this.program
    const stack = [...states]
    this.waiting = []
    this.round++
    let found = false
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      if (this.seen[state] === this.round) continue
      this.seen[state] = this.round
      const op = ops[state]
      if (op === TAKE) this.waiting.push(state)
      else if (op === MATCH) found = true
      else if (op === SPLIT) stack.push(args[state], next[state])
      else if (
        op === ASSERT ? this.holds(args[state], at) : op === LOOK && truths[args[state]] === 1
      )
        stack.push(next[state])
    }
    return found
  }

  /** @returns the states after a character */
  take(character: number): number[] {
    const { args, next } = this.program
    const { leaves } = this
    leaves.look(character)
    const states: number[] = []
    this.round++
    for (const state of this.waiting) {
      const to = next[state]
      if (this.seen[to] === this.round || !leaves.takes(args[state])) continue
      this.seen[to] = this.round
      states.push(to)
    }
    return states
  }

  private holds(place: number, { place: at, last, next }: At): boolean {
    if (place === 0) return at === 0
    if (place === 1) return next < 0
    const { leaves } = this
    const boundary = (last >= 0 && leaves.isWord(last)) !== (next >= 0 && leaves.isWord(next))
    return boundary === (place === 2)
  }
}

const WORD = /\w/

/** The leaves of an expression. Each class is tested at most once for each character. */
class Leaves {
  private readonly leaves: readonly Leaf[]
  private readonly ignoreCase: boolean
  private readonly asked: Uint32Array
  private readonly answers: Uint8Array
  private round = 0
  private character = -1
  private text = ''

  constructor(leaves: readonly Leaf[], ignoreCase: boolean) {
    this.leaves = leaves
    this.ignoreCase = ignoreCase
    this.asked = new Uint32Array(leaves.length)
    this.answers = new Uint8Array(leaves.length)
  }

  /** Sets the character that `takes` tests. */
  look(character: number): void {
    if (this.character === character) return
    this.character = character
    this.text = String.fromCodePoint(character)
    this.round++
  }

  takes(leaf: number): boolean {
    const what = this.leaves[leaf]
    if (typeof what === 'number') return what === this.character
    if (this.asked[leaf] !== this.round) {
      this.asked[leaf] = this.round
      this.answers[leaf] = what.test(this.text) ? 1 : 0
    }
    return this.answers[leaf] === 1
  }

  /** \w with the flag u. With the flag i, the long s and the Kelvin sign match too, as s and k do. */
  isWord(character: number): boolean {
    if (character >= 128) return this.ignoreCase && (character === 0x17f || character === 0x212a)
    return WORD.test(String.fromCharCode(character))
  }
}
