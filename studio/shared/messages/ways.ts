/** The advice of each error in terms of the fields of the page. */
import type { Ways } from 'ondo'
import { table } from './table.js'

export const ways = table<Ways>(
  {
    unknown: 'begin the text with characters that the model knows',
    'any-file': 'with “bytes” as symbols, under “More”, any file will do',
    'smaller-min-count': 'take a longer text',
    'no-min-count': 'choose “characters” as symbols, under “More”',
    'smaller-network': 'choose a smaller size, or open a smaller model',
    'gentler-training': 'start again with a smaller size, or go on from a longer text',
    'clipped-training': 'start again with a smaller size, or go on from a longer text',
    'resume-as-started': 'go on with it as it was started, or start a new one',
    'start-anew': 'start a new one',
    'run-exists': 'go on with it, or discard it first',
    'sweep-exists': 'sweep anew',
    'aim-filter': 'open a model that was trained with this version',
    'aim-length': 'choose a greater length',
    'file-exists': 'choose another name',
    vocabulary: 'choose a file that says them, or write them in the order of their numbers',
  },
  {
    unknown: 'モデルの知っている文字で書き始めてください',
    'any-file': '「詳しく」の記号の単位で「バイト」を選べば、どのファイルでも使えます',
    'smaller-min-count': 'もっと長い文章を使ってください',
    'no-min-count': '「詳しく」の記号の単位で「文字」を選んでください',
    'smaller-network': '小さい大きさを選ぶか、小さいモデルを開いてください',
    'gentler-training': '小さい大きさか、もっと長い文章で始め直してください',
    'clipped-training': '小さい大きさか、もっと長い文章で始め直してください',
    'resume-as-started': '始めたときのまま続けるか、新しく始めてください',
    'start-anew': '新しく始めてください',
    'run-exists': '続きを学習するか、先に消してください',
    'sweep-exists': 'もう一度温度の比較をしてください',
    'aim-filter': 'この版で学習したモデルを開いてください',
    'aim-length': 'もっと長くしてください',
    'file-exists': '別の名前にしてください',
    vocabulary: '記号の書かれたファイルを選ぶか、番号の順に書いてください',
  },
)
