/** Which files a command wrote into a folder of figures. */
import type { Bilingual } from '../../knob.js'
import type { NoPngReason } from '../../node/png.js'
import type { Io } from '../terminal/io.js'
import { wrap } from '../terminal/language.js'

/** Why there is no PNG, and what to do. */
const noPngMessage = (why: NoPngReason): Bilingual =>
  why === 'no-font'
    ? {
        en: 'no PNG: no font is installed here (install one, such as DejaVu); the SVG files are complete',
        ja: 'PNGは作れません: フォントがありません（DejaVuなどをインストールしてください）。SVGは完全です',
      }
    : {
        en: 'no PNG: @resvg/resvg-js does not support this machine; the SVG files are complete',
        ja: 'PNGは作れません: @resvg/resvg-jsがこのマシンに対応していません。SVGは完全です',
      }

/** @param duration how long the work took, in words; undefined to leave it out */
export function reportFiles(
  io: Io,
  folder: string,
  { files, noPng }: { readonly files: readonly string[]; readonly noPng?: NoPngReason },
  duration?: string,
): void {
  const where = io.t({
    en: `${duration === undefined ? '' : `${duration}; `}in ${folder}: ${files.join(', ')}`,
    ja: `${duration === undefined ? '' : `${duration}。`}${folder}に ${files.join('、')}`,
  })
  io.info(wrap(where, 80).join('\n'))
  if (noPng) io.info(noPngMessage(noPng))
}
