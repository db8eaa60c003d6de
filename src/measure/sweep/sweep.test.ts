import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededWeights } from '../../../test/support/seeded.js'
import { InputError } from '../../errors.js'
import { decodeModel, encodeModel, type Model } from '../../file/index.js'
import { generateText } from '../../generate/index.js'
import { modelConfig } from '../../model/config.js'
import { CharacterTokenizer } from '../../text/index.js'
import { measureText } from '../text/measures.js'
import { CorpusIndex } from '../text/novelty.js'
import { buildSpellingFilter } from '../text/spelling-filter.js'
import { corpusProfile } from './corpus-profile.js'
import { encodeMeasures, storedMeasures } from './stored-measures.js'
import { type SweepEvent, type SweepOptions, type SweepResult, sweep, sweepText } from './sweep.js'

const symbols = [...'\n abcdefgh']
const corpus = 'abc def had a bad cab. fed egg dad bag he had '.repeat(40)

/** Made-up weights, large enough that T = 0 has clear maxima. */
function modelOf(variant: keyof typeof CELL_VARIANTS = 'gru reset after'): Model {
  const config = modelConfig({
    ...CELL_VARIANTS[variant],
    vocabulary: symbols.length,
    hidden: 8,
    layers: 1,
  })
  const tokenizer = new CharacterTokenizer(symbols)
  return { config, tokenizer, weights: seededWeights(config, 3, 1.5), hash: 'x', training: {} }
}

const model = modelOf()
const filter = buildSpellingFilter(corpus)
const index = new CorpusIndex(corpus)
const base: SweepOptions = {
  temperatures: [0, 0.5, 1, Number.POSITIVE_INFINITY],
  seeds: 3,
  length: 120,
  filter,
  corpus: index,
  figures: { window: 120, windows: 9, repetition: 0.5, loop: 0.2, spelling: 0.1 },
}

async function all(options: SweepOptions, of: Model = model): Promise<SweepEvent[]> {
  const events: SweepEvent[] = []
  for await (const event of sweep(of, options)) events.push(event)
  return events
}

async function result(options: SweepOptions, of: Model = model): Promise<SweepResult> {
  const last = (await all(options, of)).at(-1)
  if (last?.type !== 'end') throw new Error('no end')
  return last.result
}

describe('a text of a sweep', () => {
  it('is the text that generate() writes, measured as measureText() measures', async () => {
    const cell = { temperature: 0.9, seed: 7 }
    const got = await sweepText(model, cell, { length: 80, filter, corpus: index })
    expect(got.text).toBe(await generateText(model, { ...cell, length: 80, prompt: '' }))
    const measures = measureText(got.text, { filter, corpus: index })
    expect(got.values).toMatchObject({
      repetition: measures.repetition,
      looping: measures.looping,
      spelling: measures.spelling?.rate,
      copied: measures.novelty?.copied,
      longest: measures.novelty?.longest?.length ?? 0,
      distinct2: measures.distinct[1],
    })
    expect(got.values.surprisal).toBeGreaterThan(0)
    expect(got.values.entropy).toBeGreaterThan(0)
    expect(got.characters).toBe(80)
  })

  it('goes on from a prompt without measuring it, and past stop strings', async () => {
    const stopping = { ...model, stop: ['a'], prompt: 'bad ' }
    const got = await sweepText(stopping, { temperature: 1, seed: 1 }, { length: 200 })
    expect(got.characters).toBe(200)
    expect(got.text).toBe(
      await generateText(model, { prompt: 'bad ', temperature: 1, seed: 1, length: 200 }),
    )
  })

  it('has the entropy of its T: 0 at 0, log2 V at infinity', async () => {
    const at = async (temperature: number) =>
      (await sweepText(model, { temperature, seed: 1 }, { length: 50 })).values.entropy
    expect(await at(0)).toBe(0)
    expect(await at(Number.POSITIVE_INFINITY)).toBeCloseTo(Math.log2(symbols.length), 12)
  })

  it('proves at T = 0, and only there, that its loop never ends', async () => {
    const cold = await sweepText(model, { temperature: 0, seed: 1 }, { length: 60 })
    expect(cold.proof).toBeDefined()
    const { start, period } = cold.proof!
    // a hundred rounds later it still says the same
    const long = await generateText(model, {
      temperature: 0,
      prompt: '',
      length: start + 100 * period,
    })
    for (let i = start; i + period < long.length; i++) expect(long[i]).toBe(long[i + period])
    const warm = await sweepText(model, { temperature: 0.01, seed: 1 }, { length: 60 })
    expect(warm.proof).toBeUndefined()
  })

  it('gives up the proof after the steps allowed', async () => {
    const options = { length: 5, proofSteps: 2 }
    const got = await sweepText(model, { temperature: 0, seed: 1 }, options)
    expect(got.proof).toBeUndefined()
    expect(got.settled).toBeUndefined()
    expect(got.characters).toBe(5)
  })

  it('says without a proof how far ahead the choices are, and how much that still changes', async () => {
    // Few enough steps for no proof, enough for a loop.
    const full = await sweepText(model, { temperature: 0, seed: 1 }, { length: 5 })
    const { start, period } = full.proof!
    const proofSteps = start + period
    const cell = { temperature: 0, seed: 1 }
    const got = await sweepText(model, cell, { length: 5, proofSteps })
    expect(got.proof).toBeUndefined()
    const { margin, drift } = got.settled!
    expect(period % got.settled!.period).toBe(0)
    expect(margin).toBeGreaterThan(0)
    // The state comes back, so in the end nothing changes at all.
    expect(drift).toBeLessThan(margin / 10)
  })
})

describe('sweep', () => {
  it('tells of each text, and gives curves and zones at the end', async () => {
    const events = await all(base)
    expect(events[0]).toMatchObject({ type: 'start', total: 10, done: 0, seeds: [1, 2, 3] })
    expect(events.map(event => event.type)).toEqual(['start', ...Array(10).fill('text'), 'end'])
    const end = events.at(-1)
    if (end?.type !== 'end') throw new Error('no end')
    expect(end.result.complete).toBe(true)
    expect(end.result.curve.map(point => [point.temperature, point.texts])).toEqual([
      [0, 1],
      [0.5, 3],
      [1, 3],
      [Number.POSITIVE_INFINITY, 3],
    ])
    for (const { values } of end.result.curve) {
      for (const spread of Object.values(values)) {
        const { least, low, median, high, greatest } = spread
        const rising = [least, low, median, high, greatest]
        expect(rising).toEqual([...rising].sort((a, b) => a - b))
      }
    }
    expect(end.result.zones?.zones.at(-1)).toMatchObject({ zone: 'breaks' })
  })

  it('is the same for every concurrency and order of completion', async () => {
    const plain = await result(base)
    let n = 0
    const shuffled = await result({
      ...base,
      concurrency: 4,
      run: async cell => {
        const text = await sweepText(model, cell, base)
        await new Promise(resolve => setTimeout(resolve, (n++ % 3) * 5))
        return text
      },
    })
    expect(shuffled).toEqual(plain)
  })

  it('lets an abort through that comes by a timer, however short its texts are', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    const events = await all({ ...base, seeds: 10_000, length: 10, signal: stop.signal })
    const texts = events.filter(event => event.type === 'text')
    expect(texts.length).toBeGreaterThan(0)
    expect(texts.length).toBeLessThan(30_000)
  })

  it('keeps what is done when it is aborted, and goes on from there', async () => {
    const stop = new AbortController()
    let cut: SweepResult | undefined
    for await (const event of sweep(model, { ...base, signal: stop.signal })) {
      if (event.type === 'text' && event.done === 4) stop.abort()
      if (event.type === 'end') cut = event.result
    }
    expect(cut).toMatchObject({ complete: false })
    expect(cut!.texts).toHaveLength(4)
    const written: unknown[] = []
    let whole: SweepResult | undefined
    for await (const event of sweep(model, { ...base, done: cut!.texts })) {
      if (event.type === 'text') written.push(event.text)
      if (event.type === 'end') whole = event.result
    }
    expect(written).toHaveLength(6)
    expect(whole).toEqual(await result(base))
  })

  it('passes on the error of a text', async () => {
    const run = () => Promise.reject(new Error('no luck'))
    await expect(all({ ...base, run })).rejects.toThrow('no luck')
  })

  it('generates T = 0 for every seed when the chain draws random numbers', async () => {
    const chain = 'temperature, xtc 0.1 probability=0.5'
    expect((await result({ ...base, chain })).texts).toHaveLength(12)
    expect((await result({ ...base, chain: 'temperature' })).texts).toHaveLength(10)
  })

  it.each([
    [{ temperatures: [] }, 'no temperatures'],
    [{ temperatures: [-1] }, 'temperature'],
    [{ seeds: 0 }, 'seeds'],
    [{ seeds: [] }, 'no seeds'],
    [{ seeds: [-3] }, 'seed'],
    [{ length: 0 }, 'length'],
    [{ prompt: 'Q' }, 'Q'],
    [{ chain: 'top-q 3' }, 'top-q'],
    [{ concurrency: 0 }, 'concurrency'],
  ])('refuses %j before the first text', async (wrong, sentence) => {
    const events = all({ ...base, ...wrong })
    await expect(events).rejects.toThrow(InputError)
    await expect(events).rejects.toThrow(sentence)
  })
})

describe('what the model file keeps', () => {
  it('comes back: filter, corpus, sweep with its infinities', async () => {
    const { curve, zones } = await result(base)
    const kept = {
      filter,
      corpus: corpusProfile(corpus, { heldOut: corpus, filter, index }),
      sweep: { length: 120, seeds: 3, prompt: '', curve, zones },
    }
    const bytes = encodeModel({ ...model, measures: encodeMeasures(kept) })
    const back = storedMeasures(await decodeModel(bytes))
    expect(back.filter?.toJSON()).toEqual(filter.toJSON())
    expect(back.corpus).toEqual(kept.corpus)
    expect(back.sweep?.curve.map(point => point.temperature)).toEqual(base.temperatures)
    expect(back.sweep?.zones?.zones.map(zone => zone.zone)).toEqual(
      zones!.zones.map(zone => zone.zone),
    )
    expect(back.sweep?.zones?.zones.at(-1)?.to).toBe(Number.POSITIVE_INFINITY)
    expect(back.sweep!.curve[1].values.surprisal!.median).toBeCloseTo(
      curve[1].values.surprisal!.median,
      3,
    )
  })

  it('is used by the next sweep: spelling and zones without options', async () => {
    const kept = { filter, corpus: corpusProfile(corpus, { heldOut: corpus, filter }) }
    const own = { ...model, measures: encodeMeasures(kept) }
    const { zones, curve } = await result({ temperatures: [0, 1, 5], seeds: 2, length: 250 }, own)
    expect(zones).toBeDefined()
    expect(curve[2].values.spelling).toBeDefined()
    expect(curve[2].values.copied).toBeUndefined()
  })

  it.each([
    [{ corpus: { figures: 3 } }, 'measures.corpus'],
    [{ corpus: { figures: [{ window: 250, repetition: [0, 1] }] } }, 'measures.corpus'],
    [{ sweep: { curve: [] } }, 'measures.sweep'],
    [
      { sweep: { length: 1, seeds: 1, prompt: '', curve: [{ temperature: -1, values: {} }] } },
      'measures.sweep',
    ],
    [{ spelling: { version: 2 } }, 'spelling filter'],
  ])('is refused when it is %j', async (measures, sentence) => {
    expect(() => storedMeasures({ ...model, measures })).toThrow(sentence)
    // A filter is checked when the file is read, the rest when it is used.
    const read = async () => storedMeasures(await decodeModel(encodeModel({ ...model, measures })))
    await expect(read()).rejects.toThrow(sentence)
  })
})
