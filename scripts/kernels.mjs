/**
 * Compiles the AssemblyScript kernels, each to a `.wasm.ts` beside it: the bytes in base64 in a
 * TypeScript module, so that Node, pages, workers and file:// all load them by `import`.
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

/** Sources, the module that carries their bytes, and the name that it exports. */
const MODULES = [
  ['src/runtime/kernels/network.as.ts', 'src/runtime/kernels/kernels.wasm.ts', 'KERNELS'],
  [
    'src/train/optimizer/kernels/update.as.ts',
    'src/train/optimizer/kernels/update.wasm.ts',
    'UPDATE',
  ],
  ['src/temperature/kernels/weights.as.ts', 'src/temperature/kernels/weights.wasm.ts', 'WEIGHTS'],
]

/** Compiles one AssemblyScript file (path from the repository's root) to WebAssembly bytes. */
export async function compileKernels(entry = 'src/runtime/kernels/network.as.ts') {
  /** @type {Uint8Array} */
  let bytes = new Uint8Array()
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
        if (typeof contents !== 'string') bytes = contents
      },
    },
  )
  if (error || bytes.length === 0) throw new Error(`${error?.message}\n${stderr.toString()}`)
  return bytes
}

/** The module that carries the bytes. @param {Uint8Array} bytes @param {string} [name] */
export function wrapKernels(bytes, name = 'KERNELS') {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,96}/g) ?? []
  return [
    '// Made by `npm run kernels` from the *.as.ts files beside it; not to be edited by hand.',
    `/** ${bytes.length} bytes of WebAssembly, base64. */`,
    `export const ${name} =`,
    lines.map(line => `  '${line}'`).join(' +\n'),
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [entry, target, name] of MODULES) {
    const text = wrapKernels(await compileKernels(entry), name)
    if (!process.argv.includes('--check')) {
      writeFileSync(join(root, target), text)
      console.log(`${target} written`)
    } else if (readFileSync(join(root, target), 'utf8') !== text) {
      console.error(`${target} differs from its sources; run \`npm run kernels\`.`)
      process.exitCode = 1
    }
  }
}
