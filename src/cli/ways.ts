/** What to do about a refusal, in the flags of the command that met it. */
import { OndoError, WAYS, type Ways } from '../errors.js'
import type { CommandSpec } from './spec.js'

/** @param spec undefined: no command was found yet */
export function waysOf(spec: Pick<CommandSpec, 'flags'> | undefined): Ways {
  const has = (name: string): boolean =>
    spec?.flags.some(({ flags }) => flags.split(/[ ,]+/).includes(name)) ?? false
  const out = has('--out') ? 'choose another --out' : 'choose another folder'
  return {
    ...WAYS,
    unknown: has('--unknown')
      ? 'change the text, or choose what to do with them: --unknown skip leaves them out, --unknown nearest writes the nearest known symbol'
      : 'change the text',
    'any-file': has('--tokenizer') ? '--tokenizer byte takes any file' : 'name its files',
    'smaller-min-count': 'choose a smaller --min-count',
    'no-min-count': 'leave --min-count out, or use --tokenizer character',
    'smaller-network': has('--hidden')
      ? 'choose a smaller --hidden, fewer --layers, or a text of fewer symbols'
      : 'name a smaller model',
    'gentler-training': 'start again with a lower --rate or a smaller --clip',
    'clipped-training': 'start again with a lower --rate, or with a --clip above 0',
    'resume-as-started': `resume without it (only --epochs, --steps, --evaluate-every, --checkpoint-every and --patience may change), or ${out}`,
    'start-anew': 'name the folder of an earlier run, or start without --resume',
    'run-exists': `go on with --resume, ${out}, or start over with --force`,
    'sweep-exists': `${out}, or start over with --force`,
    'aim-filter': 'train the model again, or give its text with --corpus',
    'aim-length': 'give a greater --length',
    'file-exists': 'choose another --out, or replace it with --force',
    vocabulary:
      'give its symbols with --vocabulary FILE: a JSON list or map, the symbols in the order of their ids, or the text that it was trained on',
  }
}

function waysInJapanese(spec: Pick<CommandSpec, 'flags'> | undefined): Ways {
  const has = (name: string): boolean =>
    spec?.flags.some(({ flags }) => flags.split(/[ ,]+/).includes(name)) ?? false
  const out = has('--out') ? '--outで別の場所を指定する' : '別のフォルダーを指定する'
  return {
    unknown: has('--unknown')
      ? '文章を変えるか、--unknown skip（除く）か --unknown nearest（近い記号にする）を指定してください'
      : '文章を変えてください',
    'any-file': has('--tokenizer')
      ? '--tokenizer byte ならどのファイルも読めます'
      : 'ファイルを直接指定してください',
    'smaller-min-count': '--min-countを小さくしてください',
    'no-min-count': '--min-countを外すか、--tokenizer character を使ってください',
    'smaller-network': has('--hidden')
      ? '--hiddenか--layersを小さくするか、記号の種類が少ないテキストを使ってください'
      : '小さいモデルを指定してください',
    'gentler-training': '--rateか--clipを小さくして始め直してください',
    'clipped-training': '--rateを小さくするか、--clipを0より大きくして始め直してください',
    'resume-as-started': `その指定を外して再開する（変えられるのは --epochs、--steps、--evaluate-every、--checkpoint-every、--patience だけ）か、${out}かしてください`,
    'start-anew': '以前の学習のフォルダーを指定するか、--resumeを外してください',
    'run-exists': `--resumeで続けるか、${out}か、--forceで新しく始めてください`,
    'sweep-exists': `${out}か、--forceで新しく始めてください`,
    'aim-filter': 'モデルを学習し直すか、--corpusでテキストを指定してください',
    'aim-length': '--lengthを大きくしてください',
    'file-exists': '--outで別の名前にするか、--forceで置き換えてください',
    vocabulary:
      '--vocabulary FILE で記号を指定してください（JSONのリストか対応表、ID順に並べた記号、または学習に使ったテキスト）',
  }
}

/** The sentence of an error in Japanese with its advice; undefined where there is none. */
export function sentenceInJapanese(
  error: unknown,
  spec: Pick<CommandSpec, 'flags'> | undefined,
): string | undefined {
  if (!(error instanceof OndoError) || error.ja === undefined) return undefined
  return error.way === undefined ? error.ja : `${error.ja}。${waysInJapanese(spec)[error.way]}。`
}
