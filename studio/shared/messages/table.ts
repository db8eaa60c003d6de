/** The messages of one part of the page in every language. A missing key is a type error. */
import type { Language } from './index.js'

export const table = <Words>(en: Words, ja: NoInfer<Words>): Readonly<Record<Language, Words>> => ({
  en,
  ja,
})
