/**
 * Compiles the AssemblyScript kernels to `src/runtime/kernels/kernels.wasm.ts`: the bytes in base64
 * in a TypeScript module, so that Node, pages, workers and file:// all load them by `import`.
 * The compiler is pinned, so the bytes are reproducible: `--check` (and kernels.test.ts) recompile
 * and compare, and nothing else need have AssemblyScript at hand.
 *
 *   node scripts/kernels.mjs            compile and write
 *   node scripts/kernels.mjs --check    compile and compare; exit 1 when they differ
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = fileURLToPath(new URL('../src/runtime/kernels/kernels.wasm.ts', import.meta.url))

/** Compiles one AssemblyScript file (path from the repository's root) to WebAssembly bytes. */
export async function compileKernels(entry = 'src/runtime/kernels/network.as.ts') {
  let bytes
  const { error, stderr } = await main(
    [
      entry,
      '--baseDir',
      root,
      ...['--outFile', 'out.wasm', '--optimizeLevel', '3', '--noAssert'],
      ...['--enable', 'simd', '--runtime', 'stub', '--importMemory', '--initialMemory', '1'],
    ],
    {
      // Biome knows no decorators on functions, so the sources carry `// @inline` on a line of its own.
      readFile: (name, baseDir) => {
        try {
          return readFileSync(join(baseDir, name), 'utf8').replace(/^\/\/ @inline$/gm, '@inline')
        } catch {
          return null
        }
      },
      writeFile: (_name, contents) => {
        bytes = contents
      },
    },
  )
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  return bytes
}

/** The module that carries the bytes. */
export function wrapKernels(bytes) {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,96}/g)
  return [
    '// Made by `npm run kernels` from the *.as.ts files beside it; not to be edited by hand.',
    `/** ${bytes.length} bytes of WebAssembly, base64. */`,
    'export const KERNELS =',
    lines.map(line => `  '${line}'`).join(' +\n'),
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = wrapKernels(await compileKernels())
  if (!process.argv.includes('--check')) {
    writeFileSync(target, text)
    console.log('src/runtime/kernels/kernels.wasm.ts written')
  } else if (readFileSync(target, 'utf8') !== text) {
    console.error(
      'src/runtime/kernels/kernels.wasm.ts differs from its sources; run `npm run kernels`.',
    )
    process.exitCode = 1
  }
}
