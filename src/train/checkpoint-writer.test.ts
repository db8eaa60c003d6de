import { describe, expect, it } from 'vitest'
import { loadOnnxRuntime } from '../node/onnx-runtime.mjs'
import { buildTokenizer } from '../text/index.js'
import { FILES } from './checkpoint.js'
import { memoryStore } from './checkpoint-store.js'
import { createEngine } from './engine.js'
import { train } from './trainer.js'
import { trainingCorpus } from './training-corpus.js'

const ort = await loadOnnxRuntime()

const engine = createEngine(ort, { threads: 1 })
const TEXT = Array.from({ length: 300 }, (_, i) => ['ka', 'kele', 'ko'][(i * i) % 3]).join(' ')
const corpus = await trainingCorpus({ content: TEXT }, buildTokenizer('character', TEXT).tokenizer)
const SETTINGS = { hidden: 8, layers: 1, batch: 4, seq: 7, epochs: 1, dropout: 0 }

describe('metrics that a power cut shortened', () => {
  it.each([0, 1, 150, 700])(
    'to %d bytes go on behind their last whole line, twice',
    async length => {
      const store = memoryStore()
      const stopAt = async (step: number, resume: boolean): Promise<void> => {
        const stop = new AbortController()
        const options = { corpus, engine, settings: SETTINGS, store, resume, signal: stop.signal }
        for await (const event of train(options)) {
          if (event.type === 'step' && event.step === step) stop.abort()
        }
      }
      const lines = (): { step: number }[] =>
        new TextDecoder()
          .decode(store.files.get(FILES.metrics))
          .trim()
          .split('\n')
          .map(line => JSON.parse(line))
      await stopAt(10, false)
      expect(store.files.get(FILES.metrics)?.length).toBeGreaterThan(length)
      const whole = new TextDecoder().decode(store.files.get(FILES.metrics)?.slice(0, length))
      const kept = whole.split('\n').length - 1
      await store.truncate(FILES.metrics, length)
      await stopAt(15, true)
      await stopAt(20, true)
      const expected = [
        ...Array.from({ length: kept }, (_, i) => i + 1),
        ...Array.from({ length: 10 }, (_, i) => i + 11),
      ]
      expect(lines().map(line => line.step)).toEqual(expected)
    },
  )
})
