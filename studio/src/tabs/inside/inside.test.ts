import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeModel, encodeModel, type Model, networkOf } from '../../../../src/index.js'
import { modelConfig } from '../../../../src/model/index.js'
import { tokenizerFrom } from '../../../../src/text/index.js'
import { CELL_VARIANTS, seededIds, seededWeights } from '../../../../test/support/seeded.js'
import { featuresOf } from './features.js'
import { gateSeries, quantitiesOf } from './gates.js'
import type { FromStateReader, Quantity } from './protocol.js'
import { scaleOf, TONES, toneOf } from './scale.js'
import { StateReader } from './state-reader.js'
import { column, correlation, passagesLike, peaks, suggest, type Trace, unitsOn } from './trace.js'

const SYMBOLS = [...'\n abcdefgh']
const V = SYMBOLS.length
const H = 8

function bytesOf(variant: keyof typeof CELL_VARIANTS, embedding: number) {
  const config = modelConfig({
    ...CELL_VARIANTS[variant],
    ...{ vocabulary: V, embedding, hidden: H, layers: 2 },
  })
  const tokenizer = tokenizerFrom({ kind: 'character', symbols: SYMBOLS })
  return encodeModel({ config, tokenizer, weights: seededWeights(config, 5, 0.7), training: {} })
}

async function walked(
  variant: keyof typeof CELL_VARIANTS,
  embedding: number,
  prompt: readonly number[] = [],
  given: ArrayLike<number> = seededIds(30, V),
) {
  const model: Model = await decodeModel(bytesOf(variant, embedding))
  const ids = Array.from(given)
  const session = (await networkOf(model)).session()
  for (const id of prompt) session.step(id)
  const before = session.activations()
  const states = ids.map(id => {
    session.step(id)
    return session.activations()
  })
  const gate = (which: Exclude<Quantity, 'h' | 'c'>, layer: number, unit: number) =>
    gateSeries(model.config, model.weights, which, { layer, unit }, ids, states, before)
  return { model, ids, states, before, gate }
}

describe('gates', () => {
  it.each(['lstm', 'lstm hard gates'] as const)(
    'of an LSTM reproduce its states: c = f c + i g, h = o tanh c: %s',
    async variant => {
      for (const embedding of [0, 4]) {
        const { states, before, gate } = await walked(variant, embedding)
        for (const [layer, unit] of [
          [0, 2],
          [1, 7],
        ]) {
          const [i, f, g, o] = (['i', 'f', 'g', 'o'] as const).map(name => gate(name, layer, unit))
          for (let n = 0; n < states.length; n++) {
            const c = (2 + layer) * H + unit
            const was = n > 0 ? states[n - 1][c] : before[c]
            expect(f[n] * was + i[n] * g[n]).toBeCloseTo(states[n][c], 5)
            expect(o[n] * Math.tanh(states[n][c])).toBeCloseTo(states[n][layer * H + unit], 5)
          }
        }
      }
    },
  )

  it.each(['gru reset after', 'gru hard gates'] as const)(
    'of a GRU reproduce its states: h = (1 - z) n + z h: %s',
    async variant => {
      for (const embedding of [0, 4]) {
        const { states, gate, model } = await walked(variant, embedding)
        expect(quantitiesOf(model.config)).toEqual(['h', 'r', 'z', 'n'])
        for (const layer of [0, 1]) {
          const [z, candidate] = (['z', 'n'] as const).map(name => gate(name, layer, 3))
          for (let n = 1; n < states.length; n++) {
            const was = states[n - 1][layer * H + 3]
            const now = states[n][layer * H + 3]
            expect((1 - z[n]) * candidate[n] + z[n] * was).toBeCloseTo(now, 5)
          }
        }
      }
    },
  )
})

describe('features', () => {
  it('mark quotes, lines, words and capitals', () => {
    const text = 'ROMEO:\nHe said "so be" it\n「はい」と(言)う'
    const symbols = [...text]
    const features = featuresOf(symbols, new Float32Array(symbols.length))
    const where = (name: Parameters<typeof features.get>[0]): string =>
      symbols.filter((_, n) => (features.get(name)?.[n] ?? 0) > 0).join('')
    expect(where('quote')).toBe('"so be「はい')
    expect(where('bracket')).toBe('(言')
    expect(where('speaker')).toBe('OMEO:')
    expect(where('upper')).toBe('ROMEOH')
    expect(where('kanji')).toBe('言')
    expect(where('lineStart')).toBe('R\nH\n「')
    expect([...features.get('linePosition')!.slice(5, 9)]).toEqual([6, 0, 1, 2])
    expect([...features.get('wordPosition')!.slice(0, 7)]).toEqual([1, 2, 3, 4, 5, 0, 0])
    expect(features.has('digit')).toBe(false)
  })
})

/** Two units, 400 steps: the first is on every other ten steps, the second is a slow wave. */
const trace: Trace = {
  layers: 1,
  hidden: 2,
  rows: Array.from({ length: 400 }, (_, n) =>
    Float32Array.of(Math.floor(n / 10) % 2 === 0 ? 0.9 : -0.1, Math.sin(n / 40)),
  ),
}

describe('units', () => {
  it('have Pearson’s correlation', () => {
    expect(correlation([1, 2, 3, 4], [2, 4, 6, 8], 0, 4)).toBeCloseTo(1, 12)
    expect(correlation([1, 2, 3, 4], [4, 3, 2, 1], 0, 4)).toBeCloseTo(-1, 12)
    // numpy.corrcoef([1, 2, 3, 5], [1, 3, 2, 2])[0, 1]
    expect(correlation([1, 2, 3, 5], [1, 3, 2, 2], 0, 4)).toBeCloseTo(0.23904572186687872, 12)
    expect(correlation([1, 1, 1, 1], [1, 3, 2, 2], 0, 4)).toBe(0)
  })

  it('are suggested for features that they correlate with, not for noise', () => {
    const blocks = Float32Array.from({ length: 400 }, (_, n) =>
      Number(Math.floor(n / 10) % 2 === 0),
    )
    const noise = Float32Array.from({ length: 400 }, (_, n) => ((n * 7919) % 101) / 101)
    const found = suggest(
      trace,
      new Map([
        ['quote', blocks],
        ['uncertain', noise],
      ]),
    )
    expect(found[0]).toMatchObject({ feature: 'quote', layer: 0, unit: 0 })
    expect(found[0].r).toBeCloseTo(1, 6)
    for (const { feature, r } of found)
      if (feature === 'uncertain') expect(Math.abs(r)).toBeLessThan(0.2)
  })

  it('that are on in a passage are found, and similar passages', () => {
    const units = unitsOn(trace, 42, 48, 0.5)
    expect(units.map(({ unit }) => unit)).toEqual([1, 0])
    const only = units.filter(({ unit }) => unit === 0)
    expect(only[0].share).toBeCloseTo(0.5, 6)
    const alike = passagesLike(trace, only, 42, 48, 0.5)
    expect(alike).toHaveLength(8)
    for (const { from, to, score } of alike) {
      expect([from % 20, to - from, score]).toEqual([0, 10, 1])
      expect(from).not.toBe(40)
    }
    expect(passagesLike(trace, unitsOn(trace, 8, 14, 0.5), 8, 14, 0.5)).toEqual([])
  })

  it('have peaks at a distance from each other', () => {
    const values = column(trace, 1)
    const found = peaks(values, 1)
    expect(values[found[0]]).toBeGreaterThan(0.999)
    for (const a of found)
      for (const b of found) if (a !== b) expect(Math.abs(a - b)).toBeGreaterThan(23)
  })
})

describe('tones', () => {
  it('run from blue to orange over the scale of what is shown', () => {
    const h = scaleOf('h', [0.2])
    expect([-1, -0.5, 0, 0.1, 1].map(x => toneOf(x, h))).toEqual([-TONES, -2, 0, 0, TONES])
    const gate = scaleOf('f', [0.2])
    expect([0, 0.5, 1].map(x => toneOf(x, gate))).toEqual([-TONES, 0, TONES])
    expect(scaleOf('c', [-7, 2]).high).toBe(7)
  })

  it('keep a contrast of 4.5 to 1 in the light and the dark theme', () => {
    const css = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
    const pairs = new Map(
      [
        ...(css('inside.css') + css('../../styles/paper.css')).matchAll(
          /--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g,
        ),
      ].map(([, name, light, dark]) => [name, [light, dark]]),
    )
    const luminance = (hex: string): number => {
      const [r, g, b] = [1, 3, 5].map(i => {
        const x = Number.parseInt(hex.slice(i, i + 2), 16) / 255
        return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const tones = [...pairs.keys()].filter(name => /^(unit-|shade-)/.test(name))
    expect(tones.filter(name => name.startsWith('unit-'))).toHaveLength(2 * TONES)
    for (const name of tones) {
      for (const theme of [0, 1]) {
        const [a, b] = [luminance(pairs.get(name)![theme]), luminance(pairs.get('ink')![theme])]
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
        expect(ratio, `${name} ${theme}: ${ratio.toFixed(2)}`).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})

describe('the reader', () => {
  it('has the same states for a text that came at once and one that grew', async () => {
    const source = new Blob([bytesOf('lstm', 4)])
    const told: FromStateReader[] = []
    const stateReader = new StateReader(message => told.push(message))
    const ids = Uint32Array.from({ length: 300 }, (_, n) => (n * n + 3 * n) % V)
    const ask = async (reader: StateReader, job: number, count: number) => {
      const before = told.length
      const request = { source, prompt: 'abc', unknown: 'skip', keep: 100 } as const
      reader.handle({ type: 'read', job, ...request, ids: ids.slice(0, count) })
      await expect.poll(() => told.length).toBeGreaterThan(before)
      reader.handle({ type: 'series', job, quantity: 'i', layer: 1, unit: 2 })
      return told.slice(before)
    }
    await ask(stateReader, 1, 130)
    const grown = await ask(stateReader, 2, 300)
    const whole = await ask(new StateReader(message => told.push(message)), 2, 300)
    expect(grown.map(({ type }) => type)).toEqual(['read', 'series'])
    expect(grown).toEqual(whole)
    const [read] = grown
    if (read.type !== 'read') throw new Error('not read')
    expect([read.from, read.count]).toEqual([200, 100])
  })

  it.each([
    ['lstm with skip connections and attention', ['h', 'c']],
    ['gru window', ['h']],
    ['lstm with skip connections', ['h', 'c', 'i', 'f', 'g', 'o']],
  ] as const)('shows what the network holds, not the window: %s', async (variant, quantities) => {
    const source = new Blob([bytesOf(variant, 4)])
    const told: FromStateReader[] = []
    const reader = new StateReader(message => told.push(message))
    const ids = Uint32Array.from({ length: 30 }, (_, n) => (n * n + 3 * n) % V)
    reader.handle({ type: 'read', job: 1, source, prompt: 'abc', unknown: 'skip', keep: 20, ids })
    await expect.poll(() => told.length).toBe(1)
    expect(told[0]).toMatchObject({ type: 'read', quantities, count: 20 })
    reader.handle({ type: 'series', job: 1, quantity: 'h', layer: 1, unit: 2 })
    const [, series] = told
    if (series.type !== 'series') throw new Error('no series')
    const { states } = await walked(
      variant,
      4,
      ['a', 'b', 'c'].map(c => SYMBOLS.indexOf(c)),
      ids,
    )
    const want = states.slice(-20).map(state => state[H + 2])
    for (const [n, h] of want.entries()) expect(series.values[n]).toBeCloseTo(h, 6)
  })
})
