/**
 * The suffix array of a sequence in linear time: SA-IS, induced sorting.
 *
 * Source: Nong, Zhang and Chan, "Two efficient algorithms for linear time suffix array
 * construction" (IEEE Transactions on Computers 60, 2011).
 *
 * A suffix is *small* (S) when it sorts before the next one, else *large* (L). Once the leftmost S of
 * each run of S (LMS) are sorted, one scan to the right places all L, and one to the left all S. The
 * LMS are sorted by the same two scans (which sort the substrings up to the next LMS), by giving
 * equal substrings the same name, and by recursion on the names, which are at most half as many.
 */

export type Symbols = Uint8Array | Uint16Array | Uint32Array | Int32Array

/**
 * @param symbols [n]; the last is 0 and no other is, all are below `alphabet`
 * @returns starts of the suffixes in sorted order, [n]; the first is n - 1
 */
export function suffixArray(symbols: Symbols, alphabet: number): Int32Array {
  const sa = new Int32Array(symbols.length)
  sort(symbols, sa, alphabet)
  return sa
}

function sort(symbols: Symbols, sa: Int32Array, alphabet: number): void {
  const n = symbols.length
  if (n === 1) {
    sa[0] = 0
    return
  }
  const small = new Uint8Array(n)
  small[n - 1] = 1
  for (let i = n - 2; i >= 0; i--) {
    const [a, b] = [symbols[i], symbols[i + 1]]
    small[i] = a < b || (a === b && small[i + 1] === 1) ? 1 : 0
  }
  const isLms = (i: number): boolean => i > 0 && small[i] === 1 && small[i - 1] === 0
  const counts = new Int32Array(alphabet)
  for (let i = 0; i < n; i++) counts[symbols[i]]++
  const bucket = new Int32Array(alphabet)

  // The LMS go to the ends of their buckets in any order: the scans sort their substrings.
  sa.fill(-1)
  toEnds(counts, bucket)
  for (let i = 1; i < n; i++) if (isLms(i)) sa[--bucket[symbols[i]]] = i
  induce(symbols, sa, small, counts, bucket)

  // Names go to sa[m..n) at half the position, which is unique: two LMS are never neighbours.
  let m = 0
  for (let i = 0; i < n; i++) if (isLms(sa[i])) sa[m++] = sa[i]
  sa.fill(-1, m)
  let names = 0
  for (let i = 0; i < m; i++) {
    if (i === 0 || !sameSubstring(symbols, small, sa[i - 1], sa[i])) names++
    sa[m + (sa[i] >> 1)] = names - 1
  }
  // Move the names to the end of sa, in the order of the text.
  for (let i = n - 1, j = n - 1; i >= m; i--) if (sa[i] >= 0) sa[j--] = sa[i]
  const reduced = sa.subarray(n - m)
  const order = sa.subarray(0, m)
  if (names < m) sort(reduced, order, names)
  else for (let i = 0; i < m; i++) order[reduced[i]] = i

  // The sorted LMS go to the ends of their buckets again.
  for (let i = 1, j = 0; i < n; i++) if (isLms(i)) reduced[j++] = i
  for (let i = 0; i < m; i++) order[i] = reduced[order[i]]
  sa.fill(-1, m)
  toEnds(counts, bucket)
  for (let i = m - 1; i >= 0; i--) {
    const start = sa[i]
    sa[i] = -1
    sa[--bucket[symbols[start]]] = start
  }
  induce(symbols, sa, small, counts, bucket)
}

function toEnds(counts: Int32Array, bucket: Int32Array): void {
  for (let c = 0, sum = 0; c < counts.length; c++) {
    sum += counts[c]
    bucket[c] = sum
  }
}

/** Places all L from the left, then all S from the right, from the LMS in their buckets. */
function induce(
  symbols: Symbols,
  sa: Int32Array,
  small: Uint8Array,
  counts: Int32Array,
  bucket: Int32Array,
): void {
  const n = symbols.length
  for (let c = 0, sum = 0; c < counts.length; c++) {
    bucket[c] = sum
    sum += counts[c]
  }
  for (let i = 0; i < n; i++) {
    const before = sa[i] - 1
    if (before >= 0 && small[before] === 0) sa[bucket[symbols[before]]++] = before
  }
  toEnds(counts, bucket)
  for (let i = n - 1; i >= 0; i--) {
    const before = sa[i] - 1
    if (before >= 0 && small[before] === 1) sa[--bucket[symbols[before]]] = before
  }
}

/** Whether two substrings, each from an LMS up to the next LMS, are equal in symbols and types. */
function sameSubstring(symbols: Symbols, small: Uint8Array, a: number, b: number): boolean {
  for (let k = 0; ; k++) {
    // The end mark is unique, so the comparison ends before the end of the symbols.
    if (symbols[a + k] !== symbols[b + k] || small[a + k] !== small[b + k]) return false
    if (k === 0) continue
    const endA = small[a + k] === 1 && small[a + k - 1] === 0
    const endB = small[b + k] === 1 && small[b + k - 1] === 0
    if (endA || endB) return endA && endB
  }
}
