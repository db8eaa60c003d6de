/** Links between the logits and the draw, in an order that is visible and changeable. */
export {
  Chain,
  Chained,
  type ChainedDraw,
  createChain,
  type LinkReport,
} from './chain.js'
export type { LinkInput } from './check.js'
export type { LinkKind, Step as ChainStep, Symbols, SymbolsKnob } from './sampler.js'
export { LINKS, type LinkName, type LinkSpec } from './samplers.js'
export { parseChain, writeChain, writeLink } from './syntax.js'
