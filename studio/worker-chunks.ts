/**
 * Builds the page's workers as entries of the page's own build. Vite bundles each worker by itself,
 * so that a browser would load what the page and its workers have in common several times; entries
 * of one build share chunks. The development server needs none of this.
 */
import { basename, dirname } from 'node:path'
import type { Plugin } from 'vite'

/** `new Worker(new URL('./worker.ts', import.meta.url)`, the form that Vite's own plugin expects. */
const WORKER = /new Worker\(\s*new URL\(\s*'([^']+)',\s*import\.meta\.url\s*\)/g

/** Vite's helper around each dynamic import: it puts links for the import's chunks into the document. */
const PRELOAD_HELPER = '\0vite/preload-helper.js'
const PRELOAD = 'export const __vitePreload ='

export function sharedWorkers(): Plugin {
  return {
    name: 'ondo-shared-workers',
    apply: 'build',
    enforce: 'pre',
    async transform(code, id) {
      if (id === PRELOAD_HELPER) {
        // A worker has no document; there the import itself is enough.
        if (!code.includes(PRELOAD)) this.error(`${id} does not contain "${PRELOAD}".`)
        return {
          code: `${code.replace(PRELOAD, 'const preloadInPage =')}
${PRELOAD} (load, ...rest) => typeof document === 'undefined' ? load() : preloadInPage(load, ...rest)`,
          map: null,
        }
      }
      if (id.includes('node_modules')) return undefined
      let result = code
      for (const [whole, path] of code.matchAll(WORKER)) {
        const worker = await this.resolve(path, id)
        if (!worker) this.error(`There is no worker ${path} beside ${id}.`)
        // Chunks of equal names would be taken for each other.
        const name = `${basename(dirname(worker.id))}-${basename(path, '.ts')}`
        const reference = this.emitFile({ type: 'chunk', id: worker.id, name })
        result = result.replace(whole, `new Worker(import.meta.ROLLUP_FILE_URL_${reference}`)
      }
      return result === code ? undefined : { code: result, map: null }
    },
  }
}
