/** Tensors as views into one flat storage, which PyTorch and Torch7 share. */

export interface View {
  readonly shape: readonly number[]
  /** Numbers from one index to the next, a dimension each. */
  readonly stride: readonly number[]
  /** Index of the first number, from 0. */
  readonly offset: number
}

/**
 * A view may repeat numbers (a stride of 0), so that a small storage means a large tensor. What honest
 * files repeat is small: a bias of one number, tied matrices.
 */
const MOST_REPEATS = 4
const ALWAYS_ALLOWED = 2 ** 14

export const sizeOf = ({ shape }: View): number => shape.reduce((a, b) => a * b, 1)

/** Whether all numbers of the view lie within a storage of `count`, and are not many times more. */
export function fits(view: View, count: number): boolean {
  const size = sizeOf(view)
  const most = Math.max(ALWAYS_ALLOWED, MOST_REPEATS * count)
  if (!(size <= most && view.offset >= 0)) return false
  const last = view.shape.reduce((at, n, d) => at + (n - 1) * (view.stride[d] ?? 0), view.offset)
  // A storage that is cut short may end within a number.
  return size === 0 || last < Math.floor(count)
}

/** Copies a view row by row. @param read gives the number at an index of the storage */
export function copyView(view: View, read: (index: number) => number): Float32Array {
  const { shape, stride } = view
  const out = new Float32Array(sizeOf(view))
  const index = new Array<number>(shape.length).fill(0)
  let at = view.offset
  for (let i = 0; i < out.length; i++) {
    out[i] = read(at)
    for (let d = shape.length - 1; d >= 0; d--) {
      const next = (index[d] ?? 0) + 1
      const step = stride[d] ?? 0
      at += step
      if (next < (shape[d] ?? 0)) {
        index[d] = next
        break
      }
      at -= next * step
      index[d] = 0
    }
  }
  return out
}
