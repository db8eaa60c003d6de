/** The page without a network: its service worker, and a newer version that waits. */

/** After the first text: what is kept for later must not take from what is wanted now. */
const LATER = 3000
/** A page that stays open asks for a newer version when one comes back to it, not more often than this. */
const ASK_EVERY = 3_600_000

export class Offline {
  /** A newer version is here, and takes over when it is asked to, or when all pages are closed. */
  waiting = $state.raw<ServiceWorker>()
  /** Other pages are open that the newer version would break. */
  others = $state(0)
  private registration: ServiceWorkerRegistration | undefined
  private readonly wanted = new Set<string>()
  private taken = false
  private asked = performance.now()

  constructor() {
    // Not while it is developed: what is served then changes under the page.
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
    // Without a network there is nothing newer.
    this.registration.update().catch(() => {})
  }

  /** Keeps a model that was chosen. */
  keep(address: string): void {
    this.wanted.add(address)
    this.registration?.active?.postMessage({ type: 'keep', address })
  }

  /** Lets the newer version take over; the page is loaded anew. */
  take(): void {
    this.taken = true
    this.others = 0
    this.waiting?.postMessage({ type: 'take' })
  }

  private async register(): Promise<void> {
    const registration = await navigator.serviceWorker.register('./sw.js')
    const look = (): void => {
      // The very first one waits for nobody.
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
