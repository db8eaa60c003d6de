/** Writes figures into a folder: SVG and PNG, light and dark. */
import { join } from 'node:path'
import { FIGURE_THEMES, type FigureLanguage, type FigureTheme } from '../measure/index.js'
import { makeFolder, writeFileAtomic } from './files.js'
import { type NoPngReason, pngMaker } from './png.js'

/**
 * Writes NAME-light.svg and NAME-dark.svg, and both as PNG where this machine can. Without a Japanese
 * font, the PNG files have English labels.
 * @returns the names of the files, and the reason why there is no PNG
 */
export async function writeFigures(
  folder: string,
  name: string,
  language: FigureLanguage,
  draw: (theme: FigureTheme, language: FigureLanguage) => string,
): Promise<{ files: string[]; noPng?: NoPngReason }> {
  await makeFolder(folder)
  const files: string[] = []
  const write = async (file: string, content: string | Uint8Array): Promise<void> => {
    await writeFileAtomic(join(folder, file), content)
    files.push(file)
  }
  for (const theme of FIGURE_THEMES) await write(`${name}-${theme}.svg`, draw(theme, language))
  let labels = language
  let png = await pngMaker(language === 'ja' ? '温' : 'T')
  if (png === 'no-font' && language === 'ja') {
    labels = 'en'
    png = await pngMaker('T')
  }
  if (typeof png === 'string') return { files, noPng: png }
  for (const theme of FIGURE_THEMES) await write(`${name}-${theme}.png`, png(draw(theme, labels)))
  return { files }
}
