import { counted } from '../../../src/errors.js'
import { table } from '../../shared/messages/table.js'

/** The words of the bar that opens files. */
export const words = table(
  {
    bar: 'Opening files',
    working: (title: string, files: string) =>
      `Opening ${title ? `“${title}” (${counted(files, 'file')})` : counted(files, 'file')}…`,
    cancel: 'Cancel',
    refused: (title: string) => (title ? `“${title}” can’t be opened.` : 'This can’t be opened.'),
    asking: (title: string) =>
      `${title ? `“${title}”` : 'The model'} does not say which characters it writes.`,
    vocabularyFile: 'Choose the file…',
    vocabularyHint:
      'A list or a map in JSON, the characters in order, or the text that the model was trained on.',
    vocabularyText: 'Or the characters in the order of their numbers',
    useText: 'Open with these',
    opened: (name: string, from: string) => `“${name}” is open: a model of ${from}.`,
    stored: 'It is kept in this browser, under “Model”.',
    notStored: {
      full: 'The browser’s storage is full: the model is gone after a reload, unless it is saved as a file.',
      refused:
        'This browser keeps nothing for this page: the model is gone after a reload, unless it is saved as a file.',
    },
    details: 'What was converted',
    window: (steps: string) =>
      `It was trained on windows of ${counted(steps, 'character')}: each character follows from the last ${steps} alone.`,
    runWindow: (steps: string) => `Run it as trained, on windows of ${steps}`,
    runWhole: 'Let it read the whole text',
    inWindow: (steps: string, trained: boolean) =>
      `${trained ? 'It runs as it was trained: each' : 'Each'} character follows from the last ${steps} alone.`,
    perhapsWindow: (system: string) =>
      `Many models of ${system} are trained on windows: each character follows from so many before it alone.`,
    runSo: 'Run it so',
    windowWrong: (most: string) => `A whole number from 1 to ${most}.`,
    save: 'Save as a file',
    name: 'Name of your model',
    prompt: 'Keep the beginning as its own',
    promptHint: 'Texts of this model then begin so.',
    from: (system: string) => `From ${system}`,
    own: 'Your own model',
    remove: 'Delete it from this browser',
    removeSure: 'Really delete it? Its texts stay',
  },
  {
    bar: 'ファイルを開く',
    working: (title, files) =>
      title
        ? `「${title}」を開いています（${files} ファイル）…`
        : `${files} ファイルを開いています…`,
    cancel: 'やめる',
    refused: title => (title ? `「${title}」は開けません。` : '開けません。'),
    asking: title =>
      `${title ? `「${title}」` : 'モデルのファイル'}には、どの文字を書くモデルかが記されていません。`,
    vocabularyFile: 'ファイルを選ぶ…',
    vocabularyHint: 'JSON のリストか対応表、順に並べた文字、または学習に使った文章。',
    vocabularyText: 'または番号の順に並べた文字',
    useText: 'この文字で開く',
    opened: (name, from) => `「${name}」を開きました。${from} のモデルです。`,
    stored: 'このブラウザーに残り、「モデル」から選べます。',
    notStored: {
      full: 'ブラウザーの保存領域がいっぱいです。ファイルに保存しないと、読み込み直したときにモデルは失われます。',
      refused:
        'このブラウザーはこのページに保存を許していません。ファイルに保存しないと、読み込み直したときにモデルは失われます。',
    },
    details: '変換したこと',
    window: steps =>
      `${steps} 文字の窓で学習されたモデルです。次の文字は直前の ${steps} 文字だけから決まります。`,
    runWindow: steps => `学習時と同じく ${steps} 文字の窓で動かす`,
    runWhole: '文章全体を読ませる',
    inWindow: (steps, trained) =>
      `${trained ? '学習時と同じく、' : ''}直前の ${steps} 文字だけから次の文字を決めています。`,
    perhapsWindow: system =>
      `${system} のモデルの多くは窓で学習され、次の文字は直前の決まった数の文字だけから決まります。その数：`,
    runSo: 'この窓で動かす',
    windowWrong: most => `1 から ${most} までの整数。`,
    save: 'ファイルに保存',
    name: 'モデルの名前',
    prompt: '今の書き出しをこのモデルのものにする',
    promptHint: 'このモデルの文章はこの書き出しで始まります。',
    from: system => `${system} から`,
    own: '自分のモデル',
    remove: 'このブラウザーから消す',
    removeSure: '本当に消しますか。文章は残ります',
  },
)
