/**
 * The LSTM for training (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
 * Its plain twin is lstm.reference.ts.
 *
 *   i, f, o = sigmoid(W x + b + U h),  g = tanh(W x + b + U h)
 *   c' = f c + i g,  h' = o tanh(c')
 *
 * Backward, with u = tanh(c'), per step only what depends on the step after it:
 *
 *   dh = dout + dz' U,  dc = dh o (1 - u^2) + dc' f',  dz = [dc, dc, dc, dh] * R
 *   R = [g i (1 - i), c f (1 - f), i (1 - g^2), u o (1 - o)]
 *
 * R and o (1 - u^2) know nothing of the loss, so they are computed for all steps in a few large
 * nodes. The three sigmoids share one product, which the runtime fuses with its activation.
 */
import type { Value } from '../graph/graph.js'
import { type Layer, type LayerRequest, splitSteps } from './cell.js'

export function lstm({ graph: g, sizes, weights, project, state }: LayerRequest): Layer {
  const { T, H } = sizes
  const [h0, c0] = state
  // PyTorch's rows are i f g o; the sigmoid wants i f o together.
  const gates = (rows: Value): [Value, Value] => {
    const [inputForget, candidate, output] = g.split(rows, [2 * H, H, H], 0)
    return [g.concat([inputForget, output], 0), candidate]
  }
  const [sigmoidIh, tanhIh] = gates(weights.weightIh)
  const [sigmoidHh, tanhHh] = gates(weights.weightHh)
  const [sigmoidBias, tanhBias] = gates(g.add(weights.biasIh, weights.biasHh))
  const sigmoidIn = splitSteps(g, project(sigmoidIh, sigmoidBias), sizes)
  const tanhIn = splitSteps(g, project(tanhIh, tanhBias), sizes)

  const sigmoids: Value[] = [] // [B, 3 H]: i f o
  const candidates: Value[] = []
  const forgets: Value[] = []
  const cells: Value[] = [c0]
  const squashed: Value[] = [] // tanh(c)
  const hiddens: Value[] = [h0]
  for (let t = 0; t < T; t++) {
    const h = hiddens[t]
    const s = g.op('Sigmoid', [g.product(h, sigmoidHh, { plus: sigmoidIn[t], transposeB: true })])
    const candidate = g.op('Tanh', [g.product(h, tanhHh, { plus: tanhIn[t], transposeB: true })])
    const [i, f, o] = g.split(s, [H, H, H], 1)
    const c = g.add(g.multiply(f, cells[t]), g.multiply(i, candidate))
    const u = g.op('Tanh', [c])
    sigmoids.push(s)
    candidates.push(candidate)
    forgets.push(f)
    cells.push(c)
    squashed.push(u)
    hiddens.push(g.multiply(o, u))
  }
  const output = g.concat(hiddens.slice(1), 0)

  const backward = (gradient: Value) => {
    const s = g.concat(sigmoids, 0)
    const candidate = g.concat(candidates, 0)
    const u = g.concat(squashed, 0)
    const before = g.concat(cells.slice(0, T), 0)
    const [i, , o] = g.split(s, [H, H, H], 1)
    const slopes = g.subtract(s, g.multiply(s, s))
    const gated = g.multiply(slopes, g.concat([candidate, before, u], 1))
    const [inputForget, outputFactor] = g.split(gated, [2 * H, H], 1)
    const candidateFactor = g.subtract(i, g.multiply(g.multiply(i, candidate), candidate))
    const factors = splitSteps(g, g.concat([inputForget, candidateFactor, outputFactor], 1), sizes)
    // o (1 - u^2) = o - h u
    const toCell = splitSteps(g, g.subtract(o, g.multiply(output, u)), sizes)
    const gradients = splitSteps(g, gradient, sizes)

    const dzs: Value[] = Array(T)
    let carried: Value | undefined // d loss / d c from the step after
    for (let t = T - 1; t >= 0; t--) {
      const dh =
        t === T - 1 ? gradients[t] : g.product(dzs[t + 1], weights.weightHh, { plus: gradients[t] })
      const own = g.multiply(dh, toCell[t])
      const dc = carried === undefined ? own : g.add(own, carried)
      dzs[t] = g.multiply(g.concat([dc, dc, dc, dh], 1), factors[t])
      if (t > 0) carried = g.multiply(dc, forgets[t])
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
  return { output, state: [hiddens[T], cells[T]], backward }
}
