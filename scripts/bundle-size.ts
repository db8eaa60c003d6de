// What `generate` and `loadModel` add to a page: bundled and minified as a page's own build does it.
//
//   npx tsx scripts/bundle-size.ts
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const ENTRY = 'entry'
const PROGRAM = `export { generate, loadModel } from '${root}src/index.ts'`

export interface BundleSize {
  readonly bytes: number
  /** Bytes after gzip. */
  readonly packed: number
  /** Paths of the sources in it. */
  readonly modules: readonly string[]
}

export async function bundleSize(): Promise<BundleSize> {
  const bundle = await rolldown({
    cwd: root,
    input: ENTRY,
    platform: 'browser',
    logLevel: 'warn',
    plugins: [
      {
        name: 'entry',
        resolveId: id => (id === ENTRY ? id : undefined),
        load: id => (id === ENTRY ? PROGRAM : undefined),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  // What is imported when it is first used does not count.
  const [{ code, modules }] = output
  return {
    bytes: code.length,
    packed: gzipSync(code).length,
    modules: Object.keys(modules).map(id => id.replace(root, '')),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes, packed } = await bundleSize()
  process.stdout.write(`${bytes} bytes, ${packed} after gzip\n`)
}
