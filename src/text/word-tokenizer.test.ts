import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../errors.js'
import {
  buildTokenizer,
  encodeInput,
  readStops,
  type Tokenizer,
  tokenizerFrom,
  WordTokenizer,
} from './index.js'

const MARKS = [...'!"#$%&()*+,-./:;<=>?@[]^_`{|}~\'‘’“”–—…']
const WORDS = ['the', 'state', 'of', 'don', 't', 'naïve', '温度', 'iPhone', '😀', '2016', 'a\\b']
const SYMBOLS = ['\ufffd', ...WORDS, ...MARKS, '\n']
const tokenizer = new WordTokenizer(SYMBOLS)

const symbolsOf = (text: string, of: Tokenizer = tokenizer): string[] =>
  Array.from(of.encode(text).ids, id => of.symbol(id))

describe('the word tokenizer', () => {
  it('writes text as people do, and reads it back', () => {
    const text = 'the state (of "the state") don\'t, naïve:\nthe iPhone... 温度 2016%!'
    const { ids } = tokenizer.encode(
      'the state ( of " the state " ) don \' t , naïve : \n the iPhone . . . 温度 2016 % !',
    )
    expect(tokenizer.decode(ids)).toBe(
      'the state (of " the state ") don\'t, naïve:\nthe iPhone... 温度 2016%!',
    )
    expect(symbolsOf(text)).toEqual(Array.from(ids, id => tokenizer.symbol(id)))
  })

  it('gives the ids of whatever it wrote', () => {
    const ids = fc.array(fc.integer({ min: 1, max: SYMBOLS.length - 1 }), { maxLength: 40 })
    fc.assert(
      fc.property(ids, some => {
        expect(Array.from(tokenizer.encode(tokenizer.decode(some)).ids)).toEqual(some)
      }),
    )
  })

  it('goes on from a prompt in a stream as in one text', () => {
    const ids = fc.array(fc.integer({ min: 0, max: SYMBOLS.length - 1 }), { minLength: 1 })
    fc.assert(
      fc.property(ids, fc.nat(), (some, cut) => {
        const at = cut % (some.length + 1)
        const decoder = tokenizer.decoder(some.slice(0, at))
        const rest = some.slice(at).map(id => decoder.push(id))
        expect(tokenizer.decode(some.slice(0, at)) + rest.join('') + decoder.flush()).toBe(
          tokenizer.decode(some),
        )
      }),
    )
  })

  it('reads unknown words in lower case, and names those that it lacks', () => {
    expect(symbolsOf('The STATE, iPhone')).toEqual(['the', 'state', ',', 'iPhone'])
    expect(() => tokenizer.encode('the dog, the cat')).toThrow(/"dog".*"cat"/)
    const { ids, unknown } = tokenizer.encode('the dog of state', 'skip')
    expect(tokenizer.decode(ids)).toBe('the of state')
    expect(unknown).toEqual([{ symbol: 'dog', position: 1 }])
  })

  it('knows words that have marks within, where the vocabulary has them', () => {
    const own = new WordTokenizer(["don't", 'don', 'e.g.', '.'])
    expect(symbolsOf("don't e.g. don.", own)).toEqual(["don't", 'e.g.', 'don', '.'])
  })

  it('comes back from its JSON; is not for training; takes prompts and stops', () => {
    const again = tokenizerFrom(JSON.parse(JSON.stringify(tokenizer)))
    expect(again.toJSON()).toEqual(tokenizer.toJSON())
    expect(() => buildTokenizer('word', 'the state')).toThrow(/only imported models have/)
    expect(() => new WordTokenizer(['a', 'a'])).toThrow(InputError)
    expect(Array.from(encodeInput('the\r\nstate', tokenizer).ids)).toEqual(
      Array.from(tokenizer.encode('the\nstate').ids),
    )
    expect(readStops(['the state'], tokenizer)).toEqual(['the state'])
    expect(() => readStops(['the dog'], tokenizer)).toThrow(/could never be met/)
  })
})
