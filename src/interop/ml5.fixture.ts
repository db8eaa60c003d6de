/** Writes an ml5 charRNN folder: manifest, vocabulary, a file a tensor. */
import {
  add,
  type FormatFixture,
  floatBytes,
  lstmStep,
  Numbers,
  oneHot,
  rowTimes,
  type Sample,
  type SampleRequest,
  utf8,
  zeroLstm,
} from './sample.fixture.js'

/** Columns of the kernel: i, j (candidate), f, o. */
const COLUMNS = { i: 0, g: 1, f: 2, o: 3 } as const

function write({ variant, symbols, outputs, hidden = 5, seed = 1 }: SampleRequest): Sample {
  const V = outputs ?? symbols.length
  const H = hidden
  const numbers = new Numbers(seed)
  const embedded = variant !== 'one-hot'
  const [kernel, bias] = variant === 'weights' ? ['weights', 'biases'] : ['kernel', 'bias']
  const tensors: [name: string, shape: number[], data: Float32Array][] = []
  const tensor = (name: string, ...shape: [number, number?]): Float32Array => {
    const data = numbers.matrix(...shape)
    tensors.push([name, shape as number[], data])
    return data
  }
  const embedding = embedded ? tensor('embedding', V, H) : undefined
  const cells = [embedded ? H : V, H].map((inputs, k) => {
    const cell = `rnnlm/multi_rnn_cell/cell_${k}/basic_lstm_cell`
    return {
      kernel: tensor(`${cell}/${kernel}`, inputs + H, 4 * H),
      bias: tensor(`${cell}/${bias}`, 4 * H),
    }
  })
  const softmax = { w: tensor('rnnlm/softmax_w', H, V), b: tensor('rnnlm/softmax_b', V) }
  tensors.push(['Variable', [], Float32Array.of(0.002)])
  const fileName = (name: string): string => name.replaceAll('/', '_')
  const manifest = Object.fromEntries(
    tensors.map(([name, shape]) => [name, { filename: fileName(name), shape }]),
  )
  const vocabulary = Object.fromEntries(symbols.map((symbol, id) => [symbol, id]))
  return {
    files: [
      { name: 'manifest.json', bytes: utf8(JSON.stringify(manifest)) },
      { name: 'vocab.json', bytes: utf8(JSON.stringify(vocabulary)) },
      ...tensors.map(([name, , data]) => ({
        name: fileName(name),
        bytes: floatBytes(data),
        named: true,
      })),
    ],
    forward(ids) {
      const states = [zeroLstm(H), zeroLstm(H)]
      return ids.map(id => {
        let x: ArrayLike<number> = embedding?.subarray(id * H, (id + 1) * H) ?? oneHot(id, V)
        for (const [k, state] of states.entries()) {
          const { kernel, bias } = cells[k] as (typeof cells)[number]
          const z = add(rowTimes([...Array.from(x), ...state.h], kernel, 4 * H), bias)
          // The cell adds the forget bias 1.
          lstmStep(
            state,
            (gate, j) => (z[COLUMNS[gate] * H + j] as number) + (gate === 'f' ? 1 : 0),
          )
          x = state.h
        }
        return add(rowTimes(x, softmax.w, V), softmax.b)
      })
    },
  }
}

export const ml5: FormatFixture = {
  kind: 'ml5',
  variants: ['kernel', 'weights', 'one-hot'],
  vocabulary: 'in the files',
  write,
}
