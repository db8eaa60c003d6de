/** The configuration of a network, the names and shapes of its tensors, and its size. */
export { memoryError } from '../errors.js'
export {
  CELLS,
  type CellKind,
  type ModelConfig,
  modelConfig,
  parameterCount,
  tensorShapes,
  type Weights,
} from './config.js'
