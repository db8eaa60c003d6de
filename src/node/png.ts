/** Converts SVG to PNG, with the fonts of the system. */

/** Why this machine can't make a PNG. */
export type NoPngReason = 'no-renderer' | 'no-font'

type Renderer = typeof import('@resvg/resvg-js')

/** The renderer; undefined when the package has no binary for this platform. */
async function renderer(): Promise<Renderer | undefined> {
  try {
    return await import('@resvg/resvg-js')
  } catch {
    return undefined
  }
}

const glyph = (text: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text y="30" font-size="30" font-family="sans-serif">${text}</text></svg>`

/** Whether the system has a font for a text. Without one, the renderer draws nothing at all. */
function canWrite({ Resvg }: Renderer, text: string): boolean {
  const pixels = new Resvg(glyph(text)).render().pixels
  return pixels.some(value => value !== 0)
}

/**
 * @param sample a character of the script that the labels use
 * @returns a function that makes a PNG of twice the size of the SVG, or the reason why there is none
 */
export async function pngMaker(
  sample: string,
): Promise<((svg: string) => Uint8Array) | NoPngReason> {
  const resvg = await renderer()
  if (!resvg) return 'no-renderer'
  if (!canWrite(resvg, sample)) return 'no-font'
  return svg => new resvg.Resvg(svg, { fitTo: { mode: 'zoom', value: 2 } }).render().asPng()
}
