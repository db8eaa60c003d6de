/** The words of one part of the page, in every language; a missing key is an error of types. */
import type { Language } from './index.js'

export const table = <Words>(en: Words, ja: NoInfer<Words>): Readonly<Record<Language, Words>> => ({
  en,
  ja,
})
