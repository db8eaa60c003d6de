/**
 * Lays ONNX Runtime's WebAssembly beside the page, as it comes in its package: `ort/` is asked for
 * only when training starts, from this server and no other. The .mjs files are left as they are:
 * each thread is a worker that runs its file anew.
 */
import { createReadStream, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

const TYPES: Readonly<Record<string, string>> = {
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}
/** WebAssembly alone, and with WebGPU. */
const FILES = ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.asyncify'].flatMap(name =>
  Object.keys(TYPES).map(ending => name + ending),
)

export function ortAssets(): Plugin {
  const require = createRequire(import.meta.url)
  const folder = dirname(require.resolve('onnxruntime-web/wasm'))
  return {
    name: 'ondo-ort-assets',
    generateBundle() {
      // Its package brings no text of its licence; whose files these are has to be said all the same.
      const { version, license } = JSON.parse(
        readFileSync(join(folder, '..', 'package.json'), 'utf8'),
      )
      const source = `onnxruntime-web ${version}, ${license} licence, (c) Microsoft Corporation.\n`
      this.emitFile({ type: 'asset', fileName: 'ort/NOTICE.txt', source })
      for (const file of FILES) {
        const source = readFileSync(join(folder, file))
        this.emitFile({ type: 'asset', fileName: `ort/${file}`, source })
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const file = /\/ort\/([^/?]+)/.exec(request.url ?? '')?.[1]
        if (!file || !FILES.includes(file)) return next()
        response.setHeader('Content-Type', TYPES[/\.\w+$/.exec(file)![0]])
        createReadStream(join(folder, file)).pipe(response)
      })
    },
  }
}
