/** Formats numbers and temperatures in the words of a language. */
import { printable } from 'ondo/text'
import { type Band, type Language, MESSAGES, type Messages } from './messages/index.js'

/** Returns the band of a temperature; each band has its words. The temperature at which text loops or
 * becomes random differs between models, so the bands only describe the setting. */
export function bandOf(T: number): Band {
  if (T === 0) return 'zero'
  if (T < 0.3) return 'coldest'
  if (T < 0.6) return 'cold'
  if (T < 1) return 'cool'
  if (T === 1) return 'one'
  if (T < 1.3) return 'warm'
  if (T < 2) return 'hot'
  return T < Number.POSITIVE_INFINITY ? 'hottest' : 'infinite'
}

/** The number of equally likely symbols that has this entropy, 2^H. */
const alike = (bits: number): number => 2 ** bits

/** The messages and the number formats of a language. */
export class Speech {
  readonly language: Language
  readonly say: Messages
  private readonly whole: Intl.NumberFormat
  private readonly two: Intl.NumberFormat
  private readonly exact: Intl.NumberFormat
  private readonly three: Intl.NumberFormat
  private readonly plural: Intl.PluralRules
  private readonly percent0: Intl.NumberFormat
  private readonly percent1: Intl.NumberFormat
  private readonly compact: Intl.NumberFormat

  constructor(language: Language) {
    this.language = language
    this.say = MESSAGES[language]
    const make = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(language, options)
    this.whole = make({ maximumFractionDigits: 0 })
    this.two = make({ minimumFractionDigits: 2, maximumFractionDigits: 2 })
    this.exact = make({ minimumFractionDigits: 2, maximumFractionDigits: 12, useGrouping: false })
    this.three = make({ minimumFractionDigits: 3, maximumFractionDigits: 3 })
    this.plural = new Intl.PluralRules(language, { type: 'ordinal' })
    this.percent0 = make({ style: 'percent', maximumFractionDigits: 0 })
    this.percent1 = make({
      style: 'percent',
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    })
    this.compact = make({ notation: 'compact', maximumSignificantDigits: 3 })
  }

  count(n: number): string {
    return this.whole.format(n)
  }

  /** `214K`, `21.4万`. */
  about(n: number): string {
    return this.compact.format(n)
  }

  decimal(x: number): string {
    return this.two.format(x)
  }

  /** Formats a temperature with all its digits, so that the shown value is the used value. */
  temperature(T: number): string {
    if (T === 0) return this.whole.format(0)
    return T === Number.POSITIVE_INFINITY ? this.say.infinite : this.exact.format(T)
  }

  /** Formats a temperature for screen readers: `0.80, a little cautious`. */
  spokenTemperature(T: number): string {
    const number = T === Number.POSITIVE_INFINITY ? this.say.infiniteSpoken : this.temperature(T)
    return this.say.valuetext(number, this.say.bands[bandOf(T)].words)
  }

  /** Formats a temperature that is a limit with this many significant digits. */
  limit(T: number, digits = 3): string {
    if (T === 0 || T === Number.POSITIVE_INFINITY) return this.temperature(T)
    const options = { minimumSignificantDigits: digits, maximumSignificantDigits: digits }
    return new Intl.NumberFormat(this.language, options).format(T)
  }

  /** Formats two limits with enough digits to differ, at most 12. */
  limits(low: number, high: number): [low: string, high: string] {
    for (let digits = 3; ; digits++) {
      const pair: [string, string] = [this.limit(low, digits), this.limit(high, digits)]
      if (pair[0] !== pair[1] || digits >= 12) return pair
    }
  }

  /** `1st`, `2nd`; `1 番目`. */
  ordinal(n: number): string {
    return this.say.ordinal(this.count(n), this.plural.select(n))
  }

  coin(u: number): string {
    return this.three.format(u)
  }

  /** Formats a probability; `0%` only for exactly 0 and `100%` only for exactly 1. */
  percent(p: number): string {
    if (p === 0 || p === 1) return this.percent0.format(p)
    if (p < 0.001) return `<${this.percent1.format(0.001)}`
    if (p >= 0.9995) return `>${this.percent1.format(0.999)}`
    return (p < 0.0995 || p >= 0.995 ? this.percent1 : this.percent0).format(p)
  }

  alike(bits: number): string {
    const n = alike(bits)
    return new Intl.NumberFormat(this.language, {
      minimumFractionDigits: n < 10 ? 1 : 0,
      maximumFractionDigits: n < 10 ? 1 : 0,
    }).format(n)
  }

  /** Formats a size, `1.8 MB`, with units of 1000 bytes. */
  bytes(n: number): string {
    const unit = n < 1e6 ? 'kilobyte' : n < 1e9 ? 'megabyte' : 'gigabyte'
    const value = n / { kilobyte: 1e3, megabyte: 1e6, gigabyte: 1e9 }[unit]
    return new Intl.NumberFormat(this.language, {
      style: 'unit',
      unit,
      maximumFractionDigits: value < 10 ? 1 : 0,
    }).format(value)
  }

  characters(n: number): string {
    return this.say.characters(this.count(n))
  }

  /** Returns the name of an invisible symbol, else the symbol in printable form. */
  symbolName(symbol: string): string {
    if (symbol === ' ') return this.say.space
    if (symbol === '\n') return this.say.newline
    if (symbol === '\t') return this.say.tab
    return printable(symbol)
  }
}
