import { counted } from '../../../../src/errors.js'
import { table } from '../../../shared/messages/table.js'
import type { Preset } from './presets.js'

const presetsEn: Record<Preset, string> = {
  rise: 'slow rise',
  fall: 'slow fall',
  breath: 'breathing',
  switch: 'cold, then hot',
  cycle: 'in turn, one a character',
  word: 'bold word beginnings',
  entropy: 'with the uncertainty',
  surprise: 'steady surprise',
  escape: 'cold, leaving loops',
}
const presetsJa: Record<Preset, string> = {
  rise: 'ゆっくり上げる',
  fall: 'ゆっくり下げる',
  breath: '呼吸する',
  switch: '冷たく、そして熱く',
  cycle: '一文字ごとに順番に',
  word: '語頭だけ大胆に',
  entropy: '不確かさに従う',
  surprise: '意外さを一定に',
  escape: '冷たく、繰り返しは抜け出す',
}

export const words = table(
  {
    title: 'Draw the temperature',
    presets: 'Begin with',
    presetNames: presetsEn,
    pick: 'a shape…',
    span: 'over',
    characters: (n: string) => counted(n, 'character'),
    written: 'As it is written',
    writtenHint:
      'Drag the points, double-click to add one, or write it. Arrows move a point, Delete takes it away.',
    frame: (n: string, at: string, T: string) => `Point ${n}: character ${at}, temperature ${T}`,
    add: 'Add a point',
    anew: 'Write anew with it',
    off: 'Use the slider',
    close: 'Close',
    follows: 'This one follows the text: where it goes shows while the text is written.',
    chart: (count: string, written: string) =>
      `Temperature over the length of the text, ${count} points. ${written}`,
  },
  {
    title: '温度を描く',
    presets: 'はじめの形',
    presetNames: presetsJa,
    pick: '形を選ぶ…',
    span: '長さ',
    characters: n => `${n} 字`,
    written: '書いた形',
    writtenHint:
      '点を動かすか、ダブルクリックで加えるか、書き込みます。矢印キーで点が動き、Delete で消えます。',
    frame: (n, at, T) => `点 ${n}：${at} 字目、温度 ${T}`,
    add: '点を加える',
    anew: 'これで書き直す',
    off: '手で動かす',
    close: '閉じる',
    follows: 'この形は文章に従います。書くにつれて線が現れます。',
    chart: (count, written) => `文章の長さに沿った温度、点は ${count} 個。${written}`,
  },
)
