/** The reader's settings, kept in this browser. */
import { isLanguage, type Language, preferredLanguage } from '../../shared/messages/index.js'
import { Speech } from '../../shared/speech.js'
import { keep, kept } from './local-storage.js'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

/** What the colours of the text show. */
export const TINTS = ['none', 'surprise', 'probability', 'rank', 'temperature'] as const
export type Tint = (typeof TINTS)[number]

export const isTint = (value: unknown): value is Tint => TINTS.includes(value as Tint)

/** Symbols a second. */
export const SPEEDS = {
  slow: 5,
  reading: 20,
  brisk: 60,
  fast: 300,
  full: Number.POSITIVE_INFINITY,
} as const
export type Speed = keyof typeof SPEEDS

const isOneOf = <T extends string>(list: readonly T[], value: string | null): value is T =>
  list.includes(value as T)

export class Settings {
  language = $state<Language>('en')
  theme = $state<Theme>('system')
  /** Whether single letters are keys. */
  shortcuts = $state(true)
  /** What the colours of the text show. */
  tint = $state<Tint>('none')
  speed = $state<Speed>('reading')
  /** Lines from top to bottom, for texts in Japanese. */
  vertical = $state(false)
  /** Whether the bars have a logarithmic axis. */
  logBars = $state(false)
  readonly speech = $derived(new Speech(this.language))
  readonly say = $derived(this.speech.say)

  constructor() {
    const language = kept('language')
    this.language = isLanguage(language) ? language : preferredLanguage(navigator.languages)
    const theme = kept('theme')
    if (isOneOf(THEMES, theme)) this.theme = theme
    const tint = kept('tint')
    if (isTint(tint)) this.tint = tint
    const speed = kept('speed')
    if (isOneOf(Object.keys(SPEEDS) as Speed[], speed)) this.speed = speed
    this.shortcuts = kept('shortcuts') !== 'off'
    this.vertical = kept('vertical') === 'on'
    this.logBars = kept('log-bars') === 'on'
  }

  setLanguage(language: Language): void {
    this.language = language
    keep('language', language)
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    keep('theme', theme)
  }

  setShortcuts(on: boolean): void {
    this.shortcuts = on
    keep('shortcuts', on ? 'on' : 'off')
  }

  setTint(tint: Tint): void {
    this.tint = tint
    keep('tint', tint)
    if (tint !== 'none') keep('last-tint', tint)
  }

  setVertical(on: boolean): void {
    this.vertical = on
    keep('vertical', on ? 'on' : 'off')
  }

  setLogBars(on: boolean): void {
    this.logBars = on
    keep('log-bars', on ? 'on' : 'off')
  }

  keepSpeed(speed: Speed): void {
    this.speed = speed
    keep('speed', speed)
  }
}
