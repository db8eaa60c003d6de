/** Visible features of each position in a text, as numbers that a unit's activity may correlate with. */

export const FEATURES = [
  'quote',
  'bracket',
  'lineStart',
  'linePosition',
  'speaker',
  'upper',
  'word',
  'wordPosition',
  'space',
  'punctuation',
  'digit',
  'kanji',
  'hiragana',
  'katakana',
  'uncertain',
] as const
export type FeatureName = (typeof FEATURES)[number]

/** Positions in a line are capped at this. */
const FAR = 80
const OPENS: Readonly<Record<string, FeatureName>> = {
  '“': 'quote',
  '「': 'quote',
  '『': 'quote',
  '(': 'bracket',
  '[': 'bracket',
  '（': 'bracket',
  '〔': 'bracket',
}
const CLOSES: Readonly<Record<string, FeatureName>> = {
  '”': 'quote',
  '」': 'quote',
  '』': 'quote',
  ')': 'bracket',
  ']': 'bracket',
  '）': 'bracket',
  '〕': 'bracket',
}
const LETTER = /\p{L}/u
const CAPITAL = /\p{Lu}/u
const SMALL = /\p{Ll}/u

/**
 * The value of each feature after each symbol; features that never change are left out.
 * @param uncertainty entropy of the next symbol, bits
 */
export function featuresOf(
  symbols: readonly string[],
  uncertainty: ArrayLike<number>,
): Map<FeatureName, Float32Array> {
  const all = new Map(FEATURES.map(name => [name, new Float32Array(symbols.length)]))
  const put = (name: FeatureName, n: number, value: number | boolean): void => {
    all.get(name)![n] = Number(value)
  }
  const open = { quote: 0, bracket: 0 }
  let straight = false
  let inLine = 0
  let inWord = 0
  let capitals = 0
  let small = false
  for (const [n, symbol] of symbols.entries()) {
    if (symbol === '\n') {
      inLine = 0
      capitals = 0
      small = false
      straight = false
      // A quotation that is never closed ends with its line.
      open.quote = 0
      open.bracket = 0
    } else inLine++
    inWord = LETTER.test(symbol) ? inWord + 1 : 0
    if (CAPITAL.test(symbol)) capitals++
    if (SMALL.test(symbol)) small = true
    if (symbol === '"') straight = !straight
    const opened = OPENS[symbol]
    const closed = CLOSES[symbol]
    if (opened === 'quote' || opened === 'bracket') open[opened]++
    if (closed === 'quote' || closed === 'bracket') open[closed] = Math.max(0, open[closed] - 1)
    put('quote', n, straight || open.quote > 0)
    put('bracket', n, open.bracket > 0)
    put('lineStart', n, inLine < 2)
    put('linePosition', n, Math.min(FAR, inLine))
    put('speaker', n, capitals >= 2 && !small)
    put('upper', n, CAPITAL.test(symbol))
    put('word', n, inWord > 0)
    put('wordPosition', n, inWord)
    put('space', n, symbol === ' ')
    put('punctuation', n, /\p{P}/u.test(symbol))
    put('digit', n, /\p{N}/u.test(symbol))
    put('kanji', n, /\p{Script=Han}/u.test(symbol))
    put('hiragana', n, /\p{Script=Hiragana}/u.test(symbol))
    put('katakana', n, /\p{Script=Katakana}/u.test(symbol))
    put('uncertain', n, uncertainty[n])
  }
  for (const [name, values] of all) if (values.every(x => x === values[0])) all.delete(name)
  return all
}
