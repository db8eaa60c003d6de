/**
 * A phone on a slow network: 1.6 Mbit/s, 150 ms there and back, a processor four times slower. The
 * repository's own models, so that the first of them takes ten seconds to arrive.
 */
import { cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Served, serveStudio } from '../../src/node/serve.js'
import type { BundledModel } from '../../studio/src/writer/protocol.js'
import { browser, complaints, contention, count, records, site, text } from './stories/stage.js'

const BYTES_A_SECOND = 1_600_000 / 8
const SLOWER = 4
/**
 * The wish is 2,500 ms, and held on a machine that has nothing else to do (docs/studio.md has the
 * figures). Beside the other tests of the suite page, worker and server share the cores with them;
 * waiting for the chosen model takes 11 s.
 */
const FIRST_CHARACTER = 5000
const STARTER = 200_000

let served: Served
let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ondo-phone-'))
  cpSync(site.folder, folder, { recursive: true })
  writeFileSync(join(folder, 'models/index.json'), site.bundled)
  served = await serveStudio({ folder, port: 0, models: [] })
})
afterAll(async () => {
  await served?.close()
  rmSync(folder, { recursive: true, force: true })
})

const models = (): BundledModel[] => JSON.parse(site.bundled)
const chosen = () => models()[0]

async function phone(slow: boolean, hash = ''): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    locale: 'en-US',
    // The worker's requests are slowed down only where no service worker answers.
    serviceWorkers: 'block',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', error => complaints.push(String(error)))
  if (slow) {
    const cdp = await context.newCDPSession(page)
    await cdp.send('Network.enable')
    await cdp.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 150,
      downloadThroughput: BYTES_A_SECOND,
      uploadThroughput: BYTES_A_SECOND / 2,
    })
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  }
  await page.goto(`${served.url.replace(/\/?$/, '/')}${hash}`)
  await count(page, 1)
  return page
}

const shownModel = (page: Page) =>
  page.locator('.model').evaluate(select => (select as HTMLSelectElement).selectedOptions[0].text)
const isHere = (page: Page) =>
  page.waitForFunction(
    id => document.querySelector<HTMLSelectElement>('.model')!.value === id,
    chosen().id,
  )

describe('a phone on a slow network', () => {
  it('shows a first character within seconds by a small model, which the chosen one replaces', {
    retry: 2,
    timeout: 60_000,
  }, async () => {
    const starter = models().find(({ standsFor }) => standsFor === chosen().id)!
    expect(statSync(join(folder, 'models', starter.file)).size).toBeLessThanOrEqual(STARTER)
    const page = await phone(true)
    const first = await page.evaluate(() => performance.getEntriesByName('first text')[0].startTime)
    expect(await shownModel(page)).toBe(starter.name)
    expect(await page.getByRole('status').filter({ hasText: 'on its way' }).count()).toBe(1)
    // What the reader turns meanwhile stays turned.
    await page.getByRole('button', { name: 'Warmer', exact: true }).click()
    const T = Number(await page.locator('.figure').inputValue())
    expect(T).toBeGreaterThan(0.8)
    await isHere(page)
    await count(page, 5)
    expect(await shownModel(page)).toBe(chosen().name)
    expect((await records(page))[0].temperature).toBe(T)
    expect(await page.getByText('on its way').count()).toBe(0)
    expect(first).toBeLessThan(FIRST_CHARACTER * contention())
  })

  it('does not replace a text that the reader works on: the chosen model waits for a click', {
    timeout: 60_000,
  }, async () => {
    const page = await phone(true)
    await count(page, 10)
    await page.getByRole('button', { name: 'Pause', exact: true }).tap()
    await page.waitForTimeout(150)
    const mine = await text(page)
    const take = page.getByRole('button', { name: `${chosen().name} is here: write with it` })
    await take.waitFor()
    expect(await text(page)).toBe(mine)
    await take.tap()
    await isHere(page)
    await take.waitFor({ state: 'detached' })
  })

  // Quick is a small model within 60 ms: beside other tests not always.
  it('does not use the small model on a fast network', { retry: 3 }, async () => {
    const page = await phone(false)
    await isHere(page)
    const asked = await page.evaluate(() => performance.getEntriesByType('mark').length)
    // One text was begun: the chosen model's own.
    expect(asked).toBe(1)
  })
})
