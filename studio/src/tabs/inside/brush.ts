/**
 * Marks a passage with a mouse, a pen or a finger. A mouse marks by dragging. A finger scrolls, unless it is
 * first held still on a symbol: then it marks.
 */

/** A finger must be held this long, ms, and move no further than this, px. */
const HOLD = 400
const STRAY = 10

export interface Brush {
  /** A symbol was pointed at. @param on the passage goes on to it (Shift) */
  begin(n: number, on: boolean): void
  /** The passage reaches from where it began to this symbol. */
  extend(n: number): void
}

/** The symbol of an element, from its attribute `data-n`. */
const placeOf = (target: Element | null): number | undefined => {
  const n = target?.closest('[data-n]')?.getAttribute('data-n')
  return n == null ? undefined : Number(n)
}

/** @returns a function that removes the listeners */
export function brushing(body: HTMLElement, brush: Brush): () => void {
  let marking = false
  let last: number | undefined
  /** A finger that is down, has not moved far and was not yet held long enough. */
  let finger: { n: number; x: number; y: number; timer: ReturnType<typeof setTimeout> } | undefined

  /** The events of a finger go to the element where it came down, so the one under it is looked up. */
  const placeUnder = ({ clientX, clientY }: PointerEvent): number | undefined => {
    const found = document.elementFromPoint(clientX, clientY)
    return found && body.contains(found) ? placeOf(found) : undefined
  }
  const lift = (): void => {
    clearTimeout(finger?.timer)
    finger = undefined
  }
  const begin = (n: number, on: boolean): void => {
    marking = true
    last = n
    brush.begin(n, on)
  }
  const down = (event: PointerEvent): void => {
    const n = placeUnder(event)
    if (n === undefined || event.button !== 0 || !event.isPrimary) return
    if (event.pointerType !== 'touch') {
      begin(n, event.shiftKey)
      return
    }
    const timer = setTimeout(() => {
      finger = undefined
      begin(n, false)
      brush.extend(n)
    }, HOLD)
    finger = { n, x: event.clientX, y: event.clientY, timer }
  }
  const move = (event: PointerEvent): void => {
    if (finger && Math.hypot(event.clientX - finger.x, event.clientY - finger.y) > STRAY) lift()
    const n = marking ? placeUnder(event) : undefined
    if (n === undefined || n === last) return
    last = n
    brush.extend(n)
  }
  const up = (): void => {
    const tapped = finger?.n
    lift()
    marking = false
    if (tapped !== undefined) brush.begin(tapped, false)
  }
  /** The browser scrolls with this finger. */
  const cancel = (): void => {
    lift()
    marking = false
  }
  /** While a finger marks, the page does not scroll and opens no menu. */
  const hinder = (event: Event): void => {
    if (marking) event.preventDefault()
  }
  const still = (event: Event): void => {
    if (marking || finger) event.preventDefault()
  }
  body.addEventListener('pointerdown', down)
  body.addEventListener('pointermove', move)
  body.addEventListener('touchmove', hinder, { passive: false })
  body.addEventListener('contextmenu', still)
  window.addEventListener('pointerup', up)
  window.addEventListener('pointercancel', cancel)
  return () => {
    lift()
    window.removeEventListener('pointerup', up)
    window.removeEventListener('pointercancel', cancel)
  }
}
