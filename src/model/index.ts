/** The configuration of a network, the names and shapes of its tensors, and its size. */
export { memoryError } from '../errors.js'
export {
  CELLS,
  type CellKind,
  gateFunction,
  type ModelConfig,
  modelConfig,
  parameterCount,
  tensorShapes,
  type Weights,
} from './config.js'
export { drawingLogits } from './drawing-logits.js'
