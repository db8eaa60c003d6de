/**
 * The GRU for training (Cho et al. 2014), with the reset gate applied after the product
 * (PyTorch, cuDNN) or before it (the paper, char-rnn). Its plain twin is gru.reference.ts.
 *
 *   r, z = sigmoid(W x + b + U h + b'),  h' = n + m,  m = z (h - n)
 *   after:   n = tanh(W x + b + r q),  q = U h + b'
 *   before:  n = tanh(W x + b + U (r h) + b')
 *
 * The backward pass reuses products of the forward pass; dn, dr, dz are gradients of the
 * pre-activations, and dh' is the gradient of h of the step before:
 *
 *   dn = dh (1 - z) (1 - n^2),  dz = dh (m - m z)
 *   after:   dr = dn (r q - r q r),  dq = dn r,    dh' = dh z + [dr, dz, dq] U
 *   before:  dr = dp (r h - r h r),  dp = dn U_n,  dh' = dh z + dp r + [dr, dz] U_rz
 *
 * As in the LSTM, the factors are computed in each step, while its numbers are in the cache.
 */
import type { ModelConfig } from '../../model/config.js'
import type { Value } from '../../onnx/graph.js'
import {
  type Cell,
  type GateFunction,
  keep,
  type Layer,
  type LayerRequest,
  splitSteps,
  withPassed,
} from './cell.js'

export function gru(reset: ModelConfig['reset'], gate: GateFunction): Cell {
  const layer = reset === 'after' ? resetAfter : resetBefore
  return { layer: request => layer(request, gate) }
}

/** Values of a forward step that its backward step uses; [B, H] each, s [B, 2 H]. */
interface StepTape {
  /** r and z, concatenated. */
  readonly s: Value
  readonly r: Value
  readonly z: Value
  readonly n: Value
  /** z (h - n) */
  readonly m: Value
  /** r q or r h; q or h. */
  readonly gated: Value
  readonly ungated: Value
  /** h - n */
  readonly difference: Value
}

function step(
  { graph: g, sizes: { H } }: LayerRequest,
  h: Value,
  s: Value,
  candidate: (r: Value) => Pick<StepTape, 'n' | 'gated' | 'ungated'>,
): { readonly next: Value; readonly tape: StepTape } {
  const [r, z] = g.split(s, [H, H], 1)
  const { n, gated, ungated } = candidate(r)
  const difference = g.subtract(h, n)
  const m = g.multiply(z, difference)
  return { next: g.add(n, m), tape: { s, r, z, n, m, gated, ungated, difference } }
}

/** (1 - z) (1 - n^2): the factor from dh to dn. */
function candidateFactor({ graph: g }: LayerRequest, { z, n }: StepTape): Value {
  const one = g.float32s([1])
  return g.multiply(g.subtract(one, z), g.subtract(one, g.multiply(n, n)))
}

/** [r q - r q r or r h - r h r, m - m z] for the logistic function, [B, 2 H]. */
function gateFactors(
  { graph: g }: LayerRequest,
  gate: GateFunction,
  { s, gated, ungated, m, difference }: StepTape,
): Value {
  return gate.factors(
    g,
    s,
    () => g.concat([gated, m], 1),
    () => g.concat([ungated, difference], 1),
  )
}

function resetAfter(request: LayerRequest, gate: GateFunction): Layer {
  const { graph: g, sizes, weights, project, state, kept } = request
  const { T, H } = sizes
  const [gateIh, candidateIh] = g.split(weights.weightIh, [2 * H, H], 0)
  const [gateHh, candidateHh] = g.split(weights.weightHh, [2 * H, H], 0)
  const [gateBiasIh, candidateBiasIh] = g.split(weights.biasIh, [2 * H, H], 0)
  const [gateBiasHh, candidateBiasHh] = g.split(weights.biasHh, [2 * H, H], 0)
  const gateIn = splitSteps(g, project(gateIh, g.add(gateBiasIh, gateBiasHh)), sizes)
  const candidateIn = splitSteps(g, project(candidateIh, candidateBiasIh), sizes)

  const tape: StepTape[] = []
  const previous: Value[] = []
  const hiddens: Value[] = []
  let last = state[0]
  for (let t = 0; t < T; t++) {
    const h = keep(g, last, kept[t], sizes)
    const done = step(request, h, gate.of(g, h, gateHh, gateIn[t]), r => {
      const q = g.product(h, candidateHh, { transposeB: true, plus: candidateBiasHh })
      const gated = g.multiply(r, q)
      return { n: g.op('Tanh', [g.add(candidateIn[t], gated)]), gated, ungated: q }
    })
    tape.push(done.tape)
    previous.push(h)
    last = done.next
    hiddens.push(last)
  }

  const backward = (gradient: Value) => {
    const gradients = splitSteps(g, gradient, sizes)
    const candidateGradients: Value[] = Array(T)
    const recurrentGradients: Value[] = Array(T) // [B, 3 H]: dr dz dq
    let carried: Value | undefined // dh z
    for (let t = T - 1; t >= 0; t--) {
      const passed = (plus?: Value): Value =>
        g.product(recurrentGradients[t + 1], weights.weightHh, {
          plus: plus === undefined ? carried! : g.add(plus, carried!),
        })
      const dh =
        carried === undefined ? gradients[t] : withPassed(g, gradients[t], kept[t + 1], passed)
      const dn = g.multiply(dh, candidateFactor(request, tape[t]))
      candidateGradients[t] = dn
      recurrentGradients[t] = g.multiply(
        g.concat([dn, dh, dn], 1),
        g.concat([gateFactors(request, gate, tape[t]), tape[t].r], 1),
      )
      if (t > 0) carried = g.multiply(dh, tape[t].z)
    }
    const recurrent = g.concat(recurrentGradients, 0)
    const [gates] = g.split(recurrent, [2 * H, H], 1)
    const input = g.concat([gates, g.concat(candidateGradients, 0)], 1)
    return {
      input,
      weightHh: g.product(recurrent, g.concat(previous, 0), { transposeA: true }),
      biasIh: g.sumRows(input),
      biasHh: g.sumRows(recurrent),
    }
  }
  return { output: g.concat(hiddens, 0), state: [last], backward }
}

function resetBefore(request: LayerRequest, gate: GateFunction): Layer {
  const { graph: g, sizes, weights, project, state, kept } = request
  const { T, H } = sizes
  const [gateIh, candidateIh] = g.split(weights.weightIh, [2 * H, H], 0)
  const [gateHh, candidateHh] = g.split(weights.weightHh, [2 * H, H], 0)
  const [gateBias, candidateBias] = g.split(g.add(weights.biasIh, weights.biasHh), [2 * H, H], 0)
  const gateIn = splitSteps(g, project(gateIh, gateBias), sizes)
  const candidateIn = splitSteps(g, project(candidateIh, candidateBias), sizes)

  const tape: StepTape[] = []
  const previous: Value[] = []
  const hiddens: Value[] = []
  let last = state[0]
  for (let t = 0; t < T; t++) {
    const h = keep(g, last, kept[t], sizes)
    const by = { transposeB: true, plus: candidateIn[t], activation: 'Tanh' } as const
    const done = step(request, h, gate.of(g, h, gateHh, gateIn[t]), r => {
      const gated = g.multiply(r, h)
      return { n: g.product(gated, candidateHh, by), gated, ungated: h }
    })
    tape.push(done.tape)
    previous.push(h)
    last = done.next
    hiddens.push(last)
  }

  const backward = (gradient: Value) => {
    const gradients = splitSteps(g, gradient, sizes)
    const gateGradients: Value[] = Array(T) // [B, 2 H]: dr dz
    const candidateGradients: Value[] = Array(T)
    let carried: Value | undefined // dh z + dp r
    for (let t = T - 1; t >= 0; t--) {
      const { r, z } = tape[t]
      const passed = (plus?: Value): Value =>
        g.product(gateGradients[t + 1], gateHh, {
          plus: plus === undefined ? carried! : g.add(plus, carried!),
        })
      const dh =
        carried === undefined ? gradients[t] : withPassed(g, gradients[t], kept[t + 1], passed)
      const dn = g.multiply(dh, candidateFactor(request, tape[t]))
      const dp = g.product(dn, candidateHh)
      candidateGradients[t] = dn
      gateGradients[t] = g.multiply(g.concat([dp, dh], 1), gateFactors(request, gate, tape[t]))
      if (t > 0) carried = g.add(g.multiply(dh, z), g.multiply(dp, r))
    }
    const gates = g.concat(gateGradients, 0)
    const candidates = g.concat(candidateGradients, 0)
    const input = g.concat([gates, candidates], 1)
    const reset = g.concat(
      tape.map(({ gated }) => gated),
      0,
    )
    const bias = g.sumRows(input)
    return {
      input,
      weightHh: g.concat(
        [
          g.product(gates, g.concat(previous, 0), { transposeA: true }),
          g.product(candidates, reset, { transposeA: true }),
        ],
        0,
      ),
      biasIh: bias,
      biasHh: bias,
    }
  }
  return { output: g.concat(hiddens, 0), state: [last], backward }
}
