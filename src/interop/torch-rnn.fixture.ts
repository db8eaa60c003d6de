/** Writes torch-rnn's checkpoints: an nn.LanguageModel whose tensors are views into one storage. */
import {
  add,
  type FormatFixture,
  lstmStep,
  Numbers,
  rowTimes,
  type Sample,
  type SampleRequest,
  timesColumn,
  zeroLstm,
} from './sample.fixture.js'
import { TorchObject, TorchStorage, TorchTensor, writeTorch7 } from './torch7.fixture.js'

/** Columns: i, f, o, g. */
const COLUMNS = { i: 0, f: 1, o: 2, g: 3 } as const

function write({ variant, symbols, outputs, hidden = 5, seed = 1 }: SampleRequest): Sample {
  const V = outputs ?? symbols.length
  const [D, H] = [4, hidden]
  const rnn = variant.startsWith('rnn')
  const gates = rnn ? 1 : 4
  const numbers = new Numbers(seed)
  const table = numbers.matrix(V, D)
  const layers = [D, H].map(inputs => ({
    weight: numbers.matrix(inputs + H, gates * H),
    bias: numbers.matrix(gates * H),
  }))
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
  const modules = [
    new TorchObject('nn.LookupTable', { weight: view(table, V, D) }),
    ...layers.map(
      ({ weight, bias }) =>
        new TorchObject(rnn ? 'nn.VanillaRNN' : 'nn.LSTM', {
          weight: view(weight, weight.length / (gates * H), gates * H),
          bias: view(bias, gates * H),
          gradBias: new TorchTensor([gates * H], gradients),
        }),
    ),
    new TorchObject('nn.View', {}),
    new TorchObject('nn.Linear', { weight: view(head.weight, V, H), bias: view(head.bias, V) }),
  ]
  const model = new TorchObject('nn.LanguageModel', {
    model_type: rnn ? 'rnn' : 'lstm',
    wordvec_dim: D,
    rnn_size: H,
    num_layers: 2,
    batchnorm: 0,
    idx_to_token: symbols,
    token_to_idx: new Map(symbols.map((symbol, i) => [symbol, i + 1])),
    rnns: modules.slice(1, 3),
    net: new TorchObject('nn.Sequential', { modules }),
  })
  const bytes = writeTorch7({ opt: { seed }, model, i: 17_800 }, variant.includes('ASCII'))
  return {
    files: [{ name: 'checkpoint_17800.t7', bytes }],
    forward(ids) {
      const states = layers.map(() => zeroLstm(H))
      return ids.map(id => {
        let x: ArrayLike<number> = table.subarray(id * D, (id + 1) * D)
        for (const [k, state] of states.entries()) {
          const { weight, bias } = layers[k] as (typeof layers)[number]
          const z = add(rowTimes([...Array.from(x), ...state.h], weight, gates * H), bias)
          if (rnn) state.h = z.map(Math.tanh)
          else lstmStep(state, (gate, j) => z[COLUMNS[gate] * H + j] as number)
          x = state.h
        }
        return add(timesColumn(head.weight, x), head.bias)
      })
    },
  }
}

export const torchRnn: FormatFixture = {
  kind: 'torch-rnn',
  variants: ['lstm', 'lstm double', 'lstm ASCII', 'rnn'],
  vocabulary: 'in the files',
  write,
}
