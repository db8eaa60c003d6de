/** `ondo explain`: one step as a table: the odds before and after temperature, and where the random number landed. */
import { networkOf, openWriter, promptIds } from '../../generate/index.js'
import type { NumberKnob } from '../../knob.js'
import { SEED, TEMPERATURE } from '../../temperature/index.js'
import { normalizeInput, readEscapes } from '../../text/index.js'
import { openModel } from '../inputs/open-model.js'
import { explainLines } from '../reports/explain-report.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'
import { promptProgress } from '../terminal/progress-line.js'

const TOP: NumberKnob = {
  name: 'top',
  kind: 'whole',
  min: 1,
  max: 1_114_112,
  default: 10,
  about: { en: 'how many candidates to list', ja: '候補をいくつ並べるか' },
}

interface ExplainOptions {
  readonly prompt?: string
  readonly temperature?: number
  readonly seed?: number | string
  readonly top?: number
  readonly json?: boolean
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
    if (options.json) {
      await io.json({
        prompt,
        temperature,
        seed,
        candidates: top.map(c => ({ symbol: model.tokenizer.symbol(c.id), ...c })),
        others,
        entropy,
        entropyT,
        draw,
      })
      return DONE
    }
    const step = {
      top,
      others,
      drawn: all[draw.rank - 1]!,
      draw,
      entropy,
      entropyT,
      temperature,
      seed,
    }
    const lines = explainLines(step, model.tokenizer, io)
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
    en: 'Explains one step: the likeliest next symbols with their logits and probabilities before and after temperature, where the random number landed, and at which temperatures the same symbol would be drawn.',
    ja: '次の1文字がどう選ばれるかを説明します。確率の高い文字のロジット、温度の適用前後の確率、乱数が当たる文字、同じ文字が選ばれる温度の範囲を示します。',
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
          ja: 'それより前の文章。省略するとモデルの既定の書き出し',
        },
      },
      { short: 'p', parse: readEscapes },
    ),
    flagOf(TEMPERATURE, { short: 't', placeholder: 'T' }),
    flagOf(SEED, { short: 's' }),
    flagOf(TOP, { short: 'k' }),
    { flags: '--json', about: { en: 'print one line of JSON', ja: '1行のJSONで出力する' } },
  ],
  run,
}
