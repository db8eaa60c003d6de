/** The worker that writes text: it opens models and controls the writing speed. It does not use the DOM. */
import {
  type Chain,
  createChain,
  decodeModel,
  type Model,
  networkOf,
  parseSchedule,
  type SymbolRecord,
  type TemperatureAt,
  type Writer,
} from 'ondo'
import { nextPassageTemperature, StateCache, StopGate } from 'ondo/generate'
import { CONTEXT_TAIL, startSchedule } from 'ondo/temperature'
import { encodeInput } from 'ondo/text'
import { buffersOf, columnsOf, logitsOf, textOf } from './columns.js'
import { errorMessage } from './error-message.js'
import { withHeldUnits } from './held-units.js'
import { modelFacts, readModelFile } from './open-model.js'
import {
  type Beginning,
  type FromWorker,
  MAX_SYMBOLS,
  MAX_UNSEEN_BATCHES,
  type NextStep,
  STATE_EVERY,
  type ToWorker,
} from './protocol.js'
import { SideWriter, SLICE } from './side-writer.js'
import { TextReader } from './text-reader.js'

/** Maximum number of symbols in a batch: a page can lay out and colour these within a frame or two. */
const BATCH = 500
/** The clock is read after this many symbols, so that a busy machine writes at least these. */
const SYMBOLS_PER_CLOCK_CHECK = 16
/** While text is written, the next step is sent at most once in this time, ms: nobody reads faster. */
const NEXT_EVERY = 150
/** After a pause of the machine, at most this much time is caught up, ms. */
const LONGEST_PAUSE = 250
/** A reader at most this many symbols before the wanted step reads these; else a new one is made. */
const MAX_REPLAYED = 16
type Post = (message: FromWorker, moved?: ArrayBuffer[]) => void

export class TextWriter {
  private readonly post: Post
  private model: Model | undefined
  private writer: Writer | undefined
  /** The running text. */
  private text: StateCache | undefined
  private seed: { readonly seed: bigint; readonly stream: number | undefined } | undefined
  /** A writer at an earlier step of the running text, for the message `look`. */
  private reader: { writer: Writer; at: number } | undefined
  private run = 0
  private temperature = 1
  private schedule: TemperatureAt | undefined
  /** Temperature of the next step by the schedule. It is read once per step, since a schedule can have state. */
  private scheduled: number | undefined
  /** The chain as text; `chain` is the same chain, made for the model. */
  private written: string | undefined
  private chain: Chain | undefined
  private lastSurprisal: number | undefined
  private rate = 40
  private calm = 16
  private playing = false
  private opening = 0
  private readonly sideWriter: SideWriter
  private readonly textReader = new TextReader()
  /** Number of symbols still to be written at full speed. */
  private burst = 0
  /** Finds the stop string that ends a burst. */
  private stopGate: StopGate | undefined
  /** Number of symbols due and not written yet; may have a fraction. */
  private symbolsDue = 0
  private lastTick = 0
  private lastNext = 0
  private unseen = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(post: Post) {
    this.post = post
    this.sideWriter = new SideWriter(post, () => this.model)
  }

  handle(message: ToWorker): void {
    if (this.textReader.keep(message)) return
    switch (message.type) {
      case 'open':
        this.open(message).catch(error => {
          this.post({ type: 'failed', during: 'open', job: message.job, ...errorMessage(error) })
        })
        return
      case 'begin':
        this.begin(message.begin)
          .catch(error => this.fail('begin', error))
          .finally(() => {
            for (const kept of this.textReader.take()) this.handle(kept)
          })
        return
      case 'check': {
        const tokenizer = this.model?.tokenizer
        const unknown = tokenizer && encodeInput(message.prompt, tokenizer, message.unknown).unknown
        this.post({ type: 'checked', job: message.job, unknown: unknown ?? [] })
        return
      }
      case 'temperature':
        this.temperature = message.value
        this.setSchedule(undefined)
        return
      case 'schedule':
        this.setSchedule(startSchedule(parseSchedule(message.written)))
        return
      case 'chain':
        this.written = message.written
        this.changeChain()
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
        this.step(message.id)
        return
      case 'seen':
        if (message.run !== this.run) return
        if (this.unseen-- === MAX_UNSEEN_BATCHES) this.wake(0)
        return
      case 'look':
        this.look(message.job, message.at)
        return
      case 'side-texts':
        this.sideWriter.write(message).catch(error => {
          this.post({
            type: 'failed',
            during: 'side-texts',
            job: message.job,
            ...errorMessage(error),
          })
        })
        return
      case 'verify':
        this.sideWriter.verify(message).catch(error => {
          this.post({ type: 'failed', during: 'verify', job: message.job, ...errorMessage(error) })
        })
        return
      case 'next-text':
        this.findNextText(message)
    }
  }

  // --- internal ---

  private async open(message: Extract<ToWorker, { type: 'open' }>): Promise<void> {
    const { job, source } = message
    this.opening = job
    const bytes = await readModelFile(source)
    const model = await decodeModel(bytes)
    await networkOf(model)
    const shown = await modelFacts(model, message.name, bytes.length)
    // Another model was chosen meanwhile.
    if (this.opening !== job) return
    this.model = model
    this.post({ type: 'opened', job, model: shown })
  }

  private async begin(beginning: Beginning): Promise<void> {
    const whole = this.model
    if (!whole) return
    const model = withHeldUnits(whole, beginning.held)
    const prompt = beginning.prompt ?? model.prompt ?? ''
    const { ids, unknown } = encodeInput(prompt, model.tokenizer, beginning.unknown)
    const network = await networkOf(model)
    // Another model was opened meanwhile.
    if (whole !== this.model) return
    const text = new StateCache(model, network, ids, { ids: beginning.ids, every: STATE_EVERY })
    if (this.text) text.adoptStates(this.text)
    if (!(await this.textReader.read(text, () => whole === this.model))) return
    this.forgetReader()
    this.text = text
    this.seed = { seed: BigInt(beginning.seed), stream: beginning.stream }
    this.lastSurprisal = beginning.lastSurprisal
    this.recreateWriter()
    const writer = this.writer!
    this.run = beginning.run
    this.unseen = 0
    this.burst = beginning.burst ?? 0
    const { stops = [] } = beginning
    this.stopGate = this.burst > 0 && stops.length > 0 ? new StopGate(stops) : undefined
    this.scheduled = undefined
    const next = this.next(writer)
    const read = Uint32Array.from(ids)
    const end = model.tokenizer.decode(read.slice(-CONTEXT_TAIL))
    this.post({ type: 'began', run: this.run, unknown, prompt: { ids: read, text: end }, next }, [
      next.logits.buffer,
      read.buffer,
    ])
    this.restartClock()
  }

  /** Options of a writer whose records the page shows. */
  private get watchedOptions() {
    return { ...this.seed!, watch: true, intervals: true }
  }

  /** Makes a new writer at the end of the text, with the current chain. */
  private recreateWriter(): void {
    const text = this.text!
    this.writer?.dispose()
    this.writer = undefined
    this.chain =
      this.written === undefined ? undefined : createChain(this.written, this.model!.tokenizer)
    const { chain, lastSurprisal } = this
    this.writer = text.writerAt(text.ids.length, { ...this.watchedOptions, chain, lastSurprisal })
  }

  /** Replaces the writer after the chain has changed. */
  private changeChain(): void {
    if (!this.text) return
    try {
      this.recreateWriter()
    } catch (error) {
      this.fail('write', error)
    }
  }

  private fail(during: 'begin' | 'write', error: unknown): void {
    if (during === 'write') this.playing = false
    this.post({ type: 'failed', during, ...errorMessage(error) })
  }

  private setSchedule(schedule: TemperatureAt | undefined): void {
    this.schedule = schedule
    this.scheduled = undefined
  }

  /** Temperature of the next step. */
  private nextTemperature(writer: Writer): number {
    if (!this.schedule) return this.temperature
    this.scheduled ??= this.schedule(writer.scheduleInput())
    return this.scheduled
  }

  private restartClock(): void {
    this.symbolsDue = this.rate === Number.POSITIVE_INFINITY ? 0 : 1
    this.lastTick = performance.now()
    this.wake(0)
  }

  private wake(delay: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.tick(), delay)
  }

  /** Writes the symbols that are due by now. */
  private tick(): void {
    const { writer } = this
    if (!writer || this.unseen >= MAX_UNSEEN_BATCHES) return
    if (this.burst > 0) {
      const most = this.burst
      const wrote = this.send(writer, most, this.playing ? undefined : 'paused')
      // A stop string may have ended the burst and set it to 0.
      this.burst = Math.max(0, this.burst - wrote)
      this.wake(0)
      return
    }
    if (!this.playing) return
    const now = performance.now()
    let due = Number.POSITIVE_INFINITY
    if (this.rate < due) {
      const passed = Math.min(now - this.lastTick, Math.max(LONGEST_PAUSE, this.calm))
      this.symbolsDue += (passed * this.rate) / 1000
      due = Math.floor(this.symbolsDue)
      this.symbolsDue -= due
    }
    this.lastTick = now
    if (due > 0) this.send(writer, due)
    if (!this.playing) return
    const untilNext =
      due === Number.POSITIVE_INFINITY ? 0 : ((1 - this.symbolsDue) * 1000) / this.rate
    // At full speed, the message "seen" of the page limits the rate.
    this.wake(due === Number.POSITIVE_INFINITY ? 0 : Math.max(this.calm, untilNext))
  }

  /** Writes one symbol and pauses: the given symbol, or a drawn one when `id` is undefined. */
  private step(id: number | undefined): void {
    this.playing = false
    const { writer, text } = this
    if (!writer || !text) return
    if (id === undefined) {
      this.send(writer, 1, 'paused')
      return
    }
    try {
      const position = writer.choose(id, this.nextTemperature(writer))
      this.scheduled = undefined
      text.add(position.id, writer)
      this.postWritten([position], 'paused')
    } catch (error) {
      this.fail('write', error)
    }
  }

  /** Writes and sends up to `due` symbols, as many as a time slice allows. @returns how many */
  private send(writer: Writer, due: number, pauseWriting?: 'paused'): number {
    const text = this.text!
    const positions: SymbolRecord[] = []
    const end = performance.now() + SLICE
    const room = Math.min(due, MAX_SYMBOLS - text.ids.length, BATCH)
    try {
      while (positions.length < room) {
        const position = writer.next(this.nextTemperature(writer))
        this.scheduled = undefined
        positions.push(position)
        text.add(position.id, writer)
        if (positions.length % SYMBOLS_PER_CLOCK_CHECK === 0 && performance.now() > end) break
      }
      const full = text.ids.length >= MAX_SYMBOLS
      if (full) this.playing = false
      const whole = positions.length >= due
      const decided = this.releaseDecided(positions, full || whole)
      this.postWritten(
        decided,
        full ? 'full' : whole || this.burst === 0 ? pauseWriting : undefined,
      )
      return full ? due : positions.length
    } catch (error) {
      this.fail('write', error)
      return due
    }
  }

  /** Returns the symbols that can be sent. The stop gate holds back symbols that may begin a stop string. */
  private releaseDecided(positions: SymbolRecord[], last: boolean): readonly SymbolRecord[] {
    const { stopGate, text } = this
    if (!stopGate || !text) return positions
    const decided: SymbolRecord[] = []
    for (const [n, position] of positions.entries()) {
      const steps = stopGate.push(position)
      decided.push(...steps)
      if (!steps.at(-1)?.stop) continue
      // Removes the symbols of the stop string and those after it from the text.
      this.stopGate = undefined
      decided.length -= stopGate.overlap
      text.truncate(text.ids.length - stopGate.overlap - (positions.length - 1 - n))
      this.burst = 0
      this.playing = false
      this.lastSurprisal = decided.at(-1)?.surprisal
      this.recreateWriter()
      return decided
    }
    if (!last) return decided
    this.stopGate = undefined
    return [...decided, ...stopGate.flush()]
  }

  private rest(why: 'paused'): void {
    const was = this.playing
    this.playing = false
    // A paused page shows the bars of the next step, so this step is sent now.
    if (was && this.writer) this.postWritten([], why)
  }

  private postWritten(positions: readonly SymbolRecord[], rest?: 'paused' | 'full'): void {
    const writer = this.writer!
    this.lastSurprisal = positions.at(-1)?.surprisal ?? this.lastSurprisal
    const columns = columnsOf(positions)
    const moved = buffersOf(columns)
    const now = performance.now()
    let next: NextStep | undefined
    if (rest || now - this.lastNext >= NEXT_EVERY) {
      next = this.next(writer)
      moved.push(next.logits.buffer)
      this.lastNext = now
    }
    this.unseen++
    this.post(
      {
        type: 'written',
        run: this.run,
        text: textOf(positions),
        columns,
        ...(this.written !== undefined && { chain: this.written }),
        ...(next && { next }),
        ...(rest && { rest }),
      },
      moved,
    )
  }

  private next(writer: Writer): NextStep {
    return {
      index: this.text!.ids.length,
      coin: writer.coin(),
      secondCoin: writer.secondCoin(),
      logits: logitsOf(writer.peek()),
      ...(this.schedule && { temperature: this.nextTemperature(writer) }),
    }
  }

  private forgetReader(): void {
    this.reader?.writer.dispose()
    this.reader = undefined
  }

  private look(job: number, at: number): void {
    const { text } = this
    if (!text || at > text.ids.length) return
    if (!this.reader || this.reader.at > at || at - this.reader.at > MAX_REPLAYED) {
      this.forgetReader()
      this.reader = { writer: text.writerAt(at, this.watchedOptions), at }
    }
    const { reader } = this
    while (reader.at < at) reader.writer.choose(text.ids[reader.at++], 1)
    const step: NextStep = {
      index: at,
      coin: reader.writer.coin(),
      secondCoin: reader.writer.secondCoin(),
      logits: logitsOf(reader.writer.peek()),
    }
    this.post({ type: 'looked', job, step }, [step.logits.buffer])
  }

  private findNextText(message: Extract<ToWorker, { type: 'next-text' }>): void {
    const { text } = this
    if (!text) return
    const { job, from, to, temperature, direction } = message
    const found = nextPassageTemperature(
      () => text.writerAt(from, this.seed!),
      Math.min(to, text.ids.length) - from,
      temperature,
      direction,
    )
    this.post({ type: 'found', job, ...(found !== undefined && { temperature: found }) })
  }
}
