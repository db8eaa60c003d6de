/**
 * Public entry for training in a page. Use it in a worker, because a training step blocks its thread.
 * @module
 *
 * @example
 * import { train } from 'ondo/train'
 * import { browserEngine, browserStore } from 'ondo/browser'
 * const engine = await browserEngine({ assets: new URL('/ort/', location.href) })
 * const store = await browserStore('my-run')
 * for await (const event of train({ corpus, engine, store })) postMessage(...)
 */
export {
  type AdapterFacts,
  DEVICES,
  type Device,
  type DeviceChoice,
  isRealGpu,
  threadsFor,
} from './device.js'
export {
  type BrowserEngine,
  type BrowserEngineOptions,
  browserEngine,
  findDevice,
} from './engine.js'
export { browserStore, type Storage } from './store.js'
