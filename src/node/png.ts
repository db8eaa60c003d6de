/** SVG to PNG, with the fonts of the system. */

/** What keeps this machine from making a PNG, in a word; the SVG is whole all the same. */
export type NoPng = 'no-renderer' | 'no-font'

type Renderer = typeof import('@resvg/resvg-js')

/** Undefined where the package has no binary for the platform. */
async function renderer(): Promise<Renderer | undefined> {
  try {
    return await import('@resvg/resvg-js')
  } catch {
    return undefined
  }
}

const glyph = (text: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text y="30" font-size="30" font-family="sans-serif">${text}</text></svg>`

/** Can the system's fonts write this? Without a font, letters are not boxes but nothing at all. */
function canWrite({ Resvg }: Renderer, text: string): boolean {
  const pixels = new Resvg(glyph(text)).render().pixels
  return pixels.some(value => value !== 0)
}

/**
 * A function that makes PNG at twice the SVG's size, or why there is none.
 * @param sample a character of the script that the figure is labelled in
 */
export async function pngMaker(sample: string): Promise<((svg: string) => Uint8Array) | NoPng> {
  const resvg = await renderer()
  if (!resvg) return 'no-renderer'
  if (!canWrite(resvg, sample)) return 'no-font'
  return svg => new resvg.Resvg(svg, { fitTo: { mode: 'zoom', value: 2 } }).render().asPng()
}
