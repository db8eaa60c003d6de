/**
 * A checkpoint. `resume.safetensors` alone holds everything that an exact continuation needs, and it
 * is replaced as a whole: a crash cannot leave weights of one step beside moments of another. The
 * other files are for people and for sampling.
 *
 *   model.safetensors    the model of the last checkpoint
 *   best.safetensors     the model with the lowest validation loss
 *   resume.safetensors   weights, their average where one is kept, moments, carried state; the
 *                        `Run` below in its metadata
 *   run.json             the same `Run` as readable JSON
 *   metrics.jsonl        one line a step and one a validation
 */
import { counted, FileError, InputError, quote } from '../errors.js'
import {
  decodeSafetensors,
  encodeSafetensors,
  type StartRecord,
  sha256,
  type Tensor,
} from '../file/index.js'
import { wordsOf } from '../knob.js'
import type { ModelConfig } from '../model/config.js'
import type { PaceChange } from './budget/pace.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { Tensors } from './optimizer/optimizer.js'
import { PRESETS, type TrainSettings, trainSettings } from './settings.js'

export const FILES = {
  model: 'model.safetensors',
  best: 'best.safetensors',
  resume: 'resume.safetensors',
  run: 'run.json',
  metrics: 'metrics.jsonl',
} as const

/** Version 2 has a hash; version 1, written by earlier releases, has none. */
const RUN_VERSION = '2'
const VERSION_WITHOUT_HASH = '1'

/**
 * The first bytes of the header, in every version that has a hash. The next 64 bytes are the digits
 * of the SHA-256 of everything behind them. A change before the digits is noticed too: this text is
 * compared, and with another header length the data would not fill the file.
 */
const HASH_KEY = '{"__metadata__":{"sha256":"'
const HASH_DIGITS = 64
const HASH_AT = 8 + HASH_KEY.length
const HASHED_FROM = HASH_AT + HASH_DIGITS

/**
 * The state of a run besides its tensors. All random numbers follow from `settings.seed` and `step`.
 */
export interface Run {
  readonly settings: TrainSettings
  readonly corpus: { readonly hash: string; readonly size: number; readonly name?: string }
  /** JSON of the tokenizer. */
  readonly tokenizer: string
  readonly threads: number
  /** Updates done. */
  readonly step: number
  /** Mean loss of the first batch, nats a symbol; undefined before it. */
  readonly firstLoss?: number
  readonly smoothedLoss?: number
  readonly best?: { readonly loss: number; readonly step: number }
  /** `weightsHash` of best.safetensors. */
  readonly bestHash?: string
  readonly validation?: { readonly loss: number; readonly step: number }
  /** Changes of the number of updates by the clock. */
  readonly pace?: readonly PaceChange[]
  /** Seconds that the run may take, over all sessions. */
  readonly budget?: number
  /** Number of validations since the best one. */
  readonly stale?: number
  /** The model that the run went on from. */
  readonly startedFrom?: StartRecord
  /** The model's configuration, where the settings alone do not give it: in a run from a model. */
  readonly config?: ModelConfig
  /** Seconds spent training, over all sessions. */
  readonly seconds: number
  /** Length of metrics.jsonl at this step; lines behind it belong to steps that will be repeated. */
  readonly metricsBytes: number
  /** CRC-32 of the first `metricsBytes` bytes of metrics.jsonl. */
  readonly metricsSum?: number
}

/** The float32 tensors of a checkpoint. */
export interface CheckpointTensors {
  readonly weights: Tensors
  /** Running average of the weights; absent when none is kept. */
  readonly average?: Tensors
  /** The optimizer's tensors, by kind of moment. */
  readonly moments: ReadonlyMap<string, Tensors>
  /** Carried state by input name, [B, H] each. */
  readonly state: Tensors
}

export interface Checkpoint extends CheckpointTensors {
  readonly run: Run
  /** The file had a hash, and it was right; false for a file of an earlier Ondo, which has no hash. */
  readonly checked: boolean
}

const FORMAT = 'ondo-resume'
const WEIGHT = 'weight/'
const AVERAGE = 'average/'
const MOMENT = 'moment/'
const STATE = 'state/'

function flat(data: Float32Array): Tensor {
  return { dtype: 'F32', shape: [data.length], data }
}

export async function encodeCheckpoint(
  checkpoint: Omit<Checkpoint, 'checked'>,
): Promise<Uint8Array> {
  const { run, weights, average, moments, state } = checkpoint
  const tensors = new Map<string, Tensor>()
  for (const [name, data] of weights) tensors.set(WEIGHT + name, flat(data))
  for (const [name, data] of average ?? []) tensors.set(AVERAGE + name, flat(data))
  for (const [kind, group] of moments) {
    for (const [name, data] of group) tensors.set(`${MOMENT}${kind}/${name}`, flat(data))
  }
  for (const [name, data] of state) tensors.set(STATE + name, flat(data))
  const bytes = encodeSafetensors(tensors, {
    sha256: '0'.repeat(HASH_DIGITS), // the first key, so that its place is known
    format: FORMAT,
    version: RUN_VERSION,
    run: JSON.stringify(run),
  })
  bytes.set(new TextEncoder().encode(await sha256(bytes.subarray(HASHED_FROM))), HASH_AT)
  return bytes
}

/** The hash that the header states; undefined in a file without one. */
function statedHash(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder('latin1').decode(bytes.subarray(8, HASHED_FROM))
  return start.startsWith(HASH_KEY) ? start.slice(HASH_KEY.length) : undefined
}

const damaged = (cause?: unknown): FileError =>
  new FileError('checkpoint-damaged', `${FILES.resume} is cut off or damaged.`, { cause })

/** Decodes the container after comparing its hash. */
async function verified(bytes: Uint8Array): Promise<ReturnType<typeof decodeSafetensors>> {
  const hash = statedHash(bytes)
  // Compared before anything is parsed, because a damaged header could say anything.
  if (hash !== undefined && hash !== (await sha256(bytes.subarray(HASHED_FROM)))) throw damaged()
  let file: ReturnType<typeof decodeSafetensors>
  try {
    file = decodeSafetensors(bytes)
  } catch (cause) {
    throw damaged(cause)
  }
  const { format, version } = file.metadata
  if (format !== FORMAT) {
    throw new FileError(
      'not-a-checkpoint',
      `${FILES.resume} is no checkpoint of Ondo, but another safetensors file: put the checkpoint back in its place, or start a new run.`,
    )
  }
  if (version === (hash === undefined ? VERSION_WITHOUT_HASH : RUN_VERSION)) return file
  // The hash is right, so the file is undamaged and its version is unknown to this release.
  if (hash === undefined) throw damaged()
  throw new FileError(
    'checkpoint-version',
    `${FILES.resume} has the version ${quote(version)}, and this Ondo reads version ${RUN_VERSION}: update Ondo to go on with this run.`,
  )
}

function readRun(text: string | undefined): Run {
  try {
    return JSON.parse(text ?? '') as Run
  } catch (cause) {
    throw damaged(cause)
  }
}

/**
 * Reads a checkpoint. Its hash is compared first: a file with one changed bit is refused.
 * @throws FileError when the bytes are no checkpoint, or are damaged
 */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  const { tensors, metadata } = await verified(bytes)
  const run = readRun(metadata.run)
  const weights = new Map<string, Float32Array>()
  const average = new Map<string, Float32Array>()
  const moments = new Map<string, Map<string, Float32Array>>()
  const state = new Map<string, Float32Array>()
  for (const [name, { data }] of tensors) {
    if (name.startsWith(WEIGHT)) weights.set(name.slice(WEIGHT.length), data)
    else if (name.startsWith(AVERAGE)) average.set(name.slice(AVERAGE.length), data)
    else if (name.startsWith(STATE)) state.set(name.slice(STATE.length), data)
    else if (name.startsWith(MOMENT)) {
      const [, kind, tensor] = name.split('/')
      const group = moments.get(kind) ?? new Map<string, Float32Array>()
      moments.set(kind, group.set(tensor, data))
    }
  }
  return {
    run: { ...run, settings: trainSettings({ ...run.settings }) },
    checked: metadata.version !== VERSION_WITHOUT_HASH,
    weights,
    ...(average.size > 0 && { average }),
    moments,
    state,
  }
}

/** Settings that may change on resume: they control length and intervals, not what a step computes. */
export const ADJUSTABLE: readonly string[] = [
  'epochs',
  'steps',
  'evaluateEvery',
  'checkpointEvery',
  'patience',
]

/**
 * The settings of a resumed run: the saved ones, with what may change taken from the call.
 * @throws InputError when another setting was asked for
 */
export function resumedSettings(
  saved: TrainSettings,
  given: Readonly<Record<string, unknown>>,
  preset: string | undefined,
): TrainSettings {
  const wanted = trainSettings(given, preset)
  // A setting that neither the call nor the preset names keeps its saved value.
  const known = Object.entries(given).filter(([, value]) => value !== undefined)
  const asked = { ...(preset !== undefined && PRESETS[preset]), ...Object.fromEntries(known) }
  const merged: Record<string, unknown> = { ...saved }
  for (const name of Object.keys(asked) as (keyof TrainSettings)[]) {
    if (wanted[name] === saved[name]) continue
    if (!ADJUSTABLE.includes(name)) {
      throw new InputError(
        'resume-settings',
        `The run was started with ${wordsOf(name)} ${saved[name]}, and now ${wanted[name]} is asked for`,
        { way: 'resume-as-started' },
      )
    }
    merged[name] = wanted[name]
  }
  // A given number of epochs replaces a saved number of updates.
  if (given.epochs !== undefined && given.steps === undefined) merged.steps = 0
  return trainSettings(merged)
}

/**
 * Reads the checkpoint to go on from.
 * @throws InputError when the store holds none; FileError when it is cut off or damaged
 */
export async function readCheckpoint(store: CheckpointStore): Promise<Checkpoint> {
  const bytes = await store.read(FILES.resume)
  if (bytes === undefined) {
    throw new InputError('nothing-to-resume', `There is no ${FILES.resume} to go on from`, {
      way: 'start-anew',
    })
  }
  try {
    return await decodeCheckpoint(bytes)
  } catch (cause) {
    // Other errors (another version, unknown settings) explain themselves.
    if (!(cause instanceof FileError) || cause.code !== 'checkpoint-damaged') throw cause
    throw new FileError(
      'checkpoint-damaged',
      `${FILES.resume} is cut off or damaged (it has ${counted(bytes.length, 'byte')}), so the run can't go on from it; the models beside it are as they were: keep them, and start a new run.`,
      { cause },
    )
  }
}
