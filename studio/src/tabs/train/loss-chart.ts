/** The chart of the losses: from points to paths in a box. */
import type { PointColumns } from './loss-curve.js'

export interface Frame {
  /** Steps from left to right. */
  readonly steps: number
  /** Losses at the foot and at the head. */
  readonly low: number
  readonly high: number
  /** Between two lines. */
  readonly grid: number
}

/** Round steps between the lines of a grid, from fine to coarse. */
const GRIDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
const LINES = 4

const gridOf = (span: number): number => GRIDS.find(grid => span / grid <= LINES) ?? 10

/** A frame with room for all points, its ends on lines of the grid. */
export function frameOf(curves: readonly PointColumns[], steps: number): Frame {
  const losses = curves.flatMap(curve => curve.losses).filter(Number.isFinite)
  if (losses.length === 0) return { steps, low: 0, high: 4, grid: 1 }
  const low = Math.min(...losses)
  const high = Math.max(...losses)
  const grid = gridOf(Math.max(high - low, 0.02))
  const foot = Math.floor(low / grid) * grid
  return { steps, low: foot, high: Math.max(Math.ceil(high / grid) * grid, foot + grid), grid }
}

/** Losses at which a line is drawn. */
export function gridLines({ low, high, grid }: Frame): number[] {
  const count = Math.round((high - low) / grid)
  return Array.from({ length: count + 1 }, (_, i) => low + i * grid)
}

export const across = (frame: Frame, step: number): number => step / Math.max(1, frame.steps)

/** 0 at the head, 1 at the foot. */
export const down = ({ low, high }: Frame, loss: number): number => (high - loss) / (high - low)

/** A path through the points in a box of the given size; '' below two points. */
export function pathOf(curve: PointColumns, frame: Frame, width: number, height: number): string {
  if (curve.steps.length < 2) return ''
  const points = curve.steps.map((step, i) => {
    const x = across(frame, step) * width
    const y = down(frame, curve.losses[i]) * height
    return `${x.toFixed(1)} ${y.toFixed(1)}`
  })
  return `M${points.join('L')}`
}
