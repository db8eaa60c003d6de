/** Writes what recurrentjs' character demo saves. */
import {
  add,
  type FormatFixture,
  lstmStep,
  Numbers,
  type Sample,
  type SampleRequest,
  timesColumn,
  utf8,
  zeroLstm,
} from './sample.fixture.js'

const GATES = { i: 'i', f: 'f', o: 'o', g: 'c' } as const

function write({ variant, symbols, outputs, hidden = 5, seed = 1 }: SampleRequest): Sample {
  const V = outputs ?? symbols.length
  const E = 4
  const sizes = [hidden, hidden + 2]
  const numbers = new Numbers(seed)
  const model: Record<string, { n: number; d: number; w: Float32Array }> = {}
  const matrix = (name: string, n: number, d: number): void => {
    model[name] = { n, d, w: numbers.matrix(n, d) }
  }
  const rnn = variant.startsWith('rnn')
  matrix('Wil', V, E)
  for (const [k, H] of sizes.entries()) {
    const below = k === 0 ? E : (sizes[k - 1] as number)
    for (const gate of rnn ? [''] : Object.values(GATES)) {
      matrix(rnn ? `Wxh${k}` : `W${gate}x${k}`, H, below)
      matrix(rnn ? `Whh${k}` : `W${gate}h${k}`, H, H)
      matrix(rnn ? `bhh${k}` : `b${gate}${k}`, H, 1)
    }
  }
  matrix('Whd', V, sizes.at(-1) as number)
  matrix('bd', V, 1)
  // Id 0 is START and END, and has no letter.
  const letters = symbols.slice(1)
  const saved = {
    hidden_sizes: sizes,
    generator: rnn ? 'rnn' : 'lstm',
    letter_size: E,
    // A typed array in JSON is an object with the keys "0", "1", ...
    model: Object.fromEntries(
      Object.entries(model).map(([name, { n, d, w }]) => [
        name,
        { n, d, w: variant.endsWith('arrays') ? [...w] : { ...w } },
      ]),
    ),
    letterToIndex: Object.fromEntries(letters.map((letter, i) => [letter, i + 1])),
    indexToLetter: Object.fromEntries(letters.map((letter, i) => [i + 1, letter])),
    vocab: letters,
  }
  const w = (name: string): Float32Array => (model[name] as { w: Float32Array }).w
  return {
    files: [{ name: 'model.json', bytes: utf8(JSON.stringify(saved)) }],
    forward(ids) {
      let states = sizes.map(zeroLstm)
      return ids.map(id => {
        if (id === 0) states = sizes.map(zeroLstm)
        let x: ArrayLike<number> = w('Wil').subarray(id * E, (id + 1) * E)
        for (const [k, state] of states.entries()) {
          const of = (gate: string): number[] =>
            add(
              timesColumn(w(rnn ? `Wxh${k}` : `W${gate}x${k}`), x),
              timesColumn(w(rnn ? `Whh${k}` : `W${gate}h${k}`), state.h),
              w(rnn ? `bhh${k}` : `b${gate}${k}`),
            )
          if (rnn) state.h = of('').map(value => Math.max(0, value))
          else {
            const z = { i: of('i'), f: of('f'), o: of('o'), g: of('c') }
            lstmStep(state, (gate, j) => z[gate][j] as number)
          }
          x = state.h
        }
        return add(timesColumn(w('Whd'), x), w('bd'))
      })
    },
  }
}

export const recurrentjs: FormatFixture = {
  kind: 'recurrentjs',
  variants: ['lstm', 'lstm arrays', 'rnn', 'rnn arrays'],
  vocabulary: 'in the files',
  write,
}
