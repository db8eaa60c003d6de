/** Characters: in all measures a character is a Unicode code point; a lone surrogate counts as one. */

/** The code points of a text, [characters]. */
export function codePoints(text: string): Uint32Array {
  const points = new Uint32Array(text.length)
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!
    points[count++] = point
    if (point > 0xffff) i++
  }
  return points.slice(0, count)
}

/** The number of characters in a text. */
export function countCharacters(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    if (text.codePointAt(i)! > 0xffff) {
      count--
      i++
    }
  }
  return count
}

/** All n-grams of characters, in order; empty when the text is shorter than n. */
export function characterGrams(text: string, n: number): string[] {
  const grams: string[] = []
  if (countCharacters(text) === text.length) {
    for (let end = n; end <= text.length; end++) grams.push(text.slice(end - n, end))
    return grams
  }
  const characters = Array.from(text)
  for (let end = n; end <= characters.length; end++) {
    grams.push(characters.slice(end - n, end).join(''))
  }
  return grams
}
