/** Compares the search for the next different text with a search by brute force on a real network. */
import { decodeModel, encodeModel, type Model, networkOf, type Writer } from 'ondo'
import { nextPassageTemperature, StateCache, writePassage } from 'ondo/generate'
import { modelConfig } from 'ondo/model'
import { nextDouble } from 'ondo/temperature'
import { tokenizerFrom } from 'ondo/text'
import { beforeAll, expect, it } from 'vitest'
import { seededWeights } from '../../../test/support/seeded.js'
import { endsOf, loopOf } from '../text/change-points.js'
import { Records } from '../text/records.js'
import { columnsOf, textOf } from './columns.js'

const LENGTH = 24
let model: Model
let written: StateCache
const LIVE = { seed: 7n, watch: true, intervals: true }

beforeAll(async () => {
  const symbols = [...'\n abcdefghij']
  const config = modelConfig({ cell: 'gru', vocabulary: symbols.length, hidden: 16, layers: 1 })
  model = await decodeModel(
    encodeModel({
      config,
      tokenizer: tokenizerFrom({ kind: 'character', symbols }),
      weights: seededWeights(config, 5, 0.9),
      training: {},
    }),
  )
  written = new StateCache(model, await networkOf(model), [1, 2, 3], { every: 256 })
})

const stretchAt = (T: number) => {
  const writer = written.writerAt(0, LIVE)
  const stretch = writePassage(writer, LENGTH, T)
  writer.dispose()
  return stretch
}
const textAt = (T: number): string => textOf(stretchAt(T).records)

it('finds every text between two temperatures, at temperatures with few digits', () => {
  const [low, high] = [0.5, 0.9]
  const found: number[] = [low]
  for (;;) {
    const T = nextPassageTemperature(
      () => written.writerAt(0, LIVE),
      LENGTH,
      found[found.length - 1],
      'up',
    )
    if (T === undefined || T > high) break
    found.push(T)
  }
  const texts = found.map(textAt)
  expect(new Set(texts).size).toBeGreaterThan(3)
  for (let i = 1; i < texts.length; i++) expect(texts[i]).not.toBe(texts[i - 1])
  // A scan over many temperatures between the two meets only texts that were found.
  const known = new Set(texts)
  for (let T = low; T <= found[found.length - 1]; T += 0.0037)
    expect(known.has(textAt(T))).toBe(true)
  // The search downwards meets the same texts.
  let T = found[found.length - 1]
  const down: string[] = []
  while (T > low) {
    const next = nextPassageTemperature(() => written.writerAt(0, LIVE), LENGTH, T, 'down')
    if (next === undefined || next < low) break
    T = next
    down.push(textAt(T))
  }
  expect(down).toEqual(texts.slice(0, -1).reverse().slice(0, down.length))
  expect(down.length).toBeGreaterThan(2)
  for (const each of found) expect(String(each).length).toBeLessThanOrEqual(9)
})

it('returns the temperatures at which the text changes: the text is the same just inside, another just outside', () => {
  const T = 0.7
  const symbols = stretchAt(T).records
  const records = new Records()
  records.append(textOf(symbols), columnsOf(symbols))
  const ends = endsOf(records, records.count)!
  expect(ends.low).toBeLessThan(T)
  expect(ends.high).toBeGreaterThanOrEqual(T)
  const text = textAt(T)
  expect(textAt(ends.high)).toBe(text)
  expect(textAt(nextDouble(ends.high))).not.toBe(text)
  expect(textAt(nextDouble(ends.low))).toBe(text)
  expect(textAt(ends.low)).not.toBe(text)
  for (const n of [ends.lowAt!, ends.highAt!]) expect(n).toBeLessThan(LENGTH)
  expect([...ends.highs].sort((a, b) => a - b)).toEqual(ends.highs)
  expect([...ends.lows].sort((a, b) => b - a)).toEqual(ends.lows)
  expect(ends.highs.every(each => each > ends.high)).toBe(true)
  expect(ends.lows.every(each => each < ends.low)).toBe(true)
})

it('starts at any symbol of a text as if the text had been written up to it', async () => {
  const first = written.writerAt(0, LIVE)
  const { records } = writePassage(first, 600, 1)
  first.dispose()
  const ids = records.map(({ id }) => id)
  const whole = new StateCache(model, await networkOf(model), [1, 2, 3], { ids, every: 256 })
  for (const n of [0, 1, 255, 256, 257, 511, 512, 513, 600, 300, 2]) {
    const writer: Writer = whole.writerAt(n, LIVE)
    const rest = writePassage(writer, Math.min(20, 600 - n), 1).records
    writer.dispose()
    expect(rest).toEqual(records.slice(n, n + 20))
  }
})

it('finds the loop of a cold text, and the temperature that leads out of it', () => {
  const writer = written.writerAt(0, LIVE)
  const symbols = writePassage(writer, 400, 0.02).records
  writer.dispose()
  const records = new Records()
  records.append(textOf(symbols), columnsOf(symbols))
  const { start, period, leave } = loopOf(records)!
  const { text } = records
  expect(text.slice(start, 400 - period)).toBe(text.slice(start + period))
  // Up to that temperature every choice of the loop is the same; just above it one differs.
  const inLoop = Array.from(records.highs.subarray(start, 400))
  expect(inLoop.every(high => high >= leave)).toBe(true)
  expect(inLoop).toContain(leave)
  // The loop is longer than the searched tail, and its start is still found.
  const whole = writePassage(written.writerAt(0, LIVE), 4000, 0).records
  const long = new Records()
  long.append(textOf(whole), columnsOf(whole))
  const found = loopOf(long)!
  const { ids } = long
  expect(found.start).toBeLessThan(1000)
  for (let n = found.start; n + found.period < 4000; n++) expect(ids[n]).toBe(ids[n + found.period])
  expect(ids[found.start - 1]).not.toBe(ids[found.start - 1 + found.period])
  expect(found.length).toBe(4000 - found.start)
  expect(found.count).toBe(Math.floor(found.length / found.period))
  const short = new Records()
  short.append(text.slice(0, 5), columnsOf(symbols.slice(0, 5)))
  expect(loopOf(short)).toBeUndefined()
})
