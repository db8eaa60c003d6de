import { counted } from '../../../src/errors.js'
import { table } from '../../shared/messages/table.js'

export const words = table(
  {
    columns: 'The texts in columns',
    luck: 'Same luck, different temperature',
    luckHint:
      'One prompt, one seed: every column reads the same coins. Only the temperature differs.',
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
    chain: (written: string) => `All of them go through the chain ${written}.`,
    divergences: 'Where they part',
    between: (a: string, b: string) => `${a} and ${b}`,
    same: (n: string) => `They are the same for all ${counted(n, 'character')}.`,
    otherPrompt: 'They begin with different prompts.',
    otherSeed: (at: string, coinA: string, a: string, coinB: string, b: string) =>
      `At character ${at} the luck differs: coin ${coinA} fell on ${a}, coin ${coinB} on ${b}.`,
    chosen: (at: string, hand: string, drawn: string) =>
      `At character ${at} ${hand} was chosen where ${drawn} had been drawn.`,
    parts: (at: string, coin: string, cool: string, high: string, warm: string, low: string) =>
      `At character ${at} the coin ${coin} falls on ${cool} up to ${high}, and on ${warm} above ${low}.`,
    through: (at: string, coin: string, a: string, b: string) =>
      `At character ${at} the coin ${coin} falls on ${a} in one and on ${b} in the other; through a chain its limits are not known.`,
    chains: (at: string, a: string, b: string) =>
      `At character ${at} their chains differ: one draws ${a}, the other ${b}.`,
    shown: 'the text shown',
    wrongT: '0 to 100, or inf',
  },
  {
    columns: '並べた文章',
    luck: '同じ運、違う温度',
    luckHint: '書き出しも種も同じ。どの列も同じコインを読み、違うのは温度だけです。',
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
      `${at} 字目で運が違います。コイン ${coinA} は「${a}」、${coinB} は「${b}」を指しました。`,
    chosen: (at, hand, drawn) =>
      `${at} 字目で、引かれた「${drawn}」の代わりに「${hand}」が選ばれました。`,
    parts: (at, coin, cool, high, warm, low) =>
      `${at} 字目のコイン ${coin} は、${high} までは「${cool}」、${low} を超えると「${warm}」を指します。`,
    through: (at, coin, a, b) =>
      `${at} 字目のコイン ${coin} は、一方では「${a}」、もう一方では「${b}」を指します。温度以外のサンプラーを通るので、範囲は分かりません。`,
    chains: (at, a, b) =>
      `${at} 字目でサンプラーが違います。一方は「${a}」、もう一方は「${b}」を引きました。`,
    shown: '表示中の文章',
    wrongT: '0〜100、または inf',
  },
)
