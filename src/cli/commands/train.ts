/** `ondo train`: text in, a training folder out; what happens is told on stderr. */
import { FileError, InputError, shortPath } from '../../errors.js'
import { isQuickBaseline, type TimedBaseline, timedBaseline } from '../../node/baseline.js'
import { checkpointFolder } from '../../node/checkpoint-folder.js'
import { addMeasures, corpusMeasures, measuringSeconds } from '../../node/corpus-measures.js'
import { nodeEngine } from '../../node/engine.js'
import { type OpenCorpus, openCorpus } from '../../node/open-corpus.js'
import { normalizeInput, readStops, type Tokenizer } from '../../text/index.js'
import { recordedDataParts } from '../../train/data-parts.js'
import {
  type EndEvent,
  type Engine,
  settingsFor,
  TRAIN_KNOBS,
  type TrainEvent,
  type TrainingCorpus,
  train as trainer,
  trainFromScratch,
  trainSettings,
} from '../../train/index.js'
import { PassLine } from '../inputs/corpus.js'
import { prepareCorpus } from '../inputs/prepare-corpus.js'
import { openStartModel, type StartModel } from '../inputs/start-model.js'
import {
  defaultFolder,
  missingTextError,
  type TextSource,
  TrainingFolder,
} from '../inputs/training-folder.js'
import { reportScratch } from '../reports/fine-tuning-report.js'
import { type ReportOptions, TrainingReporter } from '../reports/training-report.js'
import type { CommandSpec } from '../spec.js'
import { shellQuoted } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { FLAGS, type TrainFlags } from './train-flags.js'

/** What was said of the text, filled from the run that is resumed. */
function sourceOf(
  paths: readonly string[],
  flags: TrainFlags,
  before: Partial<TextSource>,
  start: StartModel | undefined,
): TextSource {
  // A model's symbols are of one kind, which is how the text is read when the run is resumed too.
  const tokenizer = flags.tokenizer ?? start?.model.tokenizer.kind
  const { encoding, raw, minCount, name, prompt, stop } = flags
  const said = { encoding, raw, tokenizer, minCount, name, prompt, stop }
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const source = { ...before, ...given, ...(paths.length > 0 && { text: paths }) }
  const text = source.text ?? []
  if (text.length === 0) throw missingTextError()
  return { ...source, text }
}

/**
 * Counts the n-gram before training where there is a budget of time: the rest of the time is then
 * planned with what counting really took.
 */
function countFirst(
  { budget, preset, resume, baseline }: TrainFlags,
  corpus: TrainingCorpus,
  given: Readonly<Record<string, unknown>>,
): TimedBaseline | undefined {
  const { length: symbols } = corpus.ids
  if (budget === undefined || resume || !baseline || !isQuickBaseline(symbols, budget))
    return undefined
  const text = { symbols, vocabulary: corpus.tokenizer.size }
  const settings = preset === undefined ? settingsFor(text, given) : trainSettings(given, preset)
  return timedBaseline(corpus.ids, corpus.tokenizer.size, settings)
}

/** Gives the reporter the n-gram of the same text, to be named beside the network's loss. */
async function compare(
  { reason, best, seconds, record }: EndEvent,
  corpus: TrainingCorpus,
  counted: TimedBaseline | undefined,
  reporter: TrainingReporter,
  io: Io,
  { json }: TrainFlags,
): Promise<void> {
  if (reason === 'aborted' || best === undefined) return
  if (!counted && !isQuickBaseline(corpus.ids.length, seconds)) return
  const { baseline } =
    counted ??
    timedBaseline(corpus.ids, corpus.tokenizer.size, trainSettings(record.settings ?? {}))
  if (!baseline) return
  reporter.setBaseline(baseline)
  if (json) {
    const { order, nats, bits } = baseline
    await io.json({ type: 'baseline', order, nats, bits })
  }
}

/** Trains from random weights for as long, and tells both losses. */
async function compareScratch(
  end: EndEvent,
  corpus: TrainingCorpus,
  engine: Engine,
  io: Io,
  { json }: TrainFlags,
): Promise<void> {
  const { seconds, record } = end
  const settings = record.settings ?? {}
  const events = trainFromScratch({ corpus, engine, settings, seconds, signal: io.interrupt })
  const scratch = await reportScratch(events, end, io)
  if (!json || !scratch?.best) return
  const { config, step } = scratch
  const { loss } = scratch.best
  await io.json({ type: 'scratch', loss, config, steps: step, seconds: scratch.seconds })
}

/** Writes the corpus's spelling filter and usual figures into the model files, for sweeps and `ondo measure`. */
async function measureCorpus(
  { reason, record }: EndEvent,
  { ids, tokenizer }: TrainingCorpus,
  out: string,
  io: Io,
  { json }: TrainFlags,
): Promise<void> {
  const parts = reason === 'aborted' ? undefined : recordedDataParts(record, ids.length)
  if (!parts) return
  const kept = corpusMeasures(ids, tokenizer, parts)
  await addMeasures(out, kept)
  if (json && kept.filter) {
    const { words, grams, unit } = kept.filter
    await io.json({ type: 'measures', unit, words, grams, heldOut: kept.corpus?.spelling ?? null })
  }
}

/** Seconds of a budget that are left for training; starting, counting and measuring are part of it. */
function trainingSeconds(
  budget: number,
  symbols: number,
  counted: TimedBaseline | undefined,
): number {
  const after = measuringSeconds(symbols) * (counted?.slowness ?? 1)
  return Math.max(1, budget - performance.now() / 1000 - after)
}

async function run(io: Io, [given]: readonly unknown[], more: object): Promise<number> {
  const flags = more as TrainFlags
  const paths = given as readonly string[]
  const out = flags.out ?? defaultFolder(paths)
  if (flags.resume && flags.force) {
    throw new InputError(
      'option',
      'Both --resume and --force were given; expected one of them: --resume continues the run, --force begins a new one.',
      {
        ja: '--resumeと--forceが両方指定されています。続けるなら--resume、新しく始めるなら--forceだけを指定してください。',
      },
    )
  }
  const folder = new TrainingFolder(out)
  const started = { value: false }
  try {
    // Taken before anything in it is looked at. A new one is made only when all else is checked.
    if (await folder.exists()) await folder.take()
    return await trainIn(folder, out, paths, flags, io, () => {
      started.value = true
    })
  } finally {
    await folder.release({ unused: !started.value })
  }
}

/** Moves a run aside that --force replaces, and stores what this one reads. */
async function beginRun(
  folder: TrainingFolder,
  source: TextSource,
  { force }: TrainFlags,
  reporter: TrainingReporter,
): Promise<void> {
  if (force && (await folder.holdsRun())) reporter.reportMoved(await folder.moveAside())
  await folder.writeSource(source)
}

/** @param onStart called when everything has been checked, before anything is written */
async function trainIn(
  folder: TrainingFolder,
  out: string,
  paths: readonly string[],
  flags: TrainFlags,
  io: Io,
  onStart: () => void,
): Promise<number> {
  await checkRun(folder, out, flags)
  const before = flags.resume ? await folder.source() : {}
  if (flags.resume && paths.length === 0 && !before.text?.length) throw folder.unknownSource()
  const start = await openStartModel(flags)
  const source = sourceOf(paths, flags, before, start)
  const passes = new PassLine(io)
  const tempFolder = (): Promise<string> => folder.take().then(() => out)
  const text = await openText(source, tempFolder, passes)
  let reporter: TrainingReporter | undefined
  let started = false
  try {
    const corpus = await prepareCorpus(
      text,
      { source, start, dropSymbols: flags.dropSymbols, ...(flags.resume && { folder }) },
      io,
    ).finally(() => passes.clear())
    const { prompt, stop } = checkedTexts(source, corpus.tokenizer)
    reporter = new TrainingReporter(io, reportOptions(out, source, corpus.tokenizer, prompt, flags))
    const { interrupt } = io
    interrupt.addEventListener('abort', () => reporter?.reportInterrupt())
    // The last bits of a run depend on its threads: a resumed one keeps them unless told otherwise.
    const threads = flags.threads ?? (flags.resume ? await folder.threads() : undefined)
    const engine = await nodeEngine(threads ? { threads } : {})
    const lock = await folder.take()
    const { budget, preset } = flags
    const settings = settingsIn(flags)
    const baseline = countFirst(flags, corpus, settings)
    const events = trainer({
      corpus,
      engine,
      settings,
      preset,
      ...(start && { from: start.model }),
      ...(flags.freeze && { freeze: flags.freeze }),
      ...(budget && { budget: trainingSeconds(budget, corpus.ids.length, baseline) }),
      store: await checkpointFolder(out, lock),
      resume: flags.resume,
      overwrite: flags.force,
      signal: interrupt,
      name: source.name,
      prompt,
      stop,
    })
    for await (const event of events) {
      if (event.type === 'start') {
        started = true
        onStart()
        await beginRun(folder, source, flags, reporter)
      }
      if (event.type === 'end') {
        if (flags.baseline) await compare(event, corpus, baseline, reporter, io, flags)
        await measureCorpus(event, corpus, out, io, flags)
      }
      if (flags.json) await io.json(withoutWeights(event))
      await reporter.report(event)
      if (event.type === 'end' && flags.compareScratch && event.reason !== 'aborted') {
        await compareScratch(event, corpus, engine, io, flags)
      }
    }
    return interrupt.aborted && !reporter.finished ? io.interruptedCode : DONE
  } catch (error) {
    if (error instanceof FileError && started) {
      reporter?.reportWriteFailure(await folder.checkpointStep())
    }
    throw error
  } finally {
    reporter?.close()
    text.close()
  }
}

/** @param tempFolder takes the training folder; called where the text is too long for memory */
function openText(
  { text, encoding, raw, tokenizer: tokenizerKind }: TextSource,
  tempFolder: () => Promise<string>,
  passes: PassLine,
): Promise<OpenCorpus> {
  const onProgress = (...at: Parameters<PassLine['update']>): void => passes.update(...at)
  const options = { encoding, raw, tokenizerKind, tempFolder, onProgress }
  return openCorpus(text, options).finally(() => passes.clear())
}

function reportOptions(
  out: string,
  { text }: TextSource,
  tokenizer: Tokenizer,
  prompt: string | undefined,
  flags: TrainFlags,
): ReportOptions {
  return {
    out,
    tokenizer,
    prompt,
    samples: flags.samples && !flags.json,
    sampleEvery: flags.sampleEvery ?? 0,
    command: `ondo ${process.argv.slice(2).map(shellQuoted).join(' ')}`,
    resumeCommand: `ondo train ${text.includes('-') ? '- ' : ''}--out ${shellQuoted(out)} --resume`,
  }
}

/** @throws InputError where the folder holds a run that may not be overwritten, or none to resume */
async function checkRun(folder: TrainingFolder, out: string, flags: TrainFlags): Promise<void> {
  const exists = await folder.holdsRun()
  if (exists && !flags.resume && !flags.force) {
    const run = await folder.describe()
    throw new InputError(
      'run-exists',
      `${shortPath(out)} holds a run already (${run}): go on with --resume, choose another --out, or start over with --force.`,
      {
        ja: `${shortPath(out)}にはすでに学習の記録があります（${run}）。--resumeで再開するか、--outで別のフォルダーを指定するか、--forceで新しく始めてください。`,
      },
    )
  }
  if (flags.resume && !exists) {
    throw new InputError(
      'nothing-to-resume',
      `${shortPath(out)} holds no run to resume: check --out, or start without --resume.`,
      {
        ja: `${shortPath(out)}には再開できる学習がありません。--outを確かめるか、--resumeを付けずに始めてください。`,
      },
    )
  }
}

/**
 * The model's prompt and stop strings as the tokenizer reads them; checked before training begins.
 * @throws InputError for a symbol that the vocabulary lacks
 */
function checkedTexts(
  { prompt: given, stop }: TextSource,
  tokenizer: Tokenizer,
): { readonly prompt: string | undefined; readonly stop: readonly string[] | undefined } {
  const prompt = given && normalizeInput(given, tokenizer).text
  if (prompt) tokenizer.encode(prompt)
  return { prompt, stop: stop && readStops(stop, tokenizer) }
}

/** The settings of training among the flags. */
function settingsIn(flags: TrainFlags): Record<string, unknown> {
  const names = Object.keys(TRAIN_KNOBS) as (keyof typeof TRAIN_KNOBS)[]
  const given = names.filter(name => flags[name] !== undefined)
  return Object.fromEntries(given.map(name => [name, flags[name]]))
}

function withoutWeights(event: TrainEvent): object {
  const { weights: _, ...plain } = { weights: undefined, ...event }
  return plain
}

export const train: CommandSpec = {
  name: 'train',
  arguments: '[text...]',
  about: {
    en: 'Trains a model on text. TEXT is files, folders, or - for standard input. The training folder holds the latest model, the best one so far, and everything needed to resume after Ctrl-C or a crash.',
    ja: 'テキストからモデルを学習します。TEXTはファイル、フォルダー、または標準入力を表す「-」。学習フォルダーには、現在のモデル、これまでで最良のモデル、Ctrl-Cや障害の後で再開するためのすべてが入ります。',
  },
  examples: [
    ['ondo train book.txt', { en: 'into runs/book', ja: 'runs/bookに' }],
    [
      'ondo train book.txt --budget 10m',
      { en: 'the best model in ten minutes', ja: '10分でできるだけ良いモデル' },
    ],
    ['ondo train book.txt --epochs 1', { en: 'a first look', ja: 'まず試しに' }],
    [
      'ondo sample runs/book',
      { en: 'write with it, also while it trains', ja: 'そのモデルに書かせる（学習中でも可）' },
    ],
    ['ondo train --out runs/book --resume', { en: 'resume', ja: '再開' }],
    [
      'ondo train book.txt --hidden 512 --dropout 0.3',
      { en: 'a larger model', ja: 'より大きなモデル' },
    ],
    [
      'ondo train poems.txt --init-from shakespeare',
      { en: 'go on from a model', ja: 'モデルの続きを学習' },
    ],
    [
      'ondo train input.txt --preset char-rnn',
      { en: "as in Karpathy's char-rnn", ja: 'Karpathyのchar-rnnと同じに' },
    ],
    [
      'ondo train names.txt --stop "\\n" --name Names',
      { en: 'one name a line', ja: '1行に1つの名前' },
    ],
    ['ondo train song.mid --tokenizer byte', { en: 'any file', ja: 'どんなファイルでも' }],
  ],
  flags: FLAGS,
  run,
}
