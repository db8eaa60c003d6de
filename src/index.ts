/**
 * Ondo (温度): small recurrent text models, and temperature to steer what they write.
 * The public door: named exports in the order of the data's way. Runs in Node, pages and workers.
 *
 * @example
 * import { generate, loadModel } from 'ondo'
 * const model = await loadModel('shakespeare') // or an address, a File, bytes
 * for await (const step of generate(model, { prompt: 'ROMEO:', temperature: () => slider.value }))
 *   out.append(step.text)
 */
export { FileError, InputError, OndoError, TrainingError } from './errors.js'
// a long computation that lets others run
export { TimeSlices, yieldToEventLoop } from './event-loop.js'
export {
  decodeModel,
  encodeModel,
  loadModel,
  type Model,
  type TrainingRecord,
} from './file/index.js'
// draws to text
export * from './generate/index.js'
export { type Knob, rangeOf, readKnob, readNumber } from './knob.js'
// text to numbers
export * from './measure/index.js'
// the model and its file
export {
  CELLS,
  type CellKind,
  type ModelConfig,
  modelConfig,
  parameterCount,
  tensorShapes,
  type Weights,
} from './model/config.js'
export { Random, type Seed } from './random.js'
// ids to logits
export { loadNetwork } from './runtime/network.js'
export type { Network, Session, State } from './runtime/session.js'
// logits to a draw
export * from './temperature/index.js'
// text to ids
export * from './text/index.js'
export { VERSION } from './version.js'
