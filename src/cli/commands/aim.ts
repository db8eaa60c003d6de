/** `ondo aim`: the temperature for a wanted share of non-words, of repeats, or of surprise. */
import { InputError, shorten } from '../../errors.js'
import { readNumber } from '../../knob.js'
import {
  AIM_SEED,
  type AimMeasure,
  type AimResult,
  aim as aimAt,
  SWEEP_LENGTH,
  storedMeasures,
} from '../../measure/index.js'
import { sweepPool } from '../../node/sweep-pool.js'
import { CHAIN_FLAG, PROMPT_FLAG, THREADS_FLAG } from '../flags.js'
import { READING_FLAGS } from '../inputs/corpus.js'
import { openModel } from '../inputs/open-model.js'
import { openTrainingText } from '../inputs/training-text.js'
import { AimProgress, aimReport } from '../reports/aim-report.js'
import { type CommandSpec, flagOf } from '../spec.js'
import { DONE, type Io } from '../terminal/io.js'

/** `2%` or `0.02`. @throws InputError */
function readShare(text: string): number {
  const percent = /^([^%]*)%$/.exec(text.trim())
  const value = percent ? readNumber(percent[1]!) / 100 : readNumber(text)
  if (!(value >= 0 && value <= 1)) {
    throw new InputError(
      'aim',
      `The share is "${shorten(text)}"; expected one from 0% to 100%, such as 2% or 0.02.`,
    )
  }
  return value
}

function readBits(text: string): number {
  const value = readNumber(text)
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InputError(
      'aim',
      `The bits are "${shorten(text)}"; expected a number from 0, such as 1.5.`,
    )
  }
  return value
}

interface AimFlags {
  readonly spelling?: number
  readonly repetition?: number
  readonly surprisal?: number
  readonly entropy?: number
  readonly seed?: number | string
  readonly length?: number
  readonly prompt?: string
  readonly chain?: string
  readonly corpus?: readonly string[]
  readonly encoding?: string
  readonly raw?: boolean
  readonly threads?: number
  readonly json?: boolean
}

function targetOf(flags: AimFlags): [AimMeasure, number] {
  const names = ['spelling', 'repetition', 'surprisal', 'entropy'] as const
  const given = names.filter(name => flags[name] !== undefined)
  const [measure] = given
  if (measure === undefined || given.length > 1) {
    const came = given.length === 0 ? 'none came' : `${given.map(n => `--${n}`).join(' and ')} came`
    throw new InputError(
      'argument',
      `ondo aim needs one thing to aim at (--spelling 2%, --repetition 5%, --surprisal 1.5 or --entropy 1.2); ${came}.`,
    )
  }
  return [measure, flags[measure] as number]
}

async function run(io: Io, [name]: readonly unknown[], given: object): Promise<number> {
  const flags = given as AimFlags
  const [measure, target] = targetOf(flags)
  const model = await openModel(name)
  const corpus = flags.corpus && (await openTrainingText(model, flags.corpus, flags, io))
  const filter = storedMeasures(model).filter ?? corpus?.measures().filter
  const { prompt, chain, threads } = flags
  const length = flags.length ?? SWEEP_LENGTH.default
  const signal = io.interrupt
  const options = { prompt, chain, length, filter, signal, proofSteps: 0 }
  const pool = await sweepPool(model, 1000, { ...options, threads })
  const progress = new AimProgress(io, measure)
  let result: AimResult | undefined
  try {
    const events = aimAt(model, {
      ...options,
      measure,
      target,
      seed: flags.seed ?? AIM_SEED.default,
      run: cell => {
        progress.text(cell)
        return pool.run(cell)
      },
      concurrency: pool.concurrency,
    })
    for await (const event of events) {
      progress.report(event)
      if (event.type === 'end') result = event.result
    }
  } catch (error) {
    if (signal.aborted) return io.interruptedCode
    throw error
  } finally {
    progress.clear()
    await pool.close()
  }
  if (!result) return io.interruptedCode
  if (flags.json) await io.json({ model: model.hash, length, ...result })
  else await io.write(aimReport(result, length, io))
  return DONE
}

export const aim: CommandSpec = {
  name: 'aim',
  arguments: '[model]',
  about: {
    en: 'Finds the temperature for a goal: a share of misspelt words, a share of repetition, or bits of surprisal or entropy a character. It writes texts, narrows the range by bisection, and gives a confidence interval. A goal that no temperature reaches is refused with the range that can be reached.',
    ja: '目標に合う温度を求めます。目標は、綴り誤りの割合、反復の割合、1文字あたりの意外さまたはエントロピー（ビット）です。文章を書かせながら二分法で範囲を狭め、信頼区間も示します。どの温度でも届かない目標は、届く範囲を示してエラーにします。',
  },
  examples: [
    [
      'ondo aim shakespeare --spelling 2%',
      { en: 'a misprint now and then', ja: 'たまに誤植がある程度' },
    ],
    ['ondo aim kokoro --surprisal 4', { en: 'as surprising as 4 bits', ja: '4ビットの意外さ' }],
    ['ondo aim runs/book --repetition 5%', { en: 'some repetition', ja: '少し繰り返す程度' }],
  ],
  flags: [
    {
      flags: '--spelling <SHARE>',
      about: {
        en: 'share of words (in Japanese: 4-grams) that the training text lacks',
        ja: '学習文にない語（日本語では4文字連鎖）の割合',
      },
      parse: readShare,
      range: { en: '0% to 100%', ja: '0%〜100%' },
    },
    {
      flags: '--repetition <SHARE>',
      about: {
        en: 'share of 8-grams of characters that occurred before in the text',
        ja: '文章内で既出の8文字連鎖の割合',
      },
      parse: readShare,
      range: { en: '0% to 100%', ja: '0%〜100%' },
    },
    {
      flags: '--surprisal <BITS>',
      about: {
        en: 'surprisal of a character, by the model at T = 1',
        ja: '1文字あたりの意外さ。温度1のモデルで計算する',
      },
      parse: readBits,
    },
    {
      flags: '--entropy <BITS>',
      about: {
        en: 'entropy of the distribution at the temperature',
        ja: '各温度での分布のエントロピー',
      },
      parse: readBits,
    },
    flagOf(SWEEP_LENGTH, { short: 'n' }),
    flagOf(AIM_SEED, { short: 's' }),
    PROMPT_FLAG,
    CHAIN_FLAG,
    {
      flags: '--corpus <FILE>',
      about: {
        en: 'the training text, for a model file without a spelling filter',
        ja: '学習に使ったテキスト。綴りのフィルターがないモデルで必要',
      },
      repeat: true,
    },
    THREADS_FLAG,
    {
      flags: '--json',
      about: { en: 'print the answer as one line of JSON', ja: '結果を1行のJSONで出力する' },
    },
    ...READING_FLAGS,
  ],
  run,
}
