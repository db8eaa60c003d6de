/** `ondo sweep`: temperature against what it does, as tables, figures and texts. */
import {
  DEFAULT_TEMPERATURES,
  parseTemperatures,
  planSweep,
  SWEEP_LENGTH,
  SWEEP_SEEDS,
  type SweepResult,
  storedMeasures,
  sweep as sweepModel,
} from '../../measure/index.js'
import { SweepFolder, type SweepKey } from '../../node/sweep-folder.js'
import { sweepPool } from '../../node/sweep-pool.js'
import { createChain } from '../../temperature/index.js'
import { VERSION } from '../../version.js'
import { CHAIN_FLAG, PROMPT_FLAG, THREADS_FLAG } from '../flags.js'
import { READING_FLAGS } from '../inputs/corpus.js'
import { modelTitle, openModel } from '../inputs/open-model.js'
import { openTrainingText } from '../inputs/training-text.js'
import { reportFiles } from '../reports/figures-report.js'
import {
  curveTable,
  interruptedLine,
  SweepProgress,
  warnOfFolder,
  zoneLines,
} from '../reports/sweep-report.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { formatDuration } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { folderName } from '../terminal/write-output.js'

interface SweepFlags {
  readonly temperatures?: readonly number[]
  readonly seeds?: number
  readonly length?: number
  readonly out?: string
  readonly prompt?: string
  readonly chain?: string
  readonly corpus?: readonly string[]
  readonly encoding?: string
  readonly raw?: boolean
  readonly threads?: number
  readonly force?: boolean
  readonly json?: boolean
}

async function run(io: Io, [name]: readonly unknown[], given: object): Promise<number> {
  const flags = given as SweepFlags
  const folder = flags.out === undefined ? undefined : new SweepFolder(flags.out)
  try {
    return await sweepInto(folder, name, flags, io)
  } finally {
    folder?.close()
  }
}

async function sweepInto(
  folder: SweepFolder | undefined,
  name: unknown,
  flags: SweepFlags,
  io: Io,
): Promise<number> {
  const model = await openModel(name)
  const length = flags.length ?? SWEEP_LENGTH.default
  const prompt = flags.prompt ?? model.prompt ?? ''
  const { chain } = flags
  const corpus = flags.corpus && (await openTrainingText(model, flags.corpus, flags, io))
  const kept = storedMeasures(model)
  const filter = kept.filter ?? corpus?.measures().filter
  const signal = io.interrupt
  const options = {
    temperatures: flags.temperatures ?? parseTemperatures(DEFAULT_TEMPERATURES),
    seeds: flags.seeds,
    length,
    prompt,
    chain,
    filter,
    figures: kept.corpus ? undefined : corpus?.figures(length),
    signal,
  }
  planSweep(model, options) // refuses before a folder is made

  const key: SweepKey = {
    model: model.hash,
    prompt,
    length,
    ...(chain !== undefined && { chain: createChain(chain, model.tokenizer).toString() }),
    ...(corpus && { corpus: corpus.hash }),
    version: VERSION,
  }
  const done = (await folder?.open(key, flags.force === true, model.weights)) ?? []
  if (folder) warnOfFolder(folder, io)
  const { cells, left } = planSweep(model, { ...options, done })
  const pool = await sweepPool(model, left.length, {
    ...{ prompt, length, chain, filter, signal, threads: flags.threads },
    ...(corpus && { corpusText: corpus.text }),
  })
  const progress = new SweepProgress(io, length)
  let result: SweepResult | undefined
  try {
    const { run, concurrency } = pool
    for await (const event of sweepModel(model, { ...options, done, run, concurrency })) {
      if (event.type === 'start') progress.start(event, concurrency)
      if (event.type === 'text') {
        await folder?.add(event.text)
        progress.text(event)
      }
      if (event.type === 'end') result = event.result
    }
  } finally {
    progress.clear()
    await pool.close()
  }
  if (!result) throw new Error('The sweep ended without a result.')

  const title = modelTitle(model, name)
  const written =
    result.texts.length > 0 && folder
      ? await folder.write(key, title, result, io.language, filter?.unit)
      : undefined
  if (flags.json) await io.json(jsonOf(title, key, result))
  else if (result.texts.length > 0) {
    await io.write(curveTable(result, io))
    await io.write(`\n${zoneLines(result, io).join('\n')}\n`)
  }
  if (written && folder) {
    reportFiles(io, folder.path, written, formatDuration(progress.seconds, io))
  }
  if (!signal.aborted) return DONE
  io.info(interruptedLine(result.texts.length, cells.length, folder !== undefined))
  return io.interruptedCode
}

/** All of a result but the texts. */
function jsonOf(name: string, key: SweepKey, { texts, ...rest }: SweepResult): object {
  return { name, ...key, ...rest, texts: texts.map(({ text: _, ...measured }) => measured) }
}

export const sweep: CommandSpec = {
  name: 'sweep',
  arguments: '[model]',
  about: {
    en: 'Writes texts of several seeds at each of a list of temperatures, and measures repetition, loops, misspelling, surprisal, entropy and (with --corpus) novelty. It tells at which temperatures the model loops, reads like its corpus, and breaks. With --out: CSV, JSON, figures, and a page with the texts.',
    ja: '温度を変えながらモデルに書かせ、反復、ループ、綴り誤り、意外さ、エントロピー、新しさ（--corpusがあれば）を測ります。ループする温度、コーパスらしく読める温度、崩れる温度を示します。--outでCSV、JSON、図、文章のページを書き出します。',
  },
  examples: [
    ['ondo sweep shakespeare', { en: 'a table', ja: '表を出す' }],
    ['ondo sweep kokoro --out sweeps/kokoro', { en: 'figures and texts, too', ja: '図と文章も' }],
    ['ondo sweep --temperatures 0,0.1..3/30,inf', { en: 'a finer grid', ja: '細かい格子で' }],
    [
      'ondo sweep -T 0.5..1.5:0.05 --seeds 20',
      { en: 'a small range, more texts', ja: '狭い範囲で、本数を多く' },
    ],
    [
      'ondo sweep --corpus shakespeare.txt --out s',
      { en: 'what is copied, too', ja: '写しも測る' },
    ],
  ],
  flags: [
    {
      flags: '-T, --temperatures <LIST>',
      about: {
        en: 'single values, ranges (0.1..3: ten a decade; 0.1..3/20: twenty in all), or steps (0..3:0.1)',
        ja: '単独の値、範囲（0.1..3は1桁に10個、0.1..3/20は全部で20個）、刻み（0..3:0.1）',
      },
      parse: parseTemperatures,
      range: { en: `default ${DEFAULT_TEMPERATURES}`, ja: `既定 ${DEFAULT_TEMPERATURES}` },
    },
    flagOf(SWEEP_SEEDS),
    flagOf(SWEEP_LENGTH, { short: 'n' }),
    {
      flags: '-o, --out <DIR>',
      parse: text => folderName('--out', text),
      about: {
        en: 'folder for tables, figures and texts; continues a sweep that is there',
        ja: '表、図、文章を保存するフォルダー。途中のスイープがあれば続きから再開する',
      },
    },
    {
      flags: '--force',
      about: {
        en: 'start over even if the folder holds a sweep',
        ja: '別のスイープがあっても新しく始める',
      },
    },
    PROMPT_FLAG,
    CHAIN_FLAG,
    {
      flags: '--corpus <FILE>',
      about: {
        en: 'the training text, to measure what is copied from it; may be repeated',
        ja: '学習に使ったテキスト。写しを測る。繰り返し指定可',
      },
      repeat: true,
    },
    THREADS_FLAG,
    {
      flags: '--json',
      about: { en: 'print all figures as one line of JSON', ja: 'すべての値を1行のJSONで出力する' },
    },
    ...READING_FLAGS,
  ],
  run,
}
