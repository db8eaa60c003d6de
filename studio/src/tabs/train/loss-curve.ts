/** A curve with a limited number of points: at the limit, adjacent pairs are replaced by their means. */

/** Points as columns, as they are sent to the page and drawn. */
export interface PointColumns {
  readonly steps: readonly number[]
  readonly losses: readonly number[]
}

export const EMPTY_CURVE: PointColumns = { steps: [], losses: [] }

/** Maximum number of points; the chart has fewer pixels than this. */
const MAX_POINTS = 400

export class Curve {
  private steps: number[] = []
  private losses: number[] = []
  /** Number of measurements that are averaged in one point. */
  private perPoint = 1
  private pending: { steps: number; losses: number; count: number } = {
    steps: 0,
    losses: 0,
    count: 0,
  }

  constructor(points: PointColumns = EMPTY_CURVE) {
    for (const [i, step] of points.steps.entries()) this.add(step, points.losses[i])
  }

  add(step: number, loss: number): void {
    const { pending } = this
    pending.steps += step
    pending.losses += loss
    pending.count++
    if (pending.count < this.perPoint) return
    this.steps.push(pending.steps / pending.count)
    this.losses.push(pending.losses / pending.count)
    this.pending = { steps: 0, losses: 0, count: 0 }
    if (this.steps.length >= MAX_POINTS) this.halve()
  }

  /** Returns a copy of the points. */
  points(): PointColumns {
    return { steps: [...this.steps], losses: [...this.losses] }
  }

  private halve(): void {
    const half = (values: readonly number[]): number[] =>
      Array.from({ length: values.length >> 1 }, (_, i) => (values[2 * i] + values[2 * i + 1]) / 2)
    this.steps = half(this.steps)
    this.losses = half(this.losses)
    this.perPoint *= 2
  }
}
