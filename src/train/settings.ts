/**
 * Every setting of training, described once: help, checks, the page's controls and the docs are
 * drawn from this table. `preset` names a whole set of defaults.
 */
import { didYouMean, InputError, quote } from '../errors.js'
import {
  type Bilingual,
  type ChoiceKnob,
  type Knob,
  type NumberKnob,
  readKnob,
  type SeedKnob,
} from '../knob.js'
import { CELLS, LIMITS, type ModelConfig, modelConfig } from '../model/config.js'
import { SPLITS } from './batches.js'
import { OPTIMIZERS } from './optimizer/index.js'
import { SCHEDULES } from './schedule.js'
import { INITIALISATIONS } from './weights.js'

const LARGEST = Number.MAX_SAFE_INTEGER

function whole(
  name: string,
  value: number,
  [min, max]: readonly [number, number],
  about: Bilingual,
): NumberKnob {
  return { name, kind: 'whole', min, max, default: value, about }
}

function real(
  name: string,
  value: number,
  [min, max]: readonly [number, number],
  about: Bilingual,
): NumberKnob {
  return { name, kind: 'number', min, max, default: value, about }
}

function choice<T extends string>(
  name: string,
  value: T,
  choices: readonly T[],
  about: Bilingual,
): ChoiceKnob<T> {
  return { name, kind: 'choice', choices, default: value, about }
}

/**
 * The settings, in the order in which help lists them. The reason for a default is on its line; where
 * the line says "by the text" or "by the width", a run without a preset takes what defaults.ts finds
 * for its text, and the value here serves where there is no rule.
 */
export const TRAIN_KNOBS = {
  cell: choice('cell', 'lstm', CELLS, {
    // LSTM: best or equal best of the three in Karpathy, Johnson & Li 2015.
    en: 'the recurrent cell',
    ja: '再帰セルの種類',
  }),
  layers: whole('layers', 2, [1, LIMITS.layers], {
    // 2: a second layer is worth more than the same weights in one; a third needs more text.
    en: 'layers, one upon another',
    ja: '重ねる層の数',
  }),
  hidden: whole('hidden', 128, [1, LIMITS.hidden], {
    // By the text. 128: char-rnn's size, so losses compare.
    en: 'units in each layer; more learn more and take longer',
    ja: '各層のユニット数。多いほどよく学び、時間もかかる',
  }),
  embedding: whole('embedding', -1, [-1, LIMITS.embedding], {
    // -1: one row a symbol costs nothing in a small alphabet and a megabyte in a Japanese one.
    en: 'width of the learned embedding; 0 one-hot; -1 one-hot up to 256 symbols, else 64',
    ja: '埋め込みの幅。0はワンホット、-1は256文字までワンホット、それ以上は64',
  }),
  activation: choice('activation', 'tanh', ['tanh', 'relu'], {
    // tanh: bounded, so a long text can't blow the state up.
    en: 'activation of the plain RNN (LSTM and GRU always use tanh)',
    ja: 'RNNの活性化関数（LSTMとGRUは常にtanh）',
  }),
  reset: choice('reset', 'after', ['after', 'before'], {
    // after: PyTorch's and cuDNN's, so that weights are exchanged as they are.
    en: "where the GRU's reset gate acts: after the product (PyTorch) or before (char-rnn)",
    ja: 'GRUのリセットゲートの位置。積の後（PyTorch）か前（char-rnn）',
  }),
  dropout: real('dropout', 0, [0, 0.95], {
    // By the text. 0: 240,000 weights on a megabyte of text hardly overfit.
    en: 'part of the units dropped behind a layer; 0.2 to 0.5 where a large model overfits',
    ja: '層の後で落とすユニットの割合。過学習する大きなモデルでは0.2〜0.5',
  }),
  dropoutAfter: choice('dropoutAfter', 'each', ['between', 'each'], {
    // each: char-rnn's; the top layer overfits as the others do. between is PyTorch's `dropout=`.
    en: 'drop between layers only, or behind each layer, the top one too',
    ja: '層の間だけで落とすか、最上層の後でも落とすか',
  }),
  ar: real('ar', 0, [0, 100], {
    // By the text.
    en: 'activation regularisation: how much the squares of the top layer count beside the loss',
    ja: '活性の正則化。損失に加える、最上層の値の二乗平均の重み',
  }),
  tar: real('tar', 0, [0, 100], {
    // 0: no difference was measured beside ar (docs/results.md); the bundled models have it.
    en: 'the same for the squares of their changes from one symbol to the next',
    ja: '時間的な活性の正則化。値が1文字ごとに変わる量の二乗平均の重み',
  }),
  init: choice('init', 'scaled', INITIALISATIONS, {
    // scaled: fits every size, where 0.08 is right for about 150 units only; and one-hot input within
    // 1 learns more in half a pass over Shakespeare than otherwise in a whole one (docs/results.md).
    en: 'initial weights: within 1/sqrt(hidden), those of one-hot input within 1; or all within 0.08 (char-rnn)',
    ja: '初期の重み。1/√hidden以内（ワンホット入力は1以内）か、すべて0.08以内（char-rnn）',
  }),
  forgetBias: real('forgetBias', 1, [-10, 10], {
    // 1: an LSTM that remembers first and learns to forget (Jozefowicz et al. 2015).
    en: "the LSTM's forget bias at the start",
    ja: 'LSTMの忘却バイアスの初期値',
  }),
  seq: whole('seq', 50, [1, 10_000], {
    // 50: char-rnn's; gradients of text rarely reach further, and updates come twice as often as at 100.
    en: 'steps through which the gradient flows back (truncated BPTT)',
    ja: '勾配をさかのぼらせる文字数（打ち切りBPTT）',
  }),
  batch: whole('batch', 50, [1, 10_000], {
    // By the text. 50: char-rnn's; the processor is well filled.
    en: 'streams of text read side by side',
    ja: '並行して読むテキストの本数',
  }),
  epochs: whole('epochs', 20, [1, 1_000_000], {
    // By the text. 20: char-rnn's 2x128 on a megabyte has its best loss at epoch 22 (docs/results.md).
    en: 'passes over the text',
    ja: 'テキスト全体を読む回数',
  }),
  steps: whole('steps', 0, [0, LARGEST], {
    // By the text. 0: epochs say it better, unless the text is longer than the time.
    en: 'stop after so many updates instead; 0 by epochs',
    ja: '更新回数で止める場合の回数。0ならepochsに従う',
  }),
  split: choice('split', 'tail', SPLITS, {
    // tail: text that training has seen no neighbour of; `striped` reads easier.
    en: "what is held out: the text's tail, or the end of every stream (char-rnn)",
    ja: '検証用に残す部分。末尾か、各ストリームの終わり（char-rnn）',
  }),
  holdout: real('holdout', 0.1, [0, 0.9], {
    // By the text. 0.1: nanoGPT's and minGRU's, so losses compare.
    en: 'part of the text held out for validation; 0 none',
    ja: '検証用に残す割合。0なら残さない',
  }),
  optimizer: choice('optimizer', 'adamw', OPTIMIZERS, {
    // adamw: forgiving of the rate; RMSProp and SGD need it tuned.
    en: 'how gradients become updates',
    ja: '勾配から更新を作る方法',
  }),
  rate: {
    ...real('rate', 4e-3, [0, 10], {
      // By the width for AdamW. 4e-3: small recurrent nets bear it under norm clipping and warm-up.
      en: 'the highest learning rate',
      ja: '学習率の最大値',
    }),
    above: true,
  },
  schedule: choice('schedule', 'cosine', SCHEDULES, {
    // cosine: no knob to tune, and the best loss comes at the end.
    en: 'how the rate falls: not, step by step (char-rnn), or as a cosine',
    ja: '学習率の下げ方。一定、段階的（char-rnn）、コサイン',
  }),
  rateFloor: real('rateFloor', 0.02, [0, 1], {
    // 0.02: the last epoch still polishes.
    en: 'cosine: the rate at the end, as a part of the highest',
    ja: 'コサインの最後の学習率（最大値に対する割合）',
  }),
  warmup: whole('warmup', 100, [0, LARGEST], {
    // By the text. 100: AdamW's averages need about 1/(1-0.99) steps before they can be trusted.
    en: 'updates over which the rate rises from 0',
    ja: '学習率を0から上げていく更新回数',
  }),
  rateDecay: real('rateDecay', 0.97, [0, 1], {
    // 0.97: char-rnn's.
    en: 'step: the rate is multiplied by it after each epoch',
    ja: '段階的な減衰で、エポックごとに掛ける係数',
  }),
  rateDecayAfter: whole('rateDecayAfter', 10, [0, 1_000_000], {
    // 10: char-rnn's.
    en: 'step: epochs at the full rate first',
    ja: '段階的な減衰を始める前のエポック数',
  }),
  beta1: real('beta1', 0.9, [0, 0.9999], {
    // 0.9: Kingma & Ba's.
    en: 'AdamW: memory of the mean gradient',
    ja: 'AdamWの勾配平均の記憶率',
  }),
  beta2: real('beta2', 0.99, [0, 0.99999], {
    // 0.99, not 0.999: runs of some thousand updates (nanoGPT's choice for characters).
    en: 'AdamW: memory of the mean squared gradient',
    ja: 'AdamWの二乗勾配平均の記憶率',
  }),
  weightDecay: real('weightDecay', 0.01, [0, 1], {
    // 0.01: PyTorch's AdamW.
    en: 'AdamW: how much matrices shrink, times the rate',
    ja: 'AdamWの重み減衰',
  }),
  rmsDecay: real('rmsDecay', 0.95, [0, 0.9999], {
    // 0.95: char-rnn's.
    en: 'RMSProp: memory of the mean squared gradient',
    ja: 'RMSPropの二乗勾配平均の記憶率',
  }),
  momentum: real('momentum', 0.9, [0, 0.9999], {
    // 0.9: the usual one.
    en: 'SGD: how much of the last update goes on',
    ja: 'SGDの慣性',
  }),
  average: real('average', 0, [0, 0.99999], {
    // 0: at the end of a cosine the weights have come to rest, and their average is no better. At a
    // constant rate 0.998 gains much (docs/results.md).
    en: 'memory of the running average of the weights, which is then validated and saved; 0 none',
    ja: '重みの移動平均の記憶率。使うと平均を検証し保存する。0なら使わない',
  }),
  clip: real('clip', 1, [0, 1_000_000], {
    // 1: gradients of text have a norm well below 1 after the start; what is above is an outlier.
    en: 'the largest gradient let through; 0 no clipping',
    ja: '勾配の上限。0なら制限しない',
  }),
  clipBy: choice('clipBy', 'norm', ['norm', 'value'], {
    // norm: keeps the direction.
    en: 'clip the norm of all gradients together, or each value (char-rnn)',
    ja: '全勾配のノルムで制限するか、値ごとに制限するか（char-rnn）',
  }),
  patience: whole('patience', 0, [0, LARGEST], {
    // By the text. 0: under a cosine the best comes at the end.
    en: 'stop after so many validations without a better one; 0 never',
    ja: '検証の損失がこの回数続けて良くならなければ止める。0なら止めない',
  }),
  seed: {
    name: 'seed',
    kind: 'seed',
    // Fixed: the same command trains the same model until somebody asks for another.
    default: 42,
    about: {
      en: 'same seed, same model: initial weights and dropout',
      ja: '同じ種なら同じモデル。初期値とドロップアウトを決める',
    },
  } satisfies SeedKnob,
  evaluateEvery: whole('evaluateEvery', 0, [0, LARGEST], {
    // By the text. 0: once an epoch reads a tenth of the text, forward only.
    en: 'updates from one validation to the next; 0 once an epoch',
    ja: '検証の間隔（更新回数）。0ならエポックごと',
  }),
  checkpointEvery: whole('checkpointEvery', 200, [1, LARGEST], {
    // 200: at 2x256 on two cores half a minute of work is lost at most.
    en: 'updates from one checkpoint to the next',
    ja: '途中保存の間隔（更新回数）',
  }),
} as const

type Table = typeof TRAIN_KNOBS
type ValueOf<K> = K extends ChoiceKnob<infer T> ? T : K extends SeedKnob ? number | string : number

/** Settings that have been checked, every one present. */
export type TrainSettings = { readonly [Name in keyof Table]: ValueOf<Table[Name]> }

/** char-rnn's defaults, exactly (train.lua of 2016). */
const CHAR_RNN: Partial<TrainSettings> = {
  cell: 'lstm',
  layers: 2,
  hidden: 128,
  embedding: 0,
  reset: 'before',
  dropout: 0,
  dropoutAfter: 'each',
  init: 'uniform',
  forgetBias: 1,
  seq: 50,
  batch: 50,
  epochs: 50,
  split: 'striped',
  holdout: 0.05,
  optimizer: 'rmsprop',
  rate: 2e-3,
  schedule: 'step',
  warmup: 0,
  rateDecay: 0.97,
  rateDecayAfter: 10,
  rmsDecay: 0.95,
  clip: 5,
  clipBy: 'value',
}

export const PRESETS: Readonly<Record<string, Partial<TrainSettings>>> = {
  'char-rnn': CHAR_RNN,
}

/**
 * Checks settings from anywhere and fills the rest from the preset, then from the table.
 * @param given values as numbers or as a command line's text
 * @throws InputError naming the setting, what came and what is allowed
 */
export function trainSettings(
  given: Readonly<Record<string, unknown>> = {},
  preset?: string,
): TrainSettings {
  if (preset !== undefined && !Object.hasOwn(PRESETS, preset)) {
    throw new InputError(
      'preset',
      `The preset is ${quote(preset)}; expected ${Object.keys(PRESETS).join(' or ')}.${didYouMean(preset, Object.keys(PRESETS))}`,
    )
  }
  const names = Object.keys(TRAIN_KNOBS)
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) {
      throw new InputError(
        'setting',
        `There is no training setting ${quote(name)}.${didYouMean(name, names)}`,
      )
    }
  }
  const base: Readonly<Record<string, unknown>> = preset === undefined ? {} : PRESETS[preset]
  const settings: Record<string, unknown> = {}
  for (const [name, knob] of Object.entries<Knob>(TRAIN_KNOBS)) {
    settings[name] = readKnob(knob, given[name] ?? base[name] ?? knob.default)
  }
  return settings as TrainSettings
}

/** Widest alphabet for which `embedding: -1` means one-hot: all bytes, every European script. */
const ONE_HOT_SYMBOLS = 256
const DEFAULT_EMBEDDING = 64

/** E of the model: what `embedding: -1` means for V symbols. */
export function embeddingWidth(settings: TrainSettings, vocabulary: number): number {
  if (settings.embedding >= 0) return settings.embedding
  return vocabulary <= ONE_HOT_SYMBOLS ? 0 : DEFAULT_EMBEDDING
}

/** The model that settings describe for a vocabulary of V. */
export function configOf(settings: TrainSettings, vocabulary: number): ModelConfig {
  return modelConfig({
    cell: settings.cell,
    vocabulary,
    embedding: embeddingWidth(settings, vocabulary),
    hidden: settings.hidden,
    layers: settings.layers,
    activation: settings.activation,
    reset: settings.reset,
    dropout: settings.dropout,
  })
}
