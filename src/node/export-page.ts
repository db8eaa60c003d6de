/**
 * A model as one HTML file that writes by itself, from a disk or a server, without a network: the
 * model deflated by planes of bytes (file/printable-bytes.ts), the program, the style, a slider.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { FileError, shortPath } from '../errors.js'
import { decodeModel, readModelHeader } from '../file/index.js'
import { armour, toPlanes } from '../file/printable-bytes.js'
import { promptIds } from '../generate/generate.js'
import { canonicalTemperature } from '../generate/run/header.js'
import { readSeed, type Seed } from '../random.js'
import { checkTemperature, SEED, TEMPERATURE } from '../temperature/index.js'
import { VERSION } from '../version.js'
import { packageRoot } from './files.js'

export interface ExportPageOptions {
  /** Heading of the page. Default: the model's own name, else "Ondo". */
  readonly title?: string
  /** With what the page begins; whoever opens it may change it. Default: the model's own. */
  readonly prompt?: string
  /** Default 42. */
  readonly seed?: Seed
  /** Default 0.8. */
  readonly temperature?: number
}

/** Bytes of a number, by the name of its kind in the file. */
const WIDTHS: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 }

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"]|[^\x20-\x7e]/gu, letter => `&#${letter.codePointAt(0)};`)

/** A program in a script element: nothing in it may end that element, or begin a comment. */
const inScript = (code: string): string =>
  code.replaceAll(/<(?=\/script|!--|script)/gi, '\\x3C').replaceAll(/[^\x20-\x7e\n]/gu, escaped)

const escaped = (letter: string): string =>
  Array.from(
    { length: letter.length },
    (_, i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')

const sourceHash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`

async function part(name: string): Promise<string> {
  const path = join(await packageRoot(), 'dist', 'page', name)
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new FileError(
      'not-built',
      `The page for exports is not built: "${shortPath(path)}" is missing; run "npm run build".`,
      { cause },
    )
  }
}

/**
 * @param bytes a model file; the page holds the same bytes, so its hash stays the model's
 * @returns the HTML, all of it ASCII: no server's or editor's idea of an encoding can harm it
 * @throws FileError for bytes that are no model; InputError for a prompt that it can't read
 */
export async function exportPage(
  bytes: Uint8Array,
  options: ExportPageOptions = {},
): Promise<string> {
  const model = await decodeModel(bytes)
  const { dtypes } = readModelHeader(bytes)
  const prompt = options.prompt ?? model.prompt ?? ''
  promptIds(model, prompt)
  const temperature = checkTemperature(options.temperature ?? TEMPERATURE.default)
  const name = options.title ?? model.name ?? 'Ondo'
  const width = Math.max(1, ...dtypes.map(dtype => WIDTHS[dtype] ?? 1))
  const packed = await promisify(deflateRaw)(toPlanes(bytes, width), { level: 9 })
  const settings = {
    name,
    hash: model.hash,
    width,
    packed: packed.length,
    prompt,
    seed: String(readSeed(options.seed ?? SEED.default)),
    temperature: canonicalTemperature(temperature),
  }
  const style = await part('page.css')
  const script = inScript(await part('page.js'))
  // No source is named but this very style and program: the page can send nothing anywhere.
  const policy = [
    "default-src 'none'",
    `script-src ${sourceHash(script)} 'wasm-unsafe-eval'`,
    `style-src ${sourceHash(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Ondo ${VERSION}">
<title>${escapeHtml(name)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<noscript><p>This page writes in your browser and needs JavaScript for it.</p></noscript>
<script id="settings" type="application/json">${inScript(JSON.stringify(settings)).replaceAll('\\x3C', '\\u003c')}</script>
<script id="model" type="text/plain">
${armour(packed)}
</script>
<script type="module">${script}</script>
</body>
</html>
`
}
