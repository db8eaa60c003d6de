/** A curve that never has more points than a screen can show: when full, neighbours become one. */

/** Points as columns: what travels, and what is drawn. */
export interface PointColumns {
  readonly steps: readonly number[]
  readonly losses: readonly number[]
}

export const EMPTY_CURVE: PointColumns = { steps: [], losses: [] }

/** More than the pixels of a chart this size. */
const MOST = 400

export class Curve {
  private steps: number[] = []
  private losses: number[] = []
  /** How many measurements one point is the mean of. */
  private grain = 1
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
    if (pending.count < this.grain) return
    this.steps.push(pending.steps / pending.count)
    this.losses.push(pending.losses / pending.count)
    this.pending = { steps: 0, losses: 0, count: 0 }
    if (this.steps.length >= MOST) this.halve()
  }

  /** A copy, for whoever draws. */
  points(): PointColumns {
    return { steps: [...this.steps], losses: [...this.losses] }
  }

  private halve(): void {
    const half = (values: readonly number[]): number[] =>
      Array.from({ length: values.length >> 1 }, (_, i) => (values[2 * i] + values[2 * i + 1]) / 2)
    this.steps = half(this.steps)
    this.losses = half(this.losses)
    this.grain *= 2
  }
}
