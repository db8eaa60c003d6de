/**
 * The configuration of a model: its cell, its sizes, the names and shapes of its tensors.
 *
 * Dimensions, here and everywhere: B streams in a batch, T steps in time, E width of the embedding,
 * H hidden units a layer, L layers, V symbols in the vocabulary. G is the number of gates of a cell
 * (RNN 1, GRU 3, LSTM 4).
 */
import { InputError, quote } from '../errors.js'

/** The cells. CONTRIBUTING.md lists the places of one: twin, training graph, kernel. */
export const CELLS = ['rnn', 'gru', 'lstm'] as const
export type CellKind = (typeof CELLS)[number]

export interface ModelConfig {
  readonly cell: CellKind
  /** V, symbols in the vocabulary. */
  readonly vocabulary: number
  /** E, width of the learned embedding; 0 means one-hot input (E is then V). */
  readonly embedding: number
  /** H, hidden units in each layer. */
  readonly hidden: number
  /** L, layers. */
  readonly layers: number
  /** Activation of the plain RNN; LSTM and GRU always use tanh. */
  readonly activation: 'tanh' | 'relu'
  /**
   * Where a GRU applies its reset gate: `after`, to the product Un h + bn (PyTorch), or `before`, to h
   * itself (Cho et al. 2014, char-rnn).
   */
  readonly reset: 'after' | 'before'
  /**
   * Function of the gates of a GRU or LSTM; absent means `sigmoid`. `hard-fifth` is Keras 1 and 2's
   * hard_sigmoid, min(1, max(0, x/5 + 1/2)); `hard-sixth` is that of Keras 3, min(1, max(0, x/6 + 1/2)).
   */
  readonly gates?: GateKind
  /**
   * An id that begins an independent text: reading it sets the state to zero first, or empties the
   * window. Absent in a model of one continuous text.
   */
  readonly restart?: number
  /**
   * N: each prediction reads the last N ids from a zero state, as in models that were trained on
   * windows. Absent: the state goes on from id to id.
   */
  readonly window?: number
  /**
   * An id that fills a window with fewer than N ids, before them. It is never drawn. Only with `window`;
   * absent: a window at the beginning of a text is shorter.
   */
  readonly padding?: number
  /**
   * What the output layer reads beside the top layer's h: with `true` the embedding of the symbol (where
   * one is learned) and h of every layer, one after the other (skip connections: Graves, "Generating
   * sequences with recurrent neural networks", 2013). Absent means `false`.
   */
  readonly skip?: boolean
  /**
   * With `true` the output layer reads an average over the window in place of the last step: the vectors
   * s_t that it would read, weighted by softmax_t(w s_t). Only with `window`; absent means `false`.
   */
  readonly attention?: boolean
  /**
   * ε, added to every probability before temperature acts, in models that were always sampled so
   * (textgenrnn: 1e-7). The loss of a text does not include it.
   */
  readonly smoothing?: number
  /**
   * 8: the matrices are whole numbers from -127 to 127 times a scale a row, and h is rounded to whole
   * numbers before each product (quantize.ts). Absent: float32.
   */
  readonly bits?: 8
  /** Dropout probability of training; sampling applies no dropout. */
  readonly dropout: number
}

export const GATE_KINDS = ['sigmoid', 'hard-fifth', 'hard-sixth'] as const
export type GateKind = (typeof GATE_KINDS)[number]

/** Slopes of the piecewise linear gates. */
export const GATE_SLOPES: Record<Exclude<GateKind, 'sigmoid'>, number> = {
  'hard-fifth': 0.2,
  'hard-sixth': 1 / 6,
}

/** The gate function of a config. Source: Keras' `hard_sigmoid` (2.x: slope 1/5, 3.x: slope 1/6). */
export function gateFunction(gates: GateKind = 'sigmoid'): (x: number) => number {
  if (gates === 'sigmoid') return sigmoid
  const slope = GATE_SLOPES[gates]
  return x => Math.min(1, Math.max(0, slope * x + 0.5))
}

/** 1 / (1 + e^-x) */
function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** Blocks of H rows in a cell's weights, in PyTorch's order: LSTM i f g o, GRU r z n. */
export const GATES: Record<CellKind, number> = { rnn: 1, gru: 3, lstm: 4 }

/** Upper limits: far above any useful size, and low enough to refuse a hostile file early. */
export const LIMITS = {
  vocabulary: 1_114_112,
  hidden: 16_384,
  layers: 64,
  embedding: 16_384,
  window: 65_536,
  smoothing: 0.1,
} as const

function wholeIn(name: string, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new InputError(
      'config',
      `The model's ${name} is ${quote(value)}; expected a whole number from ${low} to ${high}.`,
    )
  }
  return value
}

function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) {
    throw new InputError(
      'config',
      `The model's ${name} is ${quote(value)}; expected ${allowed.join(' or ')}.`,
    )
  }
  return value as T
}

/**
 * Checks a config of any origin (options, a file) and fills in defaults: embedding 0, activation tanh,
 * reset after, dropout 0.
 * @throws InputError naming the field, what came and what is allowed
 */
export function modelConfig(value: Partial<Record<keyof ModelConfig, unknown>>): ModelConfig {
  const dropout = value.dropout ?? 0
  if (typeof dropout !== 'number' || !(dropout >= 0 && dropout < 1)) {
    throw new InputError(
      'config',
      `The model's dropout is ${quote(dropout)}; expected a number from 0 up to, not including, 1.`,
    )
  }
  const vocabulary = wholeIn('vocabulary', value.vocabulary, 1, LIMITS.vocabulary)
  return {
    cell: oneOf('cell', value.cell, CELLS),
    vocabulary,
    embedding: wholeIn('embedding', value.embedding ?? 0, 0, LIMITS.embedding),
    hidden: wholeIn('hidden', value.hidden, 1, LIMITS.hidden),
    layers: wholeIn('layers', value.layers, 1, LIMITS.layers),
    activation: oneOf('activation', value.activation ?? 'tanh', ['tanh', 'relu'] as const),
    reset: oneOf('reset', value.reset ?? 'after', ['after', 'before'] as const),
    ...(value.gates !== undefined &&
      value.gates !== 'sigmoid' && { gates: oneOf('gates', value.gates, GATE_KINDS) }),
    ...(value.restart !== undefined && {
      restart: wholeIn('restart', value.restart, 0, vocabulary - 1),
    }),
    ...(value.window !== undefined && {
      window: wholeIn('window', value.window, 1, LIMITS.window),
    }),
    ...windowOptions(value, vocabulary),
    ...(flag('skip', value.skip) && { skip: true }),
    ...(value.smoothing !== undefined && { smoothing: smoothingOf(value.smoothing) }),
    ...bitsOf(value),
    dropout,
  }
}

/** @throws InputError for another number of bits, or a network whose h is not within [-1, 1] */
function bitsOf(value: Partial<Record<keyof ModelConfig, unknown>>): Pick<ModelConfig, 'bits'> {
  const { bits, cell, activation, skip, attention } = value
  if (bits === undefined) return {}
  if (bits !== 8) {
    throw new InputError('config', `The model's bits are ${quote(bits)}; expected 8, or none.`)
  }
  const unfit =
    (cell === 'rnn' && activation === 'relu' && 'relu') ||
    (skip === true && 'skip connections') ||
    (attention === true && 'attention')
  if (!unfit) return { bits }
  throw new InputError(
    'bits',
    `A network with ${unfit} can't have 8-bit weights, because what its matrices multiply has no known limits; keep them as F32 or F16.`,
  )
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw new InputError('config', `The model's ${name} is ${quote(value)}; expected true or false.`)
}

function smoothingOf(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= LIMITS.smoothing) return value
  throw new InputError(
    'config',
    `The model's smoothing is ${quote(value)}; expected a number above 0, at most ${LIMITS.smoothing}.`,
  )
}

/** What only models with a window have. */
function windowOptions(
  value: Partial<Record<keyof ModelConfig, unknown>>,
  vocabulary: number,
): Pick<ModelConfig, 'padding' | 'attention'> {
  const attention = flag('attention', value.attention)
  if (value.window === undefined && (attention || value.padding !== undefined)) {
    throw new InputError(
      'config',
      `The model has ${attention ? 'attention' : 'padding'} without a window; expected the length of the window, too.`,
    )
  }
  return {
    ...(value.padding !== undefined && {
      padding: wholeIn('padding', value.padding, 0, vocabulary - 1),
    }),
    ...(attention && { attention }),
  }
}

/** Weights by PyTorch's names; each row-major float32, of the shape that `tensorShapes` gives. */
export type Weights = ReadonlyMap<string, Float32Array>

/** Width of the input of layer k: E or V for the first layer, H for the others. */
export function inputWidth(config: ModelConfig, layer: number): number {
  return layer > 0 ? config.hidden : config.embedding || config.vocabulary
}

/** Width of what the output layer reads: H, or with skip connections E + L H. */
export function outputWidth({ skip, embedding, hidden, layers }: ModelConfig): number {
  return skip ? embedding + layers * hidden : hidden
}

/**
 * Names and shapes of all tensors, in the order in which a file lists them. Names and layouts are
 * those of `torch.nn.Embedding`, `nn.RNN | nn.GRU | nn.LSTM` and `nn.Linear`, so that a state dict
 * loads as it is.
 */
export function tensorShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { cell, embedding, hidden: H, layers, vocabulary: V } = config
  const rows = GATES[cell] * H
  const shapes = new Map<string, readonly number[]>()
  if (embedding > 0) shapes.set('embedding.weight', [V, embedding])
  for (let k = 0; k < layers; k++) {
    shapes.set(`rnn.weight_ih_l${k}`, [rows, inputWidth(config, k)])
    shapes.set(`rnn.weight_hh_l${k}`, [rows, H])
    shapes.set(`rnn.bias_ih_l${k}`, [rows])
    shapes.set(`rnn.bias_hh_l${k}`, [rows])
  }
  const width = outputWidth(config)
  if (config.attention) shapes.set('attention.weight', [1, width])
  shapes.set('head.weight', [V, width])
  shapes.set('head.bias', [V])
  if (config.bits) {
    for (const [name, shape] of [...shapes]) {
      if (isMatrix(name)) shapes.set(scaleOf(name), [shape[0] as number])
    }
  }
  return shapes
}

/** Whether a tensor is a matrix, which 8-bit weights store as whole numbers. */
export const isMatrix = (name: string): boolean => /weight(_[ih]h_l\d+)?$/.test(name)

/** The tensor of the scales [rows] of a matrix of 8-bit weights. */
export const scaleOf = (name: string): string => `${name}.scale`

/** Number of elements of a tensor of this shape. */
export const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Number of trainable parameters. */
export function parameterCount(config: ModelConfig): number {
  let count = 0
  for (const shape of tensorShapes({ ...config, bits: undefined }).values()) {
    count += elements(shape)
  }
  return count
}

/** Float32 numbers in h of each layer, and for the LSTM c of each layer. */
export function activationSize({ layers, hidden, cell }: ModelConfig): number {
  return layers * hidden * (cell === 'lstm' ? 2 : 1)
}
