/**
 * Attachment for every element whose styles let it scroll: it makes the element focusable, so that keys
 * can scroll it. Elements that fit at the moment are focusable too, because fonts, letter size and text
 * decide whether they fit. The element has a role and a name (test/studio/stories/scrolling.ts).
 */
export function scrollable(region: HTMLElement): void {
  region.tabIndex = 0
  region.classList.add('scrolls')
}
