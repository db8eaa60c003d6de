/**
 * The tabs beside the text. To add one, make it a folder of its own:
 *
 *   tabs/NAME/NAME.svelte   the panel: one component with the props of `TabProps`
 *   tabs/NAME/messages.ts   its words: `export const words = table(en, ja)` (messages/table.ts)
 *   tabs/NAME/*.css, *.ts   what else it needs; import the css in the component
 *
 * and one entry in TABS (layout/panels.ts) and in PANELS below. What a panel may count on:
 *
 * - It is loaded when its tab is first shown, as a chunk of its own, and mounted only while it is
 *   shown. What must outlive that (a sweep that runs on) is a value of
 *   `studio.lasting('NAME', () => new Something(studio))`, made once.
 * - It reads `studio` (runes: text, records, model, temperature ...) and calls its verbs; it does not
 *   write fields. `studio.speech` formats numbers, `words[studio.language]` are its own words.
 * - The pane scrolls, pads (1.25rem) and stacks by `gap: 1.5rem`; it is 13 to 22 rem wide and, on a
 *   phone, a sheet as wide as the screen. Sections start with `<h2 class="heading">`. Colours,
 *   `.chip`, `.quiet`, `.square`, `.hint`, `.soft`, `.sr`, `.switch` come from styles/.
 * - Keys: one entry in keys.ts; keys that only count inside the panel are the panel's own.
 * - A view that wants the middle of the page is `views/registry.ts`, which works the same way.
 */
import type { Component } from 'svelte'
import type { Studio } from '../app/studio.svelte.js'
import type { TabId } from '../layout/panels.js'
import Next from './next/Next.svelte'
import Text from './text/Text.svelte'

export interface TabProps {
  studio: Studio
}
type Panel = Component<TabProps>
export type LoadPanel = () => Promise<{ default: Panel }>

/** `panel`: there from the first moment; `load`: loaded when it is first shown. */
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
