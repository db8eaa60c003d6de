/** Reads a vocabulary that the reader gives: a JSON list or map, or the characters in order. */
import { InputError } from 'ondo'
import type { SourceFile, Vocabulary } from 'ondo/import'

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Symbols by id, from `["a", "b"]`, `{"a": 0}` or `{"0": "a"}`; undefined for other values. */
function symbolsOf(json: unknown): string[] | undefined {
  if (Array.isArray(json)) return json.every(each => typeof each === 'string') ? json : undefined
  if (!isRecord(json)) return undefined
  const symbols: string[] = []
  for (const [key, value] of Object.entries(json)) {
    const [symbol, id] = typeof value === 'number' ? [key, value] : [value, Number(key)]
    if (typeof symbol !== 'string' || !Number.isInteger(id) || id < 0 || id > 1e6) return undefined
    symbols[id] = symbol
  }
  return symbols
}

/** @throws InputError for a file that is none of these */
export function readVocabulary({ bytes }: SourceFile): Vocabulary {
  const text = new TextDecoder().decode(bytes)
  if (/^\s*[[{]/.test(text)) {
    try {
      const symbols = symbolsOf(JSON.parse(text))
      if (symbols) return { symbols: Array.from(symbols) }
    } catch {
      // Characters in order may begin with a bracket.
    }
  }
  if (text.length > 0) return { symbols: [...text] }
  throw new InputError('vocabulary', 'The vocabulary is empty', { way: 'vocabulary' })
}
