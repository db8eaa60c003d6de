/** Messages that only the exported page uses; it shares the others with the studio. */
import { table } from '../shared/messages/table.js'

export const words = table(
  {
    opening: 'Unpacking the model…',
    failed: 'This page can’t write here.',
    again: 'Start over, same seed',
    newSeed: 'New seed',
    copy: 'Copy the text',
    copied: 'Copied',
    full: 'The page is full. Start over, or take a new seed.',
    leftOut: (symbols: string) => `The model does not know ${symbols}: left out.`,
    about: (model: string) =>
      `One file, no network: ${model} runs inside this page, and nothing you type leaves it.`,
    made: 'Made with Ondo 温度. Identity of the model:',
  },
  {
    opening: 'モデルを広げています…',
    failed: 'ここではこのページは書けません。',
    again: '同じシードで、はじめから',
    newSeed: '新しいシード',
    copy: '文章をコピー',
    copied: 'コピーしました',
    full: 'ページがいっぱいです。はじめから書くか、シードを変えてください。',
    leftOut: symbols => `モデルで使えない文字 ${symbols} は除きました。`,
    about: model =>
      `このファイルひとつで動き、通信はしません。${model}はページの中にあり、入力したものは外に出ません。`,
    made: 'Ondo 温度 で作成。モデルの識別ハッシュ：',
  },
)
