/** What arrives between two frames of the page, shown together in the next one. */
export class FrameQueue<Item> {
  private items: Item[] = []
  private frame = 0
  private readonly show: () => void

  /** @param show called once a frame; it takes what it can show with `next` */
  constructor(show: () => void) {
    this.show = () => {
      cancelAnimationFrame(this.frame)
      this.frame = 0
      show()
      if (this.items.length > 0) this.frame = requestAnimationFrame(this.show)
    }
    // A hidden page is given no frames, but the text goes on.
    document.addEventListener('visibilitychange', () => document.hidden && this.show())
  }

  add(item: Item): void {
    this.items.push(item)
    if (document.hidden) this.show()
    else this.frame ||= requestAnimationFrame(this.show)
  }

  next(): Item | undefined {
    return this.items.shift()
  }

  clear(): void {
    this.items = []
  }
}
