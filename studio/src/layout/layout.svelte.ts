/** Which parts of the page are shown: a tab on either side, a sheet on narrow screens, a view, a lesson. */
import { keep, kept } from '../settings/local-storage.js'
import { type Side, TABS, type Tab, tabsOf, type ViewName } from './panels.js'

const SIDES: readonly Side[] = ['left', 'right']

export class Layout {
  /** Id of the tab shown on each side. */
  readonly tabs = $state<Record<Side, string>>({ left: 'text', right: 'next' })
  /** On narrow screens, the side that is shown as a sheet over the lower part of the text. */
  sheet = $state<Side | 'none'>('none')

  /** The view that is shown in place of the text. */
  view = $state<ViewName>()
  /** The branch that is compared with the text shown. */
  comparedWith = $state<number>()

  /** Whether the temperature curve is shown under the text. */
  curve = $state(false)

  /** Whether the links of the chain are laid open. */
  chain = $state(false)

  /** The lesson that is being done (LESSONS of address.ts). */
  lesson = $state<number>()

  /** Parts that a teacher's link hides (PARTS of share/messages.ts): tabs here, the rest in share.css. */
  hidden = $state.raw<readonly string[]>([])

  private readonly changed: () => void

  /** @param changed called when what the address says of the layout is another */
  constructor(changed: () => void) {
    this.changed = changed
    for (const side of SIDES) {
      const id = kept(`tab.${side}`)
      if (tabsOf(side).some(tab => tab.id === id)) this.tabs[side] = id!
    }
  }

  /** The tabs of a side that are not hidden. */
  tabsOn(side: Side): readonly Tab[] {
    return tabsOf(side).filter(({ id }) => !this.hidden.includes(id))
  }

  /** Shows a tab, and on a narrow screen its sheet. */
  open(id: string): void {
    const tab = TABS.find(each => each.id === id)
    if (!tab || this.hidden.includes(id)) return
    this.select(tab)
    this.sheet = tab.side
  }

  select({ side, id }: Tab): void {
    this.tabs[side] = id
    keep(`tab.${side}`, id)
  }

  /** Shows the alternatives of the selected symbol, and focuses the first. */
  toAlternatives(): void {
    this.open('next')
    requestAnimationFrame(() => document.querySelector<HTMLElement>('#next .choose')?.focus())
  }

  /** @param lesson its place in LESSONS; undefined: none */
  openLesson(lesson: number | undefined): void {
    this.lesson = lesson
    this.changed()
  }

  toggleView(view: ViewName): void {
    this.view = this.view === view ? undefined : view
    if (this.view) this.sheet = 'none'
  }

  toggleCurve(): void {
    this.curve = !this.curve
  }

  toggleChain(): void {
    this.chain = !this.chain
  }

  compareWith(branch: number): void {
    this.comparedWith = branch
    this.view = 'compare'
    this.sheet = 'none'
  }

  toggleSheet(side: Side): void {
    this.sheet = this.sheet === side ? 'none' : side
  }
}
