/**
 * The tabs beside the text. To add one, make it a folder of its own:
 *
 *   tabs/NAME/NAME.svelte   the panel: one component with the props of `TabProps`
 *   tabs/NAME/messages.ts   its words: `export const words = table(en, ja)` (messages/table.ts)
 *   tabs/NAME/*.css, *.ts   what else it needs; import the css in the component
 *
 * and one entry in TABS below. What a panel may count on:
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
import type { Language } from '../../shared/messages/index.js'
import type { Studio } from '../app/studio.svelte.js'
import Next from './next/Next.svelte'
import Text from './text/Text.svelte'

export interface TabProps {
  studio: Studio
}
export type Side = 'left' | 'right'
type Panel = Component<TabProps>
export type LoadPanel = () => Promise<{ default: Panel }>

export interface Tab {
  /** Also the id of its panel in the page. */
  readonly id: string
  readonly side: Side
  readonly title: Readonly<Record<Language, string>>
  /** There from the first moment. */
  readonly panel?: Panel
  /** Else loaded when first shown. */
  readonly load?: LoadPanel
}

export const TABS: readonly Tab[] = [
  { id: 'text', side: 'left', title: { en: 'Text', ja: '本文' }, panel: Text },
  {
    id: 'train',
    side: 'left',
    title: { en: 'Train', ja: '学習' },
    load: () => import('./train/Train.svelte'),
  },
  {
    id: 'lessons',
    side: 'left',
    title: { en: 'Lessons', ja: '手ほどき' },
    load: () => import('./lessons/Lessons.svelte'),
  },
  { id: 'next', side: 'right', title: { en: 'Next', ja: '次' }, panel: Next },
  {
    id: 'branches',
    side: 'right',
    title: { en: 'Branches', ja: '枝' },
    load: () => import('./branches/Branches.svelte'),
  },
  {
    id: 'sweep',
    side: 'right',
    title: { en: 'Sweep', ja: '掃引' },
    load: () => import('./sweep/Sweep.svelte'),
  },
  {
    id: 'inside',
    side: 'right',
    title: { en: 'Inside', ja: '内部' },
    load: () => import('./inside/Inside.svelte'),
  },
]

export const tabsOf = (side: Side): readonly Tab[] => TABS.filter(tab => tab.side === side)
