/** Attachment: a region that scrolls can be reached by key; one that shows all it has is no stop. */
export function scrollable(region: HTMLElement): () => void {
  const look = (): void => {
    if (region.scrollHeight > region.clientHeight) region.tabIndex = 0
    else region.removeAttribute('tabindex')
  }
  const observer = new ResizeObserver(look)
  observer.observe(region)
  for (const child of region.children) observer.observe(child)
  return () => observer.disconnect()
}
