/** The worker that trains: it reads texts, trains, stores the run and samples. It does not use the DOM. */
import { loadNetwork, type Model, OndoError, promptIds, TrainingError, Writer } from 'ondo'
import { type BrowserEngine, browserEngine, browserStore, type DeviceChoice } from 'ondo/browser'
import { yieldToEventLoop } from 'ondo/generate'
import { printable } from 'ondo/text'
import {
  type EvaluationEvent,
  type StartEvent,
  type StepEvent,
  type TrainEvent,
  type TrainingCorpus,
  type TrainOptions,
  train,
  trainingCorpus,
} from 'ondo/train'
import { errorMessage } from '../../writer/error-message.js'
import { pace, type RunRequest, settingsFor } from './plan.js'
import {
  type FromTrainer,
  type RunFacts,
  SAMPLE_TEMPERATURES,
  type Source,
  type Standing,
  type ToTrainer,
} from './protocol.js'
import { readSource } from './read-source.js'
import { type Corpus, RunStore } from './run-store.js'

/** Shortest time between progress messages, ms. */
const PROGRESS_INTERVAL = 250
/** Length of a sample in symbols, and its seed. All samples share the seed, so only the model differs. */
const SAMPLE_LENGTH = 240
const SAMPLE_SEED = 42n
/** A sample is written after this many seconds, or after this share of the elapsed time if longer. */
const SAMPLE_EVERY = 2
const SAMPLE_SHARE = 0.1
/** The speed is measured over some steps after some steps of warm-up. */
const WARM_UP_STEPS = 2
const MEASURED_STEPS = 6
/** Name of the lock: a browser stores one run, and two pages must not write it at once. */
const LOCK = 'ondo.training'

type Post = (message: FromTrainer, moved?: ArrayBuffer[]) => void
type Store = Awaited<ReturnType<typeof browserStore>>

export class Trainer {
  private readonly post: Post
  private assets = ''
  private store: Promise<Store> | undefined
  /** The text inspected last. */
  private inspected: { readonly job: number; readonly corpus: Corpus } | undefined
  private inspecting = 0
  private abort: AbortController | undefined
  private why: 'paused' | 'stopped' = 'paused'
  private engine: BrowserEngine | undefined
  private lastProgress = 0
  private lastSample = 0
  private losses: number[] = []

  constructor(post: Post) {
    this.post = post
  }

  handle(message: ToTrainer): void {
    switch (message.type) {
      case 'look':
        this.assets = message.assets
        this.attempt(this.look())
        return
      case 'inspect':
        this.inspect(message.job, message.source).catch(error => {
          this.post({ type: 'refused', job: message.job, ...errorMessage(error) })
        })
        return
      case 'start':
        this.attempt(this.withLock(() => this.start(message)))
        return
      case 'resume':
        this.attempt(this.withLock(() => this.resume()))
        return
      case 'rest':
        this.why = message.why
        this.abort?.abort()
        return
      case 'take':
        this.attempt(this.take(message.job))
        return
      case 'discard':
        this.attempt(this.withLock(() => this.discard()))
        return
    }
  }

  // --- internal ---

  private attempt(work: Promise<void>): void {
    work.catch(error => this.post({ type: 'failed', ...errorMessage(error) }))
  }

  /** Runs the work unless this page or another one is training already. */
  private async withLock(work: () => Promise<void>): Promise<void> {
    const elsewhere = new TrainingError(
      'elsewhere',
      'Training is under way already, here or in another tab of this browser; pause or close it first.',
      {
        ja: '学習はすでに、ここかこのブラウザーの別のタブで進んでいます。先に一時停止するか閉じてください。',
      },
    )
    if (this.abort) throw elsewhere
    this.abort = new AbortController()
    try {
      // Locks and OPFS are missing outside a secure context.
      const locks = (navigator as { readonly locks?: LockManager }).locks
      if (!locks) return await work()
      await locks.request(LOCK, { ifAvailable: true }, lock => {
        if (!lock) throw elsewhere
        return work()
      })
    } finally {
      this.abort = undefined
    }
  }

  private open(): Promise<Store> {
    this.store ??= browserStore('run').catch(error => {
      // The reader may free some storage and try again.
      this.store = undefined
      throw error
    })
    return this.store
  }

  private async look(): Promise<void> {
    const saved = await new RunStore(await this.open()).saved()
    this.post({ type: 'looked', ...(saved && { saved }) })
  }

  private async inspect(job: number, source: Source): Promise<void> {
    this.inspecting = job
    const { corpus, report } = await readSource(source)
    // The user chose another text meanwhile.
    if (this.inspecting !== job) return
    this.inspected = { job, corpus }
    this.post({ type: 'inspected', job, report })
  }

  private async start(message: Extract<ToTrainer, { type: 'start' }>): Promise<void> {
    const { request, device, threads, job } = message
    const source =
      this.inspected?.job === job
        ? this.inspected.corpus
        : (await readSource(message.source)).corpus
    if (message.source.base && !source.base) {
      throw new TrainingError(
        'base-model',
        'The model to go on from could not be opened; choose it again, or begin with a new one.',
        {
          ja: 'もとにするモデルを開けませんでした。選び直すか、新しいモデルで始めてください。',
        },
      )
    }
    const corpus = await trainingCorpus(source, source.tokenizer)
    const settings = settingsFor(request, corpus.ids.length)
    const trained = { corpus, ...(source.base && { from: source.base }) }
    const { engine, paced } = await this.prepareEngine(device, threads, engine =>
      this.measurePace(request, trained, engine, settings),
    )
    const store = await this.open()
    const runStore = new RunStore(store)
    await runStore.begin(source)
    await this.reportEvents(
      train({
        ...trained,
        engine,
        store,
        settings: { ...settings, ...paced, ...request.settings },
        overwrite: true,
        name: source.name.replace(/\.[^.]+$/, ''),
        signal: this.abort!.signal,
      }),
      corpus,
      runStore,
    )
  }

  private async resume(): Promise<void> {
    const store = await this.open()
    const runStore = new RunStore(store)
    const [source, saved] = [await runStore.corpus(), await runStore.saved()]
    if (!source || !saved) {
      throw new TrainingError(
        'nothing-to-resume',
        'There is no run in this browser to go on with; start a new one.',
        { ja: 'このブラウザーには続きから学習できるものがありません。新しく始めてください。' },
      )
    }
    // The same number of threads as before makes the run identical to the last bit.
    const { device, threads } = saved.facts
    const engine = await this.load(device, threads).catch(error => {
      if (device !== 'webgpu') throw error
      return this.withoutGpu(error)
    })
    const corpus = await trainingCorpus(source, source.tokenizer)
    await runStore.discardSamplesAfter(saved.standing.step)
    await this.reportEvents(
      train({
        corpus,
        engine,
        store,
        resume: true,
        name: source.name.replace(/\.[^.]+$/, ''),
        signal: this.abort!.signal,
      }),
      corpus,
      runStore,
    )
  }

  private async load(device: DeviceChoice, threads: number | undefined): Promise<BrowserEngine> {
    // A worker creates the runtime and its threads once; the page makes a new worker for another engine.
    if (!this.engine) {
      this.post({ type: 'preparing', what: 'engine' })
      this.engine = await browserEngine({
        assets: this.assets,
        device,
        ...(threads !== undefined && { threads }),
      })
    }
    return this.engine
  }

  /** Returns an engine that has taken some steps: a GPU may exist and still fail. */
  private async prepareEngine(
    device: DeviceChoice,
    threads: number | undefined,
    measure: (engine: BrowserEngine) => Promise<Record<string, number>>,
  ): Promise<{ engine: BrowserEngine; paced: Record<string, number> }> {
    try {
      const engine = await this.load(device, threads)
      return { engine, paced: await measure(engine) }
    } catch (error) {
      const byGpu = device === 'auto' && this.engine?.device === 'webgpu'
      if (!byGpu || error instanceof OndoError) throw error
      const engine = await this.withoutGpu(error, threads)
      return { engine, paced: await measure(engine) }
    }
  }

  private withoutGpu(error: unknown, threads?: number): Promise<BrowserEngine> {
    const why = errorMessage(error).message.split('\n')[0]
    this.post({
      type: 'warned',
      code: 'webgpu',
      message: {
        en: `WebGPU does not work here (${why}); training goes on with WebAssembly.`,
        ja: `ここでは WebGPU が使えません（${why}）。WebAssembly で学習を続けます。`,
      },
    })
    this.engine = undefined
    return this.load('wasm', threads)
  }

  /** Measures the speed with a few steps and returns the settings that depend on it. */
  private async measurePace(
    request: RunRequest,
    trained: Pick<TrainOptions, 'corpus' | 'from'>,
    engine: BrowserEngine,
    settings: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, number>> {
    const given = request.settings ?? {}
    if (request.minutes === undefined && given.evaluateEvery && given.checkpointEvery) return {}
    this.post({ type: 'preparing', what: 'speed' })
    const holdout = Number(settings.holdout)
    const trial = train({
      ...trained,
      engine,
      settings: { ...settings, ...request.settings, holdout: 0, epochs: 1000, steps: 0 },
    })
    let started = 0
    let stepsPerEpoch = 1
    for await (const event of trial) {
      if (event.type === 'start') stepsPerEpoch = event.batches * (1 - holdout)
      if (event.type !== 'step') continue
      if (event.step === WARM_UP_STEPS) started = performance.now()
      if (event.step === WARM_UP_STEPS + MEASURED_STEPS) break
    }
    const secondsPerStep = (performance.now() - started) / 1000 / MEASURED_STEPS
    return pace(request, {
      secondsPerStep,
      stepsPerEpoch: Math.max(1, Math.floor(stepsPerEpoch)),
      validation: holdout / (1 - holdout),
    })
  }

  /** Sends the events of a run to the page. */
  private async reportEvents(
    events: AsyncIterable<TrainEvent>,
    corpus: TrainingCorpus,
    runStore: RunStore,
  ): Promise<void> {
    let start: StartEvent | undefined
    this.losses = []
    this.lastProgress = 0
    this.lastSample = 0
    for await (const event of events) {
      switch (event.type) {
        case 'start': {
          start = event
          const facts = this.facts(event, corpus)
          await runStore.facts(facts)
          const { step } = event
          const standing = { step, epoch: step / event.batches, seconds: 0 }
          this.post({ type: 'started', facts, standing })
          break
        }
        case 'step': {
          this.losses.push(event.loss)
          const now = performance.now()
          if (now - this.lastProgress >= PROGRESS_INTERVAL || event.step === event.steps) {
            this.progress(event)
            this.lastProgress = now
          }
          if (this.isSampleDue(event)) await this.sample(event, start!, corpus, runStore)
          break
        }
        case 'evaluation':
          this.post({ type: 'evaluated', step: event.step, loss: event.loss, best: event.best })
          // What the model writes before it learns is the first sample.
          if (event.step === 0) await this.sample(event, start!, corpus, runStore)
          break
        case 'checkpoint':
          this.post({ type: 'kept', step: event.step })
          break
        case 'warning':
          this.post({ type: 'warned', code: event.code, message: event.message })
          break
        case 'end': {
          const { step, epoch, seconds, smoothedLoss: loss } = event
          const standing = { step, epoch, seconds, ...(loss !== undefined && { loss }) }
          const why = event.reason === 'finished' ? 'finished' : this.why
          this.post({ type: 'rested', why, standing })
        }
      }
      await yieldToEventLoop()
    }
  }

  private facts(event: StartEvent, corpus: TrainingCorpus): RunFacts {
    const { config, parameters, symbols, steps, batches, startedFrom } = event
    const { device, adapter, threads } = this.engine!
    return {
      name: corpus.name ?? '',
      symbols,
      vocabulary: config.vocabulary,
      cell: config.cell,
      layers: config.layers,
      hidden: config.hidden,
      parameters,
      device,
      ...(adapter && { adapter }),
      threads,
      steps,
      stepsPerEpoch: batches,
      ...(startedFrom && {
        base: { name: startedFrom.name ?? '', added: startedFrom.added.map(printable) },
      }),
    }
  }

  private progress(event: StepEvent): void {
    const { step, epoch, seconds, symbolsPerSecond, secondsLeft, smoothedLoss } = event
    const standing: Standing = {
      step,
      epoch,
      seconds,
      symbolsPerSecond,
      secondsLeft,
      loss: smoothedLoss,
    }
    const loss = this.losses.reduce((a, b) => a + b, 0) / this.losses.length
    this.losses = []
    this.post({ type: 'progress', standing, loss })
  }

  private isSampleDue({ step, steps, seconds }: StepEvent): boolean {
    if (step === steps || this.lastSample === 0) return true
    return seconds - this.lastSample >= Math.max(SAMPLE_EVERY, SAMPLE_SHARE * seconds)
  }

  /** Writes samples with the current weights, without changing the training. */
  private async sample(
    event: StepEvent | EvaluationEvent,
    { config }: StartEvent,
    { tokenizer }: TrainingCorpus,
    runStore: RunStore,
  ): Promise<void> {
    if (event.type === 'step') this.lastSample = event.seconds
    const weights = event.weights()
    const model: Model = { config, tokenizer, weights, hash: '', training: {} }
    const network = await loadNetwork(config, weights)
    const texts = SAMPLE_TEMPERATURES.map(temperature => {
      const writer = new Writer(model, network.session(), promptIds(model, ''), {
        seed: SAMPLE_SEED,
      })
      let text = ''
      for (let i = 0; i < SAMPLE_LENGTH; i++) text += writer.next(temperature).text
      writer.dispose()
      return text
    })
    const { step, epoch, smoothedLoss } = event
    const sample = { step, epoch, ...(step > 0 && { loss: smoothedLoss }), texts }
    await runStore.sample(sample)
    this.post({ type: 'sampled', sample })
  }

  private async take(job: number): Promise<void> {
    const runStore = new RunStore(await this.open())
    const [bytes, saved] = [await runStore.model(), await runStore.saved()]
    if (!bytes) {
      throw new TrainingError(
        'no-model',
        'There is no model yet; the first is kept after some steps.',
        { ja: 'モデルはまだありません。学習が少し進むと最初のモデルが残ります。' },
      )
    }
    const own = new Uint8Array(bytes)
    const name = saved?.facts.name.replace(/\.[^.]+$/, '') || 'model'
    this.post({ type: 'took', job, name, bytes: own }, [own.buffer])
  }

  private async discard(): Promise<void> {
    await new RunStore(await this.open()).discard()
    this.post({ type: 'discarded' })
  }
}
