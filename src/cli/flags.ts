/** Flags that several commands share. */
import { readEscapes } from '../text/index.js'
import { type Flag, flagOf } from './spec.js'

/** Flags that every command has. */
export const COMMON_FLAGS: readonly Flag[] = [
  {
    flags: '--quiet',
    about: {
      en: 'nothing on stderr but warnings and errors',
      ja: '標準エラーには警告とエラーだけ',
    },
  },
  {
    flags: '--lang <LANG>',
    about: { en: 'language of help and messages', ja: '表示の言語' },
    range: { en: 'en | ja', ja: 'en | ja' },
  },
  { flags: '-h, --help', about: { en: 'this help', ja: 'このヘルプ' } },
]

export const THREADS_FLAG: Flag = {
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
}

/** For commands that write texts to measure them: what a chain is, `ondo sample --help` says. */
export const CHAIN_FLAG: Flag = {
  flags: '--chain <SAMPLERS>',
  about: {
    en: 'what stands between the logits and the draw, as in ondo sample',
    ja: 'ロジットと抽選の間に置くもの。ondo sampleと同じ',
  },
}

/** The same commands: what each of their texts begins with. */
export const PROMPT_FLAG: Flag = {
  flags: '-p, --prompt <TEXT>',
  about: {
    en: "what each text goes on from; without it, the model's own",
    ja: '書き出し。指定がなければモデル既定のもの',
  },
  parse: readEscapes,
}

export const MIN_COUNT_FLAG: Flag = flagOf({
  name: 'minCount',
  kind: 'whole',
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
  default: 1,
  about: { en: 'leave out symbols that occur less often', ja: 'これより少ない文字を除く' },
})

export const JSON_FLAG: Flag = {
  flags: '--json',
  about: { en: 'all of it as one line of JSON', ja: 'すべてを1行のJSONで' },
}
