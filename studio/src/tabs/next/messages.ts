import { table } from '../../../shared/messages/table.js'

/** The first likeliest is simply the likeliest. */
const first = (place: string): string => (place === '1st' ? '' : `${place} `)

export const words = table(
  {
    character: (place: string) => `Character ${place}`,
    log: 'log',
    logHint: 'Bars on a logarithmic axis: small chances can be seen',
    pin: 'Pin',
    pinHint: 'Keep this step here while the text goes on',
    unpin: 'Back to the next character',
    choose: (name: string) => `Choose ${name}`,
    stands: 'stands in the text',
    cut: 'taken away by the chain',
    through: (chain: string) => `Through the chain ${chain}; its limits are not known.`,
    youChoose: 'Choose',
    youChooseHint: 'You choose: writing pauses; pick each character here, or press 1 to 9.',
    holds: 'This choice holds',
    fromTo: (low: string, high: string) => `${low} – ${high}`,
    why: (name: string, word: string) =>
      word === '' || word === name ? `Why ${name}` : `Why ${name} in “${word}”`,
    drawn: (place: string, of: string, T: string, pT: string, p: string, coin: string) =>
      `Drawn: the ${first(place)}likeliest of ${of}, ${pT} at ${T} (${p} before). Random number ${coin}.`,
    noChance: 'The likeliest: at temperature 0 no random number is used.',
    byHand: (place: string, of: string, p: string) =>
      `You chose it. To the model it was the ${first(place)}likeliest of ${of}, ${p}.`,
    always: 'It would be the same at any temperature.',
    upTo: (high: string) => `It would be the same at any temperature up to ${high}.`,
    above: (low: string) => `It would be the same at any temperature above ${low}.`,
    between: (low: string, high: string) => `It would be the same between ${low} and ${high}.`,
    ways: 'Ways from here',
  },
  {
    character: place => `${place} 字目`,
    log: '対数',
    logHint: '対数軸の棒。わずかな見込みも見える',
    pin: '留める',
    pinHint: '文章が進んでもこの一歩を見ている',
    unpin: '次の一文字に戻る',
    choose: name => `「${name}」を選ぶ`,
    stands: '本文にある文字',
    cut: 'サンプラーが除いた文字',
    through: chain => `サンプラー ${chain} を通りました。続く温度の範囲は分かりません。`,
    youChoose: '選ぶ',
    youChooseHint: '自分で選ぶ：執筆は一時停止し、ここか 1〜9 のキーで一文字ずつ選びます。',
    holds: 'この選択が続く温度',
    fromTo: (low, high) => `${low}〜${high}`,
    why: (name, word) =>
      word === '' || word === name ? `「${name}」の理由` : `「${word}」の「${name}」の理由`,
    drawn: (place, of, T, pT, p, coin) =>
      `${of} 種のうち ${place}に有力な文字。${T} で ${pT}（温度をかける前は ${p}）。乱数は ${coin}。`,
    noChance: '最有力の文字。温度 0 では乱数を使いません。',
    byHand: (place, of, p) =>
      `自分で選んだ文字。モデルには ${of} 種のうち ${place}に有力で、${p} でした。`,
    always: 'どの温度でも同じ文字になります。',
    upTo: high => `${high} 以下なら同じ文字になります。`,
    above: low => `${low} を超えれば同じ文字になります。`,
    between: (low, high) => `${low} を超え ${high} 以下なら同じ文字になります。`,
    ways: 'ここからの道',
  },
)
