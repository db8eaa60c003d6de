/** Script of the page of trainer-site.ts; it creates the worker as the studio does. */
declare global {
  var makeTrainer: () => Worker
  /** The worker of docs/browser.md. */
  var makeExample: () => Worker
}

globalThis.makeTrainer = () =>
  new Worker(new URL('../../studio/src/tabs/train/worker.ts', import.meta.url), { type: 'module' })
