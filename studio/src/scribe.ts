/** The worker's mind: opens models, keeps the pace, writes. It knows the protocol and no DOM. */
import {
  type Distribution,
  decodeModel,
  FileError,
  type Model,
  networkOf,
  OndoError,
  type Position,
  parameterCount,
  Writer,
} from 'ondo'
import {
  AHEAD,
  type Beginning,
  type FromWorker,
  FULL,
  type ModelFacts,
  type NextStep,
  type RecordColumns,
  type ToWorker,
} from './protocol.js'

/** Longest stretch of writing before messages have their turn, ms. */
const SLICE = 10
/** Characters in one batch at most: what a page sets and shades well within a frame or two. */
const BATCH = 500
/** The clock is looked at after so many symbols: a busy machine makes headway all the same. */
const HANDFUL = 16
/** While the text streams, the next step is sent no more often than this, ms: nobody reads faster. */
const NEXT_EVERY = 150
/** A pause of the machine is not made up for beyond this, ms. */
const LONGEST_DEBT = 250

type Post = (message: FromWorker, moved?: ArrayBuffer[]) => void

export class Scribe {
  private readonly post: Post
  private model: Model | undefined
  private writer: Writer | undefined
  private run = 0
  private count = 0
  private temperature = 1
  private rate = 40
  private calm = 16
  private playing = false
  private opening = 0
  /** Symbols due and not written yet, with their fraction. */
  private debt = 0
  private lastTick = 0
  private lastNext = 0
  private unseen = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(post: Post) {
    this.post = post
  }

  handle(message: ToWorker): void {
    switch (message.type) {
      case 'open':
        this.open(message).catch(error => {
          this.post({ type: 'failed', during: 'open', job: message.job, ...told(error) })
        })
        return
      case 'begin':
        this.begin(message.begin).catch(error => this.fail('begin', error))
        return
      case 'check': {
        const unknown = this.model?.tokenizer.encode(message.prompt, message.unknown).unknown
        this.post({ type: 'checked', job: message.job, unknown: unknown ?? [] })
        return
      }
      case 'temperature':
        this.temperature = message.value
        return
      case 'rate':
        this.rate = message.value
        this.restartClock()
        return
      case 'calm':
        this.calm = message.value
        return
      case 'play':
        this.playing = true
        this.restartClock()
        return
      case 'pause':
        this.rest('paused')
        return
      case 'step':
        this.playing = false
        if (this.writer) this.send(this.writer, 1, 'paused')
        return
      case 'seen':
        if (message.run !== this.run) return
        if (this.unseen-- === AHEAD) this.schedule(0)
    }
  }

  // --- internal ---

  private async open(message: Extract<ToWorker, { type: 'open' }>): Promise<void> {
    const { job, source } = message
    this.opening = job
    const bytes = await read(source)
    const model = await decodeModel(bytes)
    await networkOf(model)
    // Another model was chosen meanwhile.
    if (this.opening !== job) return
    this.model = model
    this.post({ type: 'opened', job, model: facts(model, message.name, bytes.length) })
    await this.begin(message.begin)
  }

  private async begin(beginning: Beginning): Promise<void> {
    const { model } = this
    if (!model) return
    const prompt = beginning.prompt ?? model.prompt ?? ''
    const { ids, unknown } = model.tokenizer.encode(prompt, beginning.unknown)
    const network = await networkOf(model)
    // Another model was opened meanwhile.
    if (model !== this.model) return
    const writer = new Writer(model, network.session(), ids, { seed: BigInt(beginning.seed) })
    this.writer?.dispose()
    this.writer = writer
    this.run = beginning.run
    this.count = 0
    this.unseen = 0
    const next = this.next(writer)
    this.post({ type: 'began', run: this.run, unknown, next }, [next.logits.buffer])
    this.restartClock()
  }

  private fail(during: 'begin' | 'write', error: unknown): void {
    if (during === 'write') this.playing = false
    this.post({ type: 'failed', during, ...told(error) })
  }

  private restartClock(): void {
    this.debt = this.rate === Number.POSITIVE_INFINITY ? 0 : 1
    this.lastTick = performance.now()
    this.schedule(0)
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.tick(), delay)
  }

  /** Writes what is due. */
  private tick(): void {
    const { writer } = this
    if (!this.playing || !writer || this.unseen >= AHEAD) return
    const now = performance.now()
    let due = Number.POSITIVE_INFINITY
    if (this.rate < due) {
      const passed = Math.min(now - this.lastTick, Math.max(LONGEST_DEBT, this.calm))
      this.debt += (passed * this.rate) / 1000
      due = Math.floor(this.debt)
      this.debt -= due
    }
    this.lastTick = now
    if (due > 0) this.send(writer, due)
    if (!this.playing) return
    const untilNext = due === Number.POSITIVE_INFINITY ? 0 : ((1 - this.debt) * 1000) / this.rate
    // At full speed the page's own "seen" sets the pace.
    this.schedule(due === Number.POSITIVE_INFINITY ? 0 : Math.max(this.calm, untilNext))
  }

  /** Writes up to `due` symbols, as many as a slice allows, and sends them. */
  private send(writer: Writer, due: number, rest?: 'paused'): void {
    const positions: Position[] = []
    const end = performance.now() + SLICE
    const room = Math.min(due, FULL - this.count)
    try {
      while (positions.length < Math.min(room, BATCH)) {
        positions.push(writer.next(this.temperature))
        if (positions.length % HANDFUL === 0 && performance.now() > end) break
      }
      this.count += positions.length
      const full = this.count >= FULL
      if (full) this.playing = false
      this.written(writer, positions, full ? 'full' : rest)
    } catch (error) {
      this.fail('write', error)
    }
  }

  private rest(why: 'paused'): void {
    const was = this.playing
    this.playing = false
    // The bars that a resting page shows must be of the step that really comes next.
    if (was && this.writer) this.written(this.writer, [], why)
  }

  private written(writer: Writer, positions: Position[], rest?: 'paused' | 'full'): void {
    const columns = columnsOf(positions)
    const moved: ArrayBuffer[] = Object.values(columns).map(column => column.buffer)
    const now = performance.now()
    let next: NextStep | undefined
    if (rest || now - this.lastNext >= NEXT_EVERY) {
      next = this.next(writer)
      moved.push(next.logits.buffer)
      this.lastNext = now
    }
    const text = positions.map(position => position.text).join('')
    this.unseen++
    this.post(
      {
        type: 'written',
        run: this.run,
        text,
        columns,
        ...(next && { next }),
        ...(rest && { rest }),
      },
      moved,
    )
  }

  private next(writer: Writer): NextStep {
    return { index: this.count, coin: writer.coin(), logits: logitsOf(writer.peek()) }
  }
}

function told(error: unknown): { code: string; message: string } {
  const code = error instanceof OndoError ? error.code : 'unexpected'
  return { code, message: error instanceof Error ? error.message : String(error) }
}

async function read(source: string | Blob): Promise<Uint8Array> {
  if (typeof source !== 'string') return new Uint8Array(await source.arrayBuffer())
  const response = await fetch(source).catch(cause => {
    throw new FileError('network', `The model did not arrive: ${cause.message}.`, { cause })
  })
  if (!response.ok) {
    throw new FileError('network', `The server answered ${response.status} for ${source}.`)
  }
  return new Uint8Array(await response.arrayBuffer())
}

function facts(model: Model, fallbackName: string, bytes: number): ModelFacts {
  const { config, tokenizer } = model
  return {
    name: model.name ?? fallbackName,
    hash: model.hash,
    bytes,
    cell: config.cell,
    layers: config.layers,
    hidden: config.hidden,
    parameters: parameterCount(config),
    training: model.training,
    symbols: Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id)),
    prompt: model.prompt ?? '',
  }
}

/** The logits [V] of a step; banned symbols keep -inf. They were float32, so nothing is lost. */
function logitsOf(distribution: Distribution): Float32Array<ArrayBuffer> {
  const logits = new Float32Array(distribution.size).fill(Number.NEGATIVE_INFINITY)
  for (const { id, logit } of distribution.candidates(1, distribution.size).top) logits[id] = logit
  return logits
}

function columnsOf(positions: readonly Position[]): RecordColumns {
  return {
    lengths: Uint16Array.from(positions, position => position.text.length),
    temperatures: Float64Array.from(positions, position => position.temperature),
    coins: Float64Array.from(positions, position => position.coin ?? Number.NaN),
    ranks: Uint32Array.from(positions, position => position.rank),
    probabilities: Float32Array.from(positions, position => position.p),
    surprisals: Float32Array.from(positions, position => position.surprisal),
  }
}
