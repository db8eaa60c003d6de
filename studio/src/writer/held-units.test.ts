import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeModel, encodeModel, networkOf } from '../../../src/index.js'
import { gruStep } from '../../../src/model/gru.reference.js'
import { modelConfig } from '../../../src/model/index.js'
import { lstmStep } from '../../../src/model/lstm.reference.js'
import { affine, type LayerState } from '../../../src/model/product.reference.js'
import { rnnStep } from '../../../src/model/rnn.reference.js'
import { tokenizerFrom } from '../../../src/text/index.js'
import { CELL_VARIANTS, seededIds, seededWeights } from '../../../test/support/seeded.js'
import {
  fitsHeld,
  type Held,
  holdsAnyValue,
  parseHeld,
  withHeldUnits,
  writeHeld,
} from './held-units.js'

const SYMBOLS = [...'\nabcdefgh']
const V = SYMBOLS.length
const H = 12

async function modelOf(variant: keyof typeof CELL_VARIANTS, embedding = 5) {
  const config = modelConfig({
    ...CELL_VARIANTS[variant],
    ...{ vocabulary: V, embedding, hidden: H, layers: 2 },
  })
  const tokenizer = tokenizerFrom({ kind: 'character', symbols: SYMBOLS })
  const weights = seededWeights(config, 3, 0.6)
  return decodeModel(encodeModel({ config, tokenizer, weights, training: {} }))
}

/**
 * The reference: evaluates the equations and sets the held units after the step of each layer.
 * @returns logits after the last id
 */
function read(
  { config, weights }: Awaited<ReturnType<typeof modelOf>>,
  held: readonly Held[],
  ids: readonly number[],
) {
  const get = (name: string): Float32Array => weights.get(name)!
  const put = (k: number, h: Float64Array): void => {
    for (const { layer, unit, value } of held) if (layer === k) h[unit] = value
  }
  const states: LayerState[] = Array.from({ length: config.layers }, (_, k) => {
    const h = new Float64Array(H)
    put(k, h)
    return { h, c: new Float64Array(config.cell === 'lstm' ? H : 0) }
  })
  const outputs = ids.map(id => {
    let x: ArrayLike<number> =
      config.embedding > 0
        ? get('embedding.weight').subarray(id * config.embedding, (id + 1) * config.embedding)
        : Float64Array.from({ length: V }, (_, v) => Number(v === id))
    const parts = config.embedding > 0 ? [...Array.from(x)] : []
    for (let k = 0; k < config.layers; k++) {
      const layer = {
        weightIh: get(`rnn.weight_ih_l${k}`),
        weightHh: get(`rnn.weight_hh_l${k}`),
        biasIh: get(`rnn.bias_ih_l${k}`),
        biasHh: get(`rnn.bias_hh_l${k}`),
      }
      if (config.cell === 'rnn') states[k] = rnnStep(x, states[k], layer, config.activation)
      else if (config.cell === 'gru')
        states[k] = gruStep(x, states[k], layer, config.reset, config.gates)
      else states[k] = lstmStep(x, states[k], layer, config.gates)
      put(k, states[k].h as Float64Array)
      x = states[k].h
      parts.push(...Array.from(x))
    }
    return config.skip ? parts : Array.from(x)
  })
  let s = outputs.at(-1)!
  if (config.attention) {
    const weightsOf = outputs.map(each => Math.exp(affine(get('attention.weight'), each, [0])[0]))
    const sum = weightsOf.reduce((a, b) => a + b)
    s = s.map((_, j) =>
      outputs.reduce((total, each, t) => total + (weightsOf[t] / sum) * each[j], 0),
    )
  }
  return affine(get('head.weight'), s, get('head.bias'))
}

function twin(model: Awaited<ReturnType<typeof modelOf>>, held: readonly Held[], ids: number[]) {
  const { window, padding, restart } = model.config
  const sinceRestart = (own: number[]): number[] =>
    restart === undefined ? own : own.slice(Math.max(0, own.lastIndexOf(restart)))
  return ids.map((_, t) => {
    const own = sinceRestart(ids.slice(0, t + 1))
    if (window === undefined) return read(model, held, own)
    const last = own.slice(-window)
    const before = padding === undefined ? [] : new Array(window - last.length).fill(padding)
    return read(model, held, [...before, ...last])
  })
}

describe('held units', () => {
  for (const variant of Object.keys(CELL_VARIANTS) as (keyof typeof CELL_VARIANTS)[]) {
    it(`${variant}: held in the weights give the same logits as held in the equations`, async () => {
      for (const embedding of [0, 5]) {
        const model = await modelOf(variant, embedding)
        const value = holdsAnyValue(model.config) ? -0.75 : 0
        const held = [
          { layer: 0, unit: 3, value: 0 },
          { layer: 1, unit: 7, value },
          { layer: 0, unit: 11, value },
        ]
        const ids = seededIds(20, V)
        const session = (await networkOf(withHeldUnits(model, writeHeld(held)))).session()
        const free = (await networkOf(model)).session()
        let apart = 0
        for (const [t, logits] of twin(model, held, ids).entries()) {
          const ours = session.step(ids[t])
          const others = free.step(ids[t])
          for (let v = 0; v < V; v++) {
            expect(ours[v]).toBeCloseTo(logits[v], 4)
            apart = Math.max(apart, Math.abs(ours[v] - others[v]))
          }
        }
        expect(apart).toBeGreaterThan(0.01)
      }
    })
  }

  it('do not change the model, and the changed model is made once', async () => {
    const model = await modelOf('lstm')
    const before = model.weights.get('head.weight')!.slice()
    const held = withHeldUnits(model, '2.1:0')
    expect(model.weights.get('head.weight')).toEqual(before)
    expect(withHeldUnits(model, '2.1:0')).toBe(held)
    expect(withHeldUnits(model, undefined)).toBe(model)
  })

  it('are refused with an InputError when the model does not have them', async () => {
    const model = await modelOf('gru reset before')
    for (const text of ['3.1:0', '1.13:0', '0.1:0', '1.1:1', 'x', ''])
      expect(() => withHeldUnits(model, text), text).toThrow(
        /held units are .* 2 layers of 12 units/,
      )
    expect(fitsHeld('2.12:0', { layers: 2, hidden: 12 })).toBe(true)
  })

  it('are read back from their text form', () => {
    const one = fc.record({
      layer: fc.nat(9),
      unit: fc.nat(999),
      value: fc.constantFrom(0, 1, -1, 0.5, -0.25),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(one, {
          minLength: 1,
          maxLength: 5,
          selector: ({ layer, unit }) => `${layer} ${unit}`,
        }),
        held => {
          const text = writeHeld(held)!
          expect(writeHeld(parseHeld(text)!)).toBe(text)
          expect(new Set(parseHeld(text)!.map(each => JSON.stringify(each)))).toEqual(
            new Set(held.map(each => JSON.stringify(each))),
          )
        },
      ),
    )
    expect(writeHeld([])).toBeUndefined()
  })
})
