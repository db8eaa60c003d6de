/** Finds the scrollable parts of a page and checks that they have a name and can be reached by keyboard. */
import type { CDPSession, Page } from 'playwright-core'

interface AxNode {
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
}

/** Marks the elements whose styles let them scroll, and returns whether each is a stop of the Tab key. */
function markRegions(): { label: string; stop: boolean }[] {
  const SCROLLS = /auto|scroll/
  /** Whether the keys of a widget reach all its content (APG): tabs, the list of a combobox. */
  const keysMove = (element: Element): boolean =>
    (element.getAttribute('role') === 'tablist' && !!element.querySelector('[tabindex="0"]')) ||
    (element.getAttribute('role') === 'listbox' &&
      !!document.querySelector(`[role=combobox][aria-controls="${element.id}"]`))
  for (const old of document.querySelectorAll('[data-region]')) old.removeAttribute('data-region')
  // While a dialog is open, only the dialog has to be reachable.
  const within = document.querySelector('dialog:modal') ?? document.body
  return [...(within === document.body ? [] : [within]), ...within.querySelectorAll('*')]
    .filter(element => element instanceof HTMLElement)
    .filter(element => {
      const { overflowX, overflowY } = getComputedStyle(element)
      return (SCROLLS.test(overflowX) || SCROLLS.test(overflowY)) && element.checkVisibility()
    })
    .map((element, i) => {
      element.dataset.region = String(i)
      const behind = !!element.closest('[inert]')
      return {
        label: `${element.localName}.${element.className}`,
        stop: behind || element.tabIndex >= 0 || keysMove(element),
      }
    })
}

async function axNode(cdp: CDPSession, selector: string): Promise<AxNode> {
  const expression = `document.querySelector(${JSON.stringify(selector)})`
  const { result } = await cdp.send('Runtime.evaluate', { expression })
  const { objectId } = result
  const { nodes } = await cdp.send('Accessibility.getPartialAXTree', {
    objectId,
    fetchRelatives: false,
  })
  return nodes[0] as AxNode
}

/** Returns the scrollable regions that are not a stop of the Tab key, or have no role or no name. */
export async function unreachable(page: Page): Promise<string[]> {
  const found: string[] = []
  const cdp = await page.context().newCDPSession(page)
  const regions = await page.evaluate(markRegions)
  for (const [i, { label, stop }] of regions.entries()) {
    if (!stop) found.push(`${label} is no stop`)
    const inert = await page.locator(`[inert] [data-region="${i}"]`).count()
    if (inert > 0) continue
    const { role, name } = await axNode(cdp, `[data-region="${i}"]`)
    if (!role || /^(generic|none)$/.test(role.value)) found.push(`${label} has no role`)
    if (!name?.value.trim()) found.push(`${label} has no name`)
  }
  await cdp.detach()
  return found
}

/** Returns the CSS rules that make elements scrollable, with whether a visible element matches them. */
export function scrollRules(page: Page): Promise<[selector: string, seen: boolean][]> {
  return page.evaluate(() => {
    const found = new Map<string, boolean>()
    const visit = (rules: CSSRuleList, applies: boolean): void => {
      for (const rule of rules) {
        if (rule instanceof CSSMediaRule) {
          visit(rule.cssRules, applies && matchMedia(rule.conditionText).matches)
        } else if (rule instanceof CSSStyleRule) {
          const { overflowX, overflowY } = rule.style
          if (!/auto|scroll/.test(overflowX + overflowY)) continue
          const matching = applies ? [...document.querySelectorAll(rule.selectorText)] : []
          const seen = matching.some(element => element.checkVisibility())
          found.set(rule.selectorText, seen || (found.get(rule.selectorText) ?? false))
        }
      }
    }
    for (const sheet of document.styleSheets) visit(sheet.cssRules, true)
    return [...found]
  })
}

/** Returns the elements with more than one line of text hidden by their overflow. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('body *')]
      .filter(element => {
        const { overflowY, clipPath, textOverflow, fontSize } = getComputedStyle(element)
        return (
          /hidden|clip/.test(overflowY) &&
          clipPath === 'none' &&
          textOverflow !== 'ellipsis' &&
          element.checkVisibility() &&
          !(element instanceof SVGElement) &&
          !(element instanceof HTMLInputElement) &&
          element.scrollHeight - element.clientHeight > Number.parseFloat(fontSize) / 2
        )
      })
      .map(
        element =>
          `${element.localName}.${element.className} ${element.scrollHeight}/${element.clientHeight}`,
      ),
  )
}
