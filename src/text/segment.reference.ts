/** Plain twin of `eachGrapheme`: the whole text through the segmenter, quadratic in V8. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

export function segmentGraphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), part => part.segment)
}
