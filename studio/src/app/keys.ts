/** The keyboard shortcuts. The list of keys on the page is made from KEYS. */
import type { Messages } from '../../shared/messages/index.js'
import { nudge } from '../../shared/temperature-scale.js'
import { isComposing } from '../controls/is-composing.js'
import type { Layout } from '../layout/layout.svelte.js'
import { kept } from '../settings/local-storage.js'
import { isTint, type Settings, TINTS, type Tint } from '../settings/settings.svelte.js'
import type { Editor } from '../text/editor.svelte.js'
import type { PromptForm } from '../text/prompt-form.svelte.js'

export interface KeyParts {
  readonly settings: Settings
  readonly layout: Layout
  readonly editor: Editor
  readonly promptForm: PromptForm
}

interface Key {
  /** `KeyboardEvent.key`, lower case. */
  readonly keys: readonly string[]
  readonly about: keyof Messages['keyList']
  readonly act: (parts: KeyParts, key: string) => void
}

export const KEYS: readonly Key[] = [
  { keys: [' '], about: 'play', act: ({ editor }) => editor.toggle() },
  { keys: ['s'], about: 'step', act: ({ editor }) => editor.writeOne() },
  { keys: ['r'], about: 'restart', act: ({ promptForm }) => promptForm.restart() },
  { keys: ['n'], about: 'newSeed', act: ({ promptForm }) => promptForm.renewSeed() },
  {
    keys: ['[', ']'],
    about: 'nudge',
    act: ({ editor: { sampling } }, key) =>
      sampling.setTemperature(nudge(sampling.temperature, key === ']' ? 1 : -1)),
  },
  { keys: ['0'], about: 'one', act: ({ editor }) => editor.sampling.setTemperature(1) },
  { keys: ['u'], about: 'textUp', act: ({ editor }) => editor.nextText.find('up') },
  { keys: ['d'], about: 'textDown', act: ({ editor }) => editor.nextText.find('down') },
  {
    keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    about: 'choose',
    act: ({ editor }, key) => chooseRow(editor, Number(key)),
  },
  { keys: ['l'], about: 'luck', act: ({ layout }) => layout.toggleView('luck') },
  { keys: ['c'], about: 'curve', act: ({ layout }) => layout.toggleCurve() },
  { keys: ['k'], about: 'chain', act: ({ layout }) => layout.toggleChain() },
  {
    keys: ['t'],
    about: 'tint',
    act: ({ settings }) => settings.setTint(settings.tint === 'none' ? lastTint() : 'none'),
  },
]

/** The colouring that was last on; the first one if none was. */
const lastTint = (): Tint => {
  const tint = kept('last-tint')
  return isTint(tint) && tint !== 'none' ? tint : TINTS[1]
}

/** Digits choose a candidate while the reader chooses, or while a symbol is selected. */
function chooseRow(editor: Editor, row: number): void {
  const { candidates } = editor.stepView
  if (!editor.choosing && editor.selected === undefined) return
  const candidate = candidates?.top[row - 1]
  if (candidate) editor.choose(candidate.id)
}

const WRITES =
  'textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])'
/** Elements that handle Space and Enter themselves. */
const PRESSES = 'button, summary, a, input:not([type=range]), label'

/** Undo and redo of the page; a text field handles its own. */
function undoPressed(editor: Editor, event: KeyboardEvent): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return false
  const key = event.key.toLowerCase()
  if (key === 'z' && !event.shiftKey) editor.undo()
  else if (key === 'y' || (key === 'z' && event.shiftKey)) editor.redo()
  else return false
  return true
}

/** @returns whether the key was one of the page's */
export function pressed(parts: KeyParts, event: KeyboardEvent): boolean {
  if (isComposing(event)) return false
  const target = event.target as Element | null
  if (target?.closest?.(WRITES) || target?.closest?.('dialog')) return false
  if (undoPressed(parts.editor, event)) return true
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  const name = event.key.toLowerCase()
  if (name === ' ' && target?.closest?.(PRESSES)) return false
  // The setting turns off single characters; Space is rarely pressed by accident.
  if (!parts.settings.shortcuts && name !== ' ') return false
  const key = KEYS.find(({ keys }) => keys.includes(name))
  if (!key || (event.repeat && key.about !== 'nudge' && key.about !== 'step')) return false
  key.act(parts, name)
  return true
}
