import { type Border, crossing, isotonicRegression, mean, type SweepText } from 'ondo/measure'

/** Where the texts of a sweep exceed a share of misspelt words. */
export type Reach =
  /** Nothing is measured yet, or this model's texts cannot be judged. */
  | { readonly kind: 'unknown' }
  /** Whether every temperature measured is above the share, or below it. */
  | { readonly kind: 'above' | 'below' }
  | { readonly kind: 'at'; readonly border: Border }

/**
 * The temperature above which more than a share of the words is misspelt, read off a sweep: means
 * over the seeds, made to rise, and a straight line between the two temperatures around the share.
 * `ondo aim` writes texts for one answer and bounds it; this costs nothing more.
 * @param share 0.02 for 2%
 */
export function spellingReach(texts: readonly SweepText[], share: number): Reach {
  const groups = new Map<number, number[]>()
  for (const { temperature, values } of texts) {
    if (values.spelling === undefined) continue
    const group = groups.get(temperature)
    if (group) group.push(values.spelling)
    else groups.set(temperature, [values.spelling])
  }
  const temperatures = [...groups.keys()].sort((a, b) => a - b)
  if (temperatures.length < 2) return { kind: 'unknown' }
  const lists = temperatures.map(T => groups.get(T)!)
  const rising = isotonicRegression(
    lists.map(mean),
    lists.map(list => list.length),
  )
  if (rising[0] > share) return { kind: 'above' }
  const border = crossing(temperatures, rising, share, 'rises')
  return border ? { kind: 'at', border } : { kind: 'below' }
}
