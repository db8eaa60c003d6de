/** From a prompt to text. */
export {
  type GenerateOptions,
  generate,
  generateText,
  networkOf,
  promptIds,
} from './generate.js'
export { type RunHeader, runHeader } from './header.js'
export type { Step, StopReason } from './stop.js'
export { type Position, startIds, Writer } from './writer.js'
