/** Checks a page in a real browser with axe. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * Returns the rules of WCAG 2.2 A and AA and of good practice that the page violates.
 * @param only checks these rules instead; they may be stricter than AA
 */
export async function violations(page: Page, only?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async rules => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
      }
    }
    const { violations } = await axe.run(rules ? { runOnly: { type: 'rule', values: rules } } : {})
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  }, only)
}
