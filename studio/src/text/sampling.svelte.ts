/** What draws the symbols to come: temperature or schedule, and the chain between logits and draw. */
import { createChain, formatSchedule, InputError, parseSchedule } from 'ondo'
import type { Symbols } from 'ondo/temperature'
import type { ToWorker } from '../writer/protocol.js'

/** A little below the model's own confidence, as on the command line. */
const FIRST_TEMPERATURE = 0.8

/** What a link or a model's start says of it; what is left out stays. */
export interface Steering {
  readonly temperature?: number
  readonly schedule?: string
  readonly chain?: string
}

export interface SamplingState {
  readonly temperature: number
  /** The schedule in its written form, while one sets the temperature. */
  readonly schedule: string | undefined
  /** The chain in its written form; undefined: temperature alone. */
  readonly chain: string | undefined
}

export type Control = 'temperature' | 'chain'

export class Sampling {
  temperature = $state(FIRST_TEMPERATURE)
  /** The schedule in its written form, while one sets the temperature. */
  schedule = $state<string>()
  /** The chain in its written form; undefined: temperature alone. */
  chain = $state<string>()
  /** The symbols of the model. */
  symbols = $state.raw<Symbols>()

  private readonly send: (message: ToWorker) => void
  private readonly edit: (control: Control, change: () => void) => void
  private readonly scheduled: () => void

  /**
   * @param edit makes a change of the reader's, so that it can be undone
   * @param scheduled called when a schedule begins to count
   */
  constructor(send: Sampling['send'], edit: Sampling['edit'], scheduled: Sampling['scheduled']) {
    this.send = send
    this.edit = edit
    this.scheduled = scheduled
  }

  // --- what the reader does ---

  setTemperature(value: number): void {
    if (value === this.temperature && this.schedule === undefined) return
    this.edit('temperature', () => this.applyTemperature(value))
  }

  /** @throws InputError that points at the character */
  setSchedule(written: string): void {
    const parsed = parseSchedule(written)
    if (parsed.kind === 'constant') this.setTemperature(parsed.temperature)
    else this.edit('temperature', () => this.applySchedule(formatSchedule(parsed)))
  }

  /**
   * The chain counts from the very next symbol.
   * @throws InputError that points at the character, or names what the model does not have
   */
  setChain(written: string): void {
    if (!this.symbols) return
    const made = createChain(written, this.symbols)
    const chain = made.plain ? undefined : made.toString()
    if (chain !== this.chain) this.edit('chain', () => this.applyChain(chain))
  }

  // --- what a link, a model or the history does ---

  get state(): SamplingState {
    const { temperature, schedule, chain } = this
    return { temperature, schedule, chain }
  }

  restore({ temperature, schedule, chain }: SamplingState): void {
    if (chain !== this.chain) this.applyChain(chain)
    this.temperature = temperature
    if (schedule === undefined) this.applyTemperature(temperature)
    else this.applySchedule(schedule)
  }

  /** A chain that the model does not fit is left out. */
  steer({ temperature, schedule, chain }: Steering): void {
    const wanted = this.fits(chain) ? chain : undefined
    if (wanted !== this.chain) this.applyChain(wanted)
    if (schedule !== undefined) this.applySchedule(schedule)
    else this.applyTemperature(temperature ?? this.temperature)
  }

  /** Another model has these symbols; a chain that names others goes. */
  use(symbols: readonly string[]): void {
    this.symbols = { size: symbols.length, symbol: id => symbols[id] }
    if (!this.fits(this.chain)) this.applyChain(undefined)
  }

  /** Whether the model has the symbols that a chain names. */
  fits(chain: string | undefined): boolean {
    try {
      if (chain !== undefined && this.symbols) createChain(chain, this.symbols)
      return true
    } catch (error) {
      if (error instanceof InputError) return false
      throw error
    }
  }

  applyTemperature(value: number): void {
    this.schedule = undefined
    this.temperature = value
    this.send({ type: 'temperature', value })
  }

  // --- internal ---

  private applySchedule(written: string): void {
    this.schedule = written
    this.scheduled()
    this.send({ type: 'schedule', written })
  }

  private applyChain(written: string | undefined): void {
    this.chain = written
    this.send({ type: 'chain', written })
  }
}
