/** The logits that texts are drawn from, where a model's definition changes those of its network. */
import { exp, log } from '../numeric.js'
import type { ModelConfig } from './config.js'

/**
 * Applies `smoothing` and `padding` of the config: l_i = ln(p_i + ε) with p = softmax(logits), and -inf
 * for the padding. Temperature then gives exp(ln(p + ε) / T), normalised, as textgenrnn does. The
 * original draws the padding, too, and then takes the second best symbol; here its probability is
 * shared out.
 *
 * @param logits [V] of a session
 * @returns the same array for a model without either; else a new one
 */
export function drawingLogits(
  { smoothing, padding }: Pick<ModelConfig, 'smoothing' | 'padding'>,
  logits: Float32Array,
): Float32Array {
  if (smoothing === undefined && padding === undefined) return logits
  const out = smoothing === undefined ? logits.slice() : smoothed(logits, smoothing)
  if (padding !== undefined) out[padding] = Number.NEGATIVE_INFINITY
  return out
}

function smoothed(logits: Float32Array, smoothing: number): Float32Array {
  let max = Number.NEGATIVE_INFINITY
  for (const logit of logits) if (logit > max) max = logit
  const weights = Float64Array.from(logits, logit => exp(logit - max))
  const sum = weights.reduce((a, b) => a + b, 0)
  return Float32Array.from(weights, weight => log(weight / sum + smoothing))
}
