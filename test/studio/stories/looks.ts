/** Stories of other appearances: more contrast, forced colours, print, vertical lines. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { violations } from '../../support/axe.js'
import { count, pause, records, text, visit } from './stage.js'

const styleOf = (page: Page, selector: string, property: string): Promise<string> =>
  page
    .locator(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property)

describe('colours and print', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has a contrast of 7 to 1 where the reader prefers more contrast: ${colorScheme}`, async () => {
      const page = await visit('', { colorScheme, contrast: 'more' })
      await pause(page)
      expect(await violations(page, ['color-contrast-enhanced'])).toEqual([])
      // The rule can fail: the light page violates it when no contrast is requested.
      if (colorScheme === 'dark') return
      const plain = await visit('', { colorScheme })
      await pause(plain)
      expect(await violations(plain, ['color-contrast-enhanced'])).not.toEqual([])
    })
  }

  it('shows all states where the system forces its colours', async () => {
    const page = await visit('#t=1.2', { forcedColors: 'active' })
    await page.keyboard.press('t')
    await count(page, 60)
    await pause(page)
    // Contrast is left out, because the system replaces the colours of the styles.
    const others = (await violations(page)).filter(each => !each.startsWith('color-contrast'))
    expect(others).toEqual([])
    // Parts that consist of a background only keep it: bars, the coin, the groove, the shades.
    for (const drawn of [
      '#next .bar .a',
      '#next .coin',
      '.groove',
      '.text .shade-3, .text .shade-4',
    ]) {
      const ground = await styleOf(page, drawn, 'background')
      expect(ground, drawn).not.toMatch(/^rgba\(0, 0, 0, 0\) none|^none/)
      expect(await styleOf(page, drawn, 'forced-color-adjust'), drawn).toBe('none')
    }
    // A selected tab differs by more than its background.
    expect(await styleOf(page, '.tab[aria-selected=true]', 'font-weight')).toBe('600')
  })

  it('prints the whole text and none of the controls', async () => {
    const page = await visit('#seed=3')
    await page.selectOption('#speed', 'full')
    await count(page, 6000)
    await pause(page)
    await page.emulateMedia({ media: 'print' })
    for (const gone of ['header', 'footer', '#left', '#right', '.strip']) {
      expect(await page.locator(gone).first().isVisible(), gone).toBe(false)
    }
    const { height, shown } = await page.locator('.scroller').evaluate(box => ({
      height: box.scrollHeight,
      shown: box.clientHeight,
    }))
    expect(shown).toBe(height)
    // A sheet holds about 3,000 characters of the text.
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1')
    expect(pdf.match(/\/Type\s*\/Page\b/g)!.length).toBeGreaterThan(1)
  })

  it('is shown in vertical lines, with the same keys and clicks', async () => {
    const page = await visit('#seed=3&prompt=%E3%81%82%E3%81%84%E3%81%86', { locale: 'ja-JP' })
    await page.keyboard.press('Control+k')
    await page.locator('dialog.palette input').fill('縦')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('switch', { name: '縦書き' }).isChecked()).toBe(true)
    await page.selectOption('#speed', 'fast')
    await count(page, 700)
    await page.getByRole('button', { name: '一時停止', exact: true }).click()
    await page.waitForTimeout(150)
    expect(await styleOf(page, '.text', 'writing-mode')).toBe('vertical-rl')
    /** Returns the position of symbol n and the visible box, px. */
    const positionOf = (n: number) =>
      page.evaluate(at => {
        const nodes = document.createTreeWalker(
          document.querySelector('.text')!,
          NodeFilter.SHOW_TEXT,
        )
        let left = at + 'あいう'.length
        for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
          const { length } = node as Text
          if (left < length) {
            const range = document.createRange()
            range.setStart(node, left)
            range.setEnd(node, left + 1)
            const { x, y, width, height } = range.getBoundingClientRect()
            return { x: x + width / 2, y: y + height / 2 }
          }
          left -= length
        }
        throw new Error(`no symbol ${at}`)
      }, n)
    const written = await text(page)
    const at = written.slice(0, -40).search(/\w\w\w\w(?=[^\n]*$)/)
    const [first, second] = [await positionOf(at), await positionOf(at + 1)]
    expect(second.y).toBeGreaterThan(first.y)
    expect(Math.abs(second.x - first.x)).toBeLessThan(1)
    // Later lines are further left, and the end is visible.
    const [early, late] = [await positionOf(0), await positionOf(written.length - 1)]
    expect(late.x).toBeLessThan(early.x)
    const view = (await page.locator('.scroller').boundingBox())!
    expect(late.x).toBeGreaterThan(view.x)
    expect(late.x).toBeLessThan(view.x + view.width)
    // Down moves to the next character; Enter and click work as usual.
    await page.locator('.scroller').focus()
    await page.keyboard.press('ArrowUp')
    const spot = () => page.locator('.page [aria-live]').textContent()
    const last = await spot()
    await page.keyboard.press('ArrowUp')
    expect(await spot()).not.toBe(last)
    await page.keyboard.press('ArrowDown')
    expect(await spot()).toBe(last)
    const inSight =
      written.length -
      3 -
      [...written]
        .reverse()
        .slice(3)
        .findIndex(c => /\S/.test(c))
    const target = await positionOf(inSight - 1)
    await page.mouse.click(target.x, target.y)
    await page.locator(`.next[data-step="${inSight - 1}"]`).waitFor()
    expect(await violations(page)).toEqual([])
    // The setting is stored and can be turned off again.
    await page.reload()
    await count(page, 1)
    expect(await styleOf(page, '.text', 'writing-mode')).toBe('vertical-rl')
    await page.getByRole('switch', { name: '縦書き' }).click()
    expect(await styleOf(page, '.text', 'writing-mode')).toBe('horizontal-tb')
  })
})

describe('the bars', () => {
  it('have a logarithmic axis, on which each decade has the same length', async () => {
    const page = await visit('#seed=3&t=1')
    await count(page, 10)
    await pause(page)
    const lengths = () =>
      page.locator('#next tbody tr:not(.others)').evaluateAll(rows =>
        rows.map(row => ({
          share: Number.parseFloat(row.querySelector('.share.now')!.textContent!),
          length: Number.parseFloat((row.querySelector('.bar .a') as HTMLElement).style.width),
        })),
      )
    const straight = await lengths()
    const button = page.getByRole('button', { name: 'log', exact: true })
    await button.click()
    expect(await button.getAttribute('aria-pressed')).toBe('true')
    const logarithmic = await lengths()
    for (const { share, length } of logarithmic) {
      expect(Math.abs(length - 100 * (1 + Math.log10(share / 100) / 5))).toBeLessThan(3)
    }
    expect(logarithmic.map(({ share }) => share)).toEqual(straight.map(({ share }) => share))
    expect(logarithmic.map(({ length }) => length)).not.toEqual(
      straight.map(({ length }) => length),
    )
    await page.reload()
    await count(page, 1)
    expect(await button.getAttribute('aria-pressed'), 'kept').toBe('true')
  })

  it('of a step stay pinned while the text continues', async () => {
    const page = await visit('#seed=3&t=1')
    await count(page, 10)
    await page.getByRole('button', { name: 'Pin', exact: true }).click()
    const step = Number(await page.locator('.next').getAttribute('data-step'))
    await count(page, step + 30)
    expect(await page.locator('.next').getAttribute('data-step')).toBe(String(step))
    // The bars belong to that step: the drawn row has the symbol of the text.
    const { rank } = (await records(page))[step]
    const drawn = await page
      .locator('#next tbody tr')
      .evaluateAll(rows => rows.findIndex(row => row.classList.contains('drawn')))
    expect(drawn).toBe(Math.min(rank, 10) - 1)
    await page.getByRole('button', { name: 'Back to the next character' }).click()
    await page.waitForFunction(
      old => Number(document.querySelector<HTMLElement>('.next')!.dataset.step) > old + 20,
      step,
    )
  })
})
