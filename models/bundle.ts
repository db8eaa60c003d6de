/**
 * Makes a bundled model of a training run: its best weights in F16 with a title, a prompt that shows
 * it well, and stop strings. The recipes are in models/README.md.
 *
 *   npx tsx models/bundle.ts runs/shakespeare shakespeare --title Shakespeare --prompt "ROMEO:"
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { encodeModel } from '../src/file/index.js'
import { writeFileAtomic } from '../src/node/files.js'
import { loadModel } from '../src/node/load.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    title: { type: 'string' },
    prompt: { type: 'string' },
    stop: { type: 'string', multiple: true },
  },
})
const [run, name] = positionals
if (run === undefined || name === undefined) {
  console.error('usage: tsx models/bundle.ts RUN NAME [--title T] [--prompt P] [--stop S]')
  process.exit(2)
}

const model = await loadModel(run)
/** A shell has no easy way to write a line break. */
const withBreaks = (text: string): string => text.replaceAll('\\n', '\n')
const bytes = encodeModel(
  {
    ...model,
    name: values.title ?? name,
    prompt: values.prompt === undefined ? undefined : withBreaks(values.prompt),
    stop: values.stop?.map(withBreaks),
  },
  { dtype: 'F16' },
)
const path = fileURLToPath(new URL(`${name}.safetensors`, import.meta.url))
await writeFileAtomic(path, bytes)
const bundled = await loadModel(path)
console.log(`models/${name}.safetensors  ${bytes.length} bytes  sha256 ${bundled.hash}`)
