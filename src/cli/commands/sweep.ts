/** `ondo sweep`: temperature against what it does, as tables, figures and texts. */
import { counted } from '../../errors.js'
import type { Bilingual, NumberKnob } from '../../knob.js'
import {
  type CurvePoint,
  DEFAULT_TEMPERATURES,
  formatTemperature,
  parseTemperatures,
  planSweep,
  type SweepMeasure,
  type SweepResult,
  storedMeasures,
  sweep as sweepModel,
  type ZoneName,
  zoneAt,
} from '../../measure/index.js'
import type { NoPngReason } from '../../node/png.js'
import { SweepFolder, type SweepKey } from '../../node/sweep-folder.js'
import { sweepPool } from '../../node/sweep-pool.js'
import { createChain, LENGTH } from '../../temperature/index.js'
import { VERSION } from '../../version.js'
import { CHAIN_FLAG, PROMPT_FLAG, THREADS_FLAG } from '../flags.js'
import { READING_FLAGS } from '../inputs/corpus.js'
import { modelTitle, openModel } from '../inputs/open-model.js'
import { openTrainingText } from '../inputs/training-text.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { formatCount, formatDuration } from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd, width, wrap } from '../terminal/language.js'
import { bar, formatTimeLeft, LiveLine } from '../terminal/progress-line.js'
import { folderName } from '../terminal/write-output.js'

const SEEDS: NumberKnob = {
  name: 'seeds',
  kind: 'whole',
  min: 1,
  max: 10_000,
  default: 8,
  about: {
    en: 'how many texts at each temperature: the seeds 1, 2, 3 and on',
    ja: '各温度で書く本数。種は1、2、3…',
  },
}

export const TEXT_LENGTH: NumberKnob = {
  ...LENGTH,
  min: 1,
  max: 10_000_000,
  default: 2000,
  about: { en: 'characters of each text', ja: '1本の文字数' },
}

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

const COLUMNS: readonly (readonly [
  measure: SweepMeasure,
  unit: '%' | '',
  columns: number,
  en: string,
  ja: string,
])[] = [
  ['repetition', '%', 9, 'repeats', '反復'],
  ['looping', '%', 9, 'in loop', 'ループ'],
  ['spelling', '%', 10, 'misspelt', '綴り誤り'],
  ['surprisal', '', 11, 'surprisal', '意外さ'],
  ['entropy', '', 9, 'entropy', '乱雑さ'],
  ['longest', '', 8, 'copied', '写し'],
]

const ZONE_NAMES: Readonly<Record<ZoneName, Bilingual>> = {
  loops: { en: 'loops', ja: 'ループ' },
  reads: { en: 'reads like the corpus', ja: 'コーパスらしく読める' },
  breaks: { en: 'breaks', ja: '崩れる' },
}

const padStart = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - width(text))) + text

function cell(point: CurvePoint, measure: SweepMeasure, unit: '%' | ''): string {
  const value = point.values[measure]?.median
  if (value === undefined) return '-'
  if (unit === '%') return `${(100 * value).toFixed(1)}%`
  return measure === 'longest' ? String(Math.round(value)) : value.toFixed(2)
}

/** Medians, a row a temperature, at 80 columns. */
function curveTable(result: SweepResult, io: Io): string {
  const shown = COLUMNS.filter(([measure]) =>
    result.curve.some(point => point.values[measure] !== undefined),
  )
  const zoneOf = (T: number): string => {
    const zone = zoneAt(result.zones, T)
    return zone ? io.t({ ...ZONE_NAMES[zone], en: zone }) : ''
  }
  const head = shown.map(([, , columns, en, ja]) => padStart(io.t({ en, ja }), columns)).join('')
  const lines = [
    `${padStart('T', 6)}${head}  ${result.zones ? io.t({ en: 'zone', ja: '領域' }) : ''}`,
  ]
  for (const point of result.curve) {
    const cells = shown.map(([measure, unit, columns]) =>
      padStart(cell(point, measure, unit), columns),
    )
    lines.push(
      `${padStart(formatTemperature(point.temperature), 6)}${cells.join('')}  ${zoneOf(point.temperature)}`,
    )
  }
  return `${io.stdoutColors.dim(lines[0].trimEnd())}\n${lines
    .slice(1)
    .map(line => `${line.trimEnd()}\n`)
    .join('')}`
}

const rounded = (T: number): string => formatTemperature(Number(T.toPrecision(3)))

/** The zones in words, and what of the sweep is proved. */
function zoneLines(result: SweepResult, io: Io): string[] {
  const { zones, figures, texts } = result
  const lines: string[] = []
  for (const { zone, from, to } of zones?.zones ?? []) {
    const border =
      zone === 'breaks' ? zones?.breaksAbove : zone === 'loops' ? zones?.loopsBelow : undefined
    const known =
      border && border.to > border.from
        ? io.t({
            en: ` (the border lies between ${rounded(border.from)} and ${rounded(border.to)})`,
            ja: `（境は${rounded(border.from)}と${rounded(border.to)}の間）`,
          })
        : ''
    lines.push(`${padEnd(io.t(ZONE_NAMES[zone]), 22)}T ${rounded(from)} – ${rounded(to)}${known}`)
  }
  for (const note of zones?.notes ?? []) lines.push(io.t(note))
  if (figures && !zones) {
    lines.push(
      io.t({
        en: 'Not enough temperatures to tell zones: measure two or more.',
        ja: '領域を決めるには温度が足りない: 2つ以上を測る。',
      }),
    )
  }
  if (!figures) {
    lines.push(
      io.t({
        en: 'No zones: the model file does not say what is usual for its corpus; train it again, or give --corpus.',
        ja: '領域は不明: モデルファイルにコーパスの基準値がない。学習し直すか、--corpusを指定する。',
      }),
    )
  }
  const cold = texts.find(text => text.temperature === 0)
  if (cold?.proof) {
    const { start, period } = cold.proof
    lines.push(
      ...wrap(
        io.t({
          en: `T = 0: proved that it never ends its loop: the network's state at ${start} came back, to the bit, ${counted(period, 'symbol')} later`,
          ja: `温度0: ループが終わらないことの証明。位置${start}のネットワークの状態が${period}文字後にビット単位で一致`,
        }),
        80,
      ),
    )
  } else if (cold?.loop) {
    const { start, period } = cold.loop
    lines.push(
      io.t({
        en: `T = 0: repeats every ${counted(period, 'character')} from ${start} on`,
        ja: `温度0: ${start}字目から${period}字ごとに繰り返す`,
      }),
    )
    if (cold.settled) {
      const { margin, drift } = cold.settled
      const [lead, change] = [margin.toPrecision(2), drift.toExponential(0)]
      lines.push(
        ...wrap(
          io.t({
            en: `That it never ends is not proved: the network's state did not come back to the bit. But its closest choice leads by ${lead} nats, and from round to round no lead changes by more than ${change}.`,
            ja: `終わらないことの証明はない（ネットワークの状態はビット単位では戻らなかった）。ただし最も際どい選択でも${lead}ナットの差があり、一巡ごとの差の変化は${change}以下。`,
          }),
          80,
        ),
      )
    }
  }
  return lines
}

/** Why there is no PNG, and what to do. */
export const noPngLine = (why: NoPngReason): { en: string; ja: string } =>
  why === 'no-font'
    ? {
        en: 'no PNG: this machine has no font to write them with (install one, such as DejaVu); the SVG are whole',
        ja: 'PNGなし: このマシンに書体がない（DejaVuなどを入れる）。SVGは完全',
      }
    : {
        en: 'no PNG: @resvg/resvg-js has no program for this machine; the SVG are whole',
        ja: 'PNGなし: @resvg/resvg-js がこのマシンで動かない。SVGは完全',
      }

async function run(io: Io, [name]: readonly unknown[], given: object): Promise<number> {
  const flags = given as SweepFlags
  const out = flags.out === undefined ? undefined : new SweepFolder(flags.out)
  try {
    return await sweepInto(out, name, flags, io)
  } finally {
    out?.close()
  }
}

/** What the folder of an earlier sweep lacks. */
function folderWarnings(out: SweepFolder, io: Io): void {
  const { damaged, unchecked, path } = out
  if (damaged > 0) {
    io.warn(
      io.t({
        en: `${path}/texts.jsonl: ${damaged} damaged ${damaged === 1 ? 'line is' : 'lines are'} left out; what stood there is written again`,
        ja: `${path}/texts.jsonl: 壊れた${damaged}行を除外。書いてあった文章は書き直す`,
      }),
    )
  }
  if (unchecked) {
    io.warn(
      io.t({
        en: `${path} was begun by an earlier Ondo, whose texts have no checksum: damage in them can't be noticed`,
        ja: `${path}は以前のOndoが始めたもので、文章に検査値がない。破損があっても検出できない`,
      }),
    )
  }
}

async function sweepInto(
  out: SweepFolder | undefined,
  name: unknown,
  flags: SweepFlags,
  io: Io,
): Promise<number> {
  const model = await openModel(name)
  const length = flags.length ?? TEXT_LENGTH.default
  const prompt = flags.prompt ?? model.prompt ?? ''
  const { chain } = flags
  const temperatures = flags.temperatures ?? parseTemperatures(DEFAULT_TEMPERATURES)
  const corpus = flags.corpus && (await openTrainingText(model, flags.corpus, flags, io))
  const filter = storedMeasures(model).filter ?? corpus?.measures().filter
  const figures = storedMeasures(model).corpus ? undefined : corpus?.figures(length)
  const options = {
    temperatures,
    seeds: flags.seeds ?? SEEDS.default,
    length,
    prompt,
    chain,
    filter,
    figures,
  }
  planSweep(model, options) // refuses before a folder is made
  const title = modelTitle(model, name)

  const key: SweepKey = {
    model: model.hash,
    prompt,
    length,
    ...(chain !== undefined && { chain: createChain(chain, model.tokenizer).toString() }),
    ...(corpus && { corpus: corpus.hash }),
    version: VERSION,
  }
  const before = (await out?.open(key, flags.force === true, model.weights)) ?? []
  if (out) folderWarnings(out, io)
  const { cells, left } = planSweep(model, { ...options, done: before })
  const signal = io.interrupt
  const pool = await sweepPool(model, left.length, {
    ...{ prompt, length, chain, filter, signal, threads: flags.threads },
    ...(corpus && { corpusText: corpus.text }),
  })
  const started = performance.now()
  const line = new LiveLine(io)
  let result: SweepResult | undefined
  let told = 0
  try {
    const events = sweepModel(model, {
      ...options,
      done: before,
      signal,
      run: pool.run,
      concurrency: pool.concurrency,
    })
    for await (const event of events) {
      if (event.type === 'start') {
        const goingOn =
          event.done > 0
            ? io.t({
                en: `, ${event.done} of them done before`,
                ja: `（うち${event.done}本は済み）`,
              })
            : ''
        io.info(
          io.t({
            en: `${counted(formatCount(event.total, io), 'text')} of ${counted(formatCount(length, io), 'character')}${goingOn}; ${pool.concurrency} at once`,
            ja: `${formatCount(length, io)}字の文章を${formatCount(event.total, io)}本${goingOn}。同時に${pool.concurrency}本`,
          }),
        )
      }
      if (event.type === 'text') {
        await out?.add(event.text)
        const { done, total, text } = event
        const seconds = (performance.now() - started) / 1000
        const secondsLeft = (seconds / (done - (total - left.length))) * (total - done)
        const at = `T ${formatTemperature(text.temperature)}`
        const news = `${done}/${total} ${padEnd(at, 8)} ${formatTimeLeft(secondsLeft, io)}`
        line.update(
          columns =>
            `${bar(done / total, Math.max(3, Math.min(40, columns - news.length - 1)))} ${news}`,
        )
        // In a pipe: ten lines in all.
        if (!io.live && Math.floor((10 * done) / total) > told) {
          told = Math.floor((10 * done) / total)
          io.info(news)
        }
      }
      if (event.type === 'end') result = event.result
    }
  } finally {
    line.clear()
    await pool.close()
  }
  if (!result) throw new Error('The sweep ended without a result.')
  const written =
    result.texts.length > 0 && out
      ? await out.write(key, title, result, io.language, filter?.unit)
      : undefined

  if (flags.json) {
    const { texts, ...rest } = result
    await io.json({
      name: title,
      ...key,
      ...rest,
      texts: texts.map(({ text: _, ...text }) => text),
    })
  } else if (result.texts.length > 0) {
    await io.write(curveTable(result, io))
    await io.write(`\n${zoneLines(result, io).join('\n')}\n`)
  }
  if (written && out) {
    const seconds = (performance.now() - started) / 1000
    const where = io.t({
      en: `${formatDuration(seconds, io)}; in ${out.path}: ${written.files.join(', ')}`,
      ja: `${formatDuration(seconds, io)}。${out.path}に ${written.files.join('、')}`,
    })
    io.info(wrap(where, 80).join('\n'))
    if (written.noPng) io.info(noPngLine(written.noPng))
  }
  if (signal.aborted) {
    const { length: done } = result.texts
    io.info(
      io.t({
        en: `interrupted: ${done} of ${counted(cells.length, 'text')}${out ? ' are kept; the same command goes on' : ''}`,
        ja: `中断: ${cells.length}本中${done}本${out ? 'を保存。同じコマンドで続きから' : ''}`,
      }),
    )
    return io.interruptedCode
  }
  return DONE
}

export const sweep: CommandSpec = {
  name: 'sweep',
  arguments: '[model]',
  about: {
    en: 'Sweeps a model over temperatures: texts of several seeds at each one, measured for repetition, loops, misspelling, surprisal, entropy and (with --corpus) novelty. Names the temperatures at which the model loops, reads like its corpus, and breaks. With --out: CSV, JSON, figures, and a page with the texts.',
    ja: '温度を変えながらモデルに書かせ、反復、ループ、綴り誤り、意外さ、エントロピー、新しさ（--corpusがあれば）を測ります。ループする温度、コーパスらしく読める温度、崩れる温度を示します。--outでCSV、JSON、図、文章のページを書き出します。',
  },
  examples: [
    ['ondo sweep shakespeare', { en: 'a table', ja: '表を出す' }],
    ['ondo sweep kokoro --out sweeps/kokoro', { en: 'figures and texts, too', ja: '図と文章も' }],
    ['ondo sweep --temperatures 0,0.1..3/30,inf', { en: 'a finer grid', ja: '細かい格子で' }],
    [
      'ondo sweep -T 0.5..1.5:0.05 --seeds 20',
      { en: 'closer, more texts', ja: '狭く、本数を多く' },
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
        en: 'single ones, ranges (0.1..3: ten a decade), /20 of them, or steps (0..3:0.1)',
        ja: '単独、範囲（0.1..3: 1桁に10個）、/20で個数、:0.1で刻み',
      },
      parse: parseTemperatures,
      range: { en: `default ${DEFAULT_TEMPERATURES}`, ja: `既定 ${DEFAULT_TEMPERATURES}` },
    },
    flagOf(SEEDS),
    flagOf(TEXT_LENGTH, { short: 'n' }),
    {
      flags: '-o, --out <DIR>',
      parse: text => folderName('--out', text),
      about: {
        en: 'where tables, figures and texts go; a sweep there is gone on with',
        ja: '表、図、文章の置き場所。途中のスイープがあれば続ける',
      },
    },
    {
      flags: '--force',
      about: {
        en: 'begin anew where another sweep stands',
        ja: '別のスイープがあっても新しく始める',
      },
    },
    PROMPT_FLAG,
    CHAIN_FLAG,
    {
      flags: '--corpus <FILE>',
      about: {
        en: 'the training text, to measure what is copied from it; may be repeated',
        ja: '学習した文章。写しを測る。繰り返し指定可',
      },
      repeat: true,
    },
    THREADS_FLAG,
    {
      flags: '--json',
      about: { en: 'all figures as one line of JSON', ja: 'すべての値を1行のJSONで' },
    },
    ...READING_FLAGS,
  ],
  run,
}
