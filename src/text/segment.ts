/** Finds the boundaries of graphemes. */

let segmenter: Intl.Segmenter | undefined

/** Made at the first use: loading its tables takes 14 ms, a tenth of a short command. */
function graphemeSegmenter(): Intl.Segmenter {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter
}

/**
 * [65536] 1 for units of which two in a row always have a boundary between them: Latin, Greek,
 * Cyrillic, Armenian, symbols, kana, ideographs, Hangul syllables. CR before LF is the one exception.
 */
const SIMPLE = new Uint8Array(0x10000)
for (const [first, last] of [
  [0x0000, 0x02ff],
  [0x0370, 0x0482],
  [0x048a, 0x058f],
  [0x1e00, 0x1fff],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x2100, 0x2bff],
  [0x3000, 0x3029],
  [0x3030, 0x3098],
  [0x309b, 0x9fff],
  [0xac00, 0xd7a3],
  [0xff01, 0xff9d],
]) {
  SIMPLE.fill(1, first, last + 1)
}

/** Graphemes are a few units long; a window that holds only one, however long, is doubled. */
const WINDOW = 256

/**
 * The graphemes of text[start, end), where boundaries lie at both ends, by the segmenter. It gets a
 * window at a time, because V8's iterator takes time in proportion to its whole text at every step
 * (Node 20: 0.1 s for 16,000 characters, minutes for a novel). A boundary depends on all that is
 * before it in its cluster and on one code point after it, so in a window all but the last are sure.
 */
function segmentStretch(
  text: string,
  start: number,
  end: number,
  visit: (start: number, end: number) => void,
): void {
  const segmenter = graphemeSegmenter()
  let size = WINDOW
  let from = start
  while (from < end) {
    let to = Math.min(from + size, end)
    if (to < end && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to++
    let boundary = from
    for (const { index, segment } of segmenter.segment(text.slice(from, to))) {
      const next = from + index + segment.length
      if (next === to && to < end) break
      visit(boundary, next)
      boundary = next
      // After a long cluster, short ones would each take time in proportion to the large window.
      if (size > WINDOW) break
    }
    size = boundary === from ? size * 2 : WINDOW
    from = boundary
  }
}

/**
 * Visits the graphemes of a text in order, as [start, end) in UTF-16 units. The segmenter sees only
 * the stretches where something can join, which in most prose are none.
 */
export function eachGrapheme(text: string, visit: (start: number, end: number) => void): void {
  const n = text.length
  let i = 0
  while (i < n) {
    // A boundary lies at i. Find the next j > i that is surely one, from what stands on both sides.
    let j = i + 1
    let before = text.charCodeAt(i)
    while (j < n) {
      const after = text.charCodeAt(j)
      if (SIMPLE[before] === 1 && SIMPLE[after] === 1 && !(before === 0x0d && after === 0x0a)) break
      before = after
      j++
    }
    if (j === i + 1) visit(i, j)
    else segmentStretch(text, i, j, visit)
    i = j
  }
}

/** The graphemes of a text in order, in time that grows with its length. */
export function splitGraphemes(text: string): string[] {
  const graphemes: string[] = []
  eachGrapheme(text, (start, end) => {
    graphemes.push(text.slice(start, end))
  })
  return graphemes
}
