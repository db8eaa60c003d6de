import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GraphemeTokenizer } from './grapheme-tokenizer.js'
import { buildTokenizer } from './index.js'
import { eachGrapheme } from './segment.js'
import { segmentGraphemes } from './segment.reference.js'

function fast(text: string): string[] {
  const parts: string[] = []
  eachGrapheme(text, (start, end) => parts.push(text.slice(start, end)))
  return parts
}

/** Code points of every kind that the boundary rules speak of, and neighbours of the fast ranges. */
const unit = fc.oneof(
  fc.constantFrom(...Array.from('\r\n\t a\u00ad\u0300\u0301©‼™〰㊗'), '\ufe0f', '\u200d', '\u20e3'),
  fc.constantFrom(...Array.from('👩🏽🇯🇵각가각ꥠힰ\u0600\u110bdकष\u094dก\u0e33\u3099\u302aﾞがｶ')),
  fc.integer({ min: 0, max: 0xffff }).map(code => String.fromCharCode(code)),
)

describe('graphemes', () => {
  it('are the same by the fast way as by the segmenter alone', () => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), text => {
        expect(fast(text)).toEqual(segmentGraphemes(text))
      }),
      { numRuns: 3000 },
    )
  })

  it('are the same for each UTF-16 unit between plain neighbours', () => {
    for (let first = 0; first <= 0xffff; first += 32) {
      const units = Array.from({ length: 32 }, (_, i) => String.fromCharCode(first + i))
      const text = units.map(char => `a${char}あ${char}${char}`).join('')
      if (fast(text).join('|') !== segmentGraphemes(text).join('|')) expect.fail(first.toString(16))
    }
  })

  it('are the same in stretches longer than a window, and in one cluster of any length', () => {
    const pieces = ['🇯🇵', '👨‍👩‍👧', 'क्षि', 'e\u0301', '👩🏽', '\u0600x', 'ที่', '\ud83d']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 400, size: 'max' }), parts => {
        const text = parts.join('')
        expect(fast(text)).toEqual(segmentGraphemes(text))
      }),
      { numRuns: 60 },
    )
    const tower = `a${'\u0301'.repeat(2000)}`
    expect(fast(`${tower}b${tower}`)).toEqual([tower, 'b', tower])
    const flags = '🇯'.repeat(1001)
    expect(fast(flags)).toEqual(segmentGraphemes(flags))
  })

  it('take time in proportion to the text where short ones follow a long one', () => {
    const text = `e${'\u0301'.repeat(400_000)}${'e\u0301'.repeat(200_000)}`
    let count = 0
    eachGrapheme(text, () => {
      count++
    })
    expect(count).toBe(200_001)
    expect(() => new GraphemeTokenizer([text])).toThrow(/200001 graphemes/)
    expect(() => new GraphemeTokenizer(['word '.repeat(100_000)])).toThrow(
      /graphemes; expected one/,
    )
  }, 20_000)

  it('take time in proportion to the text, whatever the script', () => {
    // With one segmenter over the whole text this took minutes.
    const text = 'नमस्ते दुनिया สวัสดีชาวโลก 👩🏽‍🚀'.repeat(3000)
    let count = 0
    eachGrapheme(text, () => {
      count++
    })
    expect(count).toBe(segmentGraphemes('नमस्ते दुनिया สวัสดีชาวโลก 👩🏽‍🚀').length * 3000)
  }, 20_000)

  it('are symbols as a reader counts them', () => {
    const text = 'e\u0301👨‍👩‍👧🇯🇵🇫🇷か\u3099\r\n'
    const { tokenizer } = buildTokenizer('grapheme', text)
    const { ids } = tokenizer.encode(text)
    expect(Array.from(ids, id => tokenizer.symbol(id))).toEqual([
      'e\u0301',
      '👨‍👩‍👧',
      '🇯🇵',
      '🇫🇷',
      'か\u3099',
      '\r\n',
    ])
    const decoder = tokenizer.decoder()
    expect(decoder.push(ids[1])).toBe('👨‍👩‍👧')
  })

  it('report a lone surrogate that a mark has joined', () => {
    const text = 'a\ud800\u0301b'
    const { tokenizer } = buildTokenizer('grapheme', text)
    expect(tokenizer.encode(text).unknown).toEqual([
      { symbol: '\ud800\u0301', position: 1, replacement: '\ufffd\u0301' },
    ])
  })
})
