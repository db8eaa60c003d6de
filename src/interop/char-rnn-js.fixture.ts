/** Writes char-rnn.js' pair of files: a JSON list of arrays and their numbers. */
import {
  add,
  type FormatFixture,
  floatBytes,
  join,
  lstmStep,
  Numbers,
  oneHot,
  type Sample,
  type SampleRequest,
  timesColumn,
  utf8,
  zeroLstm,
} from './sample.fixture.js'

/** Rows: i, f, o, g. */
const ROWS = { i: 0, f: 1, o: 2, g: 3 } as const

function write({ variant, symbols, outputs, hidden = 5, seed = 1 }: SampleRequest): Sample {
  const V = outputs ?? symbols.length
  const H = hidden
  const L = variant === 'three layers' ? 3 : 1
  const numbers = new Numbers(seed)
  const arrays: { dim: number[]; data: Float32Array }[] = []
  const array = (...dim: [number, number?]): Float32Array => {
    const data = numbers.matrix(...dim)
    arrays.push({ dim: dim as number[], data })
    return data
  }
  const layers = Array.from({ length: L }, (_, k) => [
    array(4 * H, k === 0 ? V : H),
    array(4 * H),
    array(4 * H, H),
    array(4 * H),
  ])
  const head = [array(V, H), array(V)] as const
  const vocab = new Array<number | null>(256).fill(null)
  for (const [id, symbol] of symbols.entries()) vocab[symbol.charCodeAt(0)] = id
  let offset = 0
  const list = arrays.map(({ dim, data }) => {
    const one = { dim, byteLength: 4 * data.length, length: data.length, offset }
    offset += one.byteLength
    return one
  })
  // Memory for the state follows the weights.
  const dat = join(...arrays.map(({ data }) => floatBytes(data)), new Uint8Array(64))
  return {
    files: [
      { name: 'small.json', bytes: utf8(JSON.stringify({ vocab, arrays: list, next: offset })) },
      { name: 'small.dat', bytes: dat },
    ],
    forward(ids) {
      const states = layers.map(() => zeroLstm(H))
      return ids.map(id => {
        let x: ArrayLike<number> = oneHot(id, V)
        for (const [k, state] of states.entries()) {
          const [ih, bi, hh, bh] = layers[k] as Float32Array[]
          const z = add(
            timesColumn(ih as Float32Array, x),
            bi as Float32Array,
            timesColumn(hh as Float32Array, state.h),
            bh as Float32Array,
          )
          lstmStep(state, (gate, j) => z[ROWS[gate] * H + j] as number)
          x = state.h
        }
        return add(timesColumn(head[0], x), head[1])
      })
    },
  }
}

export const charRnnJs: FormatFixture = {
  kind: 'char-rnn-js',
  variants: ['one layer', 'three layers'],
  vocabulary: 'bytes',
  write,
}
