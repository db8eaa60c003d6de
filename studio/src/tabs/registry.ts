/**
 * The tabs beside the text. To add one, make it a folder of its own:
 *
 *   tabs/NAME/NAME.svelte   the panel: one component that takes some of `PanelParts` as props
 *   tabs/NAME/messages.ts   its words: `export const words = table(en, ja)` (messages/table.ts)
 *   tabs/NAME/*.css, *.ts   what else it needs; import the css in the component
 *
 * and one entry in TABS (layout/panels.ts) and in PANELS below. What a panel may count on:
 *
 * - It is loaded when its tab is first shown, as a chunk of its own, and mounted only while it is
 *   shown. What must outlive that (a sweep that runs on) is a value of
 *   `panelStates.of('NAME', () => new Something(editor))`, made once.
 * - It reads the parts (runes: `editor.records`, `models.current` ...) and calls their methods; it does
 *   not write fields. `settings.speech` formats numbers, `words[settings.language]` are its own words.
 * - The pane scrolls, pads (1.25rem) and stacks by `gap: 1.5rem`; it is 13 to 22 rem wide and, on a
 *   phone, a sheet as wide as the screen. Sections start with `<h2 class="heading">`. Colours,
 *   `.chip`, `.quiet`, `.square`, `.hint`, `.soft`, `.sr`, `.switch` come from styles/.
 * - Keys: one entry in keys.ts; keys that only count inside the panel are the panel's own.
 * - A view that wants the middle of the page is `views/registry.ts`, which works the same way.
 */
import type { Component } from 'svelte'
import type { Layout } from '../layout/layout.svelte.js'
import type { PanelStates } from '../layout/panel-states.js'
import type { TabId } from '../layout/panels.js'
import type { Models } from '../models/models.svelte.js'
import type { Settings } from '../settings/settings.svelte.js'
import type { Editor } from '../text/editor.svelte.js'
import type { PromptForm } from '../text/prompt-form.svelte.js'
import type { SideTexts } from '../text/side-texts.js'
import type { StoredTexts } from '../text/stored-texts.svelte.js'
import Next from './next/Next.svelte'
import Text from './text/Text.svelte'

/** The parts of the page that a panel or a view may take as props. */
export interface PanelParts {
  settings: Settings
  layout: Layout
  panelStates: PanelStates
  models: Models
  editor: Editor
  promptForm: PromptForm
  sideTexts: SideTexts
  stored: StoredTexts
}
type Panel = Component<PanelParts>
export type LoadPanel = () => Promise<{ default: Panel }>

/** `panel` is part of the page's first load; `load` fetches it when it is first shown. */
type Entry = { readonly panel: Panel } | { readonly load: LoadPanel }

export const PANELS: Readonly<Record<string, Entry>> = {
  text: { panel: Text },
  train: { load: () => import('./train/Train.svelte') },
  lessons: { load: () => import('./lessons/Lessons.svelte') },
  next: { panel: Next },
  branches: { load: () => import('./branches/Branches.svelte') },
  sweep: { load: () => import('./sweep/Sweep.svelte') },
  inside: { load: () => import('./inside/Inside.svelte') },
} satisfies Record<TabId, Entry>
