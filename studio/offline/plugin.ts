/**
 * Makes the built page an installable application: writes its manifest, renders its icons from
 * icon.svg, and writes a service worker that contains the digest of every file of the build.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import type { Plugin } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const PAPER = '#f8f6f1'

/** @param share share of the side that the drawing takes; a mask may cut off what is outside 0.8 */
function icon(side: number, share: number): Uint8Array {
  const drawing = readFileSync(here('../public/icon.svg'), 'utf8').replace(
    /^<svg[^>]*>|<\/svg>\s*$/g,
    '',
  )
  const edge = 32 * (1 / share - 1) * 0.5
  const box = 32 + 2 * edge
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-edge} ${-edge} ${box} ${box}"><rect x="${-edge}" y="${-edge}" width="${box}" height="${box}" fill="${PAPER}"/>${drawing}</svg>`
  return new Resvg(svg, { fitTo: { mode: 'width', value: side } }).render().asPng()
}

const ICONS = [
  { file: 'icon-192.png', side: 192, share: 0.84, purpose: 'any' },
  { file: 'icon-512.png', side: 512, share: 0.84, purpose: 'any' },
  { file: 'icon-maskable.png', side: 512, share: 0.66, purpose: 'maskable' },
]

const MANIFEST = {
  name: 'Ondo 温度',
  short_name: 'Ondo',
  description: 'Watch a small network write, and turn its temperature.',
  id: './',
  start_url: './',
  scope: './',
  display: 'standalone',
  background_color: PAPER,
  theme_color: PAPER,
  icons: ICONS.map(({ file, side, purpose }) => ({
    src: file,
    sizes: `${side}x${side}`,
    type: 'image/png',
    purpose,
  })),
}

const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex')

/** Whether a file is cached only when it is first requested: it is large or not needed at the start. */
const isCachedLater = (path: string): boolean =>
  path.startsWith('ort/') ||
  path.startsWith('models/') ||
  // The page requests it only for a text whose encoding is not recognised.
  path.startsWith('assets/jschardet') ||
  path === 'sw.js'

export function offline(): Plugin {
  return {
    name: 'ondo-offline',
    apply: 'build',
    generateBundle() {
      for (const { file, side, share } of ICONS) {
        this.emitFile({ type: 'asset', fileName: file, source: icon(side, share) })
      }
      const source = JSON.stringify(MANIFEST)
      this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source })
    },
    writeBundle({ dir }) {
      const folder = dir ?? '.'
      const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry =>
          join(entry.parentPath, entry.name)
            .slice(folder.length + 1)
            .replaceAll('\\', '/'),
        )
        .sort()
      const digests = (wanted: readonly string[]): Record<string, string> =>
        Object.fromEntries(wanted.map(path => [path, sha256(readFileSync(join(folder, path)))]))
      const files = digests(paths.filter(path => !isCachedLater(path)))
      const models = digests(paths.filter(path => path.startsWith('models/')))
      const worker = readFileSync(here('service-worker.js'), 'utf8')
      const version = sha256(JSON.stringify(files) + worker).slice(0, 12)
      const head = [
        `const VERSION = '${version}'`,
        `const MODELS = '${sha256(JSON.stringify(models)).slice(0, 12)}'`,
        `const FILES = ${JSON.stringify(files, null, 2)}`,
      ]
      writeFileSync(join(folder, 'sw.js'), `${head.join('\n')}\n${worker}`)
    },
  }
}
