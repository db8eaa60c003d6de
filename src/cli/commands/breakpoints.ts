/** `ondo breakpoints`: all the texts of one seed, as the temperature rises from 0 to infinity. */
import { counted, InputError } from '../../errors.js'
import { yieldToEventLoop } from '../../event-loop.js'
import {
  bytesOfSteps,
  type SeedText,
  SeedTexts,
  type TemperatureChange,
} from '../../generate/index.js'
import type { NumberKnob } from '../../knob.js'
import { LENGTH, SEED, TEMPERATURE } from '../../temperature/index.js'
import { encodeBase64, printable, readableBytes, readEscapes } from '../../text/index.js'
import { splitGraphemes } from '../../text/segment.js'
import { openModel } from '../inputs/open-model.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd, width } from '../terminal/language.js'
import { promptProgress } from '../terminal/progress-line.js'

const LIMIT: NumberKnob = {
  name: 'limit',
  kind: 'whole',
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
  default: 20, // a screen
  about: { en: 'how many texts to list at most', ja: '並べる文章の上限' },
}

const LENGTH_HERE: NumberKnob = { ...LENGTH, default: 60 } // the end of each still tells them apart

interface BreakpointOptions {
  readonly prompt?: string
  readonly seed?: number | string
  readonly length?: number
  readonly from?: number
  readonly to?: number
  readonly limit?: number
  readonly json?: boolean
}

/** Columns: T from, T to, position, the change; the text's end takes what is left of 80. */
const [T_COLUMN, AT_COLUMN, CHANGE_COLUMN] = [10, 6, 9]
const END_COLUMN = 80 - 2 * (T_COLUMN + 2) - AT_COLUMN - CHANGE_COLUMN - 4

function shownT(T: number): string {
  if (T === Number.POSITIVE_INFINITY) return 'inf'
  if (T !== 0 && (T < 1e-4 || T >= 1e6)) return T.toExponential(3)
  let shown = ''
  for (let digits = 7; digits > 3; digits--) {
    shown = String(Number(T.toPrecision(digits)))
    if (shown.length <= T_COLUMN) break
  }
  return shown
}

/** The last characters that fit, on one line. */
function ending(text: string, columns: number): string {
  let end = ''
  // Only the end is segmented: the text may be long.
  for (const character of splitGraphemes(text.slice(-20 * columns)).reverse()) {
    const next = (character === ' ' ? ' ' : printable(character)) + end
    if (width(next) > columns) break
    end = next
  }
  return end
}

/** @param shown the text as it can be looked at */
function row(text: SeedText, change: TemperatureChange | undefined, shown: string): string {
  const at = change ? String(change.position).padStart(AT_COLUMN) : ' '.repeat(AT_COLUMN)
  const what = change ? `${printable(change.from.symbol)} → ${printable(change.to.symbol)}` : ''
  const [low, high] = [text.interval.low, text.interval.high].map(T => shownT(T).padStart(T_COLUMN))
  return `${low}  ${high}${at}  ${padEnd(what, CHANGE_COLUMN)}  ${ending(shown, END_COLUMN)}`.trimEnd()
}

async function run(io: Io, [name]: readonly unknown[], given: object): Promise<number> {
  const options = given as BreakpointOptions
  const { from = 0, to = Number.POSITIVE_INFINITY, limit = LIMIT.default } = options
  if (from > to) {
    throw new InputError(
      'to',
      `The temperatures go from ${from} to ${to}; expected the lower one as --from.`,
      { ja: `温度の範囲が${from}から${to}です。低いほうを--fromに指定してください。` },
    )
  }
  const model = await openModel(name)
  const { seed = SEED.default, length = LENGTH_HERE.default } = options
  const prompt = options.prompt ?? model.prompt ?? ''
  const texts = await SeedTexts.of(model, {
    ...{ prompt, seed, length },
    signal: io.interrupt,
    onPrompt: promptProgress(io),
  })
  const first = texts.at(from)
  if (!options.json) {
    const shown = JSON.stringify(prompt)
    await io.write(
      `${io.t({
        en: `The texts of seed ${seed}, ${counted(length, 'symbol')} after ${shown}:`,
        ja: `シード ${seed} で ${shown} に続く${length}文字。温度ごとの文章：`,
      })}\n${io.t({
        en: '    T from        T to    at  change     the text ends',
        ja: '   温度 >       温度 <=  位置  変化       文章の終わり',
      })}\n`,
    )
  }
  const byteModel = model.tokenizer.kind === 'byte'
  let count = 0
  let last = first
  const list = async (text: SeedText, change?: TemperatureChange): Promise<void> => {
    count++
    last = text
    const shown = byteModel ? readableBytes(bytesOfSteps(model, text.steps)) : text.text
    if (!options.json) return io.write(`${row(text, change, shown)}\n`)
    const { interval, zero, text: written, stop, stopString } = text
    const { position, from, to } = change ?? {}
    const parted = change && { change: { position, from, to } }
    const bytes = byteModel && { bytes: encodeBase64(bytesOfSteps(model, text.steps)) }
    return io.json({ ...interval, zero, ...parted, text: written, ...bytes, stop, stopString })
  }
  await list(first)
  if (count < limit && last.interval.high < to) {
    for (const change of texts.changes(from, 'up')) {
      await list(change.text, change)
      if (count >= limit || last.interval.high >= to || io.interrupt.aborted) break
      // A text is found in one go; a Ctrl-C is heard between two texts.
      await yieldToEventLoop()
    }
  }
  if (io.interrupted) return io.interruptedCode
  if (!options.json) {
    const { high } = last.interval
    const all = from === 0 && high === Number.POSITIVE_INFINITY
    io.info(
      io.stderrColors.dim(
        all
          ? io.t({
              en: `all ${count}: no temperature writes another`,
              ja: `全部で${count}。どの温度でもこれ以外は書かれない`,
            })
          : high >= to
            ? io.t({ en: `all ${count} of that range`, ja: `この範囲のすべて、${count}` })
            : io.t({
                en: `there are more above ${shownT(high)}: --from ${high}, or a higher --limit`,
                ja: `${shownT(high)} より上にまだある。--from ${high} か、--limit を大きく`,
              }),
      ),
    )
  }
  return DONE
}

export const breakpoints: CommandSpec = {
  name: 'breakpoints',
  arguments: '[model]',
  about: {
    en: 'Lists all the texts that one seed writes as the temperature rises from 0 to infinity: the range of temperatures at which each one is written, where it differs from the one before, and how it ends. The borders are exact to the last bit of a double (--json prints all digits).',
    ja: '温度を0から無限大まで上げるとき、1つのシードが書く文章をすべて並べます。それぞれについて、同じ文章になる温度の範囲、前の文章と分かれる位置、終わり方を示します。境界の温度は倍精度の最後の桁まで正確です（全桁は --json で表示）。',
  },
  examples: [
    ['ondo breakpoints', { en: 'from T = 0 upwards', ja: '温度0から上へ' }],
    [
      'ondo breakpoints --from 0.75 --to 0.85',
      { en: 'around a temperature', ja: 'ある温度の前後' },
    ],
    [
      'ondo breakpoints kokoro --prompt "私は" --seed 7 --length 30',
      { en: 'Japanese, another seed', ja: '日本語で、別のシードで' },
    ],
    [
      'ondo breakpoints --limit 5000 --json | wc -l',
      { en: 'how many texts there are', ja: '文章がいくつあるか' },
    ],
  ],
  flags: [
    flagOf(
      {
        name: 'prompt',
        kind: 'text',
        default: '',
        about: {
          en: "the text before; default: the model's own prompt",
          ja: '書き出し。省略するとモデルの既定の書き出し',
        },
      },
      { short: 'p', parse: readEscapes },
    ),
    flagOf(SEED, { short: 's' }),
    flagOf(LENGTH_HERE, { short: 'n' }),
    {
      flags: '--from <T>',
      about: { en: 'the temperature to begin at', ja: '始める温度' },
      knob: { ...TEMPERATURE, default: 0 },
    },
    {
      flags: '--to <T>',
      about: { en: 'the temperature to end at', ja: '終える温度' },
      knob: { ...TEMPERATURE, default: Number.POSITIVE_INFINITY },
    },
    flagOf(LIMIT),
    {
      flags: '--json',
      about: {
        en: 'print one line of JSON for each text, with all digits',
        ja: '文章ごとに1行のJSONを、全桁で出力する',
      },
    },
  ],
  run,
}
