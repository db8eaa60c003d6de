/**
 * Puts charRNN into the global `ml5` of a page, beside what ml5 1.x has there. The order of the script
 * tags does not matter: an `ml5` that comes later gets it too.
 */
import type { charRNN } from './char-rnn.js'

type Factory = typeof charRNN

/** The parts of a page that matter here. */
export interface Page {
  ml5?: unknown
  p5?: { prototype?: { registerPreloadMethod?: (name: string, object: object) => void } }
  /** p5 1.x: one of the calls in `preload` has finished. */
  _decrementPreload?: () => void
  document?: {
    readonly readyState: string
    addEventListener(type: string, listener: () => void, options: { once: boolean }): void
  }
}

/** The object with charRNN; one that can't be changed gets an heir. */
function extended(ml5: unknown, factory: Factory): object {
  const isObject = (typeof ml5 === 'object' && ml5 !== null) || typeof ml5 === 'function'
  const property = { value: factory, configurable: true, enumerable: true, writable: true }
  if (isObject && Reflect.defineProperty(ml5, 'charRNN', property)) return ml5
  return Object.create(isObject ? ml5 : Object.prototype, { charRNN: property })
}

/** Puts charRNN into `page.ml5`, now and whenever another script sets it. */
export function install(page: Page, factory: Factory): void {
  const inPage = ((...args: Parameters<Factory>) => {
    // During `preload`, p5 1.x has its own function here, which has counted this call.
    const counted = (ml5 as { charRNN?: unknown }).charRNN !== inPage
    const rnn = factory(...args)
    if (counted) {
      const done = () => page._decrementPreload?.()
      rnn.ready.then(done, (error: unknown) => {
        done()
        throw error
      })
    }
    return rnn
  }) as Factory
  let ml5 = extended(page.ml5, inPage)
  const isSet = Reflect.defineProperty(page, 'ml5', {
    configurable: true,
    enumerable: true,
    get: () => ml5,
    set(value: unknown) {
      ml5 = extended(value, inPage)
    },
  })
  // `var ml5` in a script can't be watched.
  if (!isSet) page.ml5 = ml5
  const register = () =>
    page.p5?.prototype?.registerPreloadMethod?.call(page.p5.prototype, 'charRNN', ml5)
  // p5 looks at these when the page has loaded; by then its script has run, wherever it stands.
  if (page.document?.readyState === 'loading') {
    page.document.addEventListener('DOMContentLoaded', register, { once: true })
  } else register()
}
