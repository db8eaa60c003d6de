/** Reads the text of the page with the network, keeps the last states, and answers questions about them. */

import { Distribution, decodeModel, type Model, networkOf, type Session } from 'ondo'
import { idsToRead, prefillInSlices, TimeSlices } from 'ondo/generate'
import { drawingLogits } from 'ondo/model'
import { encodeInput } from 'ondo/text'
import { errorMessage } from '../../writer/error-message.js'
import { holdsAnyValue, withHeldUnits } from '../../writer/held-units.js'
import { readModelFile } from '../../writer/open-model.js'
import { featuresOf } from './features.js'
import { gateSeries, quantitiesOf } from './gates.js'
import { type FromStateReader, GUESSES, type ReadRequest, type ToStateReader } from './protocol.js'
import { column, passagesLike, peaks, placeOf, suggest, type Trace, unitsOn } from './trace.js'

type Post = (message: FromStateReader, moved?: ArrayBuffer[]) => void

/** The clock is read after this many symbols, so that a busy machine makes progress. */
const HANDFUL = 64
/** How long the worker reads a text before it reads messages, ms. */
const SLICE = 30

interface Step {
  readonly id: number
  readonly state: Float32Array
  readonly guesses: readonly { readonly id: number; readonly p: number }[]
  readonly entropy: number
}

/** The text that was read so far, with the steps of its end. */
interface Reader {
  readonly model: Model
  readonly session: Session
  readonly prompt: ArrayLike<number>
  readonly ids: number[]
  /** The steps of the last symbols read. */
  steps: Step[]
  /** The state before the first step kept. */
  before: Float32Array
}

export class StateReader {
  private readonly post: Post
  private opened: { source: string | Blob; model: Promise<Model> } | undefined
  private reader: Reader | undefined
  private job = 0

  constructor(post: Post) {
    this.post = post
  }

  handle(message: ToStateReader): void {
    try {
      if (message.type === 'read') {
        this.job = message.job
        this.read(message).catch(error => this.fail(error))
      } else if (message.type === 'series') this.series(message)
      else this.brush(message)
    } catch (error) {
      this.fail(error)
    }
  }

  // --- internal ---

  private fail(error: unknown): void {
    // A model that failed to load may load the next time.
    this.opened = undefined
    this.post({ type: 'failed', ...errorMessage(error) })
  }

  /** @returns false when another text was asked for meanwhile; the session is then disposed */
  private async readPrompt(
    job: number,
    session: Session,
    prompt: ArrayLike<number>,
  ): Promise<boolean> {
    if (prompt.length === 0) return true
    const abort = new AbortController()
    const onProgress = (): void => {
      if (this.job !== job) abort.abort()
    }
    try {
      await prefillInSlices(session, prompt, { signal: abort.signal, onProgress })
      if (this.job === job) return true
    } catch (error) {
      if (!abort.signal.aborted) throw error
    }
    session.dispose()
    return false
  }

  private async read(request: ReadRequest): Promise<void> {
    const { job, source, ids, keep } = request
    if (this.opened?.source !== source)
      this.opened = { source, model: readModelFile(source).then(decodeModel) }
    const model = withHeldUnits(await this.opened.model, request.held)
    const network = await networkOf(model)
    const encoded = encodeInput(request.prompt, model.tokenizer, request.unknown).ids
    const prompt = idsToRead(model, encoded)
    if (this.job !== job) return
    if (!this.reader || !goesOn(this.reader, model, prompt, ids)) {
      this.reader?.session.dispose()
      this.reader = undefined
      const session = network.session()
      if (!(await this.readPrompt(job, session, prompt))) return
      this.reader = { model, session, prompt, ids: [], steps: [], before: session.activations() }
    }
    const { reader } = this
    const distribution = new Distribution(model.config.vocabulary)
    const slices = new TimeSlices({ milliseconds: SLICE })
    while (reader.ids.length < ids.length) {
      const n = reader.ids.length
      const logits = reader.session.step(ids[n])
      reader.ids.push(ids[n])
      if (n >= ids.length - keep) {
        const { top, entropy } = distribution
          .load(drawingLogits(model.config, logits))
          .candidates(1, GUESSES)
        reader.steps.push({
          id: ids[n],
          state: reader.session.activations(),
          guesses: top.map(({ id, p }) => ({ id, p })),
          entropy,
        })
      } else {
        reader.steps = []
        if (n === ids.length - keep - 1) reader.before = reader.session.activations()
      }
      if (n % HANDFUL === 0 && slices.over) {
        await slices.yield()
        if (this.job !== job) return
      }
    }
    const late = reader.steps.length - keep
    if (late > 0) {
      reader.before = reader.steps[late - 1].state
      reader.steps = reader.steps.slice(late)
    }
    this.tell(job, reader)
  }

  private tell(job: number, reader: Reader): void {
    const { model, steps, ids } = reader
    const guesses = new Uint32Array(steps.length * GUESSES)
    const chances = new Float32Array(steps.length * GUESSES)
    for (const [n, step] of steps.entries()) {
      for (const [i, { id, p }] of step.guesses.entries()) {
        guesses[n * GUESSES + i] = id
        chances[n * GUESSES + i] = p
      }
    }
    const symbols = steps.map(({ id }) => model.tokenizer.symbol(id))
    const features = featuresOf(
      symbols,
      steps.map(({ entropy }) => entropy),
    )
    const { layers, hidden } = model.config
    this.post(
      {
        ...{ type: 'read', job, layers, hidden },
        quantities: quantitiesOf(model.config),
        anyValue: holdsAnyValue(model.config),
        from: ids.length - steps.length,
        count: steps.length,
        ...{ guesses, chances },
        suggestions: suggest(traceOf(reader), features),
      },
      [guesses.buffer, chances.buffer],
    )
  }

  private series(request: Extract<ToStateReader, { type: 'series' }>): void {
    const { reader } = this
    if (!reader || reader.steps.length === 0) return
    const { job, quantity } = request
    const { config, weights } = reader.model
    const trace = traceOf(reader)
    const { layers, hidden } = trace
    const values =
      quantity === 'h' || quantity === 'c'
        ? column(trace, placeOf(trace, request) + (quantity === 'c' ? layers * hidden : 0))
        : gateSeries(
            config,
            weights,
            quantity,
            request,
            reader.steps.map(({ id }) => id),
            trace.rows,
            reader.before,
          )
    const [highest, lowest] = [peaks(values, 1), peaks(values, -1)]
    this.post({ type: 'series', job, values, highest, lowest }, [values.buffer])
  }

  private brush({ job, from, to, threshold }: Extract<ToStateReader, { type: 'brush' }>): void {
    const { reader } = this
    if (!reader || to > reader.steps.length || from >= to) return
    const trace = traceOf(reader)
    const units = unitsOn(trace, from, to, threshold)
    const passages = passagesLike(trace, units, from, to, threshold)
    this.post({ type: 'brushed', job, units, passages })
  }
}

const traceOf = ({ model, steps }: Reader): Trace => ({
  layers: model.config.layers,
  hidden: model.config.hidden,
  rows: steps.map(({ state }) => state),
})

/** Whether the wanted text begins with the one that was read. */
function goesOn(
  reader: Reader,
  model: Model,
  prompt: ArrayLike<number>,
  ids: ArrayLike<number>,
): boolean {
  const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
    return true
  }
  return (
    reader.model === model &&
    reader.prompt.length === prompt.length &&
    reader.ids.length <= ids.length &&
    same(reader.prompt, prompt) &&
    same(reader.ids, ids)
  )
}
