/** Decides everything about a run before its first step, and refuses what cannot work. */
import { counted, InputError, TrainingError } from '../errors.js'
import type { StartRecord } from '../file/index.js'
import type { ModelConfig } from '../model/config.js'
import type { Tokenizer } from '../text/index.js'
import { fitBatch, MIN_SYMBOLS, type Split, splitCorpus } from './batches.js'
import { Pace, type PaceChange } from './budget/pace.js'
import { type Checkpoint, FILES, type Run, readCheckpoint, resumedSettings } from './checkpoint.js'
import type { CheckpointStore } from './checkpoint-store.js'
import { settingsFor } from './defaults.js'
import type { WarningEvent } from './events.js'
import { frozenLayers } from './fine-tuning/frozen.js'
import { modelSettings, planStart, type Start } from './fine-tuning/start.js'
import type { StartingModel } from './fine-tuning/vocabulary.js'
import { configOf, type TrainSettings, trainSettings } from './settings.js'
import type { TrainingCorpus } from './training-corpus.js'

export interface PlanRequest {
  readonly corpus: TrainingCorpus
  readonly threads: number
  readonly settings: Readonly<Record<string, unknown>>
  readonly preset?: string
  readonly store?: CheckpointStore
  readonly resume?: boolean
  readonly overwrite?: boolean
  /** The model to go on from. */
  readonly from?: StartingModel
  /** Layers whose weights stay as they are; only with `from`. */
  readonly freeze?: readonly (string | number)[]
  /** Seconds to train in, from now on. */
  readonly budget?: number
}

export interface Plan {
  readonly settings: TrainSettings
  readonly config: ModelConfig
  readonly split: Split
  /** Number of updates in the whole run, and the position of each on the schedule. */
  readonly pace: Pace
  /** Seconds that the run may take, over all sessions. */
  readonly budget: number | undefined
  /** Layers whose output passes through a dropout mask. */
  readonly masked: readonly number[]
  /** The checkpoint of a resumed run. */
  readonly checkpoint: Checkpoint | undefined
  /** How the run goes on from a model; undefined for random weights, and for a resumed run. */
  readonly start: Start | undefined
  /** What is known of the model that the run began with, also when it is resumed. */
  readonly startedFrom: StartRecord | undefined
  /** Ids of the symbols that this model did not know. */
  readonly added: readonly number[]
  readonly warnings: readonly WarningEvent[]
}

function maskedLayers({ dropout, dropoutAfter, layers }: TrainSettings): number[] {
  if (dropout === 0) return []
  return Array.from({ length: dropoutAfter === 'each' ? layers : layers - 1 }, (_, k) => k)
}

/** @returns the checkpoint to resume from; undefined for a new run */
async function resumedCheckpoint(request: PlanRequest): Promise<Checkpoint | undefined> {
  const { store, corpus, resume, overwrite } = request
  if (!resume) {
    if (store && !overwrite && (await store.read(FILES.resume)) !== undefined) {
      throw new InputError('run-exists', 'There is a run already where this one would be saved', {
        way: 'run-exists',
      })
    }
    return undefined
  }
  if (store === undefined) {
    throw new InputError('nothing-to-resume', 'To resume, give the store that holds the run.')
  }
  const checkpoint = await readCheckpoint(store)
  const { run } = checkpoint
  if (run.corpus.hash !== corpus.hash || run.corpus.size !== corpus.ids.length) {
    throw new InputError(
      'corpus-changed',
      `The run was trained on ${counted(run.corpus.size, 'symbol')} with hash ${run.corpus.hash.slice(0, 12)}, and this corpus has ${corpus.ids.length} with hash ${corpus.hash.slice(0, 12)}; give the same text, or start a new run.`,
    )
  }
  if (run.tokenizer !== JSON.stringify(corpus.tokenizer)) {
    throw new InputError(
      'tokenizer-changed',
      'The run was trained with another tokenizer; give the same tokenizer, or start a new run.',
    )
  }
  return checkpoint
}

/**
 * Budget, number of updates, and changes of that number. A budget that is given on resume is time from
 * now on, at the measured speed of the run, and makes a new schedule, as more epochs do. Given epochs
 * or steps replace a budget. Otherwise a run with a budget has what is left of it.
 */
function plannedTime(
  { budget, settings: { epochs, steps } }: PlanRequest,
  run: Run | undefined,
): { budget?: number; steps?: number; changes?: readonly PaceChange[] } {
  if (run === undefined) return { ...(budget !== undefined && { budget }) }
  const speed = run.step / Math.max(1e-9, run.seconds)
  if (budget !== undefined) {
    const total = budget + run.seconds
    // Before the first step no speed is known; the governor will find how many updates fit.
    return run.step === 0
      ? { budget: total }
      : { budget: total, steps: run.step + Math.floor(budget * speed) }
  }
  if (epochs !== undefined || steps !== undefined) return {}
  const { pace: changes = [] } = run
  if (run.budget === undefined) return { changes }
  const left = Math.max(0, Math.floor((run.budget - run.seconds) * speed))
  const planned = changes.at(-1)?.steps ?? run.settings.steps
  // Before the first step no speed is known, and after the last there is nothing to plan.
  if (run.step === 0 || run.step >= planned) return { budget: run.budget, changes }
  return { budget: run.budget, changes: [...changes, { step: run.step, steps: run.step + left }] }
}

interface Planned {
  readonly request: PlanRequest
  readonly settings: TrainSettings
  readonly split: Split
  readonly masked: readonly number[]
  readonly checkpoint: Checkpoint | undefined
}

/** Warnings about sizes that were adapted, and about what the run will lack. */
function planWarnings({
  request,
  settings,
  split,
  masked,
  checkpoint,
}: Planned): readonly WarningEvent[] {
  const size = request.corpus.ids.length
  const warnings: WarningEvent[] = []
  const warn = (code: string, en: string, ja: string): void => {
    warnings.push({ type: 'warning', code, message: { en, ja } })
  }
  const { batch, steps } = split.training
  if (batch !== settings.batch || steps !== settings.seq) {
    // The sizes that were asked for are named only when somebody asked for them.
    const { batch: givenBatch, seq: givenSeq } = request.settings ?? {}
    const given = request.preset !== undefined || givenBatch !== undefined || givenSeq !== undefined
    warn(
      'adapted',
      given
        ? `The corpus has ${counted(size, 'symbol')}, too few for batch ${settings.batch} x seq ${settings.seq}: training with batch ${batch} x seq ${steps}.`
        : `The corpus has only ${counted(size, 'symbol')}: training with batch ${batch} x seq ${steps}.`,
      given
        ? `コーパスは${size}文字で、バッチ${settings.batch}、系列長${settings.seq}には足りません。バッチ${batch}、系列長${steps}で学習します。`
        : `コーパスは${size}文字しかないので、バッチ${batch}、系列長${steps}で学習します。`,
    )
  }
  if (split.validation === undefined && settings.holdout > 0) {
    warn(
      'no-validation',
      `Holding out ${settings.holdout} of ${counted(size, 'symbol')} leaves nothing to validate on: there will be no validation loss.`,
      `${size}文字の${Math.round(100 * settings.holdout)}%を取り分けても検証できる長さになりません。検証の損失は出ません。`,
    )
  }
  if (settings.dropout > 0 && masked.length === 0) {
    warn(
      'no-dropout',
      'One layer has nothing between layers to drop, so dropout does nothing: use more layers, or drop behind each layer.',
      '1層では層の間がないので、ドロップアウトは働きません。層を増やすか、各層の後で落としてください。',
    )
  }
  if (checkpoint && checkpoint.run.threads !== request.threads) {
    const { threads } = checkpoint.run
    warn(
      'threads',
      `The run was started with ${counted(threads, 'thread')} and goes on with ${request.threads}: it will learn as well, but not to the same bits.`,
      `この学習は${threads}スレッドで始まり、${request.threads}スレッドで続きます。同じように学びますが、最後のビットまで同じにはなりません。`,
    )
  }
  if (checkpoint && !checkpoint.checked) {
    warn(
      'no-hash',
      `${FILES.resume} was written by an earlier Ondo and has no hash, so that damage in it could not be noticed; the next checkpoint has one.`,
      `${FILES.resume}は以前のOndoが書いたもので、ハッシュがありません。破損があっても検出できませんでした。次のチェックポイントからハッシュが付きます。`,
    )
  }
  return warnings
}

/** Ids of some symbols. */
function idsOf(symbols: readonly string[], tokenizer: Tokenizer): number[] {
  if (symbols.length === 0) return []
  const wanted = new Set(symbols)
  const ids = Array.from({ length: tokenizer.size }, (_, id) => id)
  return ids.filter(id => wanted.has(tokenizer.symbol(id)))
}

/** What of a request decides the settings of a new run. */
export type SettingsRequest = Pick<PlanRequest, 'corpus' | 'settings' | 'preset' | 'from'>

/** The settings of a new run: given ones, those of the model to go on from, and defaults for the rest. */
export function newSettings({ corpus, settings, preset, from }: SettingsRequest): TrainSettings {
  const given = { ...settings, ...(from && modelSettings(from.config)) }
  if (preset !== undefined) return trainSettings(given, preset)
  return settingsFor({ symbols: corpus.ids.length, vocabulary: corpus.tokenizer.size }, given)
}

/** @throws InputError when a resumed run was started from another model, or with other layers frozen */
function checkResumedStart({ from, freeze }: PlanRequest, { run }: Checkpoint): void {
  const { startedFrom: saved, config } = run
  const refuse = (was: string, asked: string): InputError =>
    new InputError('resume-settings', `The run was started ${was}, and now ${asked} is asked for`, {
      way: 'resume-as-started',
    })
  if (from && from.hash !== saved?.hash) {
    throw refuse(
      saved ? `from the model ${saved.hash.slice(0, 12)}` : 'from random weights',
      `the model ${from.hash.slice(0, 12)}`,
    )
  }
  if (!freeze) return
  const wanted = config ? frozenLayers(config, freeze).join(', ') : freeze.join(', ')
  const frozen = saved?.frozen.join(', ') ?? ''
  if (wanted === frozen) return
  throw refuse(
    `with ${frozen === '' ? 'no layer' : frozen} frozen`,
    `${wanted === '' ? 'none' : wanted}`,
  )
}

/**
 * Plans a run.
 * @throws InputError for wrong settings, or a resume that does not fit; TrainingError for a corpus
 *   that is too small
 */
export async function planRun(request: PlanRequest): Promise<Plan> {
  const { corpus, preset, from, freeze } = request
  const { length: size } = corpus.ids
  // Settings are checked first, so that a wrong setting is reported before anything about the corpus.
  trainSettings(request.settings, preset)
  if (size < MIN_SYMBOLS) {
    throw new TrainingError(
      'corpus-too-small',
      `The corpus has ${counted(size, 'symbol')}; training needs at least ${MIN_SYMBOLS} to learn anything that a copy would not (good texts begin at some 100,000): give a longer text.`,
    )
  }
  const checkpoint = await resumedCheckpoint(request)
  if (checkpoint) checkResumedStart(request, checkpoint)
  const start = from && !checkpoint ? planStart(from, corpus, freeze) : undefined
  const settings = checkpoint
    ? resumedSettings(checkpoint.run.settings, request.settings, preset)
    : newSettings(request)
  const wanted = {
    kind: settings.split,
    holdout: settings.holdout,
    batch: settings.batch,
    steps: settings.seq,
  }
  const split = splitCorpus(size, { ...wanted, ...fitBatch(size, wanted) })
  const masked = maskedLayers(settings)
  const time = plannedTime(request, checkpoint?.run)
  const total = time.steps ?? (settings.steps || settings.epochs * split.training.batches)
  const { dropout } = settings
  const config = start?.config ?? checkpoint?.run.config
  const startedFrom = start?.record ?? checkpoint?.run.startedFrom
  return {
    settings: { ...settings, steps: time.steps ?? settings.steps },
    pace: new Pace(total, time.changes),
    budget: time.budget,
    config: config ? { ...config, dropout } : configOf(settings, corpus.tokenizer.size),
    split,
    masked,
    checkpoint,
    start,
    startedFrom,
    added: idsOf(startedFrom?.added ?? [], corpus.tokenizer),
    warnings: planWarnings({ request, settings, split, masked, checkpoint }),
  }
}
