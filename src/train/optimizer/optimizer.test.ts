import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniform } from '../../../test/support/uniform.js'
import { clipping } from './clip.js'
import { createOptimizer, OPTIMIZERS, type OptimizerKind, type OptimizerOptions } from './index.js'
import type { Optimizer, Tensors } from './optimizer.js'
import * as twin from './update.reference.js'

const OPTIONS: OptimizerOptions = {
  beta1: 0.9,
  beta2: 0.99,
  decay: 0.95,
  momentum: 0.9,
  weightDecay: 0.1,
}
const FREE = { scale: 1, limit: Number.POSITIVE_INFINITY }

const tensors = (matrix: readonly number[], bias: readonly number[]) =>
  new Map([
    ['head.weight', Float32Array.from(matrix)],
    ['head.bias', Float32Array.from(bias)],
  ])

/** Puts gradients where the optimizer looks for them. */
function fill(optimizer: Optimizer, gradients: Tensors): void {
  for (const [name, data] of gradients) optimizer.gradients.get(name)!.set(data)
}

/*
 * Weights after 1 and after 5 updates with the gradients 0.1 (i + 1) (-1)^i / step, rate 0.01.
 * PyTorch 2.15, float64:
 *
 *   import torch
 *   torch.set_default_dtype(torch.float64)
 *   for name, make in {
 *       'adamw': lambda w, b: torch.optim.AdamW([{'params': [w], 'weight_decay': 0.1},
 *           {'params': [b], 'weight_decay': 0}], lr=0.01, betas=(0.9, 0.99), eps=1e-8),
 *       'rmsprop': lambda w, b: torch.optim.RMSprop([w, b], lr=0.01, alpha=0.95, eps=1e-8),
 *       'sgd': lambda w, b: torch.optim.SGD([w, b], lr=0.01, momentum=0.9)}.items():
 *     w, b = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([0.25, -0.75])
 *     opt = make(w, b)
 *     for step in range(1, 6):
 *         for p in (w, b):
 *             p.grad = torch.tensor([0.1 * (i + 1) * (-1) ** i / step for i in range(len(p))])
 *         opt.step()
 *         if step in (1, 5): print(name, step, [f'{v:.10f}' for v in (*w.tolist(), *b.tolist())])
 */
const GOLDEN: Readonly<Record<OptimizerKind, Readonly<Record<1 | 5, readonly number[]>>>> = {
  adamw: {
    '1': [0.989000001, -1.9880000005, 0.4895000003, 0.240000001, -0.7400000005],
    '5': [0.9509608959, -1.9459708827, 0.4534558967, 0.2058572331, -0.7058572299],
  },
  rmsprop: {
    '1': [0.9552786604, -1.9552786505, 0.4552786471, 0.2052786604, -0.7052786505],
    '5': [0.9034733837, -1.9034733633, 0.4034733564, 0.1534733837, -0.6534733633],
  },
  sgd: {
    '1': [0.999, -1.998, 0.497, 0.249, -0.748],
    '5': [0.9926070667, -1.9852141333, 0.4778212, 0.2426070667, -0.7352141333],
  },
}

describe.each(OPTIMIZERS)('%s', kind => {
  it('agrees with PyTorch', () => {
    const optimizer = createOptimizer(kind, tensors([1, -2, 0.5], [0.25, -0.75]), OPTIONS)
    const { weights } = optimizer
    for (let step = 1; step <= 5; step++) {
      const slopes = [0, 1, 2].map(i => (0.1 * (i + 1) * (-1) ** i) / step)
      fill(optimizer, tensors(slopes, slopes.slice(0, 2)))
      optimizer.update({ rate: 0.01, step, ...FREE })
      if (step !== 1 && step !== 5) continue
      const found = [...weights.values()].flatMap(data => [...data])
      for (const [i, expected] of GOLDEN[kind][step].entries()) {
        expect(found[i]).toBeCloseTo(expected, 6)
      }
    }
  })

  it('minimises a quadratic function', () => {
    const start = tensors([3, -4], [5])
    const optimizer = createOptimizer(kind, start, { ...OPTIONS, weightDecay: 0 })
    const { weights } = optimizer
    const height = (): number =>
      [...weights.values()].flatMap(data => [...data]).reduce((sum, w) => sum + w * w, 0)
    const before = height()
    for (let step = 1; step <= 300; step++) {
      fill(optimizer, new Map(Array.from(weights, ([name, w]) => [name, w.map(v => 2 * v)])))
      optimizer.update({ rate: 0.02, step, ...FREE })
    }
    expect(height()).toBeLessThan(before / 100)
  })

  it('continues with the same bits from copied moments', () => {
    const run = (
      from: number,
      to: number,
      weights: Tensors,
      saved?: ReadonlyMap<string, Tensors>,
    ) => {
      const optimizer = createOptimizer(kind, weights, OPTIONS)
      for (const [group, named] of optimizer.moments) {
        for (const [name, data] of named) data.set(saved?.get(group)?.get(name) ?? [])
      }
      for (let step = from; step <= to; step++) {
        fill(optimizer, tensors([Math.sin(step), 0.3, -step / 7], [1 / step, 0.01]))
        optimizer.update({ rate: 0.01, step, scale: 0.7, limit: 0.5 })
      }
      return optimizer
    }
    const start = tensors([1, 2, 3], [4, 5])
    const first = run(1, 7, start)
    expect(run(8, 20, first.weights, first.moments).weights).toEqual(run(1, 20, start).weights)
    expect(start).toEqual(tensors([1, 2, 3], [4, 5]))
  })

  it('does nothing at rate 0', () => {
    const optimizer = createOptimizer(kind, tensors([1, 2], [3]), OPTIONS)
    fill(optimizer, tensors([1, 1], [1]))
    optimizer.update({ rate: 0, step: 1, ...FREE })
    expect(optimizer.weights).toEqual(tensors([1, 2], [3]))
  })

  it('scales gradients, then clamps them', () => {
    const updated = (gradients: Tensors, clip: { scale: number; limit: number }): Tensors => {
      const optimizer = createOptimizer(kind, tensors([1, 2], [3]), OPTIONS)
      fill(optimizer, gradients)
      optimizer.update({ rate: 0.1, step: 1, ...clip })
      // AdamW and RMSProp take no notice of how large a first gradient is; a second one shows it.
      fill(optimizer, tensors([1, 1], [1]))
      optimizer.update({ rate: 0.1, step: 2, ...FREE })
      return optimizer.weights
    }
    const clipped = updated(tensors([8, -8], [1]), { scale: 0.5, limit: 2 })
    expect(clipped).toEqual(updated(tensors([2, -2], [0.5]), FREE))
    expect(clipped).not.toEqual(updated(tensors([8, -8], [1]), FREE))
  })
})

it('AdamW decays matrices and not biases', () => {
  const optimizer = createOptimizer('adamw', tensors([1, -1], [1]), OPTIONS)
  optimizer.update({ rate: 0.5, step: 1, ...FREE })
  expect(optimizer.weights).toEqual(tensors([0.95, -0.95], [1]))
})

describe('clipping', () => {
  it('uses the norm of all gradients together', () => {
    const norm = (gradients: Tensors): number => {
      const optimizer = createOptimizer('sgd', gradients, OPTIONS)
      fill(optimizer, gradients)
      return optimizer.norm()
    }
    expect(norm(tensors([3, 0], [4]))).toBe(5)
    expect(norm(tensors([Number.NaN], [4]))).toBeNaN()
    expect(norm(tensors([Number.POSITIVE_INFINITY], []))).toBe(Number.POSITIVE_INFINITY)
  })

  it('by norm keeps the direction and never makes the gradient longer', () => {
    expect(clipping({ by: 'norm', at: 5 }, 10)).toEqual({ scale: 0.5, limit: Infinity })
    expect(clipping({ by: 'norm', at: 5 }, 4)).toEqual({ scale: 1, limit: Infinity })
  })

  it('by value clamps each number, and can be turned off', () => {
    expect(clipping({ by: 'value', at: 5 }, 10)).toEqual({ scale: 1, limit: 5 })
    expect(clipping({ by: 'none' }, 10)).toEqual({ scale: 1, limit: Infinity })
  })
})

describe('the kernels and their plain twin give the same bits', () => {
  const value = uniform(-2, 2)
  const request = fc.record({
    values: fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 23 }),
    scale: uniform(0.01, 1),
    limit: fc.constantFrom(Number.POSITIVE_INFINITY, 0.5),
    rate: uniform(0, 0.1),
  })

  it.each(OPTIMIZERS)('%s', kind => {
    fc.assert(
      fc.property(request, ({ values, scale, limit, rate }) => {
        const column = (at: 0 | 1) => Float32Array.from(values, pair => pair[at])
        const start = new Map([
          ['head.weight', column(0)],
          ['head.bias', column(1)],
        ])
        const optimizer = createOptimizer(kind, start, OPTIONS)
        const plain = new Map(Array.from(start, ([name, data]) => [name, data.slice()]))
        const moments = new Map(
          Array.from(start, ([name, { length }]) => [
            name,
            [new Float32Array(length), new Float32Array(length)],
          ]),
        )
        for (let step = 1; step <= 4; step++) {
          const slopes = new Map(
            Array.from(start, ([name, data]) => [name, data.map(x => x * x * Math.cos(step))]),
          )
          fill(optimizer, slopes)
          optimizer.update({ rate, scale, limit, step })
          for (const [name, w] of plain) {
            const arrays = [w, slopes.get(name)!, ...moments.get(name)!]
            const { beta1, beta2, decay, momentum, weightDecay } = OPTIONS
            const epsilon = 1e-8
            if (kind === 'adamw') {
              twin.adamw(
                arrays,
                { scale, limit },
                {
                  ...{ beta1, fresh1: 1 - beta1, beta2, fresh2: 1 - beta2, epsilon },
                  keep: name.includes('bias') ? 1 : 1 - rate * weightDecay,
                  size: rate / (1 - beta1 ** step),
                  spread: 1 / Math.sqrt(1 - beta2 ** step),
                },
              )
            } else if (kind === 'rmsprop') {
              twin.rmsprop(arrays, { scale, limit }, { decay, fresh: 1 - decay, rate, epsilon })
            } else twin.sgd(arrays, { scale, limit }, { momentum, rate })
          }
        }
        expect(optimizer.weights).toEqual(plain)
      }),
    )
  })

  it('the norm', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), values => {
        const optimizer = createOptimizer('sgd', tensors(values, []), OPTIONS)
        fill(optimizer, tensors(values, []))
        expect(optimizer.norm()).toBe(Math.sqrt(twin.squares(Float32Array.from(values))))
      }),
    )
  })
})
