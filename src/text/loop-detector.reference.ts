/** The plain twin of loop.ts: the definition, tried on every period. */
import { LOOP_REPEATS, type Loop, makeLoop } from './loop-detector.js'

/** Is a stretch at the end itself a whole number of equal shorter ones? */
function isRepetition(ids: ArrayLike<number>, length: number): boolean {
  const begin = ids.length - length
  for (let q = 1; q < length; q++) {
    if (length % q !== 0) continue
    let same = true
    for (let i = begin + q; i < ids.length; i++) if (ids[i] !== ids[i - q]) same = false
    if (same) return true
  }
  return false
}

/** All loops in which a sequence ends, shortest period first. O(n^2). */
export function loopsByDefinition(ids: ArrayLike<number>): Loop[] {
  const n = ids.length
  const loops: Loop[] = []
  for (let p = 1; LOOP_REPEATS * p <= n; p++) {
    let start = n - p
    while (start > 0 && ids[start - 1] === ids[start - 1 + p]) start--
    const length = n - start
    if (length >= LOOP_REPEATS * p && !isRepetition(ids, p)) loops.push(makeLoop(p, length, n))
  }
  return loops
}
