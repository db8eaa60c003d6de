import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededIds, seededWeights } from '../../test/support/seeded.js'
import { InputError } from '../errors.js'
import { activationSize, type ModelConfig, modelConfig, type Weights } from '../model/config.js'
import { loadNetwork } from './network.js'

const VARIANTS = Object.entries(CELL_VARIANTS)

const small = modelConfig({ cell: 'lstm', vocabulary: 13, hidden: 9, layers: 2, embedding: 4 })
const network = (config: ModelConfig, seed = 1) => loadNetwork(config, seededWeights(config, seed))
/** A copy: the session overwrites what it returned. */
const copy = (logits: Float32Array) => logits.slice()

/** What a refusal says, or undefined. */
function refusal(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return (error as InputError).message
  }
}

describe.each(VARIANTS)('a session of %s', (_name, variant) => {
  const sizes = fc.record({
    vocabulary: fc.integer({ min: 1, max: 30 }),
    hidden: fc.integer({ min: 1, max: 40 }),
    layers: fc.integer({ min: 1, max: 3 }),
    embedding: fc.integer({ min: 0, max: 10 }),
  })

  it('gives the same bits step by step, in one prefill, and after restore', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.array(fc.nat(), { minLength: 2, maxLength: 30 }),
        async (size, raw) => {
          const config = modelConfig({ ...variant, ...size })
          const ids = raw.map(id => id % size.vocabulary)
          const net = await network(config)
          const stepping = net.session()
          const reading = net.session()
          const half = ids.length >> 1
          for (const id of ids.slice(0, half)) stepping.step(id)
          const kept = stepping.snapshot()
          let last = new Float32Array()
          for (const id of ids.slice(half)) last = copy(stepping.step(id)) as typeof last
          expect(copy(reading.prefill(ids))).toEqual(last)
          expect(reading.snapshot()).toEqual(stepping.snapshot())
          reading.restore(kept)
          expect(reading.snapshot()).toEqual(kept)
          expect(copy(reading.prefill(ids.slice(half)))).toEqual(last)
          reading.reset()
          expect(reading.snapshot()).toEqual(
            new Float32Array(config.window ?? activationSize(config)),
          )
          expect(copy(reading.prefill(ids))).toEqual(last)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('is independent of other sessions of the same network', async () => {
    const net = await network(modelConfig({ ...variant, vocabulary: 13, hidden: 7, layers: 2 }))
    const alone = net.session()
    const want = seededIds(20, 13).map(id => copy(alone.step(id)))
    const crowd = [net.session(), net.session(), net.session()]
    seededIds(20, 13).forEach((id, t) => {
      crowd[0].step((id + 1) % 13)
      expect(copy(crowd[1].step(id))).toEqual(want[t])
      crowd[2].prefill([id, 3])
    })
  })
})

describe('one network', () => {
  it('gives the same bits whether the input product is precomputed or computed at each step', async () => {
    // 2^26 products are the limit of the table: 30 symbols stay below it, 30,000 do not.
    const few = modelConfig({ cell: 'lstm', vocabulary: 30, hidden: 33, layers: 1, embedding: 17 })
    const many = modelConfig({ ...few, vocabulary: 30_000 })
    const weights = seededWeights(few)
    const grown = new Map(weights)
    for (const name of ['embedding.weight', 'head.weight', 'head.bias']) {
      const tensor = weights.get(name)!
      const longer = new Float32Array((tensor.length / 30) * 30_000)
      longer.set(tensor)
      grown.set(name, longer)
    }
    const tabled = (await loadNetwork(few, weights)).session()
    const computed = (await loadNetwork(many, grown)).session()
    for (const id of seededIds(30, 30)) {
      expect(copy(computed.step(id)).subarray(0, 30)).toEqual(copy(tabled.step(id)))
    }
  })

  it.each([
    ['Japanese, one-hot', { vocabulary: 4_000, embedding: 0 }],
    ['Japanese, embedded', { vocabulary: 4_000, embedding: 24 }],
    ['100,000 symbols, one-hot', { vocabulary: 100_000, embedding: 0 }],
    ['100,000 symbols, embedded', { vocabulary: 100_000, embedding: 24 }],
  ])('serves a large vocabulary: %s', async (_name, size) => {
    const config = modelConfig({ cell: 'gru', hidden: 20, layers: 1, ...size })
    const net = await network(config)
    const session = net.session()
    const { vocabulary: V } = size
    for (const id of [0, V - 1, V >> 1]) {
      const logits = session.step(id)
      expect(logits).toHaveLength(V)
      expect(logits.every(Number.isFinite)).toBe(true)
      expect(new Set(logits.subarray(V - 50)).size).toBeGreaterThan(40)
    }
    expect(refusal(() => session.step(V))).toContain(`from 0 to ${V - 1}`)
  })

  it('has room for hundreds of sessions, and earlier logits stay valid when its memory grows', async () => {
    const net = await network(modelConfig({ cell: 'lstm', vocabulary: 5, hidden: 100, layers: 3 }))
    const first = net.session()
    const logits = first.step(1)
    const before = copy(logits)
    const { total } = net.memory
    const others = Array.from({ length: 300 }, () => net.session())
    expect(net.memory.total).toBeGreaterThan(total)
    expect(logits).toEqual(before)
    expect(copy(others[299].step(1))).toEqual(before)
    first.reset()
    expect(copy(first.step(1))).toEqual(before)
  })

  it('reuses and clears the memory of a disposed session', async () => {
    const net = await network(small)
    const want = copy(net.session().step(3))
    for (let round = 0; round < 2000; round++) {
      const session = net.session()
      session.prefill([1, 2])
      session.dispose()
    }
    const { total } = net.memory
    expect(copy(net.session().step(3))).toEqual(want)
    expect(net.memory.total).toBe(total)
    expect(total).toBeLessThan(200_000)
  })

  it('copies the weights: the caller may overwrite its arrays', async () => {
    const weights = seededWeights(small)
    const net = await loadNetwork(small, weights)
    const want = copy(net.session().step(3))
    for (const tensor of weights.values()) tensor.fill(0)
    expect(copy(net.session().step(3))).toEqual(want)
  })
})

describe('a network refuses', () => {
  it.each([-1, 13, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])('the id %d', async id => {
    const session = (await network(small)).session()
    const want = copy(session.prefill([1, 2]))
    const state = session.snapshot()
    expect(refusal(() => session.step(id))).toBe(
      `The id is ${id}; expected a whole number from 0 to 12.`,
    )
    expect(refusal(() => session.prefill([1, 2, id]))).toBe(
      `The id at position 2 is ${id}; expected a whole number from 0 to 12.`,
    )
    // Nothing was read.
    expect(session.snapshot()).toEqual(state)
    session.reset()
    expect(session.prefill([1, 2])).toEqual(want)
  })

  it('an empty list of ids, a state of another network, and use after dispose', async () => {
    const session = (await network(small)).session()
    expect(refusal(() => session.prefill([]))).toContain('no ids')
    expect(refusal(() => session.restore(new Float32Array(35)))).toBe(
      "The state has 35 numbers; this network's has 36: restore one that a session of the same network gave.",
    )
    session.dispose()
    const later = [
      () => session.step(0),
      () => session.prefill([0]),
      () => session.snapshot(),
      () => session.restore(new Float32Array(36)),
      () => session.reset(),
    ]
    for (const call of later) {
      expect(refusal(call)).toBe(
        'This session was disposed; make a new one with network.session().',
      )
    }
  })

  it('weights that do not belong to the config', async () => {
    const weights = new Map(seededWeights(small))
    weights.set('head.bias', new Float32Array(12))
    await expect(loadNetwork(small, weights)).rejects.toThrow(
      'The tensor head.bias has 12 numbers; expected 13 (13): load weights that belong to this config.',
    )
    weights.delete('head.bias')
    await expect(loadNetwork(small, weights)).rejects.toThrow('The tensor head.bias is missing')
  })

  it('a network beyond what WebAssembly can address, before anything is allocated', async () => {
    const config = modelConfig({ cell: 'lstm', vocabulary: 10, hidden: 16_384, layers: 2 })
    // A map that claims the right sizes without holding them.
    const lengths = { get: (name: string) => ({ length: sizeOf(config, name) }) }
    await expect(loadNetwork(config, lengths as unknown as Weights)).rejects.toThrow(
      'WebAssembly can address 4 GiB',
    )
  })
})

function sizeOf(config: ModelConfig, name: string): number {
  const { hidden: H, vocabulary: V } = config
  if (name === 'head.weight') return V * H
  if (name === 'head.bias') return V
  if (name === 'rnn.weight_ih_l0') return 4 * H * V
  return name.includes('bias') ? 4 * H : 4 * H * H
}
