/** The parts of the page that are shown by name: tabs on either side, views in place of the text. */
import type { Language } from '../../shared/messages/index.js'

export type Side = 'left' | 'right'

export interface Tab {
  /** Also the id of its panel in the page. */
  readonly id: string
  readonly side: Side
  readonly title: Readonly<Record<Language, string>>
}

/** The panels in the order in which they are shown; `tabs/registry.ts` has the component of each. */
export const TABS = [
  { id: 'text', side: 'left', title: { en: 'Text', ja: '本文' } },
  { id: 'train', side: 'left', title: { en: 'Train', ja: '学習' } },
  { id: 'lessons', side: 'left', title: { en: 'Lessons', ja: 'レッスン' } },
  { id: 'next', side: 'right', title: { en: 'Next', ja: '次' } },
  { id: 'branches', side: 'right', title: { en: 'Branches', ja: '分岐' } },
  { id: 'sweep', side: 'right', title: { en: 'Sweep', ja: '温度を比べる' } },
  { id: 'inside', side: 'right', title: { en: 'Inside', ja: '内部' } },
] as const satisfies readonly Tab[]

export type TabId = (typeof TABS)[number]['id']

export const tabsOf = (side: Side): readonly Tab[] => TABS.filter(tab => tab.side === side)

/**
 * Views that take the place of the text; `views/registry.ts` has the component of each. Links name them
 * so: `luck` is the view of the same seed at several temperatures.
 */
export const VIEW_NAMES = ['luck', 'compare', 'inside'] as const
export type ViewName = (typeof VIEW_NAMES)[number]

export const isViewName = (name: string | undefined): name is ViewName =>
  (VIEW_NAMES as readonly (string | undefined)[]).includes(name)
