/** Flags that several commands share. */
import { InputError, shorten } from '../errors.js'
import { readEscapes } from '../text/index.js'
import { type Flag, flagOf } from './spec.js'

/** Flags that every command has. */
export const COMMON_FLAGS: readonly Flag[] = [
  {
    flags: '--quiet',
    about: {
      en: 'print only warnings and errors on stderr',
      ja: '標準エラーには警告とエラーだけを出力する',
    },
  },
  {
    flags: '--lang <LANG>',
    about: { en: 'language of help and messages', ja: 'ヘルプとメッセージの言語' },
    range: { en: 'en | ja', ja: 'en | ja' },
  },
  { flags: '-h, --help', about: { en: 'show this help', ja: 'このヘルプを表示する' } },
]

export const THREADS_FLAG: Flag = {
  flags: '--threads <N>',
  about: { en: 'processor threads to use; 0 uses all', ja: '使うスレッド数。0ならすべて使う' },
  knob: {
    name: 'threads',
    kind: 'whole',
    min: 0,
    max: 1024,
    default: 0,
    about: { en: '', ja: '' },
  },
}

/** The flag for commands that write texts to measure them; `ondo sample --help` explains chains. */
export const CHAIN_FLAG: Flag = {
  flags: '--chain <SAMPLERS>',
  about: {
    en: 'the samplers between the logits and the draw, as in ondo sample',
    ja: 'ロジットから文字を選ぶまでに適用するサンプラー。ondo sampleと同じ',
  },
}

/** The same commands: what each of their texts begins with. */
export const PROMPT_FLAG: Flag = {
  flags: '-p, --prompt <TEXT>',
  about: {
    en: "the prompt that each text continues; default: the model's own",
    ja: '書き出し。省略するとモデルの既定の書き出し',
  },
  parse: readEscapes,
}

export const MIN_COUNT_FLAG: Flag = flagOf({
  name: 'minCount',
  kind: 'whole',
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
  default: 1,
  about: {
    en: 'leave out symbols that occur less often',
    ja: '出現回数がこれより少ない文字を除く',
  },
})

/** The width of rounded weights; one width exists. */
export const BITS_FLAG: Flag = {
  flags: '--bits <N>',
  about: { en: 'bits of a weight', ja: '重み1個のビット数' },
  range: { en: '8', ja: '8' },
  parse: text => {
    if (text === '8') return 8
    throw new InputError('bits', `The number of bits is "${shorten(text)}"; expected 8.`, {
      ja: `ビット数が「${shorten(text)}」です。8を指定してください。`,
    })
  },
}

export const JSON_FLAG: Flag = {
  flags: '--json',
  about: { en: 'print everything as one line of JSON', ja: 'すべてを1行のJSONで出力する' },
}
