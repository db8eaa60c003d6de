/**
 * The LSTM for training (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
 * Its plain twin is lstm.reference.ts.
 *
 *   i, f, o = sigmoid(W x + b + U h),  g = tanh(W x + b + U h)
 *   c' = f c + i g,  h' = o tanh(c')
 *
 * The backward pass reuses u = tanh(c') and products of the forward pass:
 *
 *   dh = dout + dz' U,  dc = dh (o - h' u) + dc' f'
 *   dz = [dc, dc, dh, dc] * ([i g, f c, h', i] - [i g, f c, h', i g] * [i, f, o, g])
 *
 * The blocks are ordered i f o g, so that the three sigmoids are one product and one node. The factors are
 * computed in each step, while its numbers are in the cache: computing them for all steps at once takes
 * a third fewer nodes but ten times more memory traffic, and was slower.
 */
import type { Value } from '../../onnx/graph.js'
import { type Cell, type Layer, type LayerRequest, splitSteps } from './cell.js'

/** i f g o <-> i f o g */
export const lstm: Cell = { order: [0, 1, 3, 2], layer }

function layer({ graph: g, sizes, weights, project, state }: LayerRequest): Layer {
  const { T, H } = sizes
  const gates = (rows: Value): Value[] => g.split(rows, [3 * H, H], 0)
  const [sigmoidIh, tanhIh] = gates(weights.weightIh)
  const [sigmoidHh, tanhHh] = gates(weights.weightHh)
  const [sigmoidBias, tanhBias] = gates(g.add(weights.biasIh, weights.biasHh))
  const sigmoidIn = splitSteps(g, project(sigmoidIh, sigmoidBias), sizes)
  const tanhIn = splitSteps(g, project(tanhIh, tanhBias), sizes)

  const hiddens: Value[] = [state[0]]
  let c = state[1]
  const tape: StepTape[] = []
  for (let t = 0; t < T; t++) {
    const h = hiddens[t]
    const by = { transposeB: true } as const
    const s = g.product(h, sigmoidHh, { ...by, plus: sigmoidIn[t], activation: 'Sigmoid' })
    const candidate = g.product(h, tanhHh, { ...by, plus: tanhIn[t], activation: 'Tanh' })
    const [i, f, o] = g.split(s, [H, H, H], 1)
    const added = g.multiply(i, candidate)
    const kept = g.multiply(f, c)
    c = g.add(kept, added)
    const u = g.op('Tanh', [c])
    hiddens.push(g.multiply(o, u))
    tape.push({ s, candidate, i, f, o, added, kept, u, h: hiddens[t + 1] })
  }

  const backward = (gradient: Value) => {
    const gradients = splitSteps(g, gradient, sizes)
    const dzs: Value[] = Array(T)
    let carried: Value | undefined // d loss / d c from the step after
    for (let t = T - 1; t >= 0; t--) {
      const { s, candidate, i, f, o, added, kept, u, h } = tape[t]
      const products = g.concat([added, kept, h], 1)
      const sigmoidFactors = g.subtract(products, g.multiply(products, s))
      const tanhFactor = g.subtract(i, g.multiply(added, candidate))
      const dh =
        t === T - 1 ? gradients[t] : g.product(dzs[t + 1], weights.weightHh, { plus: gradients[t] })
      const own = g.multiply(dh, g.subtract(o, g.multiply(h, u)))
      const dc = carried === undefined ? own : g.add(own, carried)
      dzs[t] = g.multiply(g.concat([dc, dc, dh, dc], 1), g.concat([sigmoidFactors, tanhFactor], 1))
      if (t > 0) carried = g.multiply(dc, f)
    }
    const input = g.concat(dzs, 0)
    const bias = g.sumRows(input)
    const previous = g.concat(hiddens.slice(0, T), 0)
    return {
      input,
      weightHh: g.product(input, previous, { transposeA: true }),
      biasIh: bias,
      biasHh: bias,
    }
  }
  return { output: g.concat(hiddens.slice(1), 0), state: [hiddens[T], c], backward }
}

/** Values of a forward step that its backward step uses; [B, H] each, s [B, 3 H]. */
interface StepTape {
  /** i, f and o, concatenated. */
  readonly s: Value
  readonly candidate: Value
  readonly i: Value
  readonly f: Value
  readonly o: Value
  /** i g */
  readonly added: Value
  /** f c */
  readonly kept: Value
  /** tanh(c') */
  readonly u: Value
  /** h' */
  readonly h: Value
}
