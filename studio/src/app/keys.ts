/** The page's keys. Each is a verb of the studio; the list of keys on the page is drawn from KEYS. */
import type { Messages } from '../../shared/messages/index.js'
import { nudge } from '../../shared/temperature-scale.js'
import { isComposing } from '../controls/is-composing.js'
import { kept } from '../settings/local-storage.js'
import { isTint, TINTS, type Tint } from '../settings/settings.svelte.js'
import type { Studio } from './studio.svelte.js'

interface Key {
  /** `KeyboardEvent.key`, lower case. */
  readonly keys: readonly string[]
  readonly about: keyof Messages['keyList']
  readonly act: (studio: Studio, key: string) => void
}

export const KEYS: readonly Key[] = [
  { keys: [' '], about: 'play', act: studio => studio.toggle() },
  { keys: ['s'], about: 'step', act: studio => studio.writeOne() },
  { keys: ['r'], about: 'restart', act: studio => studio.restart() },
  { keys: ['n'], about: 'newSeed', act: studio => studio.renewSeed() },
  {
    keys: ['[', ']'],
    about: 'nudge',
    act: (studio, key) => studio.setTemperature(nudge(studio.temperature, key === ']' ? 1 : -1)),
  },
  { keys: ['0'], about: 'one', act: studio => studio.setTemperature(1) },
  { keys: ['u'], about: 'textUp', act: studio => studio.nextText('up') },
  { keys: ['d'], about: 'textDown', act: studio => studio.nextText('down') },
  {
    keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    about: 'choose',
    act: (studio, key) => chooseRow(studio, Number(key)),
  },
  { keys: ['l'], about: 'luck', act: ({ shell }) => shell.toggleView('luck') },
  { keys: ['c'], about: 'curve', act: ({ shell }) => shell.toggleCurve() },
  { keys: ['k'], about: 'chain', act: ({ shell }) => shell.toggleChain() },
  {
    keys: ['t'],
    about: 'tint',
    act: ({ settings }) => settings.setTint(settings.tint === 'none' ? lastTint() : 'none'),
  },
]

/** The colours that were last seen; the first ones when there were none. */
const lastTint = (): Tint => {
  const tint = kept('last-tint')
  return isTint(tint) && tint !== 'none' ? tint : TINTS[1]
}

/** Digits pick where the reader chooses or looks at a symbol; else they are nobody's. */
function chooseRow(studio: Studio, row: number): void {
  const { candidates } = studio
  if (!studio.choosing && studio.selected === undefined) return
  const candidate = candidates?.top[row - 1]
  if (candidate) studio.choose(candidate.id)
}

const WRITES =
  'textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])'
/** What Space and Enter already have a meaning for. */
const PRESSES = 'button, summary, a, input:not([type=range]), label'

/** Undo and redo of the page; inside a field they are the field's own. */
function undoPressed(studio: Studio, event: KeyboardEvent): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return false
  const key = event.key.toLowerCase()
  if (key === 'z' && !event.shiftKey) studio.undo()
  else if (key === 'y' || (key === 'z' && event.shiftKey)) studio.redo()
  else return false
  return true
}

/** @returns whether the key was one of the page's */
export function pressed(studio: Studio, event: KeyboardEvent): boolean {
  if (isComposing(event)) return false
  const target = event.target as Element | null
  if (target?.closest?.(WRITES) || target?.closest?.('dialog')) return false
  if (undoPressed(studio, event)) return true
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  const name = event.key.toLowerCase()
  if (name === ' ' && target?.closest?.(PRESSES)) return false
  // The switch is for single characters; Space is pressed on purpose.
  if (!studio.settings.shortcuts && name !== ' ') return false
  const key = KEYS.find(({ keys }) => keys.includes(name))
  if (!key || (event.repeat && key.about !== 'nudge' && key.about !== 'step')) return false
  key.act(studio, name)
  return true
}
