import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededIds, seededWeights } from '../../../test/support/seeded.js'
import golden from '../../../test/witness/forward.json' with { type: 'json' }
import { modelConfig, type Weights } from '../../model/config.js'
import { ReferenceNetwork } from '../../model/network.reference.js'
import { loadNetwork } from '../network.js'

const VARIANTS = Object.entries(CELL_VARIANTS)
const HIDDEN = [1, 5, 65, 100]
const LAYERS = [1, 2, 3]

function largestDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length)
  let largest = 0
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs(got[i] - want[i])
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

it('the committed bytes are those that the sources compile to', () => {
  const script = fileURLToPath(new URL('../../../scripts/kernels.mjs', import.meta.url))
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })
})

describe.each(VARIANTS)('%s', (_name, variant) => {
  it.each(LAYERS)(
    'with %d layers agrees with its plain twin for 50 steps, at any width',
    async layers => {
      for (const hidden of HIDDEN) {
        for (const embedding of [0, 1, 9]) {
          const config = modelConfig({ ...variant, layers, hidden, embedding, vocabulary: 11 })
          const weights = seededWeights(config, hidden + layers)
          const session = (await loadNetwork(config, weights)).session()
          const twin = new ReferenceNetwork(config, weights)
          for (const id of seededIds(50, 11)) {
            expect(largestDifference(session.step(id), twin.step(id))).toBeLessThan(1e-5)
          }
          expect(largestDifference(session.snapshot(), twin.snapshot())).toBeLessThan(1e-5)
        }
      }
    },
  )
})

describe('PyTorch', () => {
  // test/witness/forward.py made the numbers.
  it.each(
    VARIANTS.filter(
      ([, variant]) => !('gates' in variant || 'window' in variant || 'skip' in variant),
    ),
  )('agrees on the logits of %s, 1 to 3 layers, H 1 to 100', async (name, variant) => {
    const { vocabulary, steps, seed } = golden
    const cases = golden.cases.filter(({ cell }) => cell === name)
    expect(cases).toHaveLength(HIDDEN.length * LAYERS.length * 2)
    for (const { embedding, hidden, layers, logits } of cases) {
      const config = modelConfig({ ...variant, vocabulary, embedding, hidden, layers })
      const session = (await loadNetwork(config, seededWeights(config, seed))).session()
      const got = session.prefill(seededIds(steps, vocabulary))
      expect(largestDifference(got, logits)).toBeLessThan(1e-5)
    }
  })
})

describe('the functions inside the cells', () => {
  const H = 8
  /** Both signs, 40 orders of magnitude, dense where the curves bend. */
  const points: number[] = []
  for (let i = 0; i < 2000; i++) {
    const wide = 10 ** (-38 + (i / 2000) * 39.95)
    const near = (i / 2000) * 20
    points.push(wide, -wide, near, -near)
  }

  /** h [H] after one symbol, for each symbol; symbol v of unit u has the argument points[v H + u]. */
  async function through(
    cell: 'rnn' | 'lstm',
    rows: (argument: (unit: number, v: number) => number) => (row: number, v: number) => number,
    start?: Float32Array,
  ): Promise<Float32Array> {
    const V = points.length / H
    const config = modelConfig({ cell, vocabulary: V, hidden: H, layers: 1 })
    const weights = new Map([...seededWeights(config)].map(([name, w]) => [name, w.map(() => 0)]))
    const input = weights.get('rnn.weight_ih_l0')!
    const at = rows((unit, v) => points[v * H + unit])
    for (let row = 0; row < input.length / V; row++) {
      for (let v = 0; v < V; v++) input[row * V + v] = at(row, v)
    }
    const session = (await loadNetwork(config, weights as Weights)).session()
    const values = new Float32Array(points.length)
    for (let v = 0; v < V; v++) {
      if (start) session.restore(start)
      session.step(v)
      values.set(session.snapshot().subarray(0, H), v * H)
    }
    return values
  }

  /** Largest error in units of the float32 step (2^-23 relative) over all points. */
  function worst(values: Float32Array, truth: (x: number) => number): number {
    let largest = 0
    points.forEach((point, i) => {
      const want = truth(Math.fround(point))
      const step = Math.max(Math.abs(want) * 2 ** -23, Number.MIN_VALUE)
      largest = Math.max(largest, Math.abs(values[i] - want) / step)
    })
    return largest
  }

  it('tanh keeps its relative precision: below 1.5 units in the last place, down to 1e-38', async () => {
    const values = await through('rnn', argument => argument)
    expect(worst(values, Math.tanh)).toBeLessThan(1.5)
    expect(Math.max(...values)).toBe(1)
    expect(Math.min(...values)).toBe(-1)
  })

  it('sigmoid keeps its relative precision: below 1.5 units in the last place, down to e^-87', async () => {
    // With i = 0, f = 1 and c = 50, h is the output gate alone.
    const gates = (argument: (unit: number, v: number) => number) => (row: number, v: number) =>
      row < H ? -100 : row < 2 * H ? 100 : row < 3 * H ? 0 : argument(row - 3 * H, v)
    const values = await through('lstm', gates, new Float32Array(2 * H).fill(50, H))
    expect(worst(values, x => 1 / (1 + Math.exp(-Math.max(-87, x))))).toBeLessThan(1.5)
  })

  it('NaN stays NaN in every cell', async () => {
    for (const [, variant] of VARIANTS) {
      const config = modelConfig({ ...variant, vocabulary: 3, hidden: 5, layers: 1 })
      const weights = seededWeights(config)
      weights.get('rnn.weight_ih_l0')!.fill(Number.NaN)
      const session = (await loadNetwork(config, weights)).session()
      expect(session.step(0)).toEqual(new Float32Array(3).fill(Number.NaN))
    }
  })
})
