/** Two versions of the studio, one after the other, and no network in between. */
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { serveStudio } from '../../src/node/serve.js'
import {
  clickSymbol,
  complaints,
  count,
  pause,
  records,
  site,
  text,
  visit,
} from './stories/stage.js'

const MARK = '<meta name="edition" content="second" />'

/** Makes the second version of a built studio: a mark in its page, and the service worker that knows it. */
function renew(folder: string): { page: () => void; worker: () => void } {
  const digest = (bytes: string) => createHash('sha256').update(bytes).digest('hex')
  const [index, worker] = ['index.html', 'sw.js'].map(file => join(folder, file))
  const old = readFileSync(index, 'utf8')
  const made = old.replace('<title>', `${MARK}<title>`)
  const sw = readFileSync(worker, 'utf8')
    .replace(digest(old), digest(made))
    .replace(/^const VERSION = '\w+'/, "const VERSION = 'second'")
  expect(sw).toContain(digest(made))
  return {
    page: () => writeFileSync(index, made),
    worker: () => writeFileSync(worker, sw),
  }
}

const isSecond = (page: Page) =>
  page.evaluate(() => document.querySelector('meta[name=edition]') !== null)
const notice = (page: Page) => page.getByRole('button', { name: 'New version: load it' })
/** Asks the browser to look for another version, and waits for what becomes of it. */
const fate = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    await registration.update()
    const coming = registration.installing
    if (!coming) return registration.waiting ? 'installed' : 'none'
    return new Promise<string>(resolve => {
      coming.addEventListener('statechange', () => resolve(coming.state))
    })
  })

describe('a newer version', () => {
  it('is loaded on request, wholly or not at all, and keeps the texts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ondo-two-'))
    cpSync(site.folder, folder, { recursive: true })
    const second = renew(folder)
    const served = await serveStudio({ folder, port: 0, models: [] })
    try {
      const page = await visit('#seed=8&t=0.9', {}, served.url)
      await count(page, 40)
      await pause(page)
      // Work: a text, and another way chosen in it.
      const place = 12 + (await text(page)).slice(12).search(/\S/)
      await clickSymbol(page, place)
      await page.locator('.why').waitFor()
      await page.locator('#next tbody tr:not(.standing) .choose').first().click()
      await page.waitForFunction(n => ondo.records().length === n + 1, place)
      await page.keyboard.press('s')
      await count(page, place + 2)
      const work = await records(page)
      const same = async () => {
        await count(page, work.length)
        const now = await records(page)
        expect(now.slice(0, work.length)).toEqual(work)
        await page.locator('#tab-branches').click()
        await page.getByRole('treeitem').nth(1).waitFor()
      }
      const controlled = () =>
        page.evaluate(async () => {
          const names = await caches.keys()
          const models = names.find(name => name.startsWith('ondo-models-'))
          const kept = models ? (await (await caches.open(models)).keys()).length : 0
          return navigator.serviceWorker.controller !== null && kept > 0
        })
      await expect.poll(controlled, { timeout: 40_000 }).toBe(true)

      // No network: the first version opens by itself, the work is there.
      const refused = complaints.length
      await page.context().setOffline(true)
      await page.reload()
      await same()
      await page.context().setOffline(false)
      complaints.splice(refused)

      // A server in the middle of being renewed: the halves do not fit, nothing happens.
      second.worker()
      expect(await fate(page)).toBe('redundant')
      expect(await notice(page).count()).toBe(0)
      complaints.splice(refused)

      // All of it is there: the page says so, and goes on as the first version, even anew.
      second.page()
      expect(await fate(page)).toBe('installed')
      await notice(page).waitFor()
      await page.reload()
      await notice(page).waitFor()
      expect(await isSecond(page)).toBe(false)

      // Another page of the first version is open: it would break under the second.
      const other = await page.context().newPage()
      await other.goto(served.url)
      await notice(page).click()
      await page.getByRole('button', { name: 'Close the other page of Ondo first' }).waitFor()
      expect(await isSecond(page)).toBe(false)
      await other.close()
      await page.getByRole('button', { name: 'Close the other page of Ondo first' }).click()
      await page.waitForFunction(() => document.querySelector('meta[name=edition]') !== null)
      await same()
      expect(await notice(page).count()).toBe(0)
      const kept = await page.evaluate(async () => (await caches.keys()).sort())
      expect(kept.map(name => name.replace(/models-\w+/, 'models'))).toEqual([
        'ondo-models',
        'ondo-second',
      ])
      await page.context().setOffline(true)
      await page.reload()
      await same()
      expect(await isSecond(page)).toBe(true)
      complaints.splice(refused)
    } finally {
      await served.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 120_000)
})
