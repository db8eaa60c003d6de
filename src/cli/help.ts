/** Help that teaches: examples first, then each option with its range and default; 80 columns. */
import { type Bilingual, formatNumber, type Knob } from '../knob.js'
import { VERSION } from '../version.js'
import type { CommandSpec, Flag } from './spec.js'
import type { Io } from './terminal/io.js'
import { padEnd, unbroken, width, wrap } from './terminal/language.js'

const WIDTH = 80
/** Column in which the notes of examples begin. */
const NOTES = 46

const HEADINGS = {
  usage: { en: 'Usage', ja: '使い方' },
  examples: { en: 'Examples', ja: '例' },
  options: { en: 'Options', ja: 'オプション' },
  commands: { en: 'Commands', ja: 'コマンド' },
  default: { en: 'default', ja: '既定値' },
} satisfies Record<string, Bilingual>

/** `0 to inf`, `>0 to 1`, `rnn | gru | lstm`: what may stand there, short enough for help. */
function shortRange(knob: Knob, io: Io): string {
  if (knob.kind === 'choice') return knob.choices.join(' | ')
  if (knob.kind === 'text' || knob.kind === 'flag') return ''
  if (knob.kind === 'seed') return io.t({ en: '0 to 2^64 - 1', ja: '0〜2^64 - 1' })
  const from = `${knob.above ? '>' : ''}${knob.min}`
  if (knob.max === Number.POSITIVE_INFINITY || knob.max >= Number.MAX_SAFE_INTEGER) {
    const open = knob.kind === 'number' ? 'inf' : ''
    return io.t({
      en: open ? `${from} to inf` : `${from} or more`,
      ja: open ? `${from}〜inf` : `${from}以上`,
    })
  }
  return io.t({ en: `${from} to ${knob.max}`, ja: `${from}〜${knob.max}` })
}

function limitsOf(flag: Flag, io: Io): string {
  const range = flag.range ? io.t(flag.range) : flag.knob ? shortRange(flag.knob, io) : ''
  const value = flag.default ?? (flag.knob?.kind === 'flag' ? undefined : flag.knob?.default)
  const said =
    typeof value === 'object'
      ? io.t(value)
      : typeof value === 'number'
        ? formatNumber(value)
        : value
  const shown = said === undefined || said === '' ? '' : `${io.t(HEADINGS.default)} ${said}`
  const parts = [range, shown].filter(part => part !== '')
  // Breaks, if it must, between range and default only.
  const bound = parts.map(unbroken).join('; ')
  return bound === '' ? '' : ` [${bound}]`
}

/** Two columns; a left part too wide for its column stands on a line of its own. */
function table(rows: readonly (readonly [left: string, right: string])[], column: number): string {
  let text = ''
  for (const [left, right] of rows) {
    const lines = wrap(right, WIDTH - column)
    if (width(left) + 2 > column) text += `${left}\n`
    else text += `${padEnd(left, column)}${lines.shift()}\n`
    for (const line of lines) text += `${' '.repeat(column)}${line}\n`
  }
  return text
}

const heading = (text: Bilingual, io: Io): string => `\n${io.stdoutColors.bold(io.t(text))}\n`

function exampleRows(examples: CommandSpec['examples'], io: Io): string {
  let text = ''
  for (const [command, what] of examples) {
    const line = `  ${command}`
    const note = io.t(what)
    if (note === '') text += `${io.stdoutColors.cyan(line)}\n`
    else if (width(line) < NOTES && NOTES + width(note) <= WIDTH) {
      text += `${io.stdoutColors.cyan(padEnd(line, NOTES))}${note}\n`
    } else {
      text += `${io.stdoutColors.cyan(line)}\n`
      for (const wrapped of wrap(note, WIDTH - 6)) text += `      ${wrapped}\n`
    }
  }
  return text
}

/** `-t, --temperature <T>` as `-t, --temperature T`, long names in one column. */
function flagLabel(flag: Flag): string {
  const label = flag.flags.replaceAll(/[<>]/g, '')
  return label.startsWith('--') ? `      ${label}` : `  ${label}`
}

/** `ondo eval MODEL TEXT... [options]`. */
export const usageOf = ({ name, arguments: given }: CommandSpec): string =>
  ['ondo', name, given.replaceAll(/[<>]/g, '').toUpperCase(), '[options]'].filter(Boolean).join(' ')

export function commandHelp(spec: CommandSpec, flags: readonly Flag[], io: Io): string {
  let text = `${io.stdoutColors.bold(io.t(HEADINGS.usage))}  ${usageOf(spec)}\n\n`
  for (const line of wrap(io.t(spec.about), WIDTH)) text += `${line}\n`
  text += heading(HEADINGS.examples, io) + exampleRows(spec.examples, io)
  let group: Bilingual | undefined = HEADINGS.options
  text += heading(HEADINGS.options, io)
  let rows: [string, string][] = []
  for (const flag of flags) {
    if (flag.group && flag.group !== group) {
      text += table(rows, 28)
      rows = []
      // A first flag with a heading of its own: no empty "Options" above it.
      if (text.endsWith(heading(HEADINGS.options, io))) {
        text = text.slice(0, -heading(HEADINGS.options, io).length)
      }
      text += heading(flag.group, io)
      group = flag.group
    }
    rows.push([flagLabel(flag), io.t(flag.about) + limitsOf(flag, io)])
  }
  text += table(rows, 28)
  if (spec.notes) {
    text += '\n'
    for (const line of io.t(spec.notes).split('\n')) text += `${wrap(line, WIDTH).join('\n')}\n`
  }
  return text
}

export interface CommandSummary {
  readonly name: string
  readonly about: Bilingual
}

export function mainHelp(commands: readonly CommandSummary[], io: Io): string {
  const about: Bilingual = {
    en: 'Small recurrent text models: train one on your own text, and steer what it writes with temperature.',
    ja: '小さな再帰型の言語モデルを手元のテキストで学習させ、温度で文章の書かれ方を調整します。',
  }
  const examples: CommandSpec['examples'] = [
    ['ondo sample', { en: 'writes Shakespeare at once', ja: 'すぐにシェイクスピア風の文を書く' }],
    [
      'ondo sample --temperature 0.2',
      { en: 'safe, soon repetitive', ja: '手堅く、やがて繰り返し' },
    ],
    ['ondo sample --temperature 1.5', { en: 'inventive, misspelt', ja: '奔放で、綴りは崩れる' }],
    [
      'ondo train book.txt --out runs/book',
      { en: 'a model of your own text', ja: '手元のテキストでモデルを作る' },
    ],
    [
      'ondo sample runs/book --prompt "Once "',
      { en: 'write with that model', ja: 'そのモデルに書かせる' },
    ],
    [
      'ondo studio',
      { en: 'the same in a web page, with a slider', ja: 'Webページで、スライダーを動かしながら' },
    ],
  ]
  let text = `${io.stdoutColors.bold('ondo')} ${VERSION}\n\n${wrap(io.t(about), WIDTH).join('\n')}\n`
  text += heading(HEADINGS.examples, io) + exampleRows(examples, io)
  text += heading(HEADINGS.commands, io)
  text += table(
    commands.map(({ name, about: what }) => [`  ${name}`, io.t(what)]),
    15,
  )
  text += `\n${io.t({
    en: 'See `ondo COMMAND --help`. Text goes to stdout, everything else to stderr.',
    ja: '詳しくは `ondo コマンド --help`。本文は標準出力、それ以外は標準エラーへ。',
  })}\n`
  return text
}
