/** Settings in the browser's local storage. Where storage is refused, they last until the page is closed. */
const PREFIX = 'ondo.'

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Private windows and strict settings refuse storage; the page works without.
  }
}

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name)
  } catch {
    return null
  }
}
