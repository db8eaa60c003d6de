import { table } from '../../shared/messages/table.js'

export const words = table(
  {
    title: 'Share',
    link: 'Link to this very text',
    linkHint: (symbols: string) =>
      `Opened anywhere with the same model, it writes these ${symbols} again, one by one the same. Everything is in the link; nothing is uploaded.`,
    why: {
      empty: 'There is no text yet.',
      chosen:
        'Some characters were chosen by a person, and a link holds only the seed: save the session instead.',
      chains:
        'The samplers were changed along the way, and a link has only one: save the session instead.',
      long: 'The temperature moved so often that the link would be too long: save the session instead.',
    },
    here: 'The address is this computer’s own. On another one, with Ondo, the link is pasted into the field below.',
    copyLink: 'Copy the link',
    citation: 'Citation',
    copyCitation: 'Copy the citation',
    copied: 'Copied',
    refused: 'The browser does not let this page copy: select the text and copy it yourself.',
    files: 'Files',
    text: 'Text',
    session: 'All texts with their branches',
    save: 'Save the session',
    open: 'Open a session or a run…',
    damaged: 'This file is neither a session nor a run of Ondo, or it is damaged.',
    run: 'https://… or ondo…',
    code: 'A link or a code that you were sent',
    codeHint: 'ondo sample --code writes one; a file of --save opens below.',
    noCode: 'This is no code of a run: copy all of it again.',
    teach: 'For a class',
    teachHint:
      'What is ticked is hidden here and in every link that you copy. A lesson that is open goes along.',
    parts: {
      model: 'model',
      prompt: 'beginning',
      seed: 'seed',
      speed: 'speed',
      tint: 'colours',
      temperature: 'temperature',
      chain: 'samplers',
      train: 'Train',
      lessons: 'Lessons',
      next: 'Next',
      branches: 'Branches',
      sweep: 'Sweep',
      inside: 'Inside',
    },
  },
  {
    title: '共有',
    link: 'この文章そのものへのリンク',
    linkHint: symbols =>
      `同じモデルのある所で開けば、この ${symbols}を一字も違えず書き直します。すべてはリンクの中にあり、どこにも送られません。`,
    why: {
      empty: 'まだ文章がありません。',
      chosen:
        '人が選んだ文字があります。リンクに書けるのはシードだけなので、セッションを保存してください。',
      chains:
        '途中でサンプラーが変わっています。リンクに書けるのは一つだけなので、セッションを保存してください。',
      long: '温度が何度も動いたため、リンクが長くなりすぎます。セッションを保存してください。',
    },
    here: 'このアドレスはこのコンピューター自身のものです。Ondo のある別のコンピューターでは、リンクを下の欄に貼り付けます。',
    copyLink: 'リンクをコピー',
    citation: '出典',
    copyCitation: '出典をコピー',
    copied: 'コピーしました',
    refused: 'ブラウザーがコピーを許しません。文字を選んでコピーしてください。',
    files: 'ファイル',
    text: '文章',
    session: '分岐も含めたすべての文章',
    save: 'セッションを保存',
    open: 'セッションか実行記録を開く…',
    damaged: 'Ondo のセッションでも実行記録でもないか、壊れています。',
    run: 'https://… または ondo…',
    code: '受け取ったリンクやコード',
    codeHint: 'コードは ondo sample --code で。--save のファイルは下から開けます。',
    noCode: '実行のコードではありません。もう一度すべてコピーしてください。',
    teach: '授業のために',
    teachHint:
      '印を付けたものは、ここでも、コピーするリンクの先でも隠れます。開いているレッスンもリンクに入ります。',
    parts: {
      model: 'モデル',
      prompt: '書き出し',
      seed: 'シード',
      speed: '速さ',
      tint: '色',
      temperature: '温度',
      chain: 'サンプラー',
      train: '学習',
      lessons: 'レッスン',
      next: '次',
      branches: '分岐',
      sweep: '温度を比べる',
      inside: '内部',
    },
  },
)
export type Part = keyof (typeof words)['en']['parts']
export const PARTS = Object.keys(words.en.parts) as Part[]
