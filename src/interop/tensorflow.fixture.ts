/** Checkpoints as char-rnn-tensorflow saves them, and of Keras layers in TensorFlow 2. */
import { E, GATES, kerasLogits, kerasModel } from './keras.fixture.js'
import { Tuple, writePickle } from './pickle.fixture.js'
import {
  add,
  type FormatFixture,
  lstmStep,
  Numbers,
  rowTimes,
  type Sample,
  type SampleFile,
  type SampleRequest,
  sigmoid,
  utf8,
  zeroLstm,
} from './sample.fixture.js'
import { type CheckpointTensor, writeBundle, writeFirstForm } from './tf-checkpoint.fixture.js'

type Cell = 'lstm' | 'gru' | 'rnn'

interface Part {
  readonly kernel: Float32Array
  readonly bias: Float32Array
}

/** Two layers. Kernels [in + H, columns]: LSTM and RNN have one, a GRU gates and candidate. */
interface Model {
  readonly cell: Cell
  readonly H: number
  readonly V: number
  readonly embedding: Float32Array
  readonly layers: readonly (readonly Part[])[]
  readonly head: Part
}

function modelOf({ variant, symbols, outputs, hidden = 5, seed = 1 }: SampleRequest): Model {
  const V = outputs ?? symbols.length
  const H = hidden
  const numbers = new Numbers(seed)
  const cell = variant.split(' ')[0] as Cell
  const widths = { lstm: [4 * H], gru: [2 * H, H], rnn: [H] }[cell]
  // char-rnn-tensorflow's embedding is as wide as its layers.
  const layers = [0, 1].map(() =>
    widths.map(columns => ({
      kernel: numbers.matrix(2 * H, columns),
      bias: numbers.matrix(columns),
    })),
  )
  const head = { kernel: numbers.matrix(H, V), bias: numbers.matrix(V) }
  return { cell, H, V, embedding: numbers.matrix(V, H), layers, head }
}

/** Logits by the equations of rnn_cell_impl.py. */
function logitsOf({ cell, H, embedding, layers, head }: Model, ids: readonly number[]): number[][] {
  const states = layers.map(() => zeroLstm(H))
  const sum = ({ kernel, bias }: Part, x: readonly number[]): number[] =>
    add(rowTimes(x, kernel, bias.length), bias)
  return ids.map(id => {
    let x = Array.from(embedding.subarray(id * H, (id + 1) * H))
    layers.forEach(([first, second], k) => {
      const state = states[k] as ReturnType<typeof zeroLstm>
      const z = sum(first as Part, [...x, ...state.h])
      if (cell === 'rnn') state.h = z.map(Math.tanh)
      else if (cell === 'lstm') {
        const columns = { i: 0, g: 1, f: 2, o: 3 }
        lstmStep(state, (gate, j) => (z[columns[gate] * H + j] as number) + (gate === 'f' ? 1 : 0))
      } else {
        const gate = z.map(sigmoid)
        const kept = state.h.map((h, j) => h * (gate[j] as number))
        const c = sum(second as Part, [...x, ...kept]).map(Math.tanh)
        state.h = state.h.map((h, j) => {
          const u = gate[H + j] as number
          return u * h + (1 - u) * (c[j] as number)
        })
      }
      x = state.h
    })
    return sum(head, x)
  })
}

/** The names of a cell's parts, of TensorFlow 1 and of the versions before. */
function namesOf(cell: Cell, k: number, old: boolean): [kernel: string, bias: string][] {
  const parts = cell === 'gru' ? ['gates', 'candidate'] : ['']
  return parts.map(part => {
    if (old) {
      const type = { lstm: 'BasicLSTMCell', gru: 'GRUCell', rnn: 'BasicRNNCell' }[cell]
      const capital = part.replace(/^./, letter => letter.toUpperCase())
      const path = `rnnlm/MultiRNNCell/Cell${k}/${type}/${part && `${capital}/`}Linear`
      return [`${path}/Matrix`, `${path}/Bias`]
    }
    const type = { lstm: 'basic_lstm_cell', gru: 'gru_cell', rnn: 'basic_rnn_cell' }[cell]
    const path = `rnnlm/multi_rnn_cell/cell_${k}/${type}/${part && `${part}/`}`
    return [`${path}kernel`, `${path}bias`]
  })
}

function tensorsOf(model: Model, old: boolean): CheckpointTensor[] {
  const { H, V, embedding, layers, head, cell } = model
  const weights = [
    { name: 'embedding', shape: [V, H], data: embedding },
    { name: 'rnnlm/softmax_w', shape: [H, V], data: head.kernel },
    { name: 'rnnlm/softmax_b', shape: [V], data: head.bias },
    ...layers.flatMap((parts, k) =>
      parts.flatMap(({ kernel, bias }, part) => {
        const [kernelName, biasName] = namesOf(cell, k, old)[part] as [string, string]
        return [
          { name: kernelName, shape: [2 * H, bias.length], data: kernel },
          { name: biasName, shape: [bias.length], data: bias },
        ]
      }),
    ),
  ]
  // The optimiser's tensors are of the same shapes.
  const slots = ['Adam', 'Adam_1'].flatMap(slot =>
    weights.map(weight => ({ ...weight, name: `${weight.name}/${slot}` })),
  )
  return [...weights, ...slots, { name: 'Variable', shape: [], data: [0.002] }]
}

interface Saved {
  readonly tensors: CheckpointTensor[]
  readonly forward: Sample['forward']
  /** Names of variables in their program, by key. */
  readonly names?: ReadonlyMap<string, string>
}

/** Keras layers, named by the objects that hold them. */
function objectTensors(request: SampleRequest): Saved {
  const model = kerasModel(request)
  const { H, V, embedding, layers, head, cell } = model
  const columns = GATES[cell] * H
  const { variant } = request
  const attributes = ['embedding', 'b_rnn', 'b_rnn_10', 'a_dense'].slice(embedding ? 0 : 1)
  const names = new Map<string, string>()
  const at = (layer: number, name: string): string => {
    const path = variant.includes('attributes') ? attributes[layer] : `layer_with_weights-${layer}`
    // A SavedModel numbers the variables of cells; only their names in the program tell the layer.
    const isNameless = variant.includes('SavedModel') && name.startsWith('cell/')
    const object = isNameless ? `variables/${names.size + 1}` : `${path}/${name}`
    const key = `${object}/.ATTRIBUTES/VARIABLE_VALUE`
    if (isNameless) names.set(key, `rnn_${layer}/${name.replace('cell/', 'gru_cell/')}`)
    return key
  }
  const first = embedding ? 1 : 0
  const weights = [
    ...(embedding ? [{ name: at(0, 'embeddings'), shape: [V, E], data: embedding }] : []),
    ...layers.flatMap(({ kernel, recurrent, bias, inputs }, k) => [
      { name: at(first + k, 'cell/kernel'), shape: [inputs, columns], data: kernel },
      { name: at(first + k, 'cell/recurrent_kernel'), shape: [H, columns], data: recurrent },
      {
        name: at(first + k, 'cell/bias'),
        shape: model.resetAfter ? [2, columns] : [columns],
        data: bias,
      },
    ]),
    { name: at(first + 2, 'kernel'), shape: [H, V], data: head.kernel },
    { name: at(first + 2, 'bias'), shape: [V], data: head.bias },
  ]
  const steps = weights.map((weight, i) => ({
    ...weight,
    name: `optimizer/_variables/${i}/.ATTRIBUTES/VARIABLE_VALUE`,
  }))
  return { tensors: [...weights, ...steps], names, forward: ids => kerasLogits(model, ids) }
}

function cellTensors(request: SampleRequest): Saved {
  const model = modelOf(request)
  const tensors = tensorsOf(model, request.variant.includes('old names'))
  return { tensors, forward: ids => logitsOf(model, ids) }
}

function write(request: SampleRequest): Sample {
  const { variant, symbols } = request
  const { tensors, forward, names } = variant.startsWith('Keras')
    ? objectTensors(request)
    : cellTensors(request)
  const vocabulary = new Map(symbols.map((symbol, id) => [symbol, id]))
  const pickle = writePickle(new Tuple(new Tuple(...symbols), vocabulary))
  const beside: SampleFile[] = [
    { name: 'chars_vocab.pkl', bytes: pickle },
    {
      name: 'checkpoint',
      bytes: utf8('model_checkpoint_path: "model.ckpt-500"\n'),
    },
  ]
  if (variant.includes('one file')) {
    const bytes = writeFirstForm(tensors)
    return { files: [{ name: 'model.ckpt-500', bytes }, ...beside], forward }
  }
  const shards = variant.includes('shards') ? 2 : 1
  const { index, data } = writeBundle(tensors, shards, names)
  const files = data.map(
    (bytes, k): SampleFile => ({
      name: `model.ckpt-500.data-0000${k}-of-0000${shards}`,
      bytes,
      named: true,
    }),
  )
  const named = { name: 'model.ckpt-500.index', bytes: index, named: true }
  return { files: [named, ...files, ...beside], forward }
}

export const tensorflow: FormatFixture = {
  kind: 'tensorflow',
  variants: [
    'lstm',
    'gru shards',
    'rnn',
    'lstm old names one file',
    'gru old names one file',
    'Keras lstm',
    'Keras gru reset after',
    'Keras rnn one-hot',
    'Keras lstm by attributes',
    'Keras gru SavedModel reset after',
  ],
  vocabulary: 'in the files',
  write,
}
