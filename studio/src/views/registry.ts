/**
 * Views that are shown in place of the text, which goes on behind them. Each is a folder, a name in
 * layout/panels.ts and a line here, as with the tabs (tabs/registry.ts); it has a heading, and Escape closes it.
 */
import type { ViewName } from '../layout/panels.js'
import type { LoadPanel } from '../tabs/registry.js'

export const VIEWS: Readonly<Record<ViewName, LoadPanel>> = {
  luck: () => import('./same-seed/SameSeed.svelte'),
  compare: () => import('./compare/Compare.svelte'),
  inside: () => import('./inside/InsideText.svelte'),
}
