/** Everything about a run that is decided, and refused, before its first step. */
import { counted, InputError, TrainingError } from '../errors.js'
import type { ModelConfig } from '../model/config.js'
import { FEWEST_SYMBOLS, fitBatch, type Split, splitCorpus } from './batches.js'
import { Pace, type PaceChange } from './budget/pace.js'
import { type Checkpoint, FILES, type Run, readCheckpoint, resumedSettings } from './checkpoint.js'
import type { CheckpointStore } from './checkpoint-store.js'
import { settingsFor } from './defaults.js'
import type { WarningEvent } from './events.js'
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
  /** Seconds from now on. */
  readonly budget?: number
}

export interface Plan {
  readonly settings: TrainSettings
  readonly config: ModelConfig
  readonly split: Split
  /** Updates in the whole run, and where each stands on the schedule. */
  readonly pace: Pace
  /** Seconds that the run may take, over all sessions. */
  readonly budget: number | undefined
  /** Layers behind which units are dropped. */
  readonly masked: readonly number[]
  /** Where to go on from. */
  readonly checkpoint: Checkpoint | undefined
  /** What was adapted, what will be missing. */
  readonly warnings: readonly WarningEvent[]
}

function maskedLayers({ dropout, dropoutAfter, layers }: TrainSettings): number[] {
  if (dropout === 0) return []
  return Array.from({ length: dropoutAfter === 'each' ? layers : layers - 1 }, (_, k) => k)
}

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
 * The clock's part in a plan. A budget that is asked for on resume is time from now on, at the speed
 * that the run had, and makes a new schedule, as more epochs do. Passes or updates that are asked for
 * end a budget. Otherwise a run with a budget goes on with what it has left.
 */
function plannedTime(
  { budget, settings: { epochs, steps } }: PlanRequest,
  run: Run | undefined,
): { budget?: number; steps?: number; turns?: readonly PaceChange[] } {
  if (run === undefined) return { ...(budget !== undefined && { budget }) }
  const speed = run.step / Math.max(1e-9, run.seconds)
  if (budget !== undefined) {
    const total = budget + run.seconds
    // Before the first step there is no speed yet: the clock will find how many updates fit.
    return run.step === 0
      ? { budget: total }
      : { budget: total, steps: run.step + Math.floor(budget * speed) }
  }
  if (epochs !== undefined || steps !== undefined) return {}
  const { pace: turns = [] } = run
  if (run.budget === undefined) return { turns }
  const left = Math.max(0, Math.floor((run.budget - run.seconds) * speed))
  const planned = turns.at(-1)?.steps ?? run.settings.steps
  // Before the first step there is no speed yet, and after the last nothing to plan.
  if (run.step === 0 || run.step >= planned) return { budget: run.budget, turns }
  return { budget: run.budget, turns: [...turns, { step: run.step, steps: run.step + left }] }
}

/**
 * Plans a run.
 * @throws InputError for settings, or a resume that doesn't fit; TrainingError for a corpus too small
 */
export async function planRun(request: PlanRequest): Promise<Plan> {
  const { corpus, preset, threads } = request
  const { length: size } = corpus.ids
  // Checked first: a slip in a setting is said before anything about the corpus.
  const asked = trainSettings(request.settings, preset)
  if (size < FEWEST_SYMBOLS) {
    throw new TrainingError(
      'corpus-too-small',
      `The corpus has ${counted(size, 'symbol')}; training needs at least ${FEWEST_SYMBOLS} to learn anything that a copy would not (good texts begin at some 100,000): give a longer text.`,
    )
  }
  const checkpoint = await resumedCheckpoint(request)
  const settings = checkpoint
    ? resumedSettings(checkpoint.run.settings, request.settings, preset)
    : preset === undefined
      ? settingsFor({ symbols: size, vocabulary: corpus.tokenizer.size }, request.settings)
      : asked
  const wanted = {
    kind: settings.split,
    holdout: settings.holdout,
    batch: settings.batch,
    steps: settings.seq,
  }
  const fitted = fitBatch(size, wanted)
  const split = splitCorpus(size, { ...wanted, ...fitted })
  const masked = maskedLayers(settings)

  const warnings: WarningEvent[] = []
  const warn = (code: string, en: string, ja: string): void => {
    warnings.push({ type: 'warning', code, message: { en, ja } })
  }
  // Sizes that nobody chose are no news.
  const { batch: askedBatch, seq: askedSeq } = request.settings ?? {}
  const chosen = preset !== undefined || askedBatch !== undefined || askedSeq !== undefined
  if (fitted.batch !== settings.batch || fitted.steps !== settings.seq) {
    warn(
      'adapted',
      chosen
        ? `The corpus has ${counted(size, 'symbol')}, too few for batch ${settings.batch} x seq ${settings.seq}: training with batch ${fitted.batch} x seq ${fitted.steps}.`
        : `The corpus has only ${counted(size, 'symbol')}: training with batch ${fitted.batch} x seq ${fitted.steps}.`,
      chosen
        ? `コーパスは${size}文字で、バッチ${settings.batch}、系列長${settings.seq}には足りません。バッチ${fitted.batch}、系列長${fitted.steps}で学習します。`
        : `コーパスは${size}文字しかないので、バッチ${fitted.batch}、系列長${fitted.steps}で学習します。`,
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
  if (checkpoint && checkpoint.run.threads !== threads) {
    warn(
      'threads',
      `The run was started with ${counted(checkpoint.run.threads, 'thread')} and goes on with ${threads}: it will learn as well, but not to the same bits.`,
      `この学習は${checkpoint.run.threads}スレッドで始まり、${threads}スレッドで続きます。同じように学びますが、最後のビットまで同じにはなりません。`,
    )
  }
  if (checkpoint && !checkpoint.checked) {
    warn(
      'no-hash',
      `${FILES.resume} was written by an earlier Ondo and has no hash, so that damage in it could not be noticed; the next checkpoint has one.`,
      `${FILES.resume}は以前のOndoが書いたもので、ハッシュがありません。破損があっても検出できませんでした。次のチェックポイントからハッシュが付きます。`,
    )
  }
  const time = plannedTime(request, checkpoint?.run)
  const total = time.steps ?? (settings.steps || settings.epochs * split.training.batches)
  return {
    settings: { ...settings, steps: time.steps ?? settings.steps },
    pace: new Pace(total, time.turns),
    budget: time.budget,
    config: configOf(settings, corpus.tokenizer.size),
    split,
    masked,
    checkpoint,
    warnings,
  }
}
