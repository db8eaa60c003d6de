/**
 * The table of all training settings, from which help, checks, the page's controls and the docs are made.
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
 * The settings, in the order of the help. The reason for a default is on its line. Where the line says
 * "from the text" or "from the width", a run without a preset takes its default from defaults.ts, and the
 * value here applies otherwise.
 */
export const TRAIN_KNOBS = {
  cell: choice('cell', 'lstm', CELLS, {
    // LSTM: best or equal best of the three in Karpathy, Johnson & Li 2015.
    en: 'the recurrent cell',
    ja: '再帰セルの種類',
  }),
  layers: whole('layers', 2, [1, LIMITS.layers], {
    // 2: a second layer is better than the same number of weights in one; a third needs more text.
    en: 'number of stacked layers',
    ja: '重ねる層の数',
  }),
  hidden: whole('hidden', 128, [1, LIMITS.hidden], {
    // Chosen from the text. 128: char-rnn's size, so losses compare.
    en: 'units in each layer; more learn more and take longer',
    ja: '各層のユニット数。多いほどよく学び、時間もかかる',
  }),
  embedding: whole('embedding', -1, [-1, LIMITS.embedding], {
    // -1: one row a symbol costs nothing in a small alphabet and a megabyte in a Japanese one.
    en: 'width of the learned embedding; 0 one-hot; -1 one-hot up to 256 symbols, else 64',
    ja: '埋め込みの幅。0はワンホット、-1は256文字までワンホット、それ以上は64',
  }),
  activation: choice('activation', 'tanh', ['tanh', 'relu'], {
    // tanh: bounded, so the state can't grow without limit.
    en: 'activation of the plain RNN (LSTM and GRU always use tanh)',
    ja: 'RNNの活性化関数（LSTMとGRUは常にtanh）',
  }),
  reset: choice('reset', 'after', ['after', 'before'], {
    // after: as in PyTorch and cuDNN, so that weights can be exchanged.
    en: "where the GRU's reset gate acts: after the product (PyTorch) or before (char-rnn)",
    ja: 'GRUのリセットゲートの位置。積の後（PyTorch）か前（char-rnn）',
  }),
  dropout: real('dropout', 0, [0, 0.95], {
    // Chosen from the text. 0: 240,000 weights on a megabyte of text hardly overfit.
    en: 'share of the units dropped after a layer; 0.2 to 0.5 where a large model overfits',
    ja: '層の後で落とすユニットの割合。過学習する大きなモデルでは0.2〜0.5',
  }),
  dropoutAfter: choice('dropoutAfter', 'each', ['between', 'each'], {
    // each: as in char-rnn; the top layer overfits too. between is PyTorch's `dropout=`.
    en: 'drop between layers only, or after each layer, including the top one',
    ja: '層の間だけで落とすか、最上層の後でも落とすか',
  }),
  ar: real('ar', 0, [0, 100], {
    // Chosen from the text.
    en: 'activation regularisation: weight of the mean square of the top layer, added to the loss',
    ja: '活性の正則化。損失に加える、最上層の値の二乗平均の重み',
  }),
  tar: real('tar', 0, [0, 100], {
    // 0: no effect was measured in addition to ar (docs/results.md); the bundled models use it.
    en: 'the same for the mean square of the changes from one symbol to the next',
    ja: '時間的な活性の正則化。値が1文字ごとに変わる量の二乗平均の重み',
  }),
  init: choice('init', 'scaled', INITIALISATIONS, {
    // scaled: suits every size, while 0.08 is right for about 150 units only; with one-hot input weights
    // within 1, half an epoch on Shakespeare learns more than a whole one otherwise (docs/results.md).
    en: 'initial weights: within 1/sqrt(hidden), those of one-hot input within 1; or all within 0.08 (char-rnn)',
    ja: '初期の重み。1/√hidden以内（ワンホット入力は1以内）か、すべて0.08以内（char-rnn）',
  }),
  forgetBias: real('forgetBias', 1, [-10, 10], {
    // 1: the LSTM keeps its state at first and learns to forget (Jozefowicz et al. 2015).
    en: "the LSTM's initial forget bias",
    ja: 'LSTMの忘却バイアスの初期値',
  }),
  seq: whole('seq', 50, [1, 10_000], {
    // 50: as in char-rnn; gradients rarely reach further, and there are twice as many updates as at 100.
    en: 'number of steps of backpropagation through time (truncated BPTT)',
    ja: '勾配をさかのぼらせる文字数（打ち切りBPTT）',
  }),
  batch: whole('batch', 50, [1, 10_000], {
    // Chosen from the text. 50: as in char-rnn; large enough to use the processor well.
    en: 'number of parallel text streams',
    ja: '並行して読むテキストの本数',
  }),
  epochs: whole('epochs', 20, [1, 1_000_000], {
    // Chosen from the text. 20: char-rnn's 2x128 on a megabyte has its best loss at epoch 22 (docs/results.md).
    en: 'passes over the text',
    ja: 'テキスト全体を読む回数',
  }),
  steps: whole('steps', 0, [0, LARGEST], {
    // Chosen from the text. 0: epochs are clearer, unless the text is too long for one.
    en: 'number of updates, in place of epochs; 0 uses epochs',
    ja: '更新回数で止める場合の回数。0ならepochsに従う',
  }),
  split: choice('split', 'tail', SPLITS, {
    // tail: no training text lies next to it; the loss of `striped` is lower.
    en: "the held-out part: the text's tail, or the end of every stream (char-rnn)",
    ja: '検証用に残す部分。末尾か、各ストリームの終わり（char-rnn）',
  }),
  holdout: real('holdout', 0.1, [0, 0.9], {
    // Chosen from the text. 0.1: as in nanoGPT and minGRU, so losses can be compared.
    en: 'share of the text held out for validation; 0 none',
    ja: '検証用に残す割合。0なら残さない',
  }),
  optimizer: choice('optimizer', 'adamw', OPTIMIZERS, {
    // adamw: works over a wide range of rates; RMSProp and SGD need a tuned one.
    en: 'the optimizer',
    ja: '勾配から更新を作る方法',
  }),
  rate: {
    ...real('rate', 4e-3, [0, 10], {
      // Chosen from the width for AdamW. 4e-3: stable for small recurrent networks with norm clipping and warm-up.
      en: 'the highest learning rate',
      ja: '学習率の最大値',
    }),
    above: true,
  },
  schedule: choice('schedule', 'cosine', SCHEDULES, {
    // cosine: nothing to tune, and the best loss comes at the end.
    en: 'schedule of the learning rate: constant, stepwise (char-rnn), or cosine',
    ja: '学習率の下げ方。一定、段階的（char-rnn）、コサイン',
  }),
  rateFloor: real('rateFloor', 0.02, [0, 1], {
    // 0.02: the last epoch still improves the loss.
    en: 'cosine: the final rate, as a share of the highest',
    ja: 'コサインの最後の学習率（最大値に対する割合）',
  }),
  warmup: whole('warmup', 100, [0, LARGEST], {
    // Chosen from the text. 100: AdamW's averages need about 1/(1-0.99) steps to become reliable.
    en: 'updates over which the rate rises from 0',
    ja: '学習率を0から上げていく更新回数',
  }),
  rateDecay: real('rateDecay', 0.97, [0, 1], {
    // 0.97: char-rnn's.
    en: 'step: factor of the rate after each epoch',
    ja: '段階的な減衰で、エポックごとに掛ける係数',
  }),
  rateDecayAfter: whole('rateDecayAfter', 10, [0, 1_000_000], {
    // 10: char-rnn's.
    en: 'step: number of first epochs at the full rate',
    ja: '段階的な減衰を始める前のエポック数',
  }),
  beta1: real('beta1', 0.9, [0, 0.9999], {
    // 0.9: Kingma & Ba's.
    en: 'AdamW: decay of the mean gradient',
    ja: 'AdamWの勾配の移動平均の減衰率',
  }),
  beta2: real('beta2', 0.99, [0, 0.99999], {
    // 0.99, not 0.999: runs of some thousand updates (nanoGPT's choice for characters).
    en: 'AdamW: decay of the mean squared gradient',
    ja: 'AdamWの勾配の二乗の移動平均の減衰率',
  }),
  weightDecay: real('weightDecay', 0.01, [0, 1], {
    // 0.01: PyTorch's AdamW.
    en: 'AdamW: weight decay of matrices, times the rate',
    ja: 'AdamWの重み減衰',
  }),
  rmsDecay: real('rmsDecay', 0.95, [0, 0.9999], {
    // 0.95: char-rnn's.
    en: 'RMSProp: decay of the mean squared gradient',
    ja: 'RMSPropの勾配の二乗の移動平均の減衰率',
  }),
  momentum: real('momentum', 0.9, [0, 0.9999], {
    // 0.9: the usual one.
    en: 'SGD: momentum',
    ja: 'SGDのモーメンタム',
  }),
  average: real('average', 0, [0, 0.99999], {
    // 0: at the end of a cosine the weights hardly change, and their average is no better. At a constant
    // rate, 0.998 gains much (docs/results.md).
    en: 'decay of the running average of the weights, which is then validated and saved; 0 none',
    ja: '重みの移動平均の減衰率。使うと平均を検証し保存する。0なら使わない',
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
    // Chosen from the text. 0: with a cosine schedule, the best loss comes at the end.
    en: 'stop after so many validations without a better one; 0 never',
    ja: '検証の損失がこの回数続けて良くならなければ止める。0なら止めない',
  }),
  seed: {
    name: 'seed',
    kind: 'seed',
    // Fixed, so that the same command trains the same model.
    default: 42,
    about: {
      en: 'seed of the initial weights and dropout; the same seed gives the same model',
      ja: '乱数のシード。初期値とドロップアウトを決め、同じシードなら同じモデルになる',
    },
  } satisfies SeedKnob,
  evaluateEvery: whole('evaluateEvery', 0, [0, LARGEST], {
    // Chosen from the text. 0: once an epoch, a forward pass over a tenth of the text.
    en: 'updates from one validation to the next; 0 once an epoch',
    ja: '検証の間隔（更新回数）。0ならエポックごと',
  }),
  checkpointEvery: whole('checkpointEvery', 200, [1, LARGEST], {
    // 200: at 2x256 on two cores half a minute of work is lost at most.
    en: 'updates from one checkpoint to the next',
    ja: 'チェックポイントの間隔（更新回数）',
  }),
} as const

type Table = typeof TRAIN_KNOBS
type ValueOf<K> = K extends ChoiceKnob<infer T> ? T : K extends SeedKnob ? number | string : number

/** Checked and complete settings. */
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
 * Checks settings and fills in the rest from the preset, then from the table.
 * @param given numbers, or text from a command line
 * @throws InputError naming the setting, its value and the allowed values
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

/** Largest vocabulary for which `embedding: -1` means one-hot: all bytes, every European script. */
const ONE_HOT_SYMBOLS = 256
const DEFAULT_EMBEDDING = 64

/** E of the model for V symbols, with `embedding: -1` resolved. */
export function embeddingWidth(settings: TrainSettings, vocabulary: number): number {
  if (settings.embedding >= 0) return settings.embedding
  return vocabulary <= ONE_HOT_SYMBOLS ? 0 : DEFAULT_EMBEDDING
}

/** The model configuration for these settings and a vocabulary of V symbols. */
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
