import { en, type Messages } from './en.js'
import { ja } from './ja.js'

export type { Band, Messages } from './en.js'

export const MESSAGES = { en, ja } satisfies Record<string, Messages>
export type Language = keyof typeof MESSAGES
export const LANGUAGES = Object.keys(MESSAGES) as Language[]

export const isLanguage = (value: unknown): value is Language =>
  typeof value === 'string' && value in MESSAGES

/** Returns the first of the reader's preferred languages that the page has, else English. */
export function preferredLanguage(preferred: readonly string[]): Language {
  return preferred.map(tag => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en'
}
