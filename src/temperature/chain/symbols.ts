/** Which ids a written set of symbols means in a model's vocabulary. */
import { InputError } from '../../errors.js'
import type { Symbols } from './sampler.js'

/** Symbols by their text, and what an expression matches; a symbol in either is in the set. */
export type SymbolSet = {
  /**
   * Each the text of a symbol, or a class of them in brackets, `[a-z ]`, where that is not itself a
   * symbol.
   */
  readonly symbols: readonly string[]
  /** A regular expression (flag u) that must match the whole symbol. */
  readonly pattern?: string
  readonly ignoreCase?: boolean
}

/**
 * An expression for what comes next. It must match the whole symbol. When it looks back (`(?<=...)`,
 * `\b`) it sees the text before; otherwise the symbol stands alone.
 * @throws InputError when it is no regular expression
 */
export function compile(pattern: string, ignoreCase = false): RegExp {
  try {
    return new RegExp(pattern, ignoreCase ? 'iu' : 'u')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^.*: /s, '') : String(cause)
    throw new InputError('chain', `/${pattern}/ is no regular expression: ${reason}.`, { cause })
  }
}

const LOOKS_BACK = /\(\?<[=!]|\\[bB]/

/** @returns for the text so far, which ids are in the set */
export function startSet(
  set: SymbolSet,
  symbols: Symbols,
  link: string,
): (text: string) => (id: number) => boolean {
  const mask = new Uint8Array(symbols.size)
  for (const id of idsOfKnown(set.symbols, symbols, link)) mask[id] = 1
  const { pattern, ignoreCase } = set
  if (pattern === undefined) return () => id => mask[id] === 1
  const flags = compile(pattern, ignoreCase).flags
  if (!LOOKS_BACK.test(pattern)) {
    for (const id of matching(new RegExp(`^(?:${pattern})$`, flags), `/${pattern}/`, symbols, link))
      mask[id] = 1
    return () => id => mask[id] === 1
  }
  const here = new RegExp(`(?:${pattern})$`, `${flags}y`)
  return text => id => {
    if (mask[id] === 1) return true
    here.lastIndex = text.length
    return here.test(text + symbols.symbol(id))
  }
}

/**
 * The ids of symbols by their texts.
 * @param link who asks, for the refusal; without it what the model lacks is left out
 * @throws InputError for a text that is no symbol of the model
 */
export function idsOfKnown(texts: readonly string[], symbols: Symbols, link?: string): number[] {
  const ids: number[] = []
  if (texts.length === 0) return ids
  const known = new Map<string, number>()
  for (let id = 0; id < symbols.size; id++) known.set(symbols.symbol(id), id)
  for (const text of texts) {
    const id = known.get(text) ?? known.get(symbols.known?.(text) ?? text)
    if (id !== undefined) ids.push(id)
    else if (/^\[.+\]$/su.test(text)) {
      const pattern = compile(text).source
      for (const match of matching(
        new RegExp(`^${pattern}$`, 'u'),
        JSON.stringify(text),
        symbols,
        link,
      ))
        ids.push(match)
    } else if (link !== undefined) throw unknown(text, known, link)
  }
  return ids
}

function matching(
  expression: RegExp,
  shown: string,
  symbols: Symbols,
  link: string | undefined,
): number[] {
  const ids: number[] = []
  for (let id = 0; id < symbols.size; id++) if (expression.test(symbols.symbol(id))) ids.push(id)
  if (ids.length === 0 && link !== undefined) {
    throw new InputError(
      'chain',
      `${link}: ${shown} matches none of the model's ${symbols.size} symbols.`,
    )
  }
  return ids
}

function unknown(text: string, known: ReadonlyMap<string, number>, link: string): InputError {
  const characters = Array.from(text)
  const each =
    characters.length > 1 && characters.every(character => known.has(character))
      ? ` Name them one by one: ${characters.map(c => JSON.stringify(c)).join(' ')}.`
      : ''
  return new InputError(
    'chain',
    `${link}: ${JSON.stringify(text)} is not one of the model's ${known.size} symbols.${each}`,
  )
}
