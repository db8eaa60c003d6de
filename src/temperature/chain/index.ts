/** Samplers between the logits and the draw, in an order that is visible and changeable. */
export {
  Chain,
  Chained,
  type ChainedDraw,
  createChain,
  type SamplerReport,
} from './chain.js'
export type { SamplerInput } from './check.js'
export type { SamplerContext, SamplerKind, Symbols, SymbolsKnob } from './sampler.js'
export { SAMPLERS, type SamplerName, type SamplerSpec } from './samplers.js'
export { formatChain, formatSampler, parseChain } from './syntax.js'
