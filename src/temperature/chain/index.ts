/** The sampler chain: samplers between the logits and the draw, in the order in which they are written. */
export {
  Chain,
  Chained,
  type ChainedDraw,
  createChain,
} from './chain.js'
export type { SamplerInput } from './check.js'
export type { SamplerReport } from './explain.js'
export type { SamplerContext, SamplerKind, Symbols, SymbolsKnob } from './sampler.js'
export { SAMPLERS, type SamplerName, type SamplerSpec } from './samplers.js'
export { formatChain, formatSampler, parseChain } from './syntax.js'
