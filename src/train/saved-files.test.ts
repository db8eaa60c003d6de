/** Files beside the checkpoint that were damaged: the run says so, goes on, and learns the same. */
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeModel } from '../file/index.js'
import { loadOnnxRuntime } from '../node/onnx-runtime.mjs'
import { buildTokenizer } from '../text/index.js'
import { FILES } from './checkpoint.js'
import { memoryStore } from './checkpoint-store.js'
import { createEngine } from './engine.js'
import type { EndEvent, TrainEvent } from './events.js'
import { train } from './trainer.js'
import { trainingCorpus } from './training-corpus.js'

const ort = await loadOnnxRuntime()

const engine = createEngine(ort, { threads: 1 })
const TEXT = Array.from({ length: 400 }, (_, i) => ['ka', 'kele', 'ko'][(i * i) % 3]).join(' ')
const corpus = await trainingCorpus({ content: TEXT }, buildTokenizer('character', TEXT).tokenizer)
const SETTINGS = { hidden: 8, layers: 1, batch: 4, seq: 7, epochs: 2, dropout: 0, evaluateEvery: 9 }

type Store = ReturnType<typeof memoryStore>

async function run(store: Store, resume: boolean, until = Infinity): Promise<TrainEvent[]> {
  const stop = new AbortController()
  const events: TrainEvent[] = []
  const { signal } = stop
  for await (const event of train({ corpus, engine, settings: SETTINGS, store, resume, signal })) {
    events.push(event)
    if (event.type === 'step' && event.step === until) stop.abort()
  }
  return events
}

const warnings = (events: readonly TrainEvent[]): string[] =>
  events.flatMap(event => (event.type === 'warning' ? [event.code] : []))
const endOf = (events: readonly TrainEvent[]): EndEvent => events.at(-1) as EndEvent

let stopped: Store
let whole: Store
let end: EndEvent
beforeAll(async () => {
  whole = memoryStore()
  end = endOf(await run(whole, false))
  stopped = memoryStore()
  await run(stopped, false, 20)
})

/** A copy of the stopped run with one file changed; undefined removes it. */
function changed(name: string, change: (bytes: Uint8Array) => Uint8Array | undefined): Store {
  const store = memoryStore()
  for (const [file, bytes] of stopped.files) store.files.set(file, bytes.slice())
  const bytes = change(store.files.get(name)!)
  if (bytes) store.files.set(name, bytes)
  else store.files.delete(name)
  return store
}

const flip = (at: number) => (bytes: Uint8Array) => {
  bytes[at < 0 ? bytes.length + at : at] ^= 4
  return bytes
}
const cut = (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1)
const harms = {
  flipped: flip(-5),
  'flipped in its header': flip(40),
  cut,
  removed: () => undefined,
}

it('undamaged files cause no warning and are not written', async () => {
  const store = changed(FILES.best, bytes => bytes)
  expect(warnings(await run(store, true, 20))).toEqual([])
})

describe.each(Object.entries(harms))('%s', (_, harm) => {
  it('model.safetensors is written again from the checkpoint', async () => {
    const store = changed(FILES.model, harm)
    const events = await run(store, true)
    expect(warnings(events)).toEqual(['model-damaged'])
    expect(endOf(events).weights()).toEqual(end.weights())
  })

  it('best.safetensors is renamed, and the next validation is the best', async () => {
    const store = changed(FILES.best, harm)
    const harmed = store.files.get(FILES.best)?.slice()
    const events = await run(store, true)
    expect(warnings(events)).toEqual(['best-damaged'])
    expect(store.files.get(`${FILES.best}.damaged`)).toEqual(harmed)
    const next = events.find(event => event.type === 'evaluation')
    expect(next).toMatchObject({ step: 27, best: true })
    const { best, weights } = endOf(events)
    const model = await decodeModel(store.files.get(FILES.best)!)
    expect(model.training.steps).toBe(best?.step)
    expect(weights()).toEqual(end.weights())
    // Said once: the run has a best model again.
    expect(warnings(await run(store, true))).toEqual([])
  })

  it('metrics.jsonl keeps its complete lines, and the weights are the same', async () => {
    const store = changed(FILES.metrics, harm)
    const events = await run(store, true)
    expect(warnings(events)).toEqual(['metrics-damaged'])
    const lines = new TextDecoder().decode(store.files.get(FILES.metrics)).trim().split('\n')
    const steps = lines.map(line => JSON.parse(line).step)
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    expect(steps.at(-1)).toBe(end.step)
    expect(endOf(events).weights()).toEqual(end.weights())
    expect(warnings(await run(store, true))).toEqual([])
  })
})

it('zeros at the end of metrics.jsonl, as after a power failure, are removed', async () => {
  const store = changed(FILES.metrics, bytes => bytes.fill(0, bytes.length - 300))
  expect(warnings(await run(store, true))).toEqual(['metrics-damaged'])
  expect(new TextDecoder().decode(store.files.get(FILES.metrics))).not.toContain('\0')
})

it('a best model that is the latest is written again from the checkpoint', async () => {
  const store = memoryStore()
  await run(store, false, 9)
  const before = (await decodeModel(store.files.get(FILES.best)!)).weights
  store.files.set(FILES.best, cut(store.files.get(FILES.best)!))
  expect(warnings(await run(store, true, 10))).toEqual(['best-damaged'])
  expect((await decodeModel(store.files.get(FILES.best)!)).weights).toEqual(before)
})

it('a crash between the files of a checkpoint causes no warning', async () => {
  // The models of later steps beside the checkpoint of earlier ones.
  const store = changed(FILES.model, () => whole.files.get(FILES.model)!.slice())
  store.files.set(FILES.best, whole.files.get(FILES.best)!.slice())
  const events = await run(store, true)
  expect(warnings(events)).toEqual([])
  expect(endOf(events).best).toEqual(end.best)
})
