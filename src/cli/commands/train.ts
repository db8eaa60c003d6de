/** `ondo train`: text in, a training folder out; what happens is told on stderr. */
import { counted, FileError, InputError, shortPath } from '../../errors.js'
import type { NgramBaseline } from '../../measure/model/ngram.js'
import { checkpointFolder } from '../../node/checkpoint-folder.js'
import { addMeasures, corpusMeasures, measuringSeconds } from '../../node/corpus-measures.js'
import { nodeEngine } from '../../node/engine.js'
import { type OpenCorpus, openCorpus } from '../../node/open-corpus.js'
import {
  normalizeInput,
  printable,
  readStops,
  tokenizerFrom,
  vocabularyReport,
} from '../../text/index.js'
import { recordedDataParts } from '../../train/data-parts.js'
import {
  type EndEvent,
  settingsFor,
  TRAIN_KNOBS,
  type TrainingCorpus,
  type TrainSettings,
  train as trainer,
  trainSettings,
} from '../../train/index.js'
import { corpusLines, PassLine, vocabularyLines, warnOfDoubts } from '../inputs/corpus.js'
import {
  defaultFolder,
  missingTextError,
  type TextSource,
  TrainingFolder,
} from '../inputs/training-folder.js'
import { TrainingReporter } from '../reports/training-report.js'
import type { CommandSpec } from '../spec.js'
import { shellQuoted } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { baselineOf, baselineSeconds } from './baseline.js'
import { FLAGS, type TrainFlags } from './train-flags.js'

/** What was said of the text, filled from the run that is resumed. */
function sourceOf(
  paths: readonly string[],
  flags: TrainFlags,
  before: Partial<TextSource>,
): TextSource {
  const { encoding, raw, tokenizer, minCount, name, prompt, stop } = flags
  const said = { encoding, raw, tokenizer, minCount, name, prompt, stop }
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const source = { ...before, ...given, ...(paths.length > 0 && { text: paths }) }
  const text = source.text ?? []
  if (text.length === 0) throw missingTextError()
  return { ...source, text }
}

async function prepare(
  text: OpenCorpus,
  source: TextSource,
  folder: TrainingFolder | undefined,
  io: Io,
): Promise<TrainingCorpus> {
  for (const line of corpusLines(text, io)) io.info(line)
  warnOfDoubts(text, io)
  const kind = source.tokenizer ?? 'character'
  const saved = await folder?.tokenizer()
  if (saved !== undefined) return text.encode(tokenizerFrom(saved))
  const { tokenizer, report } = await text.build(kind, { minCount: source.minCount })
  for (const line of vocabularyLines(vocabularyReport(tokenizer, report.counts), io)) io.info(line)
  const { dropped, droppedTotal } = report
  if (dropped.length > 0) {
    const shown = dropped.slice(0, 10).map(({ symbol, count }) => `${printable(symbol)} ${count}`)
    const list = `${shown.join(', ')}${dropped.length > 10 ? ', …' : ''}`
    io.info(
      io.t({
        en: `left out: ${counted(dropped.length, 'kind')} that occur less than ${counted(source.minCount ?? 1, 'time')}, ${counted(droppedTotal, 'symbol')} in all: ${list}`,
        ja: `除外: ${source.minCount}回未満の文字${dropped.length}種類、計${droppedTotal}文字: ${list}`,
      }),
    )
  }
  return text.encode(tokenizer)
}

/**
 * The comparison may take this part of the time that training took. A short count is always made:
 * otherwise its line would depend on the speed of the machine.
 */
const COMPARISON = 0.1
/** Seconds. */
const SHORT_COUNT = 0.25
/** Symbols; a longer text is not counted. */
const LONGEST_COMPARED = 10_000_000

/** Whether counting so many symbols is quick beside training for so long. */
const quick = (symbols: number, seconds: number): boolean =>
  symbols <= LONGEST_COMPARED &&
  baselineSeconds(symbols) <= Math.max(SHORT_COUNT, COMPARISON * seconds)

/** The n-gram of the same text, and how much slower than usual this machine counted it. */
interface Counted {
  readonly baseline: NgramBaseline | undefined
  readonly slowness: number
}

function countNow({ ids, tokenizer }: TrainingCorpus, settings: TrainSettings): Counted {
  const began = performance.now()
  const baseline = baselineOf(ids, tokenizer.size, settings)
  const seconds = (performance.now() - began) / 1000
  return { baseline, slowness: Math.max(1, seconds / baselineSeconds(ids.length)) }
}

/**
 * Under a budget counting comes first: what it really takes is then known when the rest of the time
 * is planned.
 */
function countFirst(
  { budget, preset, resume, baseline }: TrainFlags,
  corpus: TrainingCorpus,
  given: Readonly<Record<string, unknown>>,
): Counted | undefined {
  const { length: symbols } = corpus.ids
  if (budget === undefined || resume || !baseline || !quick(symbols, budget)) return undefined
  const text = { symbols, vocabulary: corpus.tokenizer.size }
  return countNow(
    corpus,
    preset === undefined ? settingsFor(text, given) : trainSettings(given, preset),
  )
}

/** Does the network earn its keep? */
async function compare(
  { reason, best, seconds, record }: EndEvent,
  corpus: TrainingCorpus,
  counted: Counted | undefined,
  reporter: TrainingReporter,
  io: Io,
  { json }: TrainFlags,
): Promise<void> {
  if (reason === 'aborted' || best === undefined) return
  if (!counted && !quick(corpus.ids.length, seconds)) return
  const { baseline } = counted ?? countNow(corpus, trainSettings(record.settings ?? {}))
  if (!baseline) return
  reporter.setBaseline(baseline)
  if (json) {
    const { order, nats, bits } = baseline
    await io.json({ type: 'baseline', order, nats, bits })
  }
}

/** What the corpus's spelling and figures are, into the model files: sweeps and `ondo measure` ask. */
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

/** Seconds of a budget that are left for training: starting, counting and measuring are part of it. */
function timeLeft(budget: number, symbols: number, counted: Counted | undefined): number {
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
      'Both --resume and --force came; one goes on, the other begins anew.',
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

/** @param onStart called when everything has been checked, before anything is written */
async function trainIn(
  folder: TrainingFolder,
  out: string,
  paths: readonly string[],
  flags: TrainFlags,
  io: Io,
  onStart: () => void,
): Promise<number> {
  const exists = await folder.holdsRun()
  if (exists && !flags.resume && !flags.force) {
    throw new InputError(
      'run-exists',
      `${shortPath(out)} holds a run already (${await folder.describe()}): go on with --resume, choose another --out, or begin anew with --force.`,
    )
  }
  if (flags.resume && !exists) {
    throw new InputError(
      'nothing-to-resume',
      `${shortPath(out)} holds no run to resume: check --out, or start without --resume.`,
    )
  }
  const before = flags.resume ? await folder.source() : {}
  if (flags.resume && paths.length === 0 && !before.text?.length) throw folder.unknownSource()
  const source = sourceOf(paths, flags, before)
  const passes = new PassLine(io)
  const text = await openCorpus(source.text, {
    encoding: source.encoding,
    raw: source.raw,
    tokenizerKind: source.tokenizer,
    tempFolder: async () => {
      await folder.take()
      return out
    },
    onProgress: (...at) => passes.update(...at),
  }).finally(() => passes.clear())
  let reporter: TrainingReporter | undefined
  let started = false
  try {
    const corpus = await prepare(text, source, flags.resume ? folder : undefined, io).finally(() =>
      passes.clear(),
    )
    const { tokenizer } = corpus
    // Said now rather than at the first sample.
    const prompt = source.prompt && normalizeInput(source.prompt, tokenizer).text
    if (prompt) tokenizer.encode(prompt)
    const stop = source.stop && readStops(source.stop, tokenizer)

    const settings = Object.fromEntries(
      Object.keys(TRAIN_KNOBS).flatMap(name => {
        const value = flags[name as keyof typeof TRAIN_KNOBS]
        return value === undefined ? [] : [[name, value]]
      }),
    )
    const teller = new TrainingReporter(io, {
      out,
      tokenizer,
      prompt,
      samples: flags.samples && !flags.json,
      sampleEvery: flags.sampleEvery ?? 0,
      command: `ondo ${process.argv.slice(2).map(shellQuoted).join(' ')}`,
      resumeCommand: `ondo train ${source.text.includes('-') ? '- ' : ''}--out ${shellQuoted(out)} --resume`,
    })
    reporter = teller
    const { interrupt } = io
    interrupt.addEventListener('abort', () => teller.reportInterrupt())
    // The last bits of a run depend on its threads: a resumed one keeps them unless told otherwise.
    const threads = flags.threads ?? (flags.resume ? await folder.threads() : undefined)
    const engine = await nodeEngine(threads ? { threads } : {})
    const lock = await folder.take()
    const { budget, preset } = flags
    const counted = countFirst(flags, corpus, settings)
    const events = trainer({
      corpus,
      engine,
      settings,
      preset,
      ...(budget !== undefined && { budget: timeLeft(budget, corpus.ids.length, counted) }),
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
        if (flags.force && (await folder.holdsRun())) teller.reportMoved(await folder.moveAside())
        await folder.writeSource(source)
      }
      if (event.type === 'end' && flags.baseline) {
        await compare(event, corpus, counted, teller, io, flags)
      }
      if (event.type === 'end') await measureCorpus(event, corpus, out, io, flags)
      if (flags.json) {
        const { weights: _, ...plain } = { weights: undefined, ...event }
        await io.json(plain)
      }
      await teller.report(event)
    }
    return interrupt.aborted && !teller.finished ? io.interruptedCode : DONE
  } catch (error) {
    if (error instanceof FileError && started)
      reporter?.reportWriteFailure(await folder.checkpointStep())
    throw error
  } finally {
    reporter?.close()
    text.close()
  }
}

export const train: CommandSpec = {
  name: 'train',
  arguments: '[text...]',
  about: {
    en: 'Makes a model from text. TEXT is files, folders, or - for standard input. The training folder holds the model as it is, the best one so far, and all that is needed to go on after Ctrl-C or a crash.',
    ja: '文章からモデルを作ります。TEXTはファイル、フォルダー、または標準入力を表す「-」。学習フォルダーには、現在のモデル、これまでで最良のモデル、Ctrl-Cや障害の後で再開するためのすべてが入ります。',
  },
  examples: [
    ['ondo train book.txt', { en: 'into runs/book', ja: 'runs/bookに' }],
    [
      'ondo train book.txt --budget 10m',
      { en: 'as well as can be in ten minutes', ja: '10分でできるだけよく' },
    ],
    ['ondo train book.txt --epochs 1', { en: 'a first look', ja: 'まず試しに' }],
    [
      'ondo sample runs/book',
      { en: 'what it learned, even while it trains', ja: '学んだことを書かせる（学習中でも）' },
    ],
    ['ondo train --out runs/book --resume', { en: 'go on', ja: '再開' }],
    [
      'ondo train book.txt --hidden 512 --dropout 0.3',
      { en: 'a larger model', ja: 'より大きなモデル' },
    ],
    [
      'ondo train input.txt --preset char-rnn',
      { en: "as in Karpathy's char-rnn", ja: 'Karpathyのchar-rnnと同じに' },
    ],
    ['ondo train names.txt --stop "\\n" --name Names', { en: 'one a line', ja: '1行に1つ' }],
    ['ondo train song.mid --tokenizer byte', { en: 'any file', ja: 'どんなファイルでも' }],
  ],
  flags: FLAGS,
  run,
}
