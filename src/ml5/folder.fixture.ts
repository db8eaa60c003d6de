/**
 * A small folder of ml5's charRNN, and what ml5's own equations say of it: BasicLSTMCell of TensorFlow,
 * columns i j f o, forget bias 1, in float64. Independent of the importer.
 */
import type { SourceFile } from '../interop/source.js'

export interface FolderOptions {
  readonly symbols: readonly string[]
  readonly hidden?: number
  readonly layers?: number
  readonly embedding?: boolean
  /** The spelling of the tensors in TensorFlow before 1.2. */
  readonly old?: boolean
  readonly seed?: number
}

export interface Folder {
  readonly files: readonly SourceFile[]
  /** Logits [V] after some ids, from a state of zeros. */
  logits(ids: readonly number[]): number[]
}

interface Matrix {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** Row vector times matrix, plus bias. */
function product(x: readonly number[], { shape, data }: Matrix, bias?: Matrix): number[] {
  const columns = shape[1]
  return Array.from({ length: columns }, (_, c) =>
    x.reduce((sum, value, r) => sum + value * data[r * columns + c], bias?.data[c] ?? 0),
  )
}

/** Numbers in [-1, 1) of a linear congruential generator. */
function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

export function ml5Folder(options: FolderOptions): Folder {
  const { symbols, hidden: H = 8, layers: L = 2, embedding = true, old = false } = options
  const V = symbols.length
  const next = numbers(options.seed ?? 1)
  const random = (...shape: number[]): Matrix => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next),
  })
  const tensors = new Map<string, Matrix>([['Variable', random()]])
  if (embedding) tensors.set('embedding', random(V, H))
  const cell = (k: number, part: string) => `rnnlm/multi_rnn_cell/cell_${k}/basic_lstm_cell/${part}`
  const [kernel, bias] = old ? ['weights', 'biases'] : ['kernel', 'bias']
  for (let k = 0; k < L; k++) {
    const inputs = k === 0 && !embedding ? V : H
    tensors.set(cell(k, kernel), random(inputs + H, 4 * H))
    tensors.set(cell(k, bias), random(4 * H))
  }
  tensors.set('rnnlm/softmax_w', random(H, V))
  tensors.set('rnnlm/softmax_b', random(V))
  const of = (name: string): Matrix => tensors.get(name) as Matrix
  const fileName = (name: string): string => name.replaceAll('/', '_')
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const manifest = Object.fromEntries(
    [...tensors].map(([name, { shape }]) => [name, { filename: fileName(name), shape }]),
  )
  const vocabulary = Object.fromEntries(symbols.map((symbol, id) => [symbol, id]))
  return {
    files: [
      { name: 'manifest.json', bytes: json(manifest) },
      { name: 'vocab.json', bytes: json(vocabulary) },
      ...[...tensors].map(([name, { data }]) => ({
        name: fileName(name),
        bytes: new Uint8Array(data.buffer),
      })),
    ],
    logits(ids) {
      const h = Array.from({ length: L }, () => new Array<number>(H).fill(0))
      const c = h.map(row => [...row])
      for (const id of ids) {
        const oneHot = Array.from({ length: V }, (_, v) => Number(v === id))
        let x = embedding ? product(oneHot, of('embedding')) : oneHot
        for (let k = 0; k < L; k++) {
          const z = product([...x, ...h[k]], of(cell(k, kernel)), of(cell(k, bias)))
          const gate = (n: number, u: number) => z[n * H + u]
          c[k] = c[k].map(
            (old, u) => sigmoid(gate(2, u) + 1) * old + sigmoid(gate(0, u)) * Math.tanh(gate(1, u)),
          )
          h[k] = c[k].map((value, u) => Math.tanh(value) * sigmoid(gate(3, u)))
          x = h[k]
        }
      }
      return product(h[L - 1], of('rnnlm/softmax_w'), of('rnnlm/softmax_b'))
    },
  }
}

/** exp(logit / T) over its sum. */
export function softmax(logits: readonly number[], temperature: number): number[] {
  const max = Math.max(...logits)
  const weights = logits.map(logit => Math.exp((logit - max) / temperature))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map(weight => weight / sum)
}
