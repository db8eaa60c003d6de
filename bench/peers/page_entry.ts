/** The bench's page: makes Ondo's worker as a bundler would have it. */
declare global {
  var ondoWorker: () => Worker
}

globalThis.ondoWorker = () =>
  new Worker(new URL('./page_ondo.ts', import.meta.url), { type: 'module' })
