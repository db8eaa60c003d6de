import { describe, expect, it } from 'vitest'
import { describeSymbol, invisibleName, isInvisible, printable } from './printable.js'

describe('printable', () => {
  it.each([
    ['a', 'a'],
    ['漢', '漢'],
    [' ', '␣'],
    ['\n', '↵'],
    ['\t', '⇥'],
    ['\u00a0', 'U+00A0'],
    ['\u3000', 'U+3000'],
    ['\r\n', 'U+000D U+000A'],
    ['\0', 'U+0000'],
    ['\u0308', '◌\u0308'],
    ['e\u0301', 'e\u0301'],
    ['a\u200d', 'a+U+200D'],
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['❤️', '❤️'],
    ['\ud800', 'U+D800'],
    ['\u{e000}', 'U+E000'],
    ['\\xE3', '\\xE3'],
  ])('shows %j as %s', (symbol, shown) => {
    expect(printable(symbol)).toBe(shown)
  })

  it('never shows two different characters alike where one can not be seen', () => {
    const seen = new Map<string, number>()
    for (let code = 0; code < 0x3100; code++) {
      if (code >= 0x300 && !isInvisible(String.fromCharCode(code))) continue
      const shown = printable(String.fromCharCode(code))
      expect(seen.get(shown), `U+${code.toString(16)}`).toBeUndefined()
      seen.set(shown, code)
    }
  })
})

describe('the name of what can not be seen', () => {
  it.each([
    ['\u3000', 'IDEOGRAPHIC SPACE'],
    ['\u00a0', 'NO-BREAK SPACE'],
    ['\u200b', 'ZERO WIDTH SPACE'],
    ['\u200d', 'ZERO WIDTH JOINER'],
    ['\u202f', 'NARROW NO-BREAK SPACE'],
    ['\ufeff', 'ZERO WIDTH NO-BREAK SPACE'],
    ['\t', 'CHARACTER TABULATION'],
    ['\n', 'LINE FEED'],
    ['\r', 'CARRIAGE RETURN'],
    ['\x1b', 'ESCAPE'],
    ['\x1f', 'INFORMATION SEPARATOR ONE'],
    [' ', 'SPACE'],
    ['\x7f', 'DELETE'],
    ['\u2028', 'LINE SEPARATOR'],
    ['\u2069', 'POP DIRECTIONAL ISOLATE'],
    ['\ufe0f', 'VARIATION SELECTOR-16'],
    ['\u{e0100}', 'VARIATION SELECTOR-17'],
    ['\u{e000}', 'for private use'],
    ['\u0378', 'not assigned'],
    ['\ud800', 'half of a surrogate pair'],
    ['\r\n', 'CARRIAGE RETURN + LINE FEED'],
  ])('of %j is %s', (symbol, name) => {
    expect(invisibleName(symbol)).toBe(name)
  })

  it('is none for what can', () => {
    for (const symbol of ['a', '漢', '\u0308', '😀', '\ufffd', 'e\u200d']) {
      expect(invisibleName(symbol)).toBeUndefined()
    }
  })

  it('stands in sentences beside the number', () => {
    expect(describeSymbol('é')).toBe('"é" (U+00E9)')
    expect(describeSymbol('\u3000')).toBe('U+3000 IDEOGRAPHIC SPACE')
    expect(describeSymbol('e\u0301')).toBe('"e\u0301" (U+0065 U+0301)')
  })
})
