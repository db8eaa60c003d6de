/** The page's keys. Each is a verb of the studio; the list of keys on the page is drawn from KEYS. */
import type { Messages } from './messages/index.js'
import { nudge } from './scale.js'
import type { Studio } from './studio.svelte.js'

interface Key {
  /** `KeyboardEvent.key`, lower case. */
  readonly keys: readonly string[]
  readonly about: keyof Messages['keyList']
  readonly act: (studio: Studio, key: string) => void
}

export const KEYS: readonly Key[] = [
  { keys: [' '], about: 'play', act: studio => studio.toggle() },
  { keys: ['s'], about: 'step', act: studio => studio.step() },
  { keys: ['r'], about: 'restart', act: studio => studio.restart() },
  { keys: ['n'], about: 'newSeed', act: studio => studio.renewSeed() },
  {
    keys: ['[', ']'],
    about: 'nudge',
    act: (studio, key) => studio.setTemperature(nudge(studio.temperature, key === ']' ? 1 : -1)),
  },
  { keys: ['0'], about: 'one', act: studio => studio.setTemperature(1) },
  { keys: ['t'], about: 'tint', act: studio => studio.setTint(!studio.tint) },
]

/** Safari ends a composition with a key of this code after `isComposing` has fallen. */
const COMPOSING = 229

/** While an input method composes, every key belongs to it. */
export const isComposing = (event: KeyboardEvent): boolean =>
  event.isComposing || event.keyCode === COMPOSING

const WRITES =
  'textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])'
/** What Space and Enter already have a meaning for. */
const PRESSES = 'button, summary, a, input:not([type=range]), label'

/** @returns whether the key was one of the page's */
export function pressed(studio: Studio, event: KeyboardEvent): boolean {
  if (isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return false
  const target = event.target as Element | null
  if (target?.closest?.(WRITES) || target?.closest?.('dialog')) return false
  const name = event.key.toLowerCase()
  if (name === ' ' && target?.closest?.(PRESSES)) return false
  // The switch is for single characters; Space is pressed on purpose.
  if (!studio.shortcuts && name !== ' ') return false
  const key = KEYS.find(({ keys }) => keys.includes(name))
  if (!key || (event.repeat && key.about !== 'nudge' && key.about !== 'step')) return false
  key.act(studio, name)
  return true
}
