import { counted } from '../../../src/errors.js'
import { table } from '../../shared/messages/table.js'

export const words = table(
  {
    columns: 'The texts in columns',
    luck: 'Same seed, other temperatures',
    luckHint:
      'One prompt, one seed: every column reads the same random numbers. Only the temperature differs.',
    compare: 'Two texts side by side',
    close: 'Back to the text',
    column: (n: string) => `Temperature of column ${n}`,
    add: 'Another column',
    remove: (T: string) => `Remove the column at ${T}`,
    use: (T: string) => `Write on at ${T}`,
    useShort: 'Write on',
    length: 'Length',
    characters: (n: string) => counted(n, 'character'),
    writing: 'Writing…',
    failed: 'Not all of them could be written.',
    chain: (written: string) => `All of them go through the samplers ${written}.`,
    divergences: 'Where they part',
    between: (a: string, b: string) => `${a} and ${b}`,
    same: (n: string) => `They are the same for all ${counted(n, 'character')}.`,
    otherPrompt: 'They begin with different prompts.',
    otherSeed: (at: string, coinA: string, a: string, coinB: string, b: string) =>
      `At character ${at} the random numbers differ: ${coinA} landed on ${a}, ${coinB} on ${b}.`,
    chosen: (at: string, hand: string, drawn: string) =>
      `At character ${at} ${hand} was chosen where ${drawn} had been drawn.`,
    parts: (at: string, coin: string, cool: string, high: string, warm: string, low: string) =>
      `At character ${at} the random number ${coin} lands on ${cool} up to ${high}, and on ${warm} above ${low}.`,
    through: (at: string, coin: string, a: string, b: string) =>
      `At character ${at} the random number ${coin} lands on ${a} in one and on ${b} in the other; through samplers its limits are not known.`,
    chains: (at: string, a: string, b: string) =>
      `At character ${at} their samplers differ: one draws ${a}, the other ${b}.`,
    shown: 'the text shown',
    wrongT: '0 to 100, or inf',
  },
  {
    columns: '並べた文章',
    luck: '同じシード、違う温度',
    luckHint: '書き出しもシードも同じ。どの列も同じ乱数を読み、違うのは温度だけです。',
    compare: '二つの文章を並べる',
    close: '本文に戻る',
    column: n => `${n} 列目の温度`,
    add: '列を加える',
    remove: T => `温度 ${T} の列を除く`,
    use: T => `温度 ${T} で書き続ける`,
    useShort: 'これで書く',
    length: '長さ',
    characters: n => `${n} 字`,
    writing: '書いています…',
    failed: '書けなかったものがあります。',
    chain: written => `どれもサンプラー ${written} を通ります。`,
    divergences: '分かれ目',
    between: (a, b) => `${a} と ${b}`,
    same: n => `${n} 字すべて同じです。`,
    otherPrompt: '書き出しが違います。',
    otherSeed: (at, coinA, a, coinB, b) =>
      `${at} 字目で乱数が違います。${coinA} は「${a}」、${coinB} は「${b}」に当たりました。`,
    chosen: (at, hand, drawn) =>
      `${at} 字目で、引かれた「${drawn}」の代わりに「${hand}」が選ばれました。`,
    parts: (at, coin, cool, high, warm, low) =>
      `${at} 字目の乱数 ${coin} は、${high} までは「${cool}」、${low} を超えると「${warm}」に当たります。`,
    through: (at, coin, a, b) =>
      `${at} 字目の乱数 ${coin} は、一方では「${a}」、もう一方では「${b}」に当たります。温度以外のサンプラーを通るので、範囲は分かりません。`,
    chains: (at, a, b) =>
      `${at} 字目でサンプラーが違います。一方は「${a}」、もう一方は「${b}」を引きました。`,
    shown: '表示中の文章',
    wrongT: '0〜100、または inf',
  },
)
