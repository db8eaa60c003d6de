/**
 * Views that take the middle of the page in place of the text, which goes on behind them. One folder
 * and one line each, as with the tabs (tabs/registry.ts); a view has a heading and is left by Escape.
 */
import type { ViewName } from '../layout/panels.js'
import type { LoadPanel } from '../tabs/registry.js'

export const VIEWS: Readonly<Record<ViewName, LoadPanel>> = {
  luck: () => import('./luck/Luck.svelte'),
  compare: () => import('./compare/Compare.svelte'),
  inside: () => import('./inside/InsideText.svelte'),
}
