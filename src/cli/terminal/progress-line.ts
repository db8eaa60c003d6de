/** What is seen while something takes long: one line rewritten on a terminal, plain lines in a pipe. */
import { LN2 } from '../../numeric.js'
import type { Io } from './io.js'
import { cut, width } from './language.js'

/** A cell filled by so many eighths. */
export const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** `████▌░░░░░`; @param part 0 to 1 */
export function bar(part: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * columns * 8)
  const full = Math.floor(eighths / 8)
  const text = '█'.repeat(full) + EIGHTHS[eighths % 8]
  return text + '░'.repeat(columns - [...text].length)
}

/** `4:05`, `1:04:05`. */
export function formatClock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-:--'
  const whole = Math.max(0, Math.round(seconds))
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const two = (value: number): string => String(value).padStart(2, '0')
  return h > 0 ? `${h}:${two(min)}:${two(s)}` : `${min}:${two(s)}`
}

/** 36,100 · 1.2M: no wider than six columns. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '-'
  if (perSecond >= 999_500) return `${(perSecond / 1e6).toFixed(1)}M`
  if (perSecond < 10) return perSecond.toFixed(1)
  // Three figures: the rest is noise, and a number that dances can't be read.
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(perSecond)) - 2)
  return (Math.round(perSecond / unit) * unit).toLocaleString('en')
}

export interface Progress {
  readonly epoch: number
  readonly epochs: number
  /** 0 to 1. */
  readonly done: number
  /** nats a symbol. */
  readonly loss: number
  readonly validation?: number
  readonly symbolsPerSecond: number
  readonly secondsLeft: number
}

/** Training in one line of at most `columns`: what does not fit is left out, the least needed first. */
export function trainingLine(at: Progress, columns: number, io: Pick<Io, 't'>): string {
  const { epoch, epochs, done, loss, validation, symbolsPerSecond, secondsLeft } = at
  const pass = `${Math.min(epochs, Math.floor(epoch) + 1)}/${epochs}`
  const head = io.t({ en: `epoch ${pass}`, ja: `エポック${pass}` })
  const nats = io.t({ en: `loss ${loss.toFixed(3)}`, ja: `損失${loss.toFixed(3)}` })
  const inBits = (loss / LN2).toFixed(3)
  const bits = io.t({ en: `(${inBits} bits)`, ja: `（${inBits}ビット）` })
  const heldOut = validation?.toFixed(3)
  const held = heldOut ? io.t({ en: `val ${heldOut}`, ja: `検証${heldOut}` }) : ''
  const speed = io.t({
    en: `${formatRate(symbolsPerSecond)}/s`,
    ja: `毎秒${formatRate(symbolsPerSecond)}`,
  })
  const left = formatTimeLeft(secondsLeft, io)
  for (const [least, parts] of [
    [5, [head, '', nats, bits, held, speed, left]],
    [5, [head, '', nats, held, speed, left]],
    [5, [head, '', nats, held, left]],
    [0, [head, '', nats, left]],
    [0, [nats]],
  ] as const) {
    const used = width(parts.filter(part => part !== '').join(' ')) + 1
    const room = Math.min(24, columns - used)
    if (room < least) continue
    const shown = parts.map((part, i) =>
      i === 1 && part === '' && room >= 3 ? bar(done, room) : part,
    )
    return cut(shown.filter(part => part !== '').join(' '), columns)
  }
  return cut(nats, columns)
}

/** A line at the foot of the terminal that is rewritten; other lines go above it. */
export class LiveLine {
  readonly io: Io
  private shown = ''
  private last = 0

  constructor(io: Io) {
    this.io = io
  }

  /** @param make called only when it is time to draw: ten times a second at most */
  update(make: (columns: number) => string, now = performance.now()): void {
    if (!this.io.live || this.io.quiet || now - this.last < 100) return
    this.last = now
    // One column is left free: a full line would wrap on some terminals.
    this.draw(make(this.io.columns - 1))
  }

  /** Writes a line that stays. */
  print(line: string): void {
    const { shown } = this
    this.clear()
    this.io.info(line)
    if (shown) this.draw(shown)
  }

  clear(): void {
    if (this.shown) process.stderr.write('\r\u001b[2K')
    this.shown = ''
  }

  private draw(text: string): void {
    process.stderr.write(`\r${text}${width(text) < width(this.shown) ? '\u001b[K' : ''}`)
    this.shown = text
  }
}

/** How long it still takes. */
export function formatTimeLeft(seconds: number, io: Pick<Io, 't'>): string {
  const time = formatClock(seconds)
  return io.t({ en: `${time} left`, ja: `残り ${time}` })
}

/** A reading that is over sooner than this shows no bar, ms. */
const NOTICED = 500

/**
 * The bar for a long prompt; it goes away when the prompt has been read.
 * @example generate(model, { prompt, onPrompt: readingPrompt(io) })
 */
export function promptProgress(io: Io): (done: number, total: number) => void {
  const line = new LiveLine(io)
  const show = symbolProgress(line)
  const clear = (): void => line.clear()
  const started = performance.now()
  let shown = false
  return (done, total) => {
    if (done === total) {
      io.interrupt.removeEventListener('abort', clear)
      clear()
    } else if (performance.now() - started > NOTICED) {
      if (!shown) io.interrupt.addEventListener('abort', clear, { once: true })
      shown = true
      show(done, total)
    }
  }
}

/** One bar for a reading of symbols that begins now. */
export function symbolProgress(line: LiveLine): (done: number, total: number) => void {
  const started = performance.now()
  return (done, total) =>
    line.update(columns => {
      const seconds = (performance.now() - started) / 1000
      const tail = `${formatRate(done / seconds)}/s ${formatTimeLeft((seconds / done) * (total - done), line.io)}`
      return cut(`${bar(done / total, Math.max(3, columns - width(tail) - 1))} ${tail}`, columns)
    })
}
