/**
 * The cost of intervals: generation with (T_lo, T_hi] of every step compared with generation without, with
 * the same seeds in alternation, for a bundled model of few symbols and one of many.
 */
import { generate } from '../src/index.js'
import { loadModel } from '../src/node/index.js'
import { median, now, QUICK, type Row, sink, spread } from './harness.js'

export const title = 'Intervals, times the cost of writing without them (one thread, one stream)'

const MODELS = ['shakespeare', 'kokoro']
const TEMPERATURES = QUICK ? [0.8] : [0.3, 0.5, 0.8, 1, 1.5, 3, 10]
const ROUNDS = QUICK ? 2 : 7
const LENGTH = QUICK ? 60 : 300

export async function* measure(log: (line: string) => void): AsyncGenerator<Row> {
  for (const name of MODELS) {
    const model = await loadModel(name)
    const prompt = model.prompt ?? ''
    /** @returns milliseconds for one text */
    const write = async (temperature: number, intervals: boolean, seed: number) => {
      const start = now()
      let last = 0
      for await (const step of generate(model, {
        prompt,
        temperature,
        seed,
        length: LENGTH,
        intervals,
      })) {
        last = step.id
      }
      sink(last)
      return now() - start
    }
    for (const temperature of TEMPERATURES) {
      log(`${name} at ${temperature}`)
      for (const intervals of [false, true]) await write(temperature, intervals, 0)
      const plain: number[] = []
      const withThem: number[] = []
      for (let seed = 1; seed <= ROUNDS; seed++) {
        // The order alternates, so that caches favour neither.
        for (const intervals of seed % 2 ? [false, true] : [true, false]) {
          const list = intervals ? withThem : plain
          list.push(await write(temperature, intervals, seed))
        }
      }
      const times = withThem.map((took, i) => took / plain[i])
      const each = (list: readonly number[]) => `${((1000 * median(list)) / LENGTH).toFixed(0)} us`
      yield {
        what: `${name}, ${model.config.vocabulary} symbols`,
        who: `T = ${temperature}`,
        value: `${median(times).toFixed(2)}x ±${(spread(times) * 100).toFixed(0)}%`,
        note: `${each(withThem)} a symbol, ${each(plain)} without`,
        data: { temperature, length: LENGTH, plain, with: withThem, times },
      }
    }
  }
}
