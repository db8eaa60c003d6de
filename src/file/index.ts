/** The model file and the container it is written in. */
export { sha256 } from './hash.js'
export { matchesHash, modelFileHash, modelIdentity } from './identity.js'
export { loadModel } from './load.js'
export type { ImportRecord, Model, StartRecord, TrainingRecord } from './model.js'
export {
  decodeModel,
  encodeModel,
  type ModelHeader,
  readModelHeader,
} from './model-file.js'
export { quantizeModel } from './quantize-model.js'
export { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.js'
