/** tokenizer.json read by Hugging Face's own library for JavaScript, against our tokenizers. */
import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokenizerFrom } from '../../text/index.js'
import { tokenizerJson } from './tokenizer-json.js'

function theirsOf(tokenizer: Parameters<typeof tokenizerJson>[0]) {
  const { json, filler } = tokenizerJson(tokenizer)
  // The library takes the parsed files.
  const stored = JSON.parse(JSON.stringify(json))
  return { theirs: new Tokenizer(stored, { pad_token: filler }), filler }
}

const SYMBOLS = [
  '0',
  '1',
  '\n',
  ' ',
  'a',
  'é',
  '温',
  '𝄞',
  '\u0308',
  '<',
  '"',
  '\\',
  '_',
  'Ġ',
  '</s>'[0],
]
const characters = [...new Set(SYMBOLS as string[])]

describe('characters', () => {
  const ours = tokenizerFrom({ kind: 'character', symbols: characters })
  const { theirs, filler } = theirsOf(ours)

  it('read and write as ours do', () => {
    const text = fc
      .array(fc.constantFrom(...characters), { minLength: 1, maxLength: 60 })
      .map(all => all.join(''))
    fc.assert(
      fc.property(text, given => {
        const { ids } = theirs.encode(given)
        expect(ids).toEqual([...ours.encode(given).ids])
        expect(theirs.decode(ids)).toBe(given)
      }),
    )
  })

  it('have the id after the last one for what the vocabulary lacks, and for shorter texts', () => {
    expect(theirs.encode('aXYa').ids).toEqual([4, ours.size, ours.size, 4])
    expect(theirs.token_to_id(filler)).toBe(ours.size)
    expect(theirs.decode([4, ours.size, 4], { skip_special_tokens: true })).toBe('aa')
    const every = tokenizerFrom({ kind: 'character', symbols: ['\uffff', '\u{1ffff}'] })
    expect(tokenizerJson(every).filler).toBe('\u{2ffff}')
  })
})

it('put a token before each text of a model whose texts begin with an id', () => {
  const ours = tokenizerFrom({ kind: 'character', symbols: ['\n', 'a'] })
  const { json, begin } = tokenizerJson(ours, true)
  const theirs = new Tokenizer(JSON.parse(JSON.stringify(json)), { bos_token: begin })
  expect(theirs.encode('a\na').ids).toEqual([3, 1, 0, 1])
  expect(theirs.encode('a', { add_special_tokens: false }).ids).toEqual([1])
  expect(theirs.decode([3, 1, 2, 0], { skip_special_tokens: true })).toBe('a\n')
})

it('read bytes as ours do, in any script', () => {
  const ours = tokenizerFrom({ kind: 'byte' })
  const { theirs, filler } = theirsOf(ours)
  const text = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 60 })
    .filter(given => !given.includes(filler))
  fc.assert(
    fc.property(text, given => {
      const { ids } = theirs.encode(given)
      expect(ids).toEqual([...ours.encode(given).ids])
      expect(theirs.decode(ids)).toBe(given)
    }),
  )
})

it('read graphemes of several characters as one symbol', () => {
  const graphemes = ['a', 'e\u0301', 'e', '\r\n', '👩‍👩‍👧', '👩', '🇯🇵', ' ']
  const ours = tokenizerFrom({ kind: 'grapheme', symbols: graphemes })
  const { theirs } = theirsOf(ours)
  // A space between symbols keeps neighbours from joining to one grapheme.
  const text = fc
    .array(fc.constantFrom(...graphemes), { minLength: 1, maxLength: 30 })
    .map(all => all.join(' '))
  fc.assert(
    fc.property(text, given => {
      const { ids } = theirs.encode(given)
      expect(ids).toEqual([...ours.encode(given).ids])
      expect(theirs.decode(ids)).toBe(given)
    }),
  )
})
