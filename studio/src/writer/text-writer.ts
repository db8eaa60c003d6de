/** The worker that writes: it opens models, keeps the pace, and knows the protocol but no DOM. */
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
import { holding } from './held-units.js'
import { facts, read } from './open-model.js'
import {
  AHEAD,
  type Beginning,
  type FromWorker,
  FULL,
  type NextStep,
  STATE_EVERY,
  type ToWorker,
} from './protocol.js'
import { AsideWriter, SLICE } from './side-writer.js'
import { TextReader } from './text-reader.js'

/** Characters in one batch at most: what a page sets and shades well within a frame or two. */
const BATCH = 500
/** The clock is looked at after so many symbols: a busy machine makes headway all the same. */
const HANDFUL = 16
/** While the text streams, the next step is sent no more often than this, ms: nobody reads faster. */
const NEXT_EVERY = 150
/** A pause of the machine is not made up for beyond this, ms. */
const LONGEST_DEBT = 250
/** A reader that stands so few symbols before the wanted place walks there. */
const NEAR = 16
type Post = (message: FromWorker, moved?: ArrayBuffer[]) => void

export class TextWriter {
  private readonly post: Post
  private model: Model | undefined
  private writer: Writer | undefined
  /** The running text. */
  private text: StateCache | undefined
  private seed: { readonly seed: bigint; readonly stream: number | undefined } | undefined
  /** Stands somewhere in the running text, for who looks at an earlier step. */
  private reader: { writer: Writer; at: number } | undefined
  private run = 0
  private temperature = 1
  private schedule: TemperatureAt | undefined
  /** What the schedule says of the next step; asked once a step, for it may remember. */
  private scheduled: number | undefined
  /** In its written form, and made for the model. */
  private written: string | undefined
  private chain: Chain | undefined
  private lastSurprisal: number | undefined
  private rate = 40
  private calm = 16
  private playing = false
  private opening = 0
  private readonly aside: AsideWriter
  private readonly beginnings = new TextReader()
  /** Symbols to be written at once. */
  private burst = 0
  /** What ends a burst early. */
  private gate: StopGate | undefined
  /** Symbols due and not written yet, with their fraction. */
  private debt = 0
  private lastTick = 0
  private lastNext = 0
  private unseen = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(post: Post) {
    this.post = post
    this.aside = new AsideWriter(post, () => this.model)
  }

  handle(message: ToWorker): void {
    if (this.beginnings.keep(message)) return
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
            for (const kept of this.beginnings.take()) this.handle(kept)
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
        this.relink()
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
        if (this.unseen-- === AHEAD) this.wake(0)
        return
      case 'look':
        this.look(message.job, message.at)
        return
      case 'aside':
        this.aside.write(message).catch(error => {
          this.post({ type: 'failed', during: 'aside', job: message.job, ...errorMessage(error) })
        })
        return
      case 'verify':
        this.aside.verify(message).catch(error => {
          this.post({ type: 'failed', during: 'verify', job: message.job, ...errorMessage(error) })
        })
        return
      case 'neighbour':
        this.neighbour(message)
    }
  }

  // --- internal ---

  private async open(message: Extract<ToWorker, { type: 'open' }>): Promise<void> {
    const { job, source } = message
    this.opening = job
    const bytes = await read(source)
    const model = await decodeModel(bytes)
    await networkOf(model)
    const shown = await facts(model, message.name, bytes.length)
    // Another model was chosen meanwhile.
    if (this.opening !== job) return
    this.model = model
    this.post({ type: 'opened', job, model: shown })
  }

  private async begin(beginning: Beginning): Promise<void> {
    const whole = this.model
    if (!whole) return
    const model = holding(whole, beginning.held)
    const prompt = beginning.prompt ?? model.prompt ?? ''
    const { ids, unknown } = encodeInput(prompt, model.tokenizer, beginning.unknown)
    const network = await networkOf(model)
    // Another model was opened meanwhile.
    if (whole !== this.model) return
    const text = new StateCache(model, network, ids, { ids: beginning.ids, every: STATE_EVERY })
    if (this.text) text.adoptStates(this.text)
    if (!(await this.beginnings.read(text, () => whole === this.model))) return
    this.forgetReader()
    this.text = text
    this.seed = { seed: BigInt(beginning.seed), stream: beginning.stream }
    this.lastSurprisal = beginning.lastSurprisal
    this.stand()
    const writer = this.writer!
    this.run = beginning.run
    this.unseen = 0
    this.burst = beginning.burst ?? 0
    const { stops = [] } = beginning
    this.gate = this.burst > 0 && stops.length > 0 ? new StopGate(stops) : undefined
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

  /** How a writer that the page watches is made. */
  private get live() {
    return { ...this.seed!, watch: true, intervals: true }
  }

  /** A writer at the end of the text, with the chain of now. */
  private stand(): void {
    const text = this.text!
    this.writer?.dispose()
    this.writer = undefined
    this.chain =
      this.written === undefined ? undefined : createChain(this.written, this.model!.tokenizer)
    const { chain, lastSurprisal } = this
    this.writer = text.writerAt(text.ids.length, { ...this.live, chain, lastSurprisal })
  }

  /** The chain is another one. */
  private relink(): void {
    if (!this.text) return
    try {
      this.stand()
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

  /** T of the next step. */
  private due(writer: Writer): number {
    if (!this.schedule) return this.temperature
    this.scheduled ??= this.schedule(writer.scheduleInput())
    return this.scheduled
  }

  private restartClock(): void {
    this.debt = this.rate === Number.POSITIVE_INFINITY ? 0 : 1
    this.lastTick = performance.now()
    this.wake(0)
  }

  private wake(delay: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.tick(), delay)
  }

  /** Writes what is due. */
  private tick(): void {
    const { writer } = this
    if (!writer || this.unseen >= AHEAD) return
    if (this.burst > 0) {
      const most = this.burst
      const wrote = this.send(writer, most, this.playing ? undefined : 'paused')
      // A stop string may have ended it meanwhile.
      this.burst = Math.max(0, this.burst - wrote)
      this.wake(0)
      return
    }
    if (!this.playing) return
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
    this.wake(due === Number.POSITIVE_INFINITY ? 0 : Math.max(this.calm, untilNext))
  }

  /** Writes one symbol and rests: the one that is due, or the one that a hand puts there. */
  private step(id: number | undefined): void {
    this.playing = false
    const { writer, text } = this
    if (!writer || !text) return
    if (id === undefined) {
      this.send(writer, 1, 'paused')
      return
    }
    try {
      const position = writer.choose(id, this.due(writer))
      this.scheduled = undefined
      text.add(position.id, writer)
      this.tellWritten([position], 'paused')
    } catch (error) {
      this.fail('write', error)
    }
  }

  /** Writes up to `due` symbols, as many as a slice allows, and sends them. @returns how many */
  private send(writer: Writer, due: number, rest?: 'paused'): number {
    const text = this.text!
    const positions: SymbolRecord[] = []
    const end = performance.now() + SLICE
    const room = Math.min(due, FULL - text.ids.length, BATCH)
    try {
      while (positions.length < room) {
        const position = writer.next(this.due(writer))
        this.scheduled = undefined
        positions.push(position)
        text.add(position.id, writer)
        if (positions.length % HANDFUL === 0 && performance.now() > end) break
      }
      const full = text.ids.length >= FULL
      if (full) this.playing = false
      const whole = positions.length >= due
      const decided = this.decide(positions, full || whole)
      this.tellWritten(decided, full ? 'full' : whole || this.burst === 0 ? rest : undefined)
      return full ? due : positions.length
    } catch (error) {
      this.fail('write', error)
      return due
    }
  }

  /** Of symbols just written, those that are there for good; all are unless a stop string waits. */
  private decide(positions: SymbolRecord[], last: boolean): readonly SymbolRecord[] {
    const { gate, text } = this
    if (!gate || !text) return positions
    const decided: SymbolRecord[] = []
    for (const [n, position] of positions.entries()) {
      const steps = gate.push(position)
      decided.push(...steps)
      if (!steps.at(-1)?.stop) continue
      // What belongs to the stop string is no part of the text, nor is what came after it.
      this.gate = undefined
      decided.length -= gate.overlap
      text.truncate(text.ids.length - gate.overlap - (positions.length - 1 - n))
      this.burst = 0
      this.playing = false
      this.lastSurprisal = decided.at(-1)?.surprisal
      this.stand()
      return decided
    }
    if (!last) return decided
    this.gate = undefined
    return [...decided, ...gate.flush()]
  }

  private rest(why: 'paused'): void {
    const was = this.playing
    this.playing = false
    // The bars that a resting page shows must be of the step that really comes next.
    if (was && this.writer) this.tellWritten([], why)
  }

  private tellWritten(positions: readonly SymbolRecord[], rest?: 'paused' | 'full'): void {
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
      ...(this.schedule && { temperature: this.due(writer) }),
    }
  }

  private forgetReader(): void {
    this.reader?.writer.dispose()
    this.reader = undefined
  }

  private look(job: number, at: number): void {
    const { text } = this
    if (!text || at > text.ids.length) return
    if (!this.reader || this.reader.at > at || at - this.reader.at > NEAR) {
      this.forgetReader()
      this.reader = { writer: text.writerAt(at, this.live), at }
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

  private neighbour(wish: Extract<ToWorker, { type: 'neighbour' }>): void {
    const { text } = this
    if (!text) return
    const { job, from, to, temperature, direction } = wish
    const found = nextPassageTemperature(
      () => text.writerAt(from, this.seed!),
      Math.min(to, text.ids.length) - from,
      temperature,
      direction,
    )
    this.post({ type: 'found', job, ...(found !== undefined && { temperature: found }) })
  }
}
