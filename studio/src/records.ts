/** Why each symbol of the text came out, in columns that grow: 33 bytes a symbol. */
import type { RecordColumns } from './protocol.js'

const FIRST_CAPACITY = 4096

/** A copy with room for `capacity` entries. */
function grown<A extends Float64Array | Float32Array | Uint32Array>(
  array: A,
  make: new (length: number) => A,
  capacity: number,
): A {
  const wider = new make(capacity)
  wider.set(array)
  return wider
}

export class Records {
  /** The text so far, without the prompt. */
  text = ''
  /** Symbols. */
  count = 0
  /** Where in the text each symbol ends, UTF-16 units. */
  ends = new Uint32Array(FIRST_CAPACITY)
  temperatures = new Float64Array(FIRST_CAPACITY)
  /** NaN where no coin was read. */
  coins = new Float64Array(FIRST_CAPACITY)
  ranks = new Uint32Array(FIRST_CAPACITY)
  probabilities = new Float32Array(FIRST_CAPACITY)
  surprisals = new Float32Array(FIRST_CAPACITY)

  clear(): void {
    this.text = ''
    this.count = 0
  }

  append(text: string, columns: RecordColumns): void {
    const { lengths } = columns
    this.reserve(this.count + lengths.length)
    let end = this.text.length
    for (let i = 0; i < lengths.length; i++) {
      end += lengths[i]
      this.ends[this.count + i] = end
    }
    this.temperatures.set(columns.temperatures, this.count)
    this.coins.set(columns.coins, this.count)
    this.ranks.set(columns.ranks, this.count)
    this.probabilities.set(columns.probabilities, this.count)
    this.surprisals.set(columns.surprisals, this.count)
    this.count += lengths.length
    this.text += text
  }

  /** Where symbol n begins in the text. */
  start(n: number): number {
    return n === 0 ? 0 : this.ends[n - 1]
  }

  private reserve(count: number): void {
    let capacity = this.ends.length
    if (count <= capacity) return
    while (capacity < count) capacity *= 2
    this.ends = grown(this.ends, Uint32Array, capacity)
    this.temperatures = grown(this.temperatures, Float64Array, capacity)
    this.coins = grown(this.coins, Float64Array, capacity)
    this.ranks = grown(this.ranks, Uint32Array, capacity)
    this.probabilities = grown(this.probabilities, Float32Array, capacity)
    this.surprisals = grown(this.surprisals, Float32Array, capacity)
  }
}
