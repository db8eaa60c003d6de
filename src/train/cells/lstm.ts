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
import {
  type Cell,
  type GateFunction,
  keep,
  keepGradient,
  type Layer,
  type LayerRequest,
  splitSteps,
  withPassed,
} from './cell.js'

/** The order is i f g o <-> i f o g. */
export function lstm(gate: GateFunction): Cell {
  return { order: [0, 1, 3, 2], layer: request => layer(request, gate) }
}

function layer(
  { graph: g, sizes, weights, project, state, kept }: LayerRequest,
  gate: GateFunction,
): Layer {
  const { T, H } = sizes
  const gates = (rows: Value): Value[] => g.split(rows, [3 * H, H], 0)
  const [sigmoidIh, tanhIh] = gates(weights.weightIh)
  const [sigmoidHh, tanhHh] = gates(weights.weightHh)
  const [sigmoidBias, tanhBias] = gates(g.add(weights.biasIh, weights.biasHh))
  const sigmoidIn = splitSteps(g, project(sigmoidIh, sigmoidBias), sizes)
  const tanhIn = splitSteps(g, project(tanhIh, tanhBias), sizes)

  const previous: Value[] = []
  const hiddens: Value[] = []
  let [h, c] = state
  const tape: StepTape[] = []
  for (let t = 0; t < T; t++) {
    const before = keep(g, c, kept[t], sizes)
    previous.push(keep(g, h, kept[t], sizes))
    const s = gate.of(g, previous[t], sigmoidHh, sigmoidIn[t])
    const by = { transposeB: true, plus: tanhIn[t], activation: 'Tanh' } as const
    const candidate = g.product(previous[t], tanhHh, by)
    const [i, f, o] = g.split(s, [H, H, H], 1)
    const added = g.multiply(i, candidate)
    const remembered = g.multiply(f, before)
    c = g.add(remembered, added)
    const u = g.op('Tanh', [c])
    h = g.multiply(o, u)
    hiddens.push(h)
    tape.push({ s, candidate, i, f, o, added, remembered, before, u, h })
  }

  const backward = (gradient: Value) => {
    const gradients = splitSteps(g, gradient, sizes)
    const dzs: Value[] = Array(T)
    let carried: Value | undefined // d loss / d c from the step after
    for (let t = T - 1; t >= 0; t--) {
      const { s, candidate, i, f, o, added, remembered, before, u, h } = tape[t]
      const sigmoidFactors = gate.factors(
        g,
        s,
        () => g.concat([added, remembered, h], 1),
        () => g.concat([candidate, before, u], 1),
      )
      const tanhFactor = g.subtract(i, g.multiply(added, candidate))
      const dh =
        t === T - 1
          ? gradients[t]
          : withPassed(g, gradients[t], kept[t + 1], plus =>
              g.product(dzs[t + 1], weights.weightHh, { ...(plus !== undefined && { plus }) }),
            )
      const own = g.multiply(dh, g.subtract(o, g.multiply(h, u)))
      const dc = carried === undefined ? own : g.add(own, carried)
      dzs[t] = g.multiply(g.concat([dc, dc, dh, dc], 1), g.concat([sigmoidFactors, tanhFactor], 1))
      if (t > 0) carried = keepGradient(g, g.multiply(dc, f), kept[t])
    }
    const input = g.concat(dzs, 0)
    const bias = g.sumRows(input)
    return {
      input,
      weightHh: g.product(input, g.concat(previous, 0), { transposeA: true }),
      biasIh: bias,
      biasHh: bias,
    }
  }
  return { output: g.concat(hiddens, 0), state: [h, c], backward }
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
  /** f c, and c before the step */
  readonly remembered: Value
  readonly before: Value
  /** tanh(c') */
  readonly u: Value
  /** h' */
  readonly h: Value
}
