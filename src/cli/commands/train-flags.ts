/** The options of `ondo train`: every setting of the table, and what a command line has besides. */
import { InputError, quote } from '../../errors.js'
import { readEscapes, TOKENIZERS, type TokenizerKind } from '../../text/index.js'
import { PRESETS, parseBudget, TEXT_DEPENDENT_SETTINGS, TRAIN_KNOBS } from '../../train/index.js'
import { MIN_COUNT_FLAG, THREADS_FLAG } from '../flags.js'
import { READING_FLAGS } from '../inputs/corpus.js'
import { type Flag, flagOf } from '../spec.js'
import { CHOSEN_BY_TEXT_LENGTH } from '../terminal/format.js'
import { folderName } from '../terminal/write-output.js'

const GROUPS = {
  text: { en: 'Text', ja: 'テキスト' },
  start: { en: 'Going on from a model', ja: 'モデルの続きを学習' },
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
  'ar',
  'tar',
  'init',
  'forgetBias',
])

/** Settings whose default follows from the length of the text. */
const CHOSEN: ReadonlySet<string> = new Set(TEXT_DEPENDENT_SETTINGS)

/** `embedding,0` as a list. Which layers there are is known when the model is. */
function readFreeze(text: string): string[] {
  const names = text.split(',').map(name => name.trim())
  if (!names.includes('')) return names
  throw new InputError(
    'option',
    `--freeze is ${quote(text)}; expected names of layers with commas between them: embedding,0,head.`,
    {
      ja: `--freezeが${quote(text)}です。層の名前をコンマで区切ってください（例: embedding,0,head）。`,
    },
  )
}

const settingFlags = (ofModel: boolean): Flag[] =>
  Object.values(TRAIN_KNOBS)
    .filter(knob => OF_MODEL.has(knob.name) === ofModel)
    .map(knob =>
      flagOf(knob, {
        group: ofModel ? GROUPS.model : GROUPS.training,
        ...(CHOSEN.has(knob.name) && { default: CHOSEN_BY_TEXT_LENGTH }),
      }),
    )

const withGroup = (group: Flag['group'], flags: readonly Flag[]): Flag[] =>
  flags.map(flag => ({ ...flag, group }))

export const FLAGS: readonly Flag[] = [
  {
    flags: '-o, --out <DIR>',
    parse: text => folderName('--out', text),
    about: {
      en: 'the training folder; default: runs/ and the name of the text',
      ja: '学習フォルダー。省略すると runs/ とテキストの名前',
    },
  },
  {
    flags: '--resume',
    about: {
      en: 'resume the run in the folder exactly where it stopped',
      ja: 'フォルダーにある学習を、止まったところから正確に再開する',
    },
  },
  {
    flags: '--force',
    about: {
      en: 'start over even if the folder holds a run, which is moved into a folder inside',
      ja: '既存の学習があっても新しく始める。古いものは中のフォルダーに移す',
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
      en: 'train as well as possible in this time on this machine: settings that are not given are chosen for it, and training ends on time',
      ja: 'このマシンでこの時間内にできるだけよく学習する。指定のない設定は時間に合わせて選び、時間内に終える',
    },
    range: { en: '90s, 10m, 1h30m', ja: '90s、10m、1h30m' },
    parse: parseBudget,
  },
  ...withGroup(GROUPS.start, [
    {
      flags: '--init-from <MODEL>',
      about: {
        en: 'begin with the weights of this model: a bundled name, a model file or a training folder; its cell and sizes are taken, and symbols of the text that it does not know are added',
        ja: 'このモデルの重みから始める。付属モデルの名前、モデルファイル、学習フォルダー。セルと大きさはモデルのものを使い、モデルの知らない文字は加える',
      },
    },
    {
      flags: '--freeze <LAYERS>',
      about: {
        en: "layers whose weights stay as they are; those of the text's new symbols are trained all the same",
        ja: '重みを変えない層。テキストの新しい文字の重みだけは学習する',
      },
      range: {
        en: 'embedding, 0, 1, .., head; separated by commas',
        ja: 'embedding、0、1、…、headをコンマで区切る',
      },
      parse: readFreeze,
    },
    {
      flags: '--drop-symbols',
      about: {
        en: "leave out the model's symbols that the text lacks; by default the model can still read and write them",
        ja: 'テキストにないモデルの文字を除く。省略すると残り、読み書きできるまま',
      },
    },
    {
      flags: '--compare-scratch',
      about: {
        en: 'afterwards train a network from random weights for as long, which is not saved, and tell its loss: the command takes twice the time',
        ja: '終わった後で、乱数の重みから同じ時間だけ学習し、その損失を並べて示す。保存はせず、時間は2倍かかる',
      },
    },
  ]),
  ...settingFlags(true),
  ...settingFlags(false),
  { ...THREADS_FLAG, group: GROUPS.training },
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
    MIN_COUNT_FLAG,
    ...READING_FLAGS,
  ]),
  ...withGroup(GROUPS.file, [
    { flags: '--name <TEXT>', about: { en: 'display name of the model', ja: 'モデルの表示名' } },
    {
      flags: '--prompt <TEXT>',
      about: {
        en: 'the default prompt of the model; also used for the samples',
        ja: 'モデルの既定の書き出し。途中のサンプルにも使う',
      },
      parse: readEscapes,
    },
    {
      flags: '--stop <TEXT>',
      about: {
        en: 'stop string at which texts of this model end; may be repeated; \\n is a line end',
        ja: 'このモデルの文章が終わる停止文字列。繰り返し指定可。\\n は改行',
      },
      parse: readEscapes,
      repeat: true,
    },
  ]),
  ...withGroup(GROUPS.output, [
    flagOf({
      name: 'sampleEvery',
      kind: 'whole',
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      default: 0,
      about: {
        en: 'updates from one set of samples to the next; 0 at each validation',
        ja: 'サンプルを書かせる間隔（更新回数）。0なら検証のたび',
      },
    }),
    { flags: '--no-samples', about: { en: 'write no samples', ja: 'サンプルを書かせない' } },
    {
      flags: '--no-baseline',
      about: {
        en: 'no comparison with an n-gram of the same text at the end',
        ja: '最後に同じテキストのn-gramと比べない',
      },
    },
    {
      flags: '--json',
      about: {
        en: 'print each event as a line of JSON on stdout',
        ja: 'イベントを1行ずつJSONで標準出力に書く',
      },
    },
  ]),
]

export interface TrainFlags extends Partial<Record<keyof typeof TRAIN_KNOBS, unknown>> {
  readonly out?: string
  readonly resume?: boolean
  readonly force?: boolean
  readonly preset?: string
  readonly initFrom?: string
  readonly freeze?: readonly string[]
  readonly dropSymbols?: boolean
  readonly compareScratch?: boolean
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
