/** Converts the points of the loss curves to SVG paths. */
import type { PointColumns } from './loss-curve.js'

export interface Frame {
  /** Number of steps along the horizontal axis. */
  readonly steps: number
  /** Losses at the bottom and at the top. */
  readonly low: number
  readonly high: number
  /** Distance between two grid lines, in loss. */
  readonly grid: number
}

/** Possible distances between grid lines, from fine to coarse. */
const GRIDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
const MAX_INTERVALS = 4

const gridOf = (span: number): number => GRIDS.find(grid => span / grid <= MAX_INTERVALS) ?? 10

/** Returns a frame that contains all points and begins and ends at grid lines. */
export function frameOf(curves: readonly PointColumns[], steps: number): Frame {
  const losses = curves.flatMap(curve => curve.losses).filter(Number.isFinite)
  if (losses.length === 0) return { steps, low: 0, high: 4, grid: 1 }
  const low = Math.min(...losses)
  const high = Math.max(...losses)
  const grid = gridOf(Math.max(high - low, 0.02))
  const bottom = Math.floor(low / grid) * grid
  return { steps, low: bottom, high: Math.max(Math.ceil(high / grid) * grid, bottom + grid), grid }
}

/** Returns the losses at which grid lines are drawn. */
export function gridLines({ low, high, grid }: Frame): number[] {
  const count = Math.round((high - low) / grid)
  return Array.from({ length: count + 1 }, (_, i) => low + i * grid)
}

export const across = (frame: Frame, step: number): number => step / Math.max(1, frame.steps)

/** Vertical position of a loss: 0 at the top, 1 at the bottom. */
export const down = ({ low, high }: Frame, loss: number): number => (high - loss) / (high - low)

/** Returns an SVG path through the points in a box of the given size; '' for fewer than two points. */
export function pathOf(curve: PointColumns, frame: Frame, width: number, height: number): string {
  if (curve.steps.length < 2) return ''
  const points = curve.steps.map((step, i) => {
    const x = across(frame, step) * width
    const y = down(frame, curve.losses[i]) * height
    return `${x.toFixed(1)} ${y.toFixed(1)}`
  })
  return `M${points.join('L')}`
}
