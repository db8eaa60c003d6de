/** What a network is: its configuration, the names and shapes of its tensors, its size. */
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
