import { table } from '../../../shared/messages/table.js'

export const words = table(
  {
    undo: 'Undo',
    redo: 'Redo',
    map: 'All texts',
    hint: 'Each line is a text, as long as it is, from where it leaves another. Enter shows it.',
    item: (from: string, length: string, why: string) =>
      `from character ${from}, ${length}, ${why}`,
    reasons: { begin: 'a beginning', choice: 'chosen', temperature: 'another temperature' },
    seed: (seed: string) => `seed ${seed}`,
    compare: 'Compare the text shown with',
    pick: 'pick a text…',
    luck: 'Same seed, other temperatures',
    forget: 'Delete all texts of this model',
    forgetSure: 'Really delete them?',
    keeping: {
      kept: 'Texts are kept in this browser and come back after a reload.',
      growing:
        'Texts are kept in this browser while they grow; the last few seconds may still be missing.',
      first: 'The texts are being put into this browser’s storage…',
      full: 'The browser’s storage is full: the newest of these texts are not kept.',
      refused: 'This browser keeps nothing for this page: the texts end with it.',
    },
    none: 'So far there is one text. Click a character and choose another one, or start over.',
  },
  {
    undo: '取り消す',
    redo: 'やり直す',
    map: 'すべての文章',
    hint: '一本の線が一つの文章。別の文章から分かれた所から、長さのとおりに描かれます。Enter で表示。',
    item: (from, length, why) => `${from} 字目から、${length}、${why}`,
    reasons: { begin: '書き出し', choice: '選んだ文字', temperature: '別の温度' },
    seed: seed => `シード ${seed}`,
    compare: '表示中の文章と比べる',
    pick: '文章を選ぶ…',
    luck: '同じシード、違う温度',
    forget: 'このモデルの文章をすべて消す',
    forgetSure: '本当に消しますか？',
    keeping: {
      kept: '文章はこのブラウザーに残り、読み込み直しても戻ります。',
      growing: '書き進む文章もこのブラウザーに残ります。最後の数秒はまだかもしれません。',
      first: '文章をこのブラウザーに保存しています…',
      full: 'ブラウザーの保存領域がいっぱいで、新しい文章は残っていません。',
      refused: 'このブラウザーはこのページに保存を許していません。文章はページとともに消えます。',
    },
    none: 'まだ文章は一つです。文字を選んで別の文字に替えるか、書き直してみてください。',
  },
)
