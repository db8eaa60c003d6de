/** Writes PyTorch checkpoints and safetensors files with PyTorch's names. */
import { encodeSafetensors } from '../file/safetensors.js'
import { Global, Instance, type PyInput, Tuple } from './pickle.fixture.js'
import {
  add,
  type FormatFixture,
  lstmStep,
  Numbers,
  oneHot,
  type Sample,
  type SampleRequest,
  sigmoid,
  timesColumn,
  zeroLstm,
} from './sample.fixture.js'
import { ordered, TorchStorages, writeTorchLegacy, writeTorchZip } from './torch-file.fixture.js'

type Named = [name: string, shape: number[], data: Float32Array]

/** nn.Embedding or one-hot, nn.LSTM | nn.GRU | nn.RNN of two layers, nn.Linear. */
function networkOf(kind: 'lstm' | 'gru' | 'rnn', V: number, H: number, seed: number, E: number) {
  const G = { lstm: 4, gru: 3, rnn: 1 }[kind]
  const numbers = new Numbers(seed)
  const tensors: Named[] = []
  const tensor = (name: string, ...shape: [number, number?]): Float32Array => {
    const data = numbers.matrix(...shape)
    tensors.push([name, shape as number[], data])
    return data
  }
  const embedding = E > 0 ? tensor('encoder.weight', V, E) : undefined
  const layers = [E || V, H].map((inputs, k) => ({
    ih: tensor(`${kind}.weight_ih_l${k}`, G * H, inputs),
    hh: tensor(`${kind}.weight_hh_l${k}`, G * H, H),
    bi: tensor(`${kind}.bias_ih_l${k}`, G * H),
    bh: tensor(`${kind}.bias_hh_l${k}`, G * H),
  }))
  const head = { weight: tensor('decoder.weight', V, H), bias: tensor('decoder.bias', V) }
  const forward = (ids: readonly number[]): number[][] => {
    const states = layers.map(() => zeroLstm(H))
    return ids.map(id => {
      let x: ArrayLike<number> = embedding?.subarray(id * E, (id + 1) * E) ?? oneHot(id, V)
      for (const [k, state] of states.entries()) {
        const { ih, hh, bi, bh } = layers[k] as (typeof layers)[number]
        const a = add(timesColumn(ih, x), bi)
        const b = add(timesColumn(hh, state.h), bh)
        if (kind === 'rnn') state.h = a.map((value, j) => Math.tanh(value + (b[j] as number)))
        else if (kind === 'lstm') {
          const rows = { i: 0, f: 1, g: 2, o: 3 }
          const z = add(a, b)
          lstmStep(state, (gate, j) => z[rows[gate] * H + j] as number)
        } else {
          state.h = state.h.map((h, j) => {
            const at = (gate: number): [number, number] => [
              a[gate * H + j] as number,
              b[gate * H + j] as number,
            ]
            const r = sigmoid(at(0)[0] + at(0)[1])
            const z = sigmoid(at(1)[0] + at(1)[1])
            return (1 - z) * Math.tanh(at(2)[0] + r * at(2)[1]) + z * h
          })
        }
        x = state.h
      }
      return add(timesColumn(head.weight, x), head.bias)
    })
  }
  return { tensors, forward }
}

const parameter = (tensor: PyInput): PyInput => tensor

/** A pickled nn.Module of a class of the user's own, with its parts and the vocabulary as attributes. */
function moduleOf(storages: TorchStorages, tensors: readonly Named[], symbols: PyInput): PyInput {
  const parts = new Map<string, [PyInput, PyInput][]>()
  for (const [name, shape, data] of tensors) {
    const [part, own] = name.split('.') as [string, string]
    const list = parts.get(part) ?? []
    list.push([own, parameter(storages.tensor(shape, data))])
    parts.set(part, list)
  }
  const classes: Record<string, Global> = {
    encoder: new Global('torch.nn.modules.sparse', 'Embedding'),
    decoder: new Global('torch.nn.modules.linear', 'Linear'),
  }
  const modules = [...parts].map(([name, parameters]): [PyInput, PyInput] => [
    name,
    new Instance(classes[name] ?? new Global('torch.nn.modules.rnn', name.toUpperCase()), {
      training: false,
      _parameters: ordered(parameters),
      _buffers: ordered([]),
      _modules: ordered([]),
    }),
  ])
  return new Instance(new Global('__main__', 'CharRNN'), {
    training: false,
    _parameters: ordered([]),
    _buffers: ordered([]),
    _modules: ordered(modules),
    chars: symbols,
  })
}

function write({ variant, symbols, outputs, hidden = 5, seed = 1 }: SampleRequest): Sample {
  const V = outputs ?? symbols.length
  const kind = (/lstm|gru|rnn/.exec(variant)?.[0] ?? 'lstm') as 'lstm' | 'gru' | 'rnn'
  const E = variant.includes('one-hot') ? 0 : 4
  const { tensors, forward } = networkOf(kind, V, hidden, seed, E)
  const storages = new TorchStorages()
  const state = (): PyInput =>
    ordered(
      tensors.map(([name, shape, data], k) => [
        name,
        storages.tensor(shape, data, shape.length === 2 && k % 2 === 1),
      ]),
    )
  const value: PyInput = variant.includes('module')
    ? moduleOf(storages, tensors, [...symbols])
    : {
        epoch: 12,
        model_state_dict: state(),
        optimizer: { state: {}, param_groups: [{ lr: 0.001, params: [0, 1, 2] }] },
        tokens: variant.includes('gru')
          ? new Map(symbols.map((symbol, id) => [symbol, id]))
          : new Tuple(...symbols),
      }
  const bytes = variant.includes('legacy')
    ? writeTorchLegacy(value, storages)
    : writeTorchZip(value, storages)
  return { files: [{ name: 'model.pt', bytes }], forward }
}

export const pytorch: FormatFixture = {
  kind: 'pytorch',
  variants: ['lstm zip', 'gru legacy', 'rnn zip one-hot', 'lstm module legacy', 'gru module zip'],
  vocabulary: 'in the files',
  write,
}

export const safetensors: FormatFixture = {
  kind: 'safetensors',
  variants: ['lstm', 'gru', 'rnn one-hot'],
  vocabulary: 'given',
  write({ variant, symbols, outputs, hidden = 5, seed = 1 }) {
    const V = outputs ?? symbols.length
    const kind = variant.slice(0, variant.includes('lstm') ? 4 : 3) as 'lstm' | 'gru' | 'rnn'
    const { tensors, forward } = networkOf(
      kind,
      V,
      hidden,
      seed,
      variant.includes('one-hot') ? 0 : 4,
    )
    const bytes = encodeSafetensors(
      new Map(tensors.map(([name, shape, data]) => [name, { dtype: 'F32', shape, data }])),
      { format: 'pt' },
    )
    return {
      files: [{ name: 'model.safetensors', bytes }],
      options: { vocabulary: { symbols } },
      forward,
    }
  },
}
