/** Writes torch-rnn's checkpoints: an nn.LanguageModel whose tensors are views into one storage. */
import {
  add,
  type FormatFixture,
  lstmStep,
  Numbers,
  rowTimes,
  type Sample,
  type SampleRequest,
  sigmoid,
  timesColumn,
  zeroLstm,
} from './sample.fixture.js'
import { TorchObject, TorchStorage, TorchTensor, writeTorch7 } from './torch7.fixture.js'

/** Columns: i, f, o, g. */
const COLUMNS = { i: 0, f: 1, o: 2, g: 3 } as const

/** Batch normalisation behind a layer, with the statistics that training kept. */
interface Normalisation {
  readonly running_mean: Float32Array
  readonly running_var: Float32Array
  readonly weight: Float32Array
  readonly bias: Float32Array
}

interface Layer {
  readonly weight: Float32Array
  readonly bias: Float32Array
  readonly normalisation: Normalisation | undefined
}

const MODULES = { lstm: 'nn.LSTM', rnn: 'nn.VanillaRNN', gru: 'nn.GRU' } as const
const GATES = { lstm: 4, rnn: 1, gru: 3 } as const
const EPSILON = 1e-5

function stepOf(cell: keyof typeof GATES, { weight, bias }: Layer, H: number) {
  const columns = GATES[cell] * H
  return (state: ReturnType<typeof zeroLstm>, x: readonly number[]): void => {
    const z = add(rowTimes([...x, ...state.h], weight, columns), bias)
    if (cell === 'rnn') state.h = z.map(Math.tanh)
    else if (cell === 'lstm') lstmStep(state, (gate, j) => z[COLUMNS[gate] * H + j] as number)
    else {
      const gate = (at: number, j: number): number => sigmoid(z[at * H + j] as number)
      const kept = state.h.map((h, j) => gate(1, j) * h)
      const n = add(rowTimes([...x, ...kept], weight, columns), bias)
        .slice(2 * H)
        .map(Math.tanh)
      state.h = state.h.map((h, j) => (1 - gate(0, j)) * h + gate(0, j) * (n[j] as number))
    }
  }
}

const normalised = (h: readonly number[], by: Normalisation | undefined): number[] =>
  h.map((value, j) => {
    if (!by) return value
    const of = (field: keyof Normalisation): number => by[field][j] as number
    const unit = (value - of('running_mean')) / Math.sqrt(of('running_var') + EPSILON)
    return unit * of('weight') + of('bias')
  })

/** Its module; the old form keeps the inverse of the standard deviation. */
function moduleOf({ running_var: variance, ...rest }: Normalisation, isOld: boolean): TorchObject {
  const inverse = variance.map(value => 1 / Math.sqrt(value + EPSILON))
  const fields = isOld ? { ...rest, running_std: inverse } : { ...rest, running_var: variance }
  const tensors = Object.entries(fields).map(([name, data]) => [
    name,
    new TorchTensor([data.length], new TorchStorage(data)),
  ])
  return new TorchObject('nn.BatchNormalization', { ...Object.fromEntries(tensors), eps: EPSILON })
}

const randomLayer = (
  numbers: Numbers,
  [inputs, H]: readonly [inputs: number, H: number],
  gates: number,
  isNormalised: boolean,
): Layer => {
  const vector = (): Float32Array => numbers.matrix(H)
  return {
    weight: numbers.matrix(inputs + H, gates * H),
    bias: numbers.matrix(gates * H),
    normalisation: isNormalised
      ? {
          running_mean: vector(),
          running_var: vector().map(value => value ** 2),
          weight: vector(),
          bias: vector(),
        }
      : undefined,
  }
}

function write({ variant, symbols, outputs, hidden = 5, seed = 1 }: SampleRequest): Sample {
  const V = outputs ?? symbols.length
  const [D, H] = [4, hidden]
  const cell = variant.split(' ')[0] as keyof typeof GATES
  const gates = GATES[cell]
  const numbers = new Numbers(seed)
  const table = numbers.matrix(V, D)
  const layers = [D, H].map(inputs =>
    randomLayer(numbers, [inputs, H], gates, variant.includes('batchnorm')),
  )
  const head = { weight: numbers.matrix(V, H), bias: numbers.matrix(V) }
  const all = [
    table,
    ...layers.flatMap(({ weight, bias }) => [weight, bias]),
    head.weight,
    head.bias,
  ]
  const flat = new Float32Array(all.reduce((sum, { length }) => sum + length, 0))
  const storage = new TorchStorage(flat, variant.includes('double') ? 'Double' : 'Float')
  const gradients = new TorchStorage(new Float32Array(flat.length))
  let offset = 0
  const view = (data: Float32Array, ...shape: number[]): TorchTensor => {
    flat.set(data, offset)
    const tensor = new TorchTensor(shape, storage, offset)
    offset += data.length
    return tensor
  }
  const rnns = layers.map(
    ({ weight, bias }) =>
      new TorchObject(MODULES[cell], {
        weight: view(weight, weight.length / (gates * H), gates * H),
        bias: view(bias, gates * H),
        gradBias: new TorchTensor([gates * H], gradients),
      }),
  )
  const modules = [
    new TorchObject('nn.LookupTable', { weight: view(table, V, D) }),
    ...layers.flatMap(({ normalisation }, k) => [
      rnns[k] as TorchObject,
      ...(normalisation
        ? [new TorchObject('nn.View', {}), moduleOf(normalisation, variant.includes('old'))]
        : []),
    ]),
    new TorchObject('nn.View', {}),
    new TorchObject('nn.Linear', { weight: view(head.weight, V, H), bias: view(head.bias, V) }),
  ]
  const model = new TorchObject('nn.LanguageModel', {
    model_type: cell,
    wordvec_dim: D,
    rnn_size: H,
    num_layers: 2,
    batchnorm: variant.includes('batchnorm') ? 1 : 0,
    idx_to_token: symbols,
    token_to_idx: new Map(symbols.map((symbol, i) => [symbol, i + 1])),
    rnns,
    net: new TorchObject('nn.Sequential', { modules }),
  })
  const bytes = writeTorch7({ opt: { seed }, model, i: 17_800 }, variant.includes('ASCII'))
  return {
    files: [{ name: 'checkpoint_17800.t7', bytes }],
    forward(ids) {
      const states = layers.map(() => zeroLstm(H))
      return ids.map(id => {
        let x = Array.from(table.subarray(id * D, (id + 1) * D))
        for (const [k, layer] of layers.entries()) {
          const state = states[k] as ReturnType<typeof zeroLstm>
          stepOf(cell, layer, H)(state, x)
          x = normalised(state.h, layer.normalisation)
        }
        return add(timesColumn(head.weight, x), head.bias)
      })
    },
  }
}

export const torchRnn: FormatFixture = {
  kind: 'torch-rnn',
  variants: [
    'lstm',
    'lstm double',
    'lstm ASCII',
    'rnn',
    'gru',
    'lstm batchnorm',
    'gru batchnorm old',
  ],
  vocabulary: 'in the files',
  write,
}
