/** `ondo sample`: text to stdout as it is written, or a JSON line a step. */
import { InputError } from '../../errors.js'
import type { Model } from '../../file/index.js'
import {
  bytesOfSteps,
  encodeRun,
  type GenerateOptions,
  generate,
  type RunHeader,
  recordRun,
  runHeader,
  type Step,
  writeRun,
} from '../../generate/index.js'
import { type Knob, readKnob } from '../../knob.js'
import type { Seed } from '../../random.js'
import {
  type Chain,
  createChain,
  LENGTH,
  readTemperature,
  type Schedule,
  SEED,
  TEMPERATURE,
} from '../../temperature/index.js'
import {
  encodeBase64,
  encodeInput,
  normalizeInput,
  readEscapes,
  readStops,
  UNKNOWN,
  type UnknownPolicy,
  writableStops,
} from '../../text/index.js'
import { DEFAULT_MODEL, openModel } from '../inputs/open-model.js'
import { readPromptFile } from '../inputs/prompt-file.js'
import { LoopReporter } from '../reports/loop-report.js'
import { reportUnknown, SampleReport } from '../reports/sample-report.js'
import { type CommandSpec, type Flag, flagOf } from '../spec.js'
import { BufferedOutput, DONE, type Io, jsonLine } from '../terminal/io.js'
import { promptProgress } from '../terminal/progress-line.js'
import { TextOutput } from '../terminal/text-output.js'
import { writeOutput } from '../terminal/write-output.js'

const PROMPT: Knob = {
  name: 'prompt',
  kind: 'text',
  default: '',
  about: {
    en: "the text that the model continues; default: the model's own prompt",
    ja: '書き出し。モデルはこの続きを書く。省略するとモデルの既定の書き出し',
  },
}

const COUNT: Knob = {
  name: 'count',
  kind: 'whole',
  min: 1,
  max: 1_000_000,
  default: 1,
  about: {
    en: 'how many texts to write, each with random numbers of its own',
    ja: '書く文章の本数。それぞれ別の乱数を使う',
  },
}

const FLAGS: readonly Flag[] = [
  flagOf(TEMPERATURE, {
    short: 't',
    placeholder: 'T',
    parse: readTemperature,
    range: { en: '0 to inf, or a schedule', ja: '0〜inf、またはスケジュール' },
  }),
  {
    flags: '--chain <SAMPLERS>',
    about: {
      en: 'the samplers between the logits and the draw, applied in this order: "temperature, min-p 0.05, dry 0.8"',
      ja: 'ロジットから文字を選ぶまでに適用するサンプラー。書いた順に適用する。例: "temperature, min-p 0.05, dry 0.8"',
    },
  },
  flagOf(PROMPT, { short: 'p', parse: readEscapes }),
  {
    flags: '--prompt-file <FILE>',
    about: {
      en: 'the prompt from a file, without its last line end; - reads standard input',
      ja: '書き出しをファイルから読む（末尾の改行は除く）。- は標準入力',
    },
  },
  {
    flags: '--encoding <NAME>',
    about: {
      en: 'encoding of the prompt file, where it is not recognised',
      ja: '書き出しファイルの文字コード。自動判別できないときに指定する',
    },
  },
  flagOf(LENGTH, {
    short: 'n',
    parse: text => (/^\+?(inf|infinity|∞)$/i.test(text) ? Infinity : readKnob(LENGTH, text)),
    range: { en: '0 or more, inf', ja: '0以上、inf' },
  }),
  flagOf(SEED, { short: 's' }),
  {
    flags: '--stop <TEXT>',
    about: {
      en: "end before this text; may be repeated; \\n, \\t and \\\\ as in --prompt; default: the model's own",
      ja: 'この文字列の手前で終わる。繰り返し指定可。\\n、\\t、\\\\ は --prompt と同じ。省略するとモデルの既定の停止文字列',
    },
    parse: readEscapes,
    repeat: true,
  },
  flagOf(UNKNOWN, { placeholder: 'WAY' }),
  flagOf(COUNT, { short: 'c' }),
  {
    flags: '--loops',
    about: {
      en: 'report where the text begins to repeat for 24 symbols or more, with a proof at T = 0, and the temperature that ends the loop',
      ja: '文章が24文字以上ループし始めた位置を知らせる。温度0では証明も、また、ループを抜ける温度も示す',
    },
  },
  {
    flags: '--save <FILE>',
    about: {
      en: 'keep the run in a file, for `ondo replay` and `ondo verify`; - writes it to standard output instead of the text',
      ja: 'この実行をファイルに保存する。`ondo replay` と `ondo verify` で使う。「-」なら本文の代わりに標準出力へ',
    },
  },
  {
    flags: '--record',
    about: {
      en: 'with --save: also keep the record of each step',
      ja: '--save と併用し、1文字ごとの記録も保存する',
    },
  },
  {
    flags: '--code',
    about: {
      en: 'after the text, a short code of the run on stderr: `ondo replay CODE` writes it again',
      ja: '本文の後、実行を表す短いコードを標準エラーに出す。`ondo replay コード` で同じ文章を再現できる',
    },
  },
  {
    flags: '--no-echo',
    about: { en: 'leave the prompt out of the output', ja: '書き出しを出力に含めない' },
  },
  {
    flags: '--json',
    about: {
      en: 'print JSON lines: the run, each step with its probabilities, the end',
      ja: 'JSON Linesで出力する。実行の設定、各文字とその確率、終わり方の順',
    },
  },
]

interface SampleOptions {
  readonly temperature?: number | Schedule
  readonly chain?: string
  readonly prompt?: string
  readonly promptFile?: string
  readonly encoding?: string
  readonly length?: number
  readonly seed?: number | string
  readonly stop?: readonly string[]
  readonly unknown?: UnknownPolicy
  readonly count?: number
  readonly echo: boolean
  readonly json?: boolean
  readonly loops?: boolean
  readonly save?: string
  readonly record?: boolean
  readonly code?: boolean
}

async function run(io: Io, [name]: readonly unknown[], flags: object): Promise<number> {
  const options = flags as SampleOptions
  const model = await openModel(name)
  const { temperature = TEMPERATURE.default, seed = SEED.default, unknown = 'error' } = options
  const { tokenizer } = model
  const given =
    options.prompt ??
    (options.promptFile !== undefined
      ? await readPromptFile(options.promptFile, options.encoding)
      : (model.prompt ?? ''))
  const encoded = encodeInput(given, tokenizer, unknown)
  const prompt = normalizeInput(given, tokenizer).text
  reportUnknown(encoded.unknown, io)
  // A wrong chain is refused before the prompt is printed.
  const chain = options.chain === undefined ? undefined : createChain(options.chain, tokenizer)
  const stop = options.stop
    ? readStops(options.stop, tokenizer)
    : writableStops(model.stop ?? [], tokenizer)
  const { count = 1, length, loops } = options
  checkSave(options, count)
  const signal = io.interrupt
  // Standard output holds one thing: the text, its steps, or the saved run.
  const shown = options.json || options.save === '-' ? undefined : new TextOutput(io, model)

  for (let stream = 0; stream < count && !signal.aborted; stream++) {
    const request = {
      ...{ prompt, temperature, chain: options.chain, seed, stream, length, stop, unknown, loops },
      signal,
      onPrompt: promptProgress(io),
      notes: chain !== undefined && notesTemperature(chain, options.temperature !== undefined),
    }
    const header = runHeader(model, { ...request, ids: encoded.ids })
    const loopReporter = loops
      ? await LoopReporter.of(
          model,
          { ...request, promptIds: encoded.ids, plain: header.chain === undefined },
          io,
        )
      : undefined
    // One text a line where a text ends at its line; otherwise an empty line between texts.
    if (stream > 0 && shown && !stop.includes('\n')) await io.write('\n')
    // A prompt of line breaks alone (names begin after one) would only print empty lines.
    shown?.begin(options.echo && prompt.trim() !== '' ? prompt : '')
    const text = { model, request, header, shown, loopReporter, io, last: stream === count - 1 }
    const steps = await writeText(text, options)
    if (options.save !== undefined) await save(io, header, steps, options, name)
  }
  return signal.aborted ? io.interruptedCode : DONE
}

/**
 * Whether a temperature without effect is worth a note: not where it was written in the chain only,
 * since whoever wrote it knows.
 */
const notesTemperature = ({ samplers }: Chain, given: boolean): boolean =>
  given || samplers.some(spec => spec.sampler === 'temperature' && spec.temperature === undefined)

interface TextToWrite {
  readonly model: Model
  readonly request: GenerateOptions & {
    readonly temperature: number | Schedule
    readonly seed: Seed
  }
  readonly header: RunHeader
  /** Undefined where standard output holds something else. */
  readonly shown: TextOutput | undefined
  readonly loopReporter: LoopReporter | undefined
  readonly io: Io
  /** The last text of the command. */
  readonly last: boolean
}

/** Writes one text and reports on it. @returns its steps, where they are kept */
async function writeText(
  { model, request, header, shown, loopReporter, io, last }: TextToWrite,
  options: SampleOptions,
): Promise<readonly Step[]> {
  const signal = io.interrupt
  const raw = model.tokenizer.kind === 'byte'
  const kept: Step[] = []
  const output = new BufferedOutput(io)
  const report = new SampleReport(request.temperature, request.seed)
  if (options.json) await io.json({ type: 'run', ...header })
  for await (const { temperatureNote, ...step } of generate(model, request)) {
    report.push(step, temperatureNote)
    if (options.save !== undefined || (raw && options.json)) kept.push(step)
    if (options.json) await output.push(jsonLine({ type: 'step', ...step }))
    else await shown?.push(step)
    loopReporter?.push(step)
  }
  await output.flush()
  await shown?.end()
  const stop = options.length === 0 ? 'length' : report.stop
  const { symbols } = report
  const code =
    options.code && encodeRun(stop === 'interrupted' ? { ...header, length: symbols } : header)
  // The line ends before the report begins: on a terminal both are seen together.
  await shown?.endLine(last || signal.aborted)
  const found = await loopReporter?.end(signal)
  if (options.json) {
    const bytes = raw ? { bytes: encodeBase64(bytesOfSteps(model, kept)) } : {}
    const { stopString, bitsPerSymbol, text } = report
    const outcome = { stop, stopString, symbols, bitsPerSymbol, text, ...bytes }
    await io.json({ type: 'end', ...outcome, ...found, ...(code ? { code } : {}) })
  } else {
    if (code) io.warn(code)
    if (io.live && request.stream === 0 && last) io.info(io.stderrColors.dim(report.summary(io)))
  }
  for (const warning of report.warnings()) io.warn(io.stderrColors.yellow(io.t(warning)))
  return kept
}

/** @throws InputError for what --save can't keep */
function checkSave({ save, record, json }: SampleOptions, count: number): void {
  if (json && save === '-') {
    throw new InputError(
      'save',
      'The options --json and --save - both write to standard output; name a file for --save, or leave one of them out.',
      {
        ja: '--jsonと「--save -」はどちらも標準出力に書きます。--saveにファイルを指定するか、どちらかを外してください。',
      },
    )
  }
  if (record && save === undefined) {
    throw new InputError(
      'record',
      'The option --record adds to what --save keeps, and --save was not given; give --save FILE too.',
      {
        ja: '--recordは--saveの保存内容を増やすオプションですが、--saveがありません。--save ファイルも指定してください。',
      },
    )
  }
  if (save !== undefined && count > 1) {
    throw new InputError(
      'save',
      `The option --save keeps one run and --count asks for ${count}; leave one of them out.`,
      {
        ja: `--saveで保存できるのは1本ですが、--countに${count}が指定されています。どちらかを外してください。`,
      },
    )
  }
}

async function save(
  io: Io,
  header: RunHeader,
  steps: readonly Step[],
  { save: path = '-', record }: SampleOptions,
  name: unknown,
): Promise<void> {
  const source = typeof name === 'string' ? name : DEFAULT_MODEL
  const run = await recordRun(header, steps, { record, ...(source !== '-' && { source }) })
  await writeOutput(io, path, writeRun(run))
}

export const sample: CommandSpec = {
  name: 'sample',
  arguments: '[model]',
  about: {
    en: 'Writes text. MODEL is a bundled name (shakespeare, war-and-peace, kokoro, names, irish-tunes), a model file, a training folder, or - for a model on standard input; without one, shakespeare.',
    ja: '文章を書きます。MODELは付属モデルの名前（shakespeare、war-and-peace、kokoro、names、irish-tunes）、モデルファイル、学習フォルダー、または標準入力を表す「-」。省略するとshakespeare。',
  },
  examples: [
    ['ondo sample', { en: 'Shakespeare at once', ja: 'シェイクスピア風の文章' }],
    ['ondo sample -t 0.2', { en: 'safe, soon repetitive', ja: '手堅く、やがて繰り返し' }],
    [
      'ondo sample -t 1.5 --seed 7',
      { en: 'inventive, with another seed', ja: '奔放に、別のシードで' },
    ],
    [
      'ondo sample -t "0.2@0 1.5@400"',
      { en: 'a temperature that rises', ja: '書くほど温度が上がる' },
    ],
    ['ondo sample -t 0', { en: 'always the most likely', ja: '常に最も確率の高い文字' }],
    ['ondo sample kokoro --prompt "私は"', { en: 'Japanese', ja: '日本語' }],
    ['ondo sample names --count 20', { en: 'twenty new names', ja: '新しい名前を20' }],
    [
      'ondo sample runs/book --length inf | less',
      { en: 'your model, without end', ja: '自作のモデルで、終わりなく' },
    ],
    ['ondo sample -t 0 --loops', { en: 'where it begins to loop', ja: 'ループの始まる位置' }],
    ['ondo sample --save run.json', { en: 'to write it again', ja: '後で再現するために' }],
    [
      'ondo sample --json | head -3',
      { en: 'why each symbol was drawn', ja: '各文字が選ばれた理由' },
    ],
  ],
  flags: FLAGS,
  run,
}
