/** `ondo explain`: one step as a table: the odds before and after temperature, and where the coin fell. */
import { networkOf, openWriter, promptIds } from '../../generate/index.js'
import type { NumberKnob } from '../../knob.js'
import { type Candidate, type Interval, SEED, TEMPERATURE } from '../../temperature/index.js'
import { normalizeInput, printable, readEscapes } from '../../text/index.js'
import { openModel } from '../inputs/open-model.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'
import { EIGHTHS, promptProgress } from '../terminal/progress-line.js'

const TOP: NumberKnob = {
  name: 'top',
  kind: 'whole',
  min: 1,
  max: 1_114_112,
  default: 10,
  about: { en: 'how many candidates to list', ja: '候補をいくつ並べるか' },
}

/** Cells of a bar; the rest of the row is 52 columns. */
const BAR = 26

/** A bar of `share` of its full width, to an eighth of a cell. */
function bar(share: number): string {
  const eighths = Math.round(share * BAR * 8)
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]
}

const percent = (p: number): string => {
  const text = (100 * p).toFixed(p < 0.1 ? 2 : 1)
  return `${p > 0 && Number(text) === 0 ? '<0.01' : text}%`.padStart(8)
}

interface ExplainOptions {
  readonly prompt?: string
  readonly temperature?: number
  readonly seed?: number | string
  readonly top?: number
  readonly json?: boolean
}

const intervalText = ({ low, high }: Interval, rank: number): string => {
  const end = (T: number): string => (T === Number.POSITIVE_INFINITY ? 'inf' : T.toPrecision(4))
  return rank === 1 ? `0 <= T <= ${end(high)}` : `${end(low)} < T <= ${end(high)}`
}

async function run(io: Io, [name]: readonly unknown[], flags: object): Promise<number> {
  const options = flags as ExplainOptions
  const model = await openModel(name)
  const temperature = options.temperature ?? TEMPERATURE.default
  const seed = options.seed ?? SEED.default
  const limit = options.top ?? TOP.default
  const given = options.prompt ?? model.prompt ?? ''
  const prompt = normalizeInput(given, model.tokenizer).text
  const ids = promptIds(model, prompt)
  const network = await networkOf(model)
  const writer = await openWriter(
    model,
    network.session(),
    ids,
    { seed, intervals: true },
    { signal: io.interrupt, onProgress: promptProgress(io) },
  )
  try {
    // All of them, because the coin may fall far below the ones to be listed.
    const { top: all, entropy, entropyT } = writer.candidates(temperature, model.config.vocabulary)
    const draw = writer.next(temperature)
    const top = all.slice(0, limit)
    const sum = (key: 'p' | 'pT'): number =>
      all.slice(limit).reduce((total, c) => total + c[key], 0)
    const others = { count: all.length - top.length, p: sum('p'), pT: sum('pT') }
    const symbol = (id: number): string => printable(model.tokenizer.symbol(id))
    if (options.json) {
      await io.json({
        prompt,
        temperature: temperature === Number.POSITIVE_INFINITY ? 'inf' : temperature,
        seed,
        candidates: top.map(c => ({ symbol: model.tokenizer.symbol(c.id), ...c })),
        others,
        entropy,
        entropyT,
        draw,
      })
      return DONE
    }
    const T = temperature === Number.POSITIVE_INFINITY ? 'inf' : String(temperature)
    const row = ({ id, rank, logit, p, pT, cumulative }: Candidate): string => {
      const drawn = id === draw.id
      const line = `${drawn ? '>' : ' '}${String(rank).padStart(4)}  ${padEnd(symbol(id), 7)}${logit.toFixed(2).padStart(7)}${percent(p)}${percent(pT)}${percent(cumulative)}  ${bar(pT)}`
      return drawn ? io.stdoutColors.bold(line) : line
    }
    const lines = [
      io.t({
        en: ' rank  symbol   logit    p(1)    p(T)    C(T)',
        ja: ' 順位  文字  ロジット    p(1)    p(T)    C(T)',
      }),
      ...top.map(row),
    ]
    if (others.count > 0) {
      const word = io.t({ en: `${others.count} more`, ja: `ほか${others.count}` })
      lines.push(
        `       ${padEnd(word, 14)}${percent(others.p)}${percent(others.pT)}${percent(1)}  ${bar(others.pT)}`,
      )
    }
    if (draw.rank > limit) lines.push(row(all[draw.rank - 1]))
    lines.push(
      '',
      io.t({
        en: `entropy ${entropy.toFixed(2)} bits at 1, ${entropyT.toFixed(2)} at ${T}`,
        ja: `エントロピー　温度1で ${entropy.toFixed(2)} ビット、温度${T}で ${entropyT.toFixed(2)} ビット`,
      }),
      draw.coin === null
        ? io.t({
            en: `T = 0 reads no coin: ${symbol(draw.id)} is the most likely`,
            ja: `温度0はコインを読まない。最有力は ${symbol(draw.id)}`,
          })
        : io.t({
            en: `the coin ${draw.coin.toFixed(4)} (seed ${seed}) falls on ${symbol(draw.id)}, rank ${draw.rank}: the first C(T) that reaches it`,
            ja: `コイン ${draw.coin.toFixed(4)}（種 ${seed}）が指すのは順位 ${draw.rank} の ${symbol(draw.id)}。C(T) が初めて届く候補`,
          }),
    )
    if (draw.interval) {
      const range = intervalText(draw.interval, draw.rank)
      lines.push(io.t({ en: `the same choice for ${range}`, ja: `同じ選択になる温度 ${range}` }))
    }
    await io.write(`${lines.map(line => line.trimEnd()).join('\n')}\n`)
    return DONE
  } finally {
    writer.dispose()
  }
}

export const explain: CommandSpec = {
  name: 'explain',
  arguments: '[model]',
  about: {
    en: 'Explains one step: the likeliest next symbols with their logits and odds before and after temperature, where the coin fell, and at which temperatures it would have fallen on the same symbol.',
    ja: '一歩を説明します。次に来そうな文字のロジットと、温度をかける前後の確率、コインの落ちた場所、同じ文字が選ばれる温度の範囲。',
  },
  examples: [
    ['ondo explain --prompt "To be or not to b"', { en: 'what may follow', ja: '次に何が来るか' }],
    ['ondo explain -t 2 --top 5', { en: 'hotter, five candidates', ja: '高い温度で、候補五つ' }],
    ['ondo explain kokoro --prompt "先生"', { en: 'Japanese', ja: '日本語' }],
  ],
  flags: [
    flagOf(
      {
        name: 'prompt',
        kind: 'text',
        default: '',
        about: {
          en: "the text before the step; without it, the model's own prompt",
          ja: 'その前の文章。省略するとモデル既定の書き出し',
        },
      },
      { short: 'p', parse: readEscapes },
    ),
    flagOf(TEMPERATURE, { short: 't', placeholder: 'T' }),
    flagOf(SEED, { short: 's' }),
    flagOf(TOP, { short: 'k' }),
    { flags: '--json', about: { en: 'one JSON object', ja: 'JSONで' } },
  ],
  run,
}
