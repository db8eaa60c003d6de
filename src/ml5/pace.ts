/**
 * The pace of a loop of `predict` and `feed`. A prediction takes microseconds here; ml5 0.x needed a
 * tenth of a frame or more for it, and sketches count on that: a loop that only awaits would fill the
 * page with thousands of characters a second, and would let nothing else run.
 */
import { TimeSlices } from '../event-loop.js'

/** Longest wait for a frame, ms: hidden pages and frames out of sight draw none. */
const LONGEST_WAIT = 250

function nextFrame(): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, LONGEST_WAIT)
    requestAnimationFrame(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

export class Pace {
  private readonly slices = new TimeSlices({ milliseconds: 8 })
  private frame: Promise<void> | undefined

  /**
   * Waits for the frame after that of the last call; where nothing is drawn (Node, some workers), or when
   * it is not wanted, only now and then for a turn of the event loop.
   * @param byFrame at most one call a frame
   */
  async wait(byFrame: boolean): Promise<void> {
    if (!byFrame || typeof requestAnimationFrame !== 'function') {
      if (this.slices.over) await this.slices.yield()
      return
    }
    await this.frame
    this.frame = nextFrame()
  }
}
