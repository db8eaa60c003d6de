/** `ondo train`: text in, a training folder out; what happens is told on stderr. */
import { FileError, InputError } from '../errors.js'
import { checkpointFolder } from '../node/checkpoint-folder.js'
import { type OpenCorpus, openCorpus } from '../node/corpus.js'
import { addMeasures, corpusMeasures, measuringSeconds } from '../node/corpus-measures.js'
import { nodeEngine } from '../node/engine.js'
import {
  printable,
  TOKENIZERS,
  type TokenizerKind,
  tokenizerFrom,
  vocabularyReport,
} from '../text/index.js'
import {
  BY_THE_TEXT,
  type EndEvent,
  PRESETS,
  readBudget,
  TRAIN_KNOBS,
  type TrainingCorpus,
  train as trainer,
  trainSettings,
} from '../train/index.js'
import { baselineOf, baselineSeconds } from './baseline.js'
import { type CommandSpec, type Flag, flagOf } from './command.js'
import { corpusLines, PassLine, READING, vocabularyLines } from './corpus.js'
import { DONE, type Io } from './io.js'
import { quoted } from './model.js'
import { recordedParts } from './parts.js'
import { readEscapes } from './sample.js'
import { defaultFolder, type Source, TrainingFolder } from './training-folder.js'
import { Reporter } from './training-report.js'
import { BY_THE_TEXT_IN_WORDS } from './words.js'

const GROUPS = {
  text: { en: 'Text', ja: 'テキスト' },
  model: { en: 'Model', ja: 'モデル' },
  training: { en: 'Training', ja: '学習' },
  file: { en: 'Model file', ja: 'モデルファイル' },
  output: { en: 'Output', ja: '出力' },
}

/** Settings of the model; the others are of its training. */
const OF_MODEL = new Set([
  'cell',
  'layers',
  'hidden',
  'embedding',
  'activation',
  'reset',
  'dropout',
  'dropoutAfter',
  'init',
  'forgetBias',
])

/** Settings whose default follows from the length of the text. */
const CHOSEN: ReadonlySet<string> = new Set(BY_THE_TEXT)

const settingFlags = (ofModel: boolean): Flag[] =>
  Object.values(TRAIN_KNOBS)
    .filter(knob => OF_MODEL.has(knob.name) === ofModel)
    .map(knob =>
      flagOf(knob, {
        group: ofModel ? GROUPS.model : GROUPS.training,
        ...(CHOSEN.has(knob.name) && { default: BY_THE_TEXT_IN_WORDS }),
      }),
    )

const withGroup = (group: Flag['group'], flags: readonly Flag[]): Flag[] =>
  flags.map(flag => ({ ...flag, group }))

const FLAGS: readonly Flag[] = [
  {
    flags: '-o, --out <DIR>',
    about: {
      en: 'the training folder; without it, runs/ and the name of the text',
      ja: '学習フォルダー。省略すると runs/ とテキストの名前',
    },
  },
  {
    flags: '--resume',
    about: {
      en: 'go on where the run in the folder stopped, exactly',
      ja: 'フォルダーにある学習を、止まったところから正確に再開する',
    },
  },
  {
    flags: '--force',
    about: {
      en: 'begin anew where a run stands; the old one is moved into a folder beside',
      ja: '既存の学習があっても新しく始める。古いものは脇のフォルダーに移す',
    },
  },
  {
    flags: '--preset <NAME>',
    about: {
      en: "a whole set of settings: char-rnn's defaults",
      ja: '設定一式。char-rnnの既定値',
    },
    range: { en: Object.keys(PRESETS).join(' | '), ja: Object.keys(PRESETS).join(' | ') },
  },
  {
    flags: '--budget <TIME>',
    about: {
      en: 'train as well as possible in so much time on this machine: what is not given is chosen for it, and the number of updates follows the clock',
      ja: 'このマシンでその時間内にできるだけよく学習する。指定のない設定はそれに合わせて選び、更新回数は時計に従う',
    },
    range: { en: '90s, 10m, 1h30m', ja: '90s、10m、1h30m' },
    parse: readBudget,
  },
  ...settingFlags(true),
  ...settingFlags(false),
  {
    flags: '--threads <N>',
    about: { en: 'of the processor; 0 all', ja: '使うスレッド数。0ならすべて' },
    knob: {
      name: 'threads',
      kind: 'whole',
      min: 0,
      max: 1024,
      default: 0,
      about: { en: '', ja: '' },
    },
    group: GROUPS.training,
  },
  ...withGroup(GROUPS.text, [
    flagOf({
      name: 'tokenizer',
      kind: 'choice',
      choices: TOKENIZERS,
      default: 'character',
      about: {
        en: 'what a symbol is: byte reads any file at all',
        ja: '何を1文字とするか。byteならどんなファイルでも読める',
      },
    }),
    flagOf({
      name: 'minCount',
      kind: 'whole',
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      default: 1,
      about: {
        en: 'leave out symbols that occur less often',
        ja: 'これより少ない文字を除く',
      },
    }),
    ...READING,
  ]),
  ...withGroup(GROUPS.file, [
    { flags: '--name <TEXT>', about: { en: 'the name that people see', ja: '表示される名前' } },
    {
      flags: '--prompt <TEXT>',
      about: {
        en: 'what the model goes on from when nothing else is said; also for the samples',
        ja: '指定がないときの書き出し。途中の見本にも使う',
      },
    },
    {
      flags: '--stop <TEXT>',
      about: {
        en: 'where texts of this model end by themselves; may be repeated; \\n is a line end',
        ja: 'このモデルの文章が終わる文字列。繰り返し指定可。\\n は改行',
      },
      parse: readEscapes,
      repeat: true,
    },
  ]),
  ...withGroup(GROUPS.output, [
    {
      flags: '--sample-every <N>',
      about: {
        en: 'updates from one set of samples to the next; 0 at each validation',
        ja: '見本を書かせる間隔（更新回数）。0なら検証のたび',
      },
      knob: {
        name: 'sampleEvery',
        kind: 'whole',
        min: 0,
        max: Number.MAX_SAFE_INTEGER,
        default: 0,
        about: { en: '', ja: '' },
      },
    },
    { flags: '--no-samples', about: { en: 'no samples', ja: '見本を書かせない' } },
    {
      flags: '--no-baseline',
      about: {
        en: 'no n-gram of the same text to compare with at the end',
        ja: '最後に同じテキストのn-gramと比べない',
      },
    },
    {
      flags: '--json',
      about: {
        en: 'every event as a line of JSON on stdout',
        ja: '出来事を1行ずつJSONで標準出力へ',
      },
    },
  ]),
]

interface TrainFlags extends Partial<Record<keyof typeof TRAIN_KNOBS, unknown>> {
  readonly out?: string
  readonly resume?: boolean
  readonly force?: boolean
  readonly preset?: string
  /** Seconds. */
  readonly budget?: number
  readonly threads?: number
  readonly tokenizer?: TokenizerKind
  readonly minCount?: number
  readonly encoding?: string
  readonly raw?: boolean
  readonly name?: string
  readonly prompt?: string
  readonly stop?: readonly string[]
  readonly sampleEvery?: number
  readonly samples: boolean
  readonly baseline: boolean
  readonly json?: boolean
}

/** What was said of the text, filled from the run that is resumed. */
function sourceOf(paths: readonly string[], flags: TrainFlags, before: Partial<Source>): Source {
  const { encoding, raw, tokenizer, minCount, name, prompt, stop } = flags
  const said = { encoding, raw, tokenizer, minCount, name, prompt, stop }
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const source = { ...before, ...given, ...(paths.length > 0 && { text: paths }) }
  const text = source.text ?? []
  if (text.length === 0) {
    throw new InputError(
      'argument',
      'ondo train needs TEXT, a file or folder to learn from; none came. Usage: ondo train TEXT... [options]',
    )
  }
  return { ...source, text }
}

async function prepare(
  text: OpenCorpus,
  source: Source,
  folder: TrainingFolder | undefined,
  io: Io,
): Promise<TrainingCorpus> {
  for (const line of corpusLines(text, io)) io.say(line)
  const kind = source.tokenizer ?? 'character'
  const saved = await folder?.tokenizer()
  if (saved !== undefined) return text.encode(tokenizerFrom(saved))
  const { tokenizer, report } = await text.build(kind, { minCount: source.minCount })
  for (const line of vocabularyLines(vocabularyReport(tokenizer, report.counts), io)) io.say(line)
  const { dropped, droppedTotal } = report
  if (dropped.length > 0) {
    const shown = dropped.slice(0, 10).map(({ symbol, count }) => `${printable(symbol)} ${count}`)
    const list = `${shown.join(', ')}${dropped.length > 10 ? ', …' : ''}`
    io.say(
      io.t({
        en: `left out: ${dropped.length} kinds that occur less than ${source.minCount} times, ${droppedTotal} symbols in all: ${list}`,
        ja: `除外: ${source.minCount}回未満の文字${dropped.length}種類、計${droppedTotal}文字: ${list}`,
      }),
    )
  }
  return text.encode(tokenizer)
}

/** The comparison may take this part of the time that training took, and no text is longer than that. */
const COMPARISON = 0.1
const LONGEST_COMPARED = 10_000_000

/** Does the network earn its keep? The n-gram of the same text, where counting it is quick. */
async function compare(
  { reason, best, seconds, record }: EndEvent,
  { ids, tokenizer }: TrainingCorpus,
  reporter: Reporter,
  io: Io,
  { json }: TrainFlags,
): Promise<void> {
  const quick =
    ids.length <= LONGEST_COMPARED && baselineSeconds(ids.length) <= COMPARISON * seconds
  if (reason === 'aborted' || best === undefined || !quick) return
  const settings = trainSettings(record.settings ?? {})
  const baseline = baselineOf(ids, tokenizer.size, settings)
  reporter.compare(baseline)
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
  const parts = reason === 'aborted' ? undefined : recordedParts(record, ids.length)
  if (!parts) return
  const kept = corpusMeasures(ids, tokenizer, parts)
  await addMeasures(out, kept)
  if (json && kept.filter) {
    const { words, grams, unit } = kept.filter
    await io.json({ type: 'measures', unit, words, grams, heldOut: kept.corpus?.spelling ?? null })
  }
}

/** Seconds of the budget that are left for training: starting, comparing and measuring are part of it. */
function timeLeft({ budget = 0, baseline }: TrainFlags, symbols: number): number {
  const counting = baselineSeconds(symbols)
  const compared = baseline && symbols <= LONGEST_COMPARED && counting <= COMPARISON * budget
  const after = measuringSeconds(symbols) + (compared ? counting : 0)
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
  const exists = await folder.holdsRun()
  if (exists && !flags.resume && !flags.force) {
    throw new InputError(
      'run-exists',
      `${out} holds a run already (${await folder.describe()}): go on with --resume, choose another --out, or begin anew with --force.`,
    )
  }
  if (flags.resume && !exists) {
    throw new InputError(
      'nothing-to-resume',
      `${out} holds no run to resume: check --out, or start without --resume.`,
    )
  }
  const before = flags.resume ? await folder.source() : {}
  if (flags.resume && paths.length === 0 && !before.text?.length) throw folder.unknownSource()
  const source = sourceOf(paths, flags, before)
  let made = false
  const passes = new PassLine(io)
  const text = await openCorpus(source.text, {
    encoding: source.encoding,
    raw: source.raw,
    tokenizerKind: source.tokenizer,
    place: async () => {
      made = (await folder.make()) || made
      return out
    },
    onProgress: (...at) => passes.update(...at),
  }).finally(() => passes.clear())
  let reporter: Reporter | undefined
  let started = false
  try {
    const corpus = await prepare(text, source, flags.resume ? folder : undefined, io).finally(() =>
      passes.clear(),
    )
    const { tokenizer } = corpus
    // Said now rather than at the first sample.
    if (source.prompt !== undefined) tokenizer.encode(source.prompt)

    const settings = Object.fromEntries(
      Object.keys(TRAIN_KNOBS).flatMap(name => {
        const value = flags[name as keyof typeof TRAIN_KNOBS]
        return value === undefined ? [] : [[name, value]]
      }),
    )
    const teller = new Reporter(io, {
      out,
      tokenizer,
      prompt: source.prompt,
      samples: flags.samples && !flags.json,
      sampleEvery: flags.sampleEvery ?? 0,
      resumeCommand: `ondo train ${source.text.includes('-') ? '- ' : ''}--out ${quoted(out)} --resume`,
    })
    reporter = teller
    const { interrupt } = io
    interrupt.addEventListener('abort', () => teller.interrupted())
    // The last bits of a run depend on its threads: a resumed one keeps them unless told otherwise.
    const threads = flags.threads ?? (flags.resume ? await folder.threads() : undefined)
    const engine = await nodeEngine(threads ? { threads } : {})
    made = (await folder.make()) || made
    const events = trainer({
      corpus,
      engine,
      settings,
      preset: flags.preset,
      ...(flags.budget !== undefined && { budget: timeLeft(flags, corpus.ids.length) }),
      store: await checkpointFolder(out),
      resume: flags.resume,
      overwrite: flags.force,
      signal: interrupt,
      name: source.name,
      prompt: source.prompt,
      stop: source.stop,
    })
    for await (const event of events) {
      if (event.type === 'start') {
        started = true
        // Everything has been checked, and nothing written yet.
        if (exists && flags.force) teller.moved(await folder.moveAside())
        await folder.writeSource(source)
      }
      if (event.type === 'end' && flags.baseline) await compare(event, corpus, teller, io, flags)
      if (event.type === 'end') await measureCorpus(event, corpus, out, io, flags)
      if (flags.json) {
        const { weights: _, ...plain } = { weights: undefined, ...event }
        await io.json(plain)
      }
      await teller.tell(event)
    }
    return interrupt.aborted && !teller.finished ? io.interruptedCode : DONE
  } catch (error) {
    if (error instanceof FileError) reporter?.broken()
    throw error
  } finally {
    reporter?.close()
    text.close()
    if (!started && made) await folder.removeIfEmpty()
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
