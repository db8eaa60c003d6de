/**
 * recurrentjs: the JSON that the button "load" of its character demo reads.
 *
 * Id 0 is START when read and END when drawn. It takes the place of the symbol that begins a text: the
 * `restart` id, else the line end. Where the vocabulary has neither, id 0 is one more, which is read as
 * no input and never drawn.
 */
import type { Model } from '../../file/index.js'
import { inputWidth, type ModelConfig, parameterCount } from '../../model/config.js'
import { type ExportForm, jsonFile } from './form.js'
import { ownFeature, refusal, symbolsFor } from './symbols.js'

const SYSTEM = 'recurrentjs'
/** A logit at which exp gives 0 at every temperature that the page offers. */
const NEVER = -60_000
/** recurrentjs names the gates i f c o; ours are i f g o. */
const LSTM_GATES = ['i', 'f', 'c', 'o']

function check(model: Model): void {
  const { config } = model
  const feature = ownFeature(model)
  const relu = config.cell === 'rnn' && config.activation === 'relu'
  if (feature || !(config.cell === 'lstm' || relu)) {
    const cell = config.cell === 'rnn' ? `${config.activation} RNN` : config.cell.toUpperCase()
    const what = feature ?? { en: `a ${cell}`, ja: cell }
    throw refusal(
      `The model ${feature ? 'has' : 'is'} ${what.en}, and recurrentjs runs only a plain LSTM and an RNN with relu; train an LSTM, or export it as onnx, pytorch or page.`,
      `このモデルは${what.ja}${feature ? 'を使いますが' : 'ですが'}、recurrentjsで動くのは標準のLSTMとreluのRNNだけです。LSTMで学習するか、onnx、pytorch、pageで書き出してください。`,
    )
  }
}

/** Characters of JSON for a number, or for a 0 or 1 of one-hot input, with its gradient's square. */
const [NUMBER, ZERO] = [24, 4]
/** The longest text of a JavaScript engine has 2^29 characters or more. */
const LONGEST = 2 ** 29 - 1e6

/** @throws InputError for a model whose JSON would be longer than a page can read */
function checkSize({ config }: Model): void {
  const { vocabulary: V, embedding: E } = config
  const zeros = E > 0 ? 0 : V * V
  const size = NUMBER * parameterCount(config) + ZERO * zeros
  if (size < LONGEST) return
  const shown = `${(size / 1e9).toFixed(1)} GB`
  throw refusal(
    `The JSON of the model would have ${shown}, and a page reads 0.5 GB at most; export it as onnx, pytorch or page.`,
    `このモデルのJSONは${shown}になりますが、ページで読めるのは0.5 GBまでです。onnx、pytorch、pageで書き出してください。`,
  )
}

/** n rows of d numbers, as the demo stores them. */
interface Matrix {
  readonly n: number
  readonly d: number
  readonly w: readonly number[]
}

const matrix = (n: number, d: number, w: ArrayLike<number>): Matrix => ({ n, d, w: Array.from(w) })

/** The sum of two biases, in double precision as the page computes. */
const sum = (a: Float32Array, b: Float32Array): Float64Array =>
  Float64Array.from(a, (value, i) => value + (b[i] as number))

/** @param ids of ours for each id of the demo; undefined where it is one more */
function embedding({ config, weights }: Model, ids: readonly (number | undefined)[]): Matrix {
  const E = inputWidth(config, 0)
  const table = weights.get('embedding.weight')
  const out = new Float32Array(ids.length * E)
  for (const [row, id] of ids.entries()) {
    if (id === undefined) continue
    if (table) out.set(table.subarray(id * E, (id + 1) * E), row * E)
    else out[row * E + id] = 1
  }
  return matrix(ids.length, E, out)
}

function layer(model: Model, k: number): [string, Matrix][] {
  const { config, weights } = model
  const { hidden: H } = config
  const of = (name: string): Float32Array => weights.get(`rnn.${name}_l${k}`) as Float32Array
  const bias = sum(of('bias_ih'), of('bias_hh'))
  const width = inputWidth(config, k)
  const rows = (data: ArrayLike<number>, columns: number, gate: number) =>
    matrix(H, columns, Array.from(data).slice(gate * H * columns, (gate + 1) * H * columns))
  if (config.cell === 'rnn') {
    return [
      [`Wxh${k}`, rows(of('weight_ih'), width, 0)],
      [`Whh${k}`, rows(of('weight_hh'), H, 0)],
      [`bhh${k}`, rows(bias, 1, 0)],
    ]
  }
  return LSTM_GATES.flatMap((gate, g): [string, Matrix][] => [
    [`W${gate}x${k}`, rows(of('weight_ih'), width, g)],
    [`W${gate}h${k}`, rows(of('weight_hh'), H, g)],
    [`b${gate}${k}`, rows(bias, 1, g)],
  ])
}

function head({ config, weights }: Model, ids: readonly (number | undefined)[]) {
  const { hidden: H } = config
  const weight = weights.get('head.weight') as Float32Array
  const bias = weights.get('head.bias') as Float32Array
  const rows = new Float32Array(ids.length * H)
  for (const [row, id] of ids.entries()) {
    if (id !== undefined) rows.set(weight.subarray(id * H, (id + 1) * H), row * H)
  }
  const biases = ids.map(id => (id === undefined ? NEVER : (bias[id] as number)))
  return { Whd: matrix(ids.length, H, rows), bd: matrix(ids.length, 1, biases) }
}

/** Our ids in the order of the demo's. */
function orderOf(config: ModelConfig, symbols: readonly string[]): (number | undefined)[] {
  const lineEnd = symbols.indexOf('\n')
  const start = config.restart ?? (lineEnd < 0 ? undefined : lineEnd)
  return [start, ...symbols.keys()].filter((id, i) => i === 0 || id !== start)
}

export const recurrentjs: ExportForm = {
  kind: 'recurrentjs',
  about: {
    en: 'JSON for the character demo of recurrentjs (LSTM, relu RNN)',
    ja: 'recurrentjsの文字デモのためのJSON（LSTM、reluのRNN）',
  },

  write(model) {
    check(model)
    checkSize(model)
    // The demo reads a text by UTF-16 units.
    const symbols = symbolsFor(model, SYSTEM, symbol => symbol.length === 1)
    const { config } = model
    const ids = orderOf(config, symbols)
    const letters = ids.slice(1).map(id => symbols[id as number] as string)
    const matrices = {
      Wil: embedding(model, ids),
      ...Object.fromEntries(layers(model)),
      ...head(model, ids),
    }
    const content = {
      hidden_sizes: new Array<number>(config.layers).fill(config.hidden),
      generator: config.cell,
      letter_size: inputWidth(config, 0),
      model: matrices,
      solver: { decay_rate: 0.999, smooth_eps: 1e-8, step_cache: squares(matrices) },
      letterToIndex: Object.fromEntries(letters.map((letter, i) => [letter, i + 1])),
      indexToLetter: Object.fromEntries(letters.map((letter, i) => [i + 1, letter])),
      vocab: letters,
    }
    return { files: [jsonFile('model.json', content)], notes: notesOf(model, ids[0], symbols) }
  },
}

/**
 * The running means of squared gradients that the demo's RMSprop goes on from. With none its first step
 * would move every weight by 30 times the rate; with ones it moves by rate times gradient.
 */
const squares = (matrices: Readonly<Record<string, Matrix>>): Record<string, Matrix> =>
  Object.fromEntries(
    Object.entries(matrices).map(([name, { n, d }]) => [
      name,
      matrix(n, d, new Float32Array(n * d).fill(1)),
    ]),
  )

const layers = (model: Model) =>
  Array.from({ length: model.config.layers }, (_, k) => layer(model, k)).flat()

function notesOf({ config }: Model, start: number | undefined, symbols: readonly string[]) {
  if (start === undefined) {
    return [
      {
        en: 'the vocabulary has no line end: sentences of the demo begin with no symbol and end at its limit of 100 characters',
        ja: '語彙に改行がないため、デモの文は文字なしで始まり、上限の100文字で終わります',
      },
    ]
  }
  if (start === config.restart) return []
  const shown = JSON.stringify(symbols[start])
  return [
    {
      en: `${shown} is START and END of the demo: each of its texts is one line, from a zero state`,
      ja: `${shown} をデモのSTARTとENDにしました。デモの文章は1行ずつ、ゼロ状態から始まります`,
    },
  ]
}
