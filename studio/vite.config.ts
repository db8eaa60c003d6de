import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defaultClientConditions, defineConfig } from 'vite'
import { bundledModels } from './bundled-models.js'
import { offline } from './offline/plugin.js'
import { ortAssets } from './ort-assets.js'
import { sharedWorkers } from './worker-chunks.js'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** `npx vite build studio` makes dist/studio: plain files that any web server can serve. */
export default defineConfig({
  root: here('.'),
  // Relative addresses: the page works at any path of any host.
  base: './',
  resolve: {
    alias: [
      { find: 'ondo/import', replacement: here('../src/interop/index.ts') },
      { find: /^ondo\/(\w+)$/, replacement: here('../src/$1/index.ts') },
      { find: /^ondo$/, replacement: here('../src/index.ts') },
    ],
    // ONNX Runtime's threads start from its own file, not from a bundle that it is part of.
    conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions],
  },
  plugins: [
    svelte({ configFile: false }),
    bundledModels(here('../models')),
    ortAssets(),
    sharedWorkers(),
    offline(),
  ],
  worker: { format: 'es' },
  build: {
    // jschardet (1.1 MB) is loaded only when a text's encoding is not recognised.
    chunkSizeWarningLimit: 1200,
    outDir: here('../dist/studio'),
    emptyOutDir: true,
    // light-dark(), content-visibility and module workers are there from here on.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Inlined assets would be data: addresses, which a strict content policy refuses.
    assetsInlineLimit: 0,
    // Svelte's licence wants its words beside every copy; ONNX Runtime's notice lies in ort/.
    license: { fileName: 'licences.md' },
    modulePreload: { polyfill: false },
    // A note for plugin authors, not for who starts the studio for the first time.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
})
