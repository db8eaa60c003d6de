/** The service worker: it serves the page without a network, and announces a newer version. */

/** The service worker is registered this late, ms: caching must not slow down the first text. */
const LATER = 3000
/** When a hidden page is shown again, it asks for a newer version at most this often, ms. */
const ASK_EVERY = 3_600_000

export class Offline {
  /** A newer version that is installed; it takes over on request, or when all pages are closed. */
  waiting = $state.raw<ServiceWorker>()
  /** How many other pages are open, which the newer version would break. */
  others = $state(0)
  private registration: ServiceWorkerRegistration | undefined
  private readonly wanted = new Set<string>()
  private taken = false
  private asked = performance.now()

  constructor() {
    // The development server changes files while the page runs.
    if (import.meta.hot || !('serviceWorker' in navigator)) return
    setTimeout(() => this.register().catch(() => {}), LATER)
    navigator.serviceWorker.addEventListener('message', ({ data }) => {
      if (data.type === 'others') this.others = data.count
    })
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (this.taken) location.reload()
    })
    document.addEventListener('visibilitychange', () => !document.hidden && this.ask())
  }

  private ask(): void {
    const now = performance.now()
    if (!this.registration || now - this.asked < ASK_EVERY) return
    this.asked = now
    // Without a network there is no newer version.
    this.registration.update().catch(() => {})
  }

  /** Caches the file of a model that was opened. */
  keep(address: string): void {
    this.wanted.add(address)
    this.registration?.active?.postMessage({ type: 'keep', address })
  }

  /** Activates the newer version, which reloads the page. */
  take(): void {
    this.taken = true
    this.others = 0
    this.waiting?.postMessage({ type: 'take' })
  }

  private async register(): Promise<void> {
    const registration = await navigator.serviceWorker.register('./sw.js')
    const look = (): void => {
      // The first version ever installed need not wait.
      this.waiting = registration.active ? (registration.waiting ?? undefined) : undefined
    }
    registration.addEventListener('updatefound', () =>
      registration.installing?.addEventListener('statechange', look),
    )
    look()
    this.registration = await navigator.serviceWorker.ready
    for (const address of this.wanted) this.keep(address)
  }
}
