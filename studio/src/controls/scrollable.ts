/**
 * Attachment of every element whose styles let it scroll: it is a stop of the Tab key, so that keys can
 * scroll it. It is one also while all it has is seen: whether that is so depends on fonts, the size of
 * letters and the text. The element has a role and a name (test/studio/stories/scrolling.ts).
 */
export function scrollable(region: HTMLElement): void {
  region.tabIndex = 0
  region.classList.add('scrolls')
}
