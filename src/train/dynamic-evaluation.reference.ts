/** The plain twin of dynamic-evaluation.ts, in float64. */
import type { ModelConfig } from '../model/config.js'
import { stateNames } from './cells/network.js'
import { networkTwin, type TwinResult } from './cells/network.reference.js'

type Named = Map<string, Float64Array>

export interface DynamicTwinRequest {
  readonly config: ModelConfig
  readonly weights: ReadonlyMap<string, ArrayLike<number>>
  /** Text on which the usual size of the gradients is measured. */
  readonly known: readonly number[]
  readonly text: readonly number[]
  readonly rate: number
  readonly seq: number
  readonly pull: number
}

/** @returns -ln p of text[1], text[2], .., in nats */
export function dynamicTwin(request: DynamicTwinRequest): number[] {
  const { config, weights, known, text, rate, seq: T, pull } = request
  const trained: Named = new Map(Array.from(weights, ([n, d]) => [n, Float64Array.from(d)]))
  const zero = (): ReadonlyMap<string, Float64Array> =>
    new Map(stateNames(config).map(name => [name, new Float64Array(config.hidden)]))
  const read = (
    now: Named,
    ids: readonly number[],
    state: ReadonlyMap<string, Float64Array>,
  ): TwinResult =>
    networkTwin(config, now, { T: ids.length - 1, B: 1, x: ids, y: ids.slice(1), state })

  const squares: Named = new Map(Array.from(trained, ([n, d]) => [n, new Float64Array(d.length)]))
  let state = zero()
  let stretches = 0
  for (let at = 0; at + T < known.length; at += T, stretches++) {
    const found = read(trained, known.slice(at, at + T + 1), state)
    state = found.state
    for (const [n, g] of found.gradients) {
      for (let i = 0; i < g.length; i++) squares.get(n)![i] += g[i] ** 2
    }
  }
  const roots: Named = new Map(
    Array.from(squares, ([n, sum]) => [n, sum.map(v => Math.sqrt(v / stretches))]),
  )
  const all = [...roots.values()].flatMap(data => [...data])
  const mean = all.reduce((a, b) => a + b, 0) / all.length

  const now: Named = new Map(Array.from(trained, ([n, d]) => [n, d.slice()]))
  const losses: number[] = []
  state = zero()
  for (let at = 0; at < text.length - 1; at += T) {
    const found = read(now, text.slice(at, at + T + 1), state)
    losses.push(...found.losses)
    state = found.state
    for (const [n, w] of now) {
      for (let i = 0; i < w.length; i++) {
        const s = roots.get(n)![i]
        const step = (rate * found.gradients.get(n)![i]) / (s + mean / 10)
        w[i] += Math.min(1, (pull * s) / mean) * (trained.get(n)![i] - w[i]) - step
      }
    }
  }
  return losses
}
