/**
 * The model file: a safetensors file whose metadata says what the tensors are for. The whole format
 * is in docs/file-format.md.
 */
import { counted, didYouMean, FileError, InputError, OndoError, quote } from '../errors.js'
import {
  isMatrix,
  type ModelConfig,
  modelConfig,
  scaleOf,
  tensorShapes,
  type Weights,
} from '../model/config.js'
import { wholeWeights } from '../model/quantize.js'
import { tokenizerFrom } from '../text/index.js'
import { MODEL_TOKENIZERS, type Tokenizer, type TokenizerJson } from '../text/tokenizer.js'
import { sha256 } from './hash.js'
import { hashTensor, identityFromHashes, rememberFile } from './identity.js'
import { isRecord, parseJson, writeJson } from './json.js'
import type { Model, TrainingRecord } from './model.js'
import {
  DTYPES,
  type Dtype,
  encodeSafetensors,
  readHeader,
  type SafetensorsHeader,
  type Tensor,
  tensorData,
} from './safetensors.js'
import { checkSpellingFilter } from './stored-spelling-filter.js'
import { readTrainingRecord } from './training-record.js'

const FORMAT = 'ondo'
/** Rises when an older reader would misread a newer file; additions alone don't raise it. */
const FORMAT_VERSION = '1'

/** What a model file is made of. */
export interface ModelParts {
  readonly config: ModelConfig
  readonly tokenizer: Tokenizer
  readonly weights: Weights
  readonly training?: TrainingRecord
  readonly name?: string
  readonly prompt?: string
  readonly stop?: readonly string[]
  /** Measurements of the model, such as its temperature sweep. */
  readonly measures?: Readonly<Record<string, unknown>>
}

/** All that a file says of its model, without the weights. */
export interface ModelHeader extends Omit<ModelParts, 'weights' | 'training'> {
  readonly training: TrainingRecord
  /** Form of the weights on disk, of each tensor once. */
  readonly dtypes: readonly (Dtype | 'I8')[]
}

/** The smallest number that rounds to infinity. */
const LIMIT: Record<Dtype, number> = {
  F32: Number.POSITIVE_INFINITY,
  F16: 65_520,
  BF16: (2 - 2 ** -8) * 2 ** 127,
}

/**
 * Where the first weight is that is NaN, infinite, or at least `limit` in size; -1 when there is
 * none. A plain loop: `findIndex` took six times as long (10 against 1.6 ns a weight), which was
 * most of the time of loading.
 */
function firstUnfit(data: Float32Array, limit: number): number {
  for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]) < limit)) return i
  return -1
}

/** @throws InputError when the numbers of a matrix are not whole numbers times the scale of their row */
function wholeTensor(
  name: string,
  shape: readonly number[],
  data: Float32Array,
  scale: Float32Array,
): Tensor {
  const whole = wholeWeights(data, scale)
  const K = data.length / scale.length
  const bad = data.findIndex(
    (value, i) =>
      value !== Math.fround((whole[i] as number) * (scale[Math.floor(i / K)] as number)),
  )
  if (bad >= 0) {
    throw new InputError(
      'weights',
      `Weight ${bad} of ${quote(name)} is ${data[bad]}, no whole number times its row's scale; quantize the weights before saving.`,
    )
  }
  return { dtype: 'I8', shape, data: Float32Array.from(whole) }
}

/**
 * Writes a model file; the same parts give the same bytes.
 * @param options.dtype form of the weights on disk: `F16` halves the file, `F32` (default) loses nothing.
 *   A model of 8-bit weights is written as it is, with I8 matrices
 * @throws InputError when the parts do not fit together, or a weight can't be written
 */
export function encodeModel(
  parts: ModelParts,
  options: { dtype?: Dtype } = {},
): Uint8Array<ArrayBuffer> {
  const config = modelConfig(parts.config)
  const dtype = config.bits ? 'F32' : (options.dtype ?? 'F32')
  const { tokenizer, weights, training = {}, name, prompt, stop, measures } = parts
  if (tokenizer.size !== config.vocabulary) {
    throw new InputError(
      'tokenizer',
      `The tokenizer has ${counted(tokenizer.size, 'symbol')}, but the config's vocabulary is ${config.vocabulary}; expected the same.`,
    )
  }
  const shapes = tensorShapes(config)
  const tensors = new Map<string, Tensor>()
  for (const [tensor, shape] of shapes) {
    const data = weights.get(tensor)
    if (data === undefined) {
      throw new InputError('weights', `The weights lack ${quote(tensor)}, which the config needs.`)
    }
    const bad = firstUnfit(data, LIMIT[dtype])
    if (bad >= 0) {
      const way = Number.isFinite(data[bad]) ? 'save as F32' : 'the training went wrong before'
      throw new InputError(
        'weights',
        `Weight ${bad} of ${quote(tensor)} is ${data[bad]}, which ${dtype} can't hold as a number; ${way}.`,
      )
    }
    const scale = config.bits && weights.get(scaleOf(tensor))
    tensors.set(tensor, scale ? wholeTensor(tensor, shape, data, scale) : { dtype, shape, data })
  }
  const extra = [...weights.keys()].find(tensor => !shapes.has(tensor))
  if (extra !== undefined) {
    throw new InputError('weights', `The weights hold ${quote(extra)}, which the config has not.`)
  }
  const record = readTrainingRecord(training, (code, message) => new InputError(code, message))
  const metadata: Record<string, string> = {
    format: FORMAT,
    version: FORMAT_VERSION,
    config: JSON.stringify(config),
    tokenizer: JSON.stringify(tokenizer.toJSON()),
    training: writeJson(record),
  }
  if (name !== undefined) metadata.name = name
  if (prompt !== undefined) metadata.prompt = prompt
  if (stop !== undefined) metadata.stop = JSON.stringify(stop)
  if (measures !== undefined) metadata.measures = writeJson(measures)
  return encodeSafetensors(tensors, metadata)
}

/** Ondo's own strings in the metadata. @throws FileError for files that are not, or not yet, ours */
function ownMetadata({ metadata, entries }: SafetensorsHeader): Readonly<Record<string, string>> {
  const { format, version } = metadata
  if (format !== FORMAT) {
    const holds = [...entries.keys()].slice(0, 3).map(quote).join(', ') || 'nothing'
    const says = format === undefined ? 'has no "format"' : `says "format": ${quote(format)}`
    throw new FileError(
      'not-ondo',
      `This is a safetensors file, but not an Ondo model: its metadata ${says}, where an Ondo model says "ondo" (it holds ${holds}); give a file that Ondo wrote.`,
    )
  }
  if (version !== FORMAT_VERSION) {
    throw new FileError(
      'version',
      `The model file has format version ${quote(version)}; this Ondo reads version ${FORMAT_VERSION}: update Ondo.`,
    )
  }
  return metadata
}

function readJson(metadata: Readonly<Record<string, string>>, key: string): unknown {
  const text = metadata[key]
  if (text === undefined) {
    throw new FileError(
      key,
      `The model file's metadata lacks "${key}": the file is damaged or not well made, get it again.`,
    )
  }
  return parseJson(text, `The model's ${key}`).value
}

/** What checks of options would say, said of a file. */
function inFile<T>(code: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof OndoError) || cause instanceof FileError) throw cause
    throw new FileError(code, `The model file can't be used: ${cause.message}`, { cause })
  }
}

function readConfig(value: unknown): ModelConfig {
  if (!isRecord(value)) {
    throw new FileError(
      'config',
      `The model's config is ${quote(value)}; expected a JSON object: the file is not well made.`,
    )
  }
  return inFile('config', () => modelConfig(value))
}

const areStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(item => typeof item === 'string')

function readTokenizer(value: unknown, config: ModelConfig): Tokenizer {
  const kind = isRecord(value) ? MODEL_TOKENIZERS.find(each => each === value.kind) : undefined
  if (!isRecord(value) || kind === undefined) {
    throw new FileError(
      'tokenizer',
      `The model's tokenizer is ${quote(value)}; expected a JSON object whose kind is ${MODEL_TOKENIZERS.join(', ')}: update Ondo, or the file is damaged.`,
    )
  }
  const { symbols } = value
  if (symbols !== undefined && !areStrings(symbols)) {
    throw new FileError(
      'tokenizer',
      `The model's tokenizer has symbols that are not a list of strings: the file is not well made.`,
    )
  }
  const json: TokenizerJson = symbols === undefined ? { kind } : { kind, symbols }
  const tokenizer = inFile('tokenizer', () => tokenizerFrom(json))
  if (tokenizer.size !== config.vocabulary) {
    throw new FileError(
      'tokenizer',
      `The tokenizer has ${counted(tokenizer.size, 'symbol')}, but the config's vocabulary is ${config.vocabulary}; they must agree: the file is damaged or not well made.`,
    )
  }
  return tokenizer
}

function readStop(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  const { value } = parseJson(text, "The model's stop")
  if (!areStrings(value) || value.includes('')) {
    throw new FileError(
      'stop',
      `The model's stop is ${quote(value)}; expected a list of strings that are not empty.`,
    )
  }
  return value
}

function readMeasures(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  const { value } = parseJson(text, "The model's measures")
  if (!isRecord(value)) {
    throw new FileError('measures', `The model's measures are ${quote(value)}; expected an object.`)
  }
  if (value.spelling !== undefined) checkSpellingFilter(value.spelling)
  return value
}

/** The tensors must be exactly those that the config needs. */
function checkTensors(config: ModelConfig, entries: SafetensorsHeader['entries']): void {
  const shapes = tensorShapes(config)
  const model = `${config.layers}-layer ${config.cell} of ${counted(config.hidden, 'unit')}, vocabulary ${config.vocabulary}`
  const missing = [...shapes.keys()].filter(name => !entries.has(name))
  const extra = [...entries.keys()].filter(name => !shapes.has(name))
  if (extra.length > 0) {
    const near = didYouMean(extra[0], missing)
    throw new FileError(
      'tensor-extra',
      `Tensor ${quote(extra[0])} has no place in this model (${model}); the file's config and tensors do not belong together.${near}`,
    )
  }
  if (missing.length > 0) {
    throw new FileError(
      'tensor-missing',
      `Tensor ${quote(missing[0])} is missing, which this model needs (${model}); the file is not whole: get it again.`,
    )
  }
  for (const [name, shape] of shapes) {
    const dtype = entries.get(name)?.dtype
    const whole = config.bits !== undefined && isMatrix(name)
    if ((dtype === 'I8') !== whole) {
      throw new FileError(
        'dtype',
        `Tensor ${quote(name)} has the dtype ${quote(dtype)}; expected ${whole ? 'I8' : DTYPES.join(', ')} in a model of ${whole ? '8-bit' : 'float'} weights: the file's config and tensors do not belong together.`,
      )
    }
    const found = entries.get(name)?.shape ?? []
    if (found.join() !== shape.join()) {
      throw new FileError(
        'tensor-shape',
        `Tensor ${quote(name)} has the shape ${quote(found)}; this model (${model}) needs ${quote(shape)}: the file's config and tensors do not belong together.`,
      )
    }
  }
}

function interpret(header: SafetensorsHeader): ModelHeader {
  const metadata = ownMetadata(header)
  const config = readConfig(readJson(metadata, 'config'))
  const tokenizer = readTokenizer(readJson(metadata, 'tokenizer'), config)
  const training = readTrainingRecord(
    metadata.training === undefined ? {} : readJson(metadata, 'training'),
    (code, message) => new FileError(code, message),
  )
  checkTensors(config, header.entries)
  const { name, prompt } = metadata
  const stop = readStop(metadata.stop)
  const measures = readMeasures(metadata.measures)
  return {
    config,
    tokenizer,
    training,
    ...(name !== undefined && { name }),
    ...(prompt !== undefined && { prompt }),
    ...(stop !== undefined && { stop }),
    ...(measures !== undefined && { measures }),
    dtypes: [...new Set([...header.entries.values()].map(entry => entry.dtype))],
  }
}

/** Above this a header that names no format is refused unread. */
const SMALL_HEADER = 1e6

/**
 * Is it a model at all? Seen before the header is parsed, which takes long for a large one. The word
 * alone is looked for, in whatever way it is written; what a small header holds the refusal tells.
 */
function lookForFormat(text: string): void {
  if (text.length <= SMALL_HEADER || /"format"\s*:\s*"ondo"/.test(text)) return
  throw new FileError(
    'not-ondo',
    `This is no Ondo model: its header of ${counted(text.length, 'character')} nowhere says "format": "ondo"; give a file that Ondo wrote.`,
  )
}

/** What a file says of its model; the weights are neither read nor checked. @throws FileError */
export function readModelHeader(bytes: Uint8Array): ModelHeader {
  return interpret(readHeader(bytes, lookForFormat))
}

/** The numbers of a matrix of 8-bit weights. @param whole [rows, K], in place @param scale [rows] */
function scaledRows(name: string, whole: Float32Array, scale: Float32Array): Float32Array {
  const K = whole.length / scale.length
  for (let i = 0; i < whole.length; i++) {
    if (whole[i] === -128) {
      throw new FileError(
        'weights',
        `Weight ${i} of tensor ${quote(name)} is -128; expected whole numbers from -127 to 127: the file is damaged or not well made.`,
      )
    }
    whole[i] = (whole[i] as number) * (scale[Math.floor(i / K)] as number)
  }
  return whole
}

/**
 * Reads a model file. Everything is checked, the header before anything is allocated.
 * @throws FileError, one sentence for each way in which a file can be wrong
 */
export async function decodeModel(bytes: Uint8Array): Promise<Model> {
  const header = readHeader(bytes, lookForFormat)
  const { dtypes: _, ...model } = interpret(header)
  const weights = new Map<string, Float32Array>()
  const hashes = new Map<string, Promise<string>>()
  for (const name of tensorShapes(model.config).keys()) {
    const entry = header.entries.get(name)!
    const scale = entry.dtype === 'I8' ? header.entries.get(scaleOf(name)) : undefined
    const data = scale
      ? scaledRows(name, tensorData(bytes, entry), tensorData(bytes, scale))
      : tensorData(bytes, entry)
    const bad = firstUnfit(data, LIMIT.F32)
    if (bad >= 0) {
      throw new FileError(
        'not-finite',
        `Weight ${bad} of tensor ${quote(name)} is ${data[bad]}; expected a finite number: the file is damaged, or its training went wrong.`,
      )
    }
    weights.set(name, data)
    // The platform hashes in threads of its own, while the next tensor is decoded here. What F16
    // and I8 store is what the identity hashes.
    const { dtype, begin, end } = entry
    const asStored = dtype === 'F16' || dtype === 'I8'
    hashes.set(name, asStored ? sha256(bytes.subarray(begin, end)) : hashTensor(data))
  }
  const hash = await identityFromHashes(model.config, model.tokenizer.toJSON(), hashes)
  rememberFile(weights, bytes)
  return { ...model, weights, hash }
}
