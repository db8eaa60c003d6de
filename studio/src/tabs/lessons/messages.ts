import { table } from '../../../shared/messages/table.js'

export interface LessonWords {
  readonly title: string
  readonly text: string
  readonly task: string
  /** Said once the task is done: what there was to see. */
  readonly seen: string
}

export const words = table(
  {
    intro:
      'Six short lessons, each with something to do at the real controls. Open one: its task stays in sight wherever it leads, and is ticked off once it is done.',
    task: 'To do',
    done: 'Done',
    numbered: (n: number) => `Lesson ${n}`,
    next: (title: string) => `Next: ${title}`,
    end: 'That was the last one',
    leave: 'Leave the lesson',
    lessons: [
      {
        title: 'What a logit is',
        text: 'For every character it knows, the network gives a number, the logit: the higher, the more it expects that character next. The exponential of each, divided by the sum of them all, is its probability: the outlined bars under Next.',
        task: 'Pause, click any character of the text, and see under Next what else could have stood there.',
        seen: 'All of these could have stood there. Outlined: the chances as the logits give them. Filled: the chances at your temperature.',
      },
      {
        title: 'What temperature does',
        text: 'All logits are divided by T before they become probabilities. Below 1 their differences grow and the favourite takes more and more; above 1 they shrink and everybody gets a share. The order never changes: compare outlined and filled bars.',
        task: 'Move the slider to 0.3 or below, then to 2 or above, and watch the bars under Next.',
        seen: 'Cold, the favourite had nearly all; hot, the others rose. Nobody changed places.',
      },
      {
        title: 'The coin',
        text: 'Chance is one number between 0 and 1 for each place of the text. It falls on the bar of cumulative probabilities, and where it falls, that character comes. The numbers follow from the seed: the same seed is the same luck.',
        task: 'Take another seed under Text, then go back to the first one, by its number or with undo (Ctrl+Z).',
        seen: 'The same seed, the same coins: at the same temperature, the same text, to the last character.',
      },
      {
        title: 'Surprise',
        text: 'A character of probability p carries −log₂ p bits of surprise. A good model is seldom surprised by its own kind of text; hot text surprises it again and again. Colours can show it.',
        task: 'Let the colours tell surprise (under Text), and write at 1.3 or hotter.',
        seen: 'The deeper and taller a colour, the less the model expected that character: most often where a word or a line could go many ways.',
      },
      {
        title: 'Another way',
        text: 'The network reads its own text. One other character, and all that follows is written after another past, though the coins are the same: the texts part.',
        task: 'Click a character and choose another one for its place. The old text stays, as a branch.',
        seen: 'Up to your choice both texts are one. ‹ 2/2 › in the margin changes over, and under Branches both stand as lines.',
      },
      {
        title: 'Why low temperature loops',
        text: 'At T near 0 there is no chance: the next character follows from the network’s state alone. A state that comes again is followed by the same text again, for ever; and likely phrases lead back to themselves. A little luck leads out.',
        task: 'Set the temperature to 0 and write until the page says that the text repeats itself (a faster speed under Text helps); then warm it to 0.5 or more.',
        seen: 'Cold, every round was drawn from the same states. Now the coins count again: one that falls beside the favourite is the way out.',
      },
    ],
    game: 'Guess the temperature',
    gameHint: 'Your model writes a passage. At which temperature?',
    begin: 'A passage',
    another: 'Another passage',
    writing: 'writing…',
    right: (T: string) => `Right: it was ${T}.`,
    wrong: (T: string) => `It was ${T}.`,
    score: (right: string, all: string) => `${right} of ${all}`,
  },
  {
    intro:
      '短い手ほどきが六つ。どれも本物の操作を使います。一つ開くと、課題はどこへ移っても見えていて、できたら印が付きます。',
    task: 'やってみる',
    done: '済み',
    numbered: n => `手ほどき ${n}`,
    next: title => `次：${title}`,
    end: 'これで全部です',
    leave: '手ほどきを閉じる',
    lessons: [
      {
        title: 'ロジットとは',
        text: 'ネットワークは知っている文字の一つひとつに数を付けます。これがロジットで、大きいほど次に来ると見ています。それぞれの指数を、その合計で割ると確率になります。「次」の枠だけの棒がそれです。',
        task: '止めて、本文のどれか一字をクリックし、ほかに何が来られたかを「次」で見てください。',
        seen: 'どの字もそこに来られました。枠はロジットのままの確率、塗りはいまの温度での確率です。',
      },
      {
        title: '温度のはたらき',
        text: '確率にする前に、すべてのロジットを T で割ります。1 より低いと差が広がり、本命の取り分が増えていきます。高いと差が縮み、みなに分け前が回ります。順位は変わりません。枠の棒と塗りの棒を比べてください。',
        task: 'スライダーを 0.3 以下に、それから 2 以上に動かし、「次」の棒を見てください。',
        seen: '冷たいと本命がほとんどを取り、熱いとほかが伸びました。順位は誰も変わっていません。',
      },
      {
        title: 'コイン',
        text: '運は、文章の場所ごとに一つ、0 から 1 の間の数です。それが累積確率の帯に落ち、落ちた所の文字が出ます。数は種から決まります。同じ種なら同じ運です。',
        task: '「本文」で別の種に替え、番号か取り消し（Ctrl+Z）で初めの種に戻してください。',
        seen: '同じ種なら同じコイン。温度が同じなら、最後の一字まで同じ文章です。',
      },
      {
        title: '意外さ',
        text: '確率 p の文字の意外さは −log₂ p ビットです。よいモデルは自分に似た文章にはめったに驚きません。熱い文章には驚いてばかりです。色で見られます。',
        task: '色が意外さを示すようにし（「本文」で）、1.3 以上で書かせてください。',
        seen: '色が濃く高いほど、モデルには意外な字です。語や行の行き先がいくつもある所に多く出ます。',
      },
      {
        title: '別の道',
        text: 'ネットワークは自分の文章を読みながら書きます。一字違えば、コインは同じでも、その先は別の過去の後に書かれます。文章は分かれていきます。',
        task: '一字をクリックして、そこに別の字を選んでください。元の文章は枝として残ります。',
        seen: '選んだ所までは一つの文章です。余白の ‹ 2/2 › で行き来でき、「枝」では二本の線になっています。',
      },
      {
        title: '低い温度はなぜ回るのか',
        text: 'T が 0 に近いと運がなくなり、次の文字はネットワークの状態だけで決まります。同じ状態がまた来れば、同じ文章が続き、終わりません。ありそうな言い回しほど自分に戻ってきます。少しの運が出口になります。',
        task: '温度を 0 にして、繰り返していると知らせが出るまで書かせ（「本文」で速くできます）、それから 0.5 以上に温めてください。',
        seen: '冷たい間は、何周しても同じ状態から書かれていました。いまはまたコインが効きます。本命の外に落ちた一枚が出口です。',
      },
    ],
    game: '温度当て',
    gameHint: 'いまのモデルが一節を書きます。何度でしょう。',
    begin: '一節を書く',
    another: '次の一節',
    writing: '書いています…',
    right: T => `正解。${T} でした。`,
    wrong: T => `${T} でした。`,
    score: (right, all) => `${all} 問中 ${right} 問`,
  },
)
