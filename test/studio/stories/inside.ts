/** Stories of the tab Inside: text coloured by values of the network, similar passages, a unit held at 0. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { networkOf, promptIds, Writer } from '../../../src/index.js'
import { withHeldUnits } from '../../../studio/src/writer/held-units.js'
import { violations } from '../../support/axe.js'
import { count, pause, records, site, speed, text, visit } from './stage.js'

/** Longer timeout, because other tests run at the same time. */
const PATIENT = { timeout: 20_000 }

async function openInside(page: Page, symbols: number): Promise<void> {
  await speed(page, 'fast')
  await count(page, symbols)
  await pause(page)
  await page.locator('#tab-inside').click()
  await page.locator('.inside-text [data-n]').first().waitFor()
  await page.locator('.inside-legend li').first().waitFor()
}

/** Returns h of one unit after each symbol of the text. */
async function statesOf(ids: readonly number[], unit: number): Promise<number[]> {
  const session = (await networkOf(site.model)).session()
  session.prefill(promptIds(site.model, site.model.prompt ?? ''))
  return ids.map(id => {
    session.step(id)
    return session.snapshot()[unit]
  })
}

const tonesShown = (page: Page): Promise<number[]> =>
  page.locator('.inside-text [data-n]').evaluateAll(cells =>
    cells.map(cell => {
      const found = /unit-(below|above)-(\d)/.exec(cell.className)
      return found ? Number(found[2]) * (found[1] === 'below' ? -1 : 1) : 0
    }),
  )

describe('inside', () => {
  it('colours the text by the states of a unit, and shows the likeliest symbols', async () => {
    const page = await visit('#seed=6&t=0.9')
    await openInside(page, 150)
    await page.getByRole('spinbutton', { name: 'Number' }).fill('18')
    await page.getByRole('spinbutton', { name: 'Number' }).press('Enter')
    await page.getByRole('heading', { name: /layer 1, unit 18/ }).waitFor()
    const ids = (await records(page)).map(({ id }) => id)
    const tones = (await statesOf(ids, 17)).map(h => Math.round(h * 4) || 0)
    expect(new Set(tones).size).toBeGreaterThan(3)
    await expect.poll(() => tonesShown(page), PATIENT).toEqual(tones)
    // A gate is between 0 and 1, so its scale and its colours differ.
    await page.selectOption('#inside-quantity', 'z')
    await page.locator('.inside-legend li', { hasText: '−0.50' }).waitFor({ state: 'detached' })
    await page.locator('.inside-legend li', { hasText: '0.50' }).waitFor()
    await expect.poll(() => tonesShown(page), PATIENT).not.toEqual(tones)

    await page.locator('#inside-guesses').check()
    const session = (await networkOf(site.model)).session()
    session.prefill(promptIds(site.model, site.model.prompt ?? ''))
    const logits = Array.from(session.step(ids[0]))
    const best = logits.indexOf(Math.max(...logits))
    const shown = await page.locator('.inside-column small').first().textContent()
    const symbol = site.model.tokenizer.symbol(best)
    expect(await violations(page), 'guesses').toEqual([])
    expect(shown).toBe(symbol === '\n' ? '↵' : symbol === ' ' ? '␣' : symbol)
  })

  it('marks a passage by keys and by mouse, and finds similar passages', async () => {
    const page = await visit('#seed=6&t=0.9', { colorScheme: 'dark' })
    await openInside(page, 300)
    await page.locator('.inside-text').focus()
    await page.keyboard.press('Home')
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight')
    expect(await page.locator('.inside-text .marked').count()).toBe(4)
    await page
      .locator('.inside-on li, #inside .hint', { hasText: /on in|No unit/ })
      .first()
      .waitFor()
    await page.keyboard.press('Escape')
    expect(await page.locator('.inside-text .marked').count()).toBe(0)

    expect(await violations(page), 'a passage').toEqual([])

    const cells = page.locator('.inside-text [data-n]')
    await cells.nth(12).scrollIntoViewIfNeeded()
    const [from, to] = [await cells.nth(12).boundingBox(), await cells.nth(13).boundingBox()]
    await page.mouse.move(from!.x + 2, from!.y + 8)
    await page.mouse.down()
    await page.mouse.move(to!.x + 2, to!.y + 8, { steps: 3 })
    await page.mouse.up()
    expect(await page.locator('.inside-text .marked').count()).toBe(2)
    await page.locator('#inside-threshold').fill('0.05')
    // The list may still change with the threshold, so the unit is clicked by its title.
    const title = (await page.locator('.inside-on button').first().getAttribute('title'))!
    await page.locator(`.inside-on button[title="${title}"]`).click()
    const name = /layer 1, unit \d+/.exec(title)![0]
    await page.getByRole('heading', { name: new RegExp(name) }).waitFor()
  })

  it('marks a passage with a long press, and scrolls with a short one', async () => {
    const page = await visit('#seed=6&t=0.9', {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    })
    await speed(page, 'fast').catch(() => {})
    await count(page, 400)
    await pause(page)
    await page.locator('.to-next').tap()
    await page.locator('#tab-inside').tap()
    const cells = page.locator('.inside-text [data-n]')
    await cells.first().waitFor()
    await page.locator('.inside-legend li').first().waitFor()
    const marked = page.locator('.inside-text .marked')
    const cdp = await page.context().newCDPSession(page)
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x = 0, y = 0) =>
      cdp.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: type === 'touchEnd' ? [] : [{ x, y }],
      })
    const middleOf = async (n: number) => {
      const box = (await cells.nth(n).boundingBox())!
      return [box.x + box.width / 2, box.y + box.height / 2] as const
    }
    /** Returns the symbols in the visible part of the text that are wide enough to be touched. */
    const visibleSymbols = () =>
      page.locator('.inside-text').evaluate(body => {
        const { top, bottom } = body.getBoundingClientRect()
        return [...body.querySelectorAll('[data-n]')].flatMap((cell, n) => {
          const box = cell.getBoundingClientRect()
          return box.width > 3 && box.top > top + 8 && box.bottom < bottom - 8 ? [n] : []
        })
      })
    const seen = await visibleSymbols()
    const [from, to] = [seen[2], seen[9]]
    const [start, end] = [await middleOf(from), await middleOf(to)]
    const place = () => page.locator('.inside-text').evaluate(body => body.scrollTop)
    const before = await place()
    await touch('touchStart', ...start)
    await page.waitForTimeout(600)
    expect(await marked.count()).toBe(1)
    for (let i = 1; i <= 5; i++) {
      const part = i / 5
      await touch(
        'touchMove',
        start[0] + (end[0] - start[0]) * part,
        start[1] + (end[1] - start[1]) * part,
      )
    }
    await touch('touchEnd')
    expect(await marked.count()).toBe(to - from + 1)
    expect(await place()).toBe(before)
    await page.getByText(/Passage, characters/).waitFor()
    expect(await violations(page), 'a passage on a phone').toEqual([])
    // A quick swipe scrolls and keeps the marked passage.
    await touch('touchStart', start[0], start[1])
    for (let i = 1; i <= 6; i++) await touch('touchMove', start[0], start[1] + 15 * i)
    await touch('touchEnd')
    await expect.poll(place, PATIENT).toBeLessThan(before)
    expect(await marked.count()).toBe(to - from + 1)
    // A tap selects one symbol and unmarks the passage.
    for (let last = Number.NaN; last !== (await place()); await page.waitForTimeout(250)) {
      last = await place() // A scroll continues after the finger; a tap would only stop it.
    }
    const spot = (await visibleSymbols())[3]
    const [x, y] = await middleOf(spot)
    await page.touchscreen.tap(x, y)
    await expect.poll(() => marked.count(), PATIENT).toBe(0)
    expect(await cells.nth(spot).getAttribute('class')).toContain('at')
  })

  it('holds a unit at 0: the text differs, says so, is shared by a link, and is restored', async () => {
    const page = await visit('#seed=6&t=0.9')
    await openInside(page, 60)
    const before = await text(page)
    const length = (await records(page)).length
    await page.getByRole('spinbutton', { name: 'Number' }).fill('5')
    await page.getByRole('spinbutton', { name: 'Number' }).press('Enter')
    await page.selectOption('#inside-held', '0')
    await page
      .getByText('Written with layer 1, unit 5 at 0')
      .filter({ visible: true })
      .first()
      .waitFor()
    await count(page, length)
    await expect.poll(() => text(page), PATIENT).not.toBe(before)

    const held = withHeldUnits(site.model, '1.5:0')
    const ids = promptIds(held, held.prompt ?? '')
    const writer = new Writer(held, (await networkOf(held)).session(), ids, { seed: 6 })
    const there = Array.from({ length }, () => writer.next(0.9).text).join('')
    await expect.poll(async () => (await text(page)).slice(0, there.length), PATIENT).toBe(there)

    await page.waitForURL(/held=1\.5%3A0/)
    const friend = await visit(`#${page.url().split('#')[1]}`)
    await friend
      .getByText('Written with layer 1, unit 5 at 0')
      .filter({ visible: true })
      .first()
      .waitFor()
    await count(friend, 40)
    expect(there.startsWith((await text(friend)).slice(0, 40))).toBe(true)

    await page.getByRole('button', { name: 'As the network is' }).first().click()
    await expect.poll(async () => (await text(page)).slice(0, before.length), PATIENT).toBe(before)
    expect(await page.getByText('Written with layer').count()).toBe(0)
  })
})
