/**
 * The GRU for training (Cho et al. 2014), with the reset gate applied after the product
 * (PyTorch, cuDNN) or before it (the paper, char-rnn). Its plain twin is gru.reference.ts.
 *
 *   r, z = sigmoid(W x + b + U h + b'),  h' = n + z (h - n)
 *   after:   n = tanh(W x + b + r (U h + b'))
 *   before:  n = tanh(W x + b + U (r h) + b')
 *
 * Backward: each gate's gradient is dh times a factor that knows nothing of the loss
 * (`after`: all of them), so the factors of all steps come from a few large nodes.
 */
import type { ModelConfig } from '../../model/config.js'
import type { Value } from '../graph/graph.js'
import { type Cell, type Layer, type LayerRequest, splitSteps } from './cell.js'

export function gru(reset: ModelConfig['reset']): Cell {
  return { layer: reset === 'after' ? resetAfter : resetBefore }
}

/** h' = n + z (h - n): one product less than (1 - z) n + z h. */
function blend({ graph: g }: LayerRequest, z: Value, h: Value, n: Value): Value {
  return g.add(n, g.multiply(z, g.subtract(h, n)))
}

/** (1 - z) (1 - n^2): what dh means for the candidate's pre-activation. */
function candidateFactor({ graph: g }: LayerRequest, z: Value, n: Value): Value {
  const one = g.floats([1])
  return g.multiply(g.subtract(one, z), g.subtract(one, g.multiply(n, n)))
}

function resetAfter(request: LayerRequest): Layer {
  const { graph: g, sizes, weights, project, state } = request
  const { T, H } = sizes
  const [gateIh, candidateIh] = g.split(weights.weightIh, [2 * H, H], 0)
  const [gateHh, candidateHh] = g.split(weights.weightHh, [2 * H, H], 0)
  const [gateBiasIh, candidateBiasIh] = g.split(weights.biasIh, [2 * H, H], 0)
  const [gateBiasHh, candidateBiasHh] = g.split(weights.biasHh, [2 * H, H], 0)
  const gateIn = splitSteps(g, project(gateIh, g.add(gateBiasIh, gateBiasHh)), sizes)
  const candidateIn = splitSteps(g, project(candidateIh, candidateBiasIh), sizes)

  const gates: Value[] = [] // [B, 2 H]: r z
  const updates: Value[] = []
  const candidates: Value[] = []
  const recurrent: Value[] = [] // U h + b' of the candidate
  const hiddens: Value[] = [state[0]]
  for (let t = 0; t < T; t++) {
    const h = hiddens[t]
    const s = g.op('Sigmoid', [g.product(h, gateHh, { plus: gateIn[t], transposeB: true })])
    const [r, z] = g.split(s, [H, H], 1)
    const q = g.product(h, candidateHh, { plus: candidateBiasHh, transposeB: true })
    const n = g.op('Tanh', [g.add(candidateIn[t], g.multiply(r, q))])
    gates.push(s)
    updates.push(z)
    candidates.push(n)
    recurrent.push(q)
    hiddens.push(blend(request, z, h, n))
  }
  const output = g.concat(hiddens.slice(1), 0)

  const backward = (gradient: Value) => {
    const s = g.concat(gates, 0)
    const n = g.concat(candidates, 0)
    const previous = g.concat(hiddens.slice(0, T), 0)
    const [r, z] = g.split(s, [H, H], 1)
    const toCandidate = candidateFactor(request, z, n)
    const slopes = g.subtract(s, g.multiply(s, s))
    const reach = g.concat(
      [g.multiply(toCandidate, g.concat(recurrent, 0)), g.subtract(previous, n)],
      1,
    )
    const factors = g.concat([g.multiply(slopes, reach), g.multiply(toCandidate, r)], 1)
    const factorSteps = splitSteps(g, factors, sizes)
    const gradients = splitSteps(g, gradient, sizes)
    const dhs: Value[] = Array(T)
    const dzs: Value[] = Array(T) // [B, 3 H]: at U h + b'
    for (let t = T - 1; t >= 0; t--) {
      const dh =
        t === T - 1
          ? gradients[t]
          : g.product(dzs[t + 1], weights.weightHh, {
              plus: g.add(gradients[t], g.multiply(dhs[t + 1], updates[t + 1])),
            })
      dhs[t] = dh
      dzs[t] = g.multiply(g.concat([dh, dh, dh], 1), factorSteps[t])
    }
    const recurrentGradient = g.concat(dzs, 0)
    const [gateGradient] = g.split(recurrentGradient, [2 * H, H], 1)
    const candidateGradient = g.multiply(g.concat(dhs, 0), toCandidate)
    const input = g.concat([gateGradient, candidateGradient], 1)
    return {
      input,
      weightHh: g.product(recurrentGradient, previous, { transposeA: true }),
      biasIh: g.sumRows(input),
      biasHh: g.sumRows(recurrentGradient),
    }
  }
  return { output, state: [hiddens[T]], backward }
}

function resetBefore(request: LayerRequest): Layer {
  const { graph: g, sizes, weights, project, state } = request
  const { T, H } = sizes
  const [gateIh, candidateIh] = g.split(weights.weightIh, [2 * H, H], 0)
  const [gateHh, candidateHh] = g.split(weights.weightHh, [2 * H, H], 0)
  const [gateBias, candidateBias] = g.split(g.add(weights.biasIh, weights.biasHh), [2 * H, H], 0)
  const gateIn = splitSteps(g, project(gateIh, gateBias), sizes)
  const candidateIn = splitSteps(g, project(candidateIh, candidateBias), sizes)

  const gates: Value[] = [] // [B, 2 H]: r z
  const resets: Value[] = []
  const updates: Value[] = []
  const candidates: Value[] = []
  const resetHiddens: Value[] = [] // r h
  const hiddens: Value[] = [state[0]]
  for (let t = 0; t < T; t++) {
    const h = hiddens[t]
    const s = g.op('Sigmoid', [g.product(h, gateHh, { plus: gateIn[t], transposeB: true })])
    const [r, z] = g.split(s, [H, H], 1)
    const rh = g.multiply(r, h)
    const n = g.op('Tanh', [g.product(rh, candidateHh, { plus: candidateIn[t], transposeB: true })])
    gates.push(s)
    resets.push(r)
    updates.push(z)
    candidates.push(n)
    resetHiddens.push(rh)
    hiddens.push(blend(request, z, h, n))
  }
  const output = g.concat(hiddens.slice(1), 0)

  const backward = (gradient: Value) => {
    const s = g.concat(gates, 0)
    const n = g.concat(candidates, 0)
    const previous = g.concat(hiddens.slice(0, T), 0)
    const [, z] = g.split(s, [H, H], 1)
    const slopes = g.subtract(s, g.multiply(s, s))
    const gateFactors = g.multiply(slopes, g.concat([previous, g.subtract(previous, n)], 1))
    const factors = splitSteps(g, gateFactors, sizes)
    const toCandidate = splitSteps(g, candidateFactor(request, z, n), sizes)
    const gradients = splitSteps(g, gradient, sizes)
    const gateGradients: Value[] = Array(T)
    const candidateGradients: Value[] = Array(T)
    let carried: Value | undefined // what reaches h of the step before, without the gates' product
    for (let t = T - 1; t >= 0; t--) {
      const dh =
        carried === undefined
          ? gradients[t]
          : g.product(gateGradients[t + 1], gateHh, { plus: g.add(gradients[t], carried) })
      candidateGradients[t] = g.multiply(dh, toCandidate[t])
      const drh = g.product(candidateGradients[t], candidateHh)
      gateGradients[t] = g.multiply(g.concat([drh, dh], 1), factors[t])
      if (t > 0) carried = g.add(g.multiply(dh, updates[t]), g.multiply(drh, resets[t]))
    }
    const gateGradient = g.concat(gateGradients, 0)
    const candidateGradient = g.concat(candidateGradients, 0)
    const input = g.concat([gateGradient, candidateGradient], 1)
    const bias = g.sumRows(input)
    return {
      input,
      weightHh: g.concat(
        [
          g.product(gateGradient, previous, { transposeA: true }),
          g.product(candidateGradient, g.concat(resetHiddens, 0), { transposeA: true }),
        ],
        0,
      ),
      biasIh: bias,
      biasHh: bias,
    }
  }
  return { output, state: [hiddens[T]], backward }
}
