/**
 * Gradient clipping (Pascanu et al. 2013). `norm` scales all gradients so that their norm is at most `at`;
 * `value` clamps each to +-`at`.
 */
export type Clip = { readonly by: 'norm' | 'value'; readonly at: number } | { readonly by: 'none' }

/** @returns for gradients of this norm, a factor for all (scale) and then a bound for each (limit) */
export function clipping(clip: Clip, norm: number): { scale: number; limit: number } {
  if (clip.by === 'norm') {
    return { scale: norm > clip.at ? clip.at / norm : 1, limit: Number.POSITIVE_INFINITY }
  }
  return { scale: 1, limit: clip.by === 'value' ? clip.at : Number.POSITIVE_INFINITY }
}
