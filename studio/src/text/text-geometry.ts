/** From a symbol to its boxes on the page, and from a point to the symbol there. */
import type { TextRenderer } from './text-renderer.js'

/** A box in the coordinates of the sheet that the text lies on, px. */
export interface Mark {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** The width of the box of a symbol without one (a line break), px. */
const NARROW = 6

export function marksOf(renderer: TextRenderer, sheet: Element, n: number): Mark[] {
  const range = renderer.rangeOf(n)
  if (!range) return []
  const origin = sheet.getBoundingClientRect()
  return [...range.getClientRects()].map(({ left, top, width, height }) => ({
    left: left - origin.left,
    top: top - origin.top,
    width: Math.max(width, NARROW),
    height: Math.max(height, NARROW),
  }))
}

/** A point between two lines counts for the nearer one up to this distance, px. */
const BETWEEN = 8

const holds = ({ left, right, top, bottom }: DOMRect, x: number, y: number): boolean =>
  x >= left - 1 && x <= right + 1 && y >= top - BETWEEN && y <= bottom + BETWEEN

/** Firefox and new engines have the first function, Safari and older ones the second. */
function caretAt(x: number, y: number): { node: Node; offset: number } | undefined {
  if (document.caretPositionFromPoint) {
    const caret = document.caretPositionFromPoint(x, y)
    return caret ? { node: caret.offsetNode, offset: caret.offset } : undefined
  }
  const range = (
    document as { caretRangeFromPoint?: (x: number, y: number) => Range | null }
  ).caretRangeFromPoint?.(x, y)
  return range ? { node: range.startContainer, offset: range.startOffset } : undefined
}

/**
 * The symbol under a point of the window.
 * @param nearest where none is exactly there, the one beside the nearest place between two
 */
export function symbolAtPoint(
  renderer: TextRenderer,
  x: number,
  y: number,
  nearest = false,
): number | undefined {
  const caret = caretAt(x, y)
  const n = caret && renderer.symbolAt(caret.node, caret.offset)
  if (n === undefined) return undefined
  // The caret position is between two symbols: the point is on one of them.
  for (const each of [n, n - 1]) {
    const range = each >= 0 ? renderer.rangeOf(each) : undefined
    if (range && [...range.getClientRects()].some(box => holds(box, x, y))) return each
  }
  return nearest ? n : undefined
}
