/**
 * Exports a model as one HTML file that writes text in the browser, without a network. It contains
 * the compressed model (file/printable-bytes.ts), the program and the style.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { FileError, shortPath } from '../errors.js'
import { decodeModel, readModelHeader } from '../file/index.js'
import { byteShuffle, encodePrintable } from '../file/printable-bytes.js'
import { promptIds } from '../generate/generate.js'
import { canonicalTemperature } from '../generate/run/header.js'
import { readSeed, type Seed } from '../random.js'
import { checkTemperature, SEED, TEMPERATURE } from '../temperature/index.js'
import { VERSION } from '../version.js'
import { packageRoot } from './files.js'

export interface ExportPageOptions {
  /** Heading of the page. Default: the name of the model, else "Ondo". */
  readonly title?: string
  /** The first prompt, which the reader can change. Default: the prompt of the model. */
  readonly prompt?: string
  /** Default 42. */
  readonly seed?: Seed
  /** Default 0.8. */
  readonly temperature?: number
}

/** Bytes of a number, by dtype. */
const WIDTHS: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2, I8: 1 }

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"]|[^\x20-\x7e]/gu, letter => `&#${letter.codePointAt(0)};`)

/** Escapes code for a script element, so that nothing in it ends the element or begins a comment. */
const inScript = (code: string): string =>
  code.replaceAll(/<(?=\/script|!--|script)/gi, '\\x3C').replaceAll(/[^\x20-\x7e\n]/gu, escaped)

const escaped = (letter: string): string =>
  Array.from(
    { length: letter.length },
    (_, i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')

const sourceHash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`

async function pageFile(name: string): Promise<string> {
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
 * Makes the page of a model.
 * @param bytes a model file. The page contains the same bytes, so the hash of the model is unchanged
 * @returns the HTML in ASCII, so that no server or editor can spoil it by a wrong encoding
 * @throws FileError for bytes that are not a model; InputError for a prompt with unknown symbols
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
  // The bytes of the most numbers, which 8-bit matrices hold, decide how all bytes are grouped.
  const width = dtypes.includes('I8') ? 1 : Math.max(1, ...dtypes.map(dtype => WIDTHS[dtype] ?? 1))
  const packed = await promisify(deflateRaw)(byteShuffle(bytes, width), { level: 9 })
  const settings = {
    name,
    hash: model.hash,
    width,
    packed: packed.length,
    prompt,
    seed: String(readSeed(options.seed ?? SEED.default)),
    temperature: canonicalTemperature(temperature),
  }
  const style = await pageFile('page.css')
  const script = inScript(await pageFile('page.js'))
  // Only this style and this program are allowed, by hash: the page cannot send anything anywhere.
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
${encodePrintable(packed)}
</script>
<script type="module">${script}</script>
</body>
</html>
`
}
