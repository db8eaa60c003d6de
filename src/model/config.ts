/**
 * The configuration of a model: its cell, its sizes, the names and shapes of its tensors.
 *
 * Dimensions, here and everywhere: B streams in a batch, T steps in time, E width of the embedding,
 * H hidden units a layer, L layers, V symbols in the vocabulary. G is the number of gates of a cell
 * (RNN 1, GRU 3, LSTM 4).
 */
import { InputError, quote } from '../errors.js'

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
   * An id that begins an independent text: reading it sets the state to zero first. Absent in a model
   * of one continuous text.
   */
  readonly restart?: number
  /**
   * N: each prediction reads the last N ids from a zero state, as in models that were trained on
   * windows. Absent: the state goes on from id to id.
   */
  readonly window?: number
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

/** Blocks of H rows in a cell's weights, in PyTorch's order: LSTM i f g o, GRU r z n. */
export const GATES: Record<CellKind, number> = { rnn: 1, gru: 3, lstm: 4 }

/** Upper limits: far above any useful size, and low enough to refuse a hostile file early. */
export const LIMITS = {
  vocabulary: 1_114_112,
  hidden: 16_384,
  layers: 64,
  embedding: 16_384,
  window: 65_536,
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
    dropout,
  }
}

/** Weights by PyTorch's names; each row-major float32, of the shape that `tensorShapes` gives. */
export type Weights = ReadonlyMap<string, Float32Array>

/** Width of the input of layer k: E or V for the first layer, H for the others. */
export function inputWidth(config: ModelConfig, layer: number): number {
  return layer > 0 ? config.hidden : config.embedding || config.vocabulary
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
  shapes.set('head.weight', [V, H])
  shapes.set('head.bias', [V])
  return shapes
}

/** Number of elements of a tensor of this shape. */
export const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Number of trainable parameters. */
export function parameterCount(config: ModelConfig): number {
  let count = 0
  for (const shape of tensorShapes(config).values()) count += elements(shape)
  return count
}

/**
 * Float32 numbers in the state of one stream: h of each layer, and for the LSTM c of each layer; with a
 * window its last N ids.
 */
export function stateSize(config: ModelConfig): number {
  if (config.window !== undefined) return config.window
  return config.layers * config.hidden * (config.cell === 'lstm' ? 2 : 1)
}
