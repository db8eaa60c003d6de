/** Measures how fast the text grows: symbols a second over the last seconds. */

/** The span over which the speed is measured, ms. */
const SPAN = 2000

export class SpeedMeter {
  private readonly marks: { readonly at: number; readonly count: number }[] = []

  /** @param now ms @param count symbols so far; fewer than before begins anew */
  note(now: number, count: number): void {
    const last = this.marks.at(-1)
    if (last && count < last.count) this.marks.length = 0
    this.marks.push({ at: now, count })
    while (this.marks[0].at < now - SPAN && this.marks.length > 2) this.marks.shift()
  }

  forget(): void {
    this.marks.length = 0
  }

  /** Symbols a second; undefined until enough time has passed. */
  get perSecond(): number | undefined {
    const [first] = this.marks
    const last = this.marks.at(-1)
    if (!first || !last || last.at - first.at < SPAN / 4) return undefined
    return ((last.count - first.count) * 1000) / (last.at - first.at)
  }
}
