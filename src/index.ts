/**
 * Ondo (温度): small recurrent text models, and temperature to steer what they write.
 *
 * This is the public interface for Node, pages and workers, in the order in which data flows: text to
 * ids, ids to logits, logits to a draw, draws to text, text to measures. What fewer programs need is
 * in `ondo/text`, `ondo/model`, `ondo/temperature`, `ondo/generate` and `ondo/measure`; training is in
 * `ondo/train`, and `ondo/node`, `ondo/browser` and `ondo/server` connect it all to a platform.
 *
 * @example
 * import { generate, loadModel } from 'ondo'
 * const model = await loadModel('shakespeare') // or an address, a File, bytes
 * for await (const step of generate(model, { prompt: 'ROMEO:', temperature: () => slider.value }))
 *   out.append(step.text)
 */

// Errors: every refusal is one of these, with one sentence that says what to do.
export {
  FileError,
  InputError,
  OndoError,
  TrainingError,
  type Way,
  type Ways,
} from './errors.js'

// Text to ids: a tokenizer is built from a text or comes with a model.
export { buildTokenizer, type Tokenizer } from './text/index.js'

// The model and its file: configuration, weights, tokenizer, and how it was trained.
export {
  decodeModel,
  encodeModel,
  loadModel,
  type Model,
  modelFileHash,
  modelIdentity,
  quantizeModel,
  type TrainingRecord,
} from './file/index.js'
export type { ModelConfig } from './model/config.js'

// Ids to logits: a network holds the weights, a session reads one stream, a state is a plain value.
export { loadNetwork } from './runtime/network.js'
export type { Network, Session, State } from './runtime/session.js'

// Logits to a draw: the distribution at T, the sampler chain before it, schedules of T, and the
// interval of T in which the same symbol would have been drawn.
export {
  type Candidate,
  type Candidates,
  type Chain,
  createChain,
  Distribution,
  type Draw,
  formatChain,
  formatSchedule,
  type Interval,
  intervalOf,
  parseChain,
  parseSchedule,
  type Schedule,
  type TemperatureAt,
} from './temperature/index.js'
export { Random, type Seed } from './random.js'

// Draws to text: one stream of text, a tree of branches, all texts of one seed, and the way out of
// a loop.
export {
  createTree,
  type GenerateOptions,
  generate,
  generateText,
  leaveLoop,
  loadTree,
  networkOf,
  nextTemperature,
  promptIds,
  SeedTexts,
  type Step,
  type StopReason,
  saveTree,
  type SymbolRecord,
  type Tree,
  Writer,
} from './generate/index.js'

// Runs: everything that a text depends on, to write it again to the bit.
export {
  decodeRun,
  encodeRun,
  optionsOf,
  type Run,
  type RunHeader,
  type RunRecord,
  readRun,
  recordRun,
  runHeader,
  verifyRun,
  writeRun,
} from './generate/index.js'

// Text to measures: loss of a text, measures of a text, texts at many temperatures.
export {
  calibrateModel,
  type Measures,
  measureText,
  type Score,
  type SweepResult,
  score,
  sweep,
} from './measure/index.js'

export { VERSION } from './version.js'
