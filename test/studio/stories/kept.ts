/** Stories of stored texts: two tabs, a full storage, no storage, texts of an older page. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { violations } from '../../support/axe.js'
import { browser, complaints, count, pause, records, site, text, visit, WIDE } from './stage.js'

const waitForStorageState = (page: Page, state: string) =>
  page.locator(`[data-keeping=${state}]`).waitFor({ timeout: 20_000 })
const notice = (page: Page) => page.locator('.unstored')

async function openAnotherTab(page: Page, hash = ''): Promise<Page> {
  const other = await page.context().newPage()
  other.setDefaultTimeout(20_000)
  await other.goto(site.url + hash)
  await count(other, 1)
  return other
}

/** Returns the beginnings of all texts on the map. */
async function seeds(page: Page): Promise<string[]> {
  await page.getByRole('tab', { name: 'Branches' }).click()
  const roots = page.locator('[role=treeitem][aria-level="1"] .soft')
  return (await roots.allTextContents()).sort()
}

/** Pauses and waits until the page says that all texts are stored. */
async function pauseAndWaitUntilStored(page: Page): Promise<string> {
  await pause(page)
  await page.getByRole('tab', { name: 'Branches' }).click()
  await waitForStorageState(page, 'kept')
  return text(page)
}

describe('kept texts', () => {
  it('include a choice that was made just before a reload', async () => {
    const page = await visit('#seed=5')
    await count(page, 30)
    await pauseAndWaitUntilStored(page)
    const before = await records(page)
    const length = before.length + 1
    await page.getByRole('tab', { name: 'Next' }).click()
    // The text rests at its end, so the last row is another symbol than the one that would be drawn.
    await page.locator('#next tbody tr:not(.drawn):not(.others) .choose').last().click()
    await page.waitForFunction(n => ondo.records().length === n, length)
    const chosen = await records(page)
    expect(chosen.at(-1)).toMatchObject({ chosen: true })
    // The reload comes before the page stores a changing text (stored-texts.svelte.ts).
    await page.reload()
    await count(page, length)
    expect((await records(page)).slice(0, length)).toEqual(chosen)
    await page.context().close()
  })

  it('of two tabs are both kept, whichever closes first, and each tab stays paused or writing', async () => {
    const a = await visit('#seed=1')
    await count(a, 20)
    const b = await openAnotherTab(a, '#seed=1')
    await b.getByRole('textbox', { name: 'Seed' }).fill('777')
    await b.keyboard.press('Enter')
    await b.waitForFunction(() => /seed=777/.test(location.hash))
    await count(b, 20)
    const second = await pauseAndWaitUntilStored(b)
    expect(second.length).toBeGreaterThanOrEqual(20)
    await b.close()
    const first = await pauseAndWaitUntilStored(a)
    // The text of the other tab appeared while this one was open.
    await a.locator('[role=treeitem]', { hasText: 'seed 777' }).waitFor()
    await a.close()

    const context = a.context()
    const again = await context.newPage()
    again.setDefaultTimeout(20_000)
    await again.goto(site.url)
    await count(again, 1)
    // The text that was used last is shown, and it stays paused.
    await again.waitForFunction(wanted => typeof ondo === 'object' && ondo.text() === wanted, first)
    await again.getByRole('button', { name: 'Write', exact: true }).waitFor()
    expect(await seeds(again)).toEqual(['seed 1', 'seed 777'])
    await again.locator('[role=treeitem]', { hasText: 'seed 777' }).click()
    await again.waitForFunction(wanted => ondo.text() === wanted, second)
    await waitForStorageState(again, 'kept')
    await again.reload()
    await again.waitForFunction(
      wanted => typeof ondo === 'object' && ondo.text() === wanted,
      second,
    )
    await again.getByRole('button', { name: 'Write', exact: true }).waitFor()

    // Both continue the end of one text at different temperatures at the same time.
    const other = await openAnotherTab(again)
    await other.waitForFunction(wanted => ondo.text() === wanted, second)
    for (const [page, T] of [
      [again, '0.5'],
      [other, '2'],
    ] as const) {
      await page.getByRole('textbox', { name: 'Temperature as a number' }).fill(T)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Write', exact: true }).click()
      await count(page, second.length + 15)
    }
    const ends = [await pauseAndWaitUntilStored(again), await pauseAndWaitUntilStored(other)]
    expect(ends[0]).not.toBe(ends[1])
    const whole = await openAnotherTab(again)
    await whole.getByRole('tab', { name: 'Branches' }).click()
    const shown = new Set<string>()
    for (const item of await whole.getByRole('treeitem').all()) {
      await item.click()
      await whole.waitForTimeout(50)
      shown.add(await text(whole))
    }
    for (const end of ends) expect([...shown].some(each => each.startsWith(end))).toBe(true)
    // A text that is deleted in one tab does not come back from the other.
    await whole.getByRole('button', { name: 'Delete all texts of this model' }).click()
    await whole.getByRole('button', { name: 'Really delete them?' }).click()
    await other.waitForFunction(() => document.querySelectorAll('[role=treeitem]').length === 1)
    expect(await text(other)).toBe(ends[1])
  }, 120_000)

  it('are reported as not kept where the storage is full, and can be saved as a file', async () => {
    const context = await browser.newContext({
      viewport: WIDE,
      locale: 'en-US',
    })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const { origin } = new URL(site.url)
    const cdp = await context.newCDPSession(page)
    const quota = (quotaSize?: number) =>
      cdp.send('Storage.overrideQuotaForOrigin', { origin, ...(quotaSize && { quotaSize }) })
    // The quota is set before the page asks for storage, because the browser caches the free space.
    await quota(1024)
    await page.goto(`${site.url}#seed=5`)
    await count(page, 30)
    await notice(page).waitFor()
    expect(await notice(page).textContent()).toContain('The browser’s storage is full')
    await pause(page)
    await page.getByRole('tab', { name: 'Branches' }).click()
    await waitForStorageState(page, 'full')
    expect(await page.getByText('are kept in this browser').count()).toBe(0)
    expect(await violations(page)).toEqual([])
    const mine = await text(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      notice(page).getByRole('button', { name: 'Save as a file' }).click(),
    ])
    expect(readFileSync(await download.path(), 'utf8')).toContain(JSON.stringify(mine))
    await notice(page).getByText('Saved up to here').waitFor()
    // The notice stays while the storage is full; the paused text is restored from its seed.
    await page.getByRole('button', { name: 'One character' }).click()
    await count(page, mine.length + 1)
    const longer = await text(page)
    await page.waitForTimeout(2500)
    expect(await notice(page).getByRole('button', { name: 'Save as a file' }).count()).toBe(1)
    await page.reload()
    await page.waitForFunction(wanted => typeof ondo === 'object' && ondo.text() === wanted, longer)
    await page.getByRole('button', { name: 'Write', exact: true }).waitFor()
    await notice(page).waitFor()
    // When there is space again, everything is stored and the notice disappears.
    await quota()
    await page.getByRole('button', { name: 'One character' }).click()
    await waitForStorageState(page, 'kept')
    expect(await notice(page).count()).toBe(0)
  }, 60_000)

  it('are lost with the page where the browser refuses all storage, and the page says so', async () => {
    const page = await visit('#seed=6', { locale: 'ja-JP' })
    const before = complaints.length
    await page.context().addInitScript(() => {
      const refuse = () => {
        throw new DOMException('refused', 'SecurityError')
      }
      Object.defineProperty(globalThis, 'indexedDB', { get: refuse })
      Object.defineProperty(globalThis, 'localStorage', { get: refuse })
    })
    await page.reload()
    await count(page, 20)
    await notice(page).waitFor()
    expect(await notice(page).textContent()).toContain('ページに保存を許していません')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: '一時停止', exact: true }).click()
    await page.waitForTimeout(500)
    const mine = await text(page)
    await page.reload()
    await page.waitForFunction(wanted => typeof ondo === 'object' && ondo.text() === wanted, mine)
    await page.getByRole('button', { name: '書く', exact: true }).waitFor()
    await notice(page).getByRole('button', { name: '閉じる' }).click()
    expect(await notice(page).count()).toBe(0)
    complaints.splice(before)
  })
})
