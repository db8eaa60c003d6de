/**
 * The simple RNN for training (Elman 1990): h' = tanh or relu (W x + b + U h).
 * Its plain twin is rnn.reference.ts.
 *
 * Both derivatives follow from the result: 1 - h^2 for tanh; for relu 1 where h > 0, else 0.
 */
import type { ModelConfig } from '../../model/config.js'
import type { Value } from '../../onnx/graph.js'
import { type Cell, keep, type Layer, type LayerRequest, splitSteps, withPassed } from './cell.js'

export function rnn(activation: ModelConfig['activation']): Cell {
  const layer = ({ graph: g, sizes, weights, project, state, kept }: LayerRequest): Layer => {
    const { T } = sizes
    const bias = g.add(weights.biasIh, weights.biasHh)
    const inputs = splitSteps(g, project(weights.weightIh, bias), sizes)
    const operator = activation === 'tanh' ? 'Tanh' : 'Relu'
    const previous: Value[] = []
    const hiddens: Value[] = []
    let h = state[0]
    for (let t = 0; t < T; t++) {
      const by = { plus: inputs[t], transposeB: true, activation: operator } as const
      previous.push(keep(g, h, kept[t], sizes))
      h = g.product(previous[t], weights.weightHh, by)
      hiddens.push(h)
    }
    const output = g.concat(hiddens, 0)

    const backward = (gradient: Value) => {
      const derivative =
        activation === 'tanh'
          ? g.subtract(g.float32s([1]), g.multiply(output, output))
          : g.op('Sign', [output])
      const derivatives = splitSteps(g, derivative, sizes)
      const gradients = splitSteps(g, gradient, sizes)
      const dzs: Value[] = Array(T)
      for (let t = T - 1; t >= 0; t--) {
        const dh =
          t === T - 1
            ? gradients[t]
            : withPassed(g, gradients[t], kept[t + 1], plus =>
                g.product(dzs[t + 1], weights.weightHh, { ...(plus !== undefined && { plus }) }),
              )
        dzs[t] = g.multiply(dh, derivatives[t])
      }
      const input = g.concat(dzs, 0)
      const biasGradient = g.sumRows(input)
      return {
        input,
        weightHh: g.product(input, g.concat(previous, 0), { transposeA: true }),
        biasIh: biasGradient,
        biasHh: biasGradient,
      }
    }
    return { output, state: [h], backward }
  }
  return { layer }
}
