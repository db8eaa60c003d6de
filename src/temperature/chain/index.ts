/** Links between the logits and the draw, in an order that is visible and changeable. */
export {
  Chain,
  Chained,
  type ChainedDraw,
  createChain,
  type LinkReport,
} from './chain.js'
export type { LinkInput } from './check.js'
export type { Effect, LinkKind, Step as ChainStep, Symbols, SymbolsKnob } from './link.js'
export { LINKS, type LinkName, type LinkSpec } from './links.js'
export { parseChain, writeChain, writeLink } from './written.js'
