import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { balance } from './balance.js'

const counts = (text: string): [open: number, stray: number] => {
  const { open, stray } = balance(text)
  return [open, stray]
}

describe('balance', () => {
  it('counts what is left open and what closes nothing', () => {
    expect(counts('(a [b] {c})')).toEqual([0, 0])
    expect(counts('(a')).toEqual([1, 0])
    expect(counts('a)')).toEqual([0, 1])
    expect(counts('(a]')).toEqual([1, 1])
    expect(counts('')).toEqual([0, 0])
    expect(counts('「')).toEqual([1, 0])
  })

  it('knows Japanese brackets and their nesting', () => {
    expect(counts('「『心』を読んだ」（笑）【注】《ルビ》')).toEqual([0, 0])
    expect(balance('「先生。と言った。『え』')).toEqual({
      open: 1,
      stray: 0,
      marks: [{ mark: '「', position: 0 }],
    })
    expect(counts('「『まだ」')).toEqual([1, 0])
  })

  it('knows typographic quotes of several languages', () => {
    expect(counts('“Yes,” she said, ‘no’')).toEqual([0, 0])
    expect(counts('„Ja“, „nie”, «oui», »nein«, ‹a›')).toEqual([0, 0])
    expect(counts('“Yes, she said')).toEqual([1, 0])
  })

  it('does not take an apostrophe for a quote', () => {
    expect(counts("don't o' the dogs' 'tis")).toEqual([0, 0])
    expect(counts('don’t the dogs’ ’tis')).toEqual([0, 0])
    expect(counts('‘I don’t,’ he said')).toEqual([0, 0])
  })

  it('counts an odd number of straight quotes as one left open', () => {
    expect(counts('"a" "b"')).toEqual([0, 0])
    expect(balance('"a" "b')).toEqual({ open: 1, stray: 0, marks: [{ mark: '"', position: 4 }] })
  })

  it('allows a speech of several paragraphs to open its quotes again', () => {
    expect(counts('“One.\n\n“Two.”')).toEqual([0, 0])
    expect(counts('“One. “Two.”')).toEqual([1, 0])
  })

  it('finds nothing in a well-formed text, and exactly the one mark that was put in', () => {
    const pairs = ['()', '[]', '「」', '『』', '（）', '“”', '《》']
    const { text } = fc.letrec<{ text: string }>(tie => ({
      text: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('', 'a', 'の', "it's"),
        fc
          .tuple(fc.constantFrom(...pairs), tie('text'), tie('text'))
          .map(([pair, inside, after]) => `${pair[0]}${inside}${pair[1]}${after}`),
      ),
    }))
    fc.assert(
      fc.property(text, fc.nat(), fc.constantFrom('【', '】', '"'), (whole, n, mark) => {
        expect(balance(whole).marks).toEqual([])
        const position = n % (whole.length + 1)
        const spoilt = whole.slice(0, position) + mark + whole.slice(position)
        expect(balance(spoilt).marks).toEqual([{ mark, position }])
        expect(counts(spoilt)).toEqual(mark === '】' ? [0, 1] : [1, 0])
      }),
    )
  })

  it('counts every mark that finds no partner: all of them less the pairs', () => {
    // The plain twin for one kind of bracket: what is left when every () is struck out.
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('(', ')', 'a') }), text => {
        let left = text.replaceAll('a', '')
        while (left.includes('()')) left = left.replaceAll('()', '')
        const marks = balance(text).marks.map(({ mark }) => mark)
        expect(marks.join('')).toBe(left)
      }),
    )
  })
})
