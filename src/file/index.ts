/** The model file and the container it is written in. */
export { sha256 } from './hash.js'
export { isNamed, modelIdentity } from './identity.js'
export { type LoadOptions, loadModel, type ModelSource } from './load.js'
export type { Model, TrainingRecord } from './model.js'
export {
  decodeModel,
  encodeModel,
  type ModelHeader,
  type ModelParts,
  readModelHeader,
} from './model-file.js'
export {
  DTYPES,
  type Dtype,
  decodeSafetensors,
  encodeSafetensors,
  readHeader,
  type Safetensors,
  type SafetensorsHeader,
  type Tensor,
  type TensorEntry,
  tensorData,
} from './safetensors.js'
