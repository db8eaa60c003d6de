/** The panel that trains, as a visitor meets it. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { decodeModel } from '../../src/index.js'
import { violations } from '../support/axe.js'
import {
  browser,
  complaints,
  contention,
  count,
  requests,
  site,
  visit,
  WIDE,
} from './stories/stage.js'

/** Elements that are wider than their place. */
const wide = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('main, aside, #train')]
      .filter(element => element.scrollWidth > element.clientWidth)
      .map(element => `${element.tagName}#${element.id} ${element.scrollWidth}`),
  )

const TEXT = Array.from({ length: 9000 }, (_, i) => 'abcdefgh '[(i * i + (i >> 3)) % 9]).join('')
/** 吾輩は猫である。 and a line's end in Shift_JIS. */
const CAT = Buffer.from('8ce1947982cd944c82c582a082e981420d0a', 'hex')
const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'text/plain', buffer })
const choose = (page: Page, name: string, buffer: Buffer) =>
  page.setInputFiles('#train input[type=file]', file(name, buffer))

const tab = (page: Page) => page.getByRole('tab', { name: /Train|学習/ })
const button = (page: Page, name: string) =>
  page.locator('#train').getByRole('button', { name, exact: true })
const state = (page: Page, name: string) =>
  page.locator('#train [role=status] h2', { hasText: name }).waitFor({ timeout: 60_000 })

async function openForm(page: Page): Promise<void> {
  await tab(page).click()
  await page.locator('#train-paste').waitFor()
}

async function startShort(page: Page, minutes: string): Promise<void> {
  await page.fill('#train-paste', TEXT)
  await page.locator('.train-report').waitFor()
  await page.locator('.train-sizes label').first().click()
  await page.fill('#train-amount', minutes)
  await page.press('#train-amount', 'Tab')
  await page.locator('#train .anew').click()
}

describe('before training', () => {
  it('is not part of the first load, which takes at most 150 KB of compressed code', async () => {
    const before = requests.length
    const page = await visit()
    const code = requests.slice(before).filter(url => /\.(m?js|css|wasm)$/.test(url))
    expect(code.length).toBeGreaterThan(2)
    expect(code.filter(url => /train|ort/i.test(new URL(url).pathname))).toEqual([])
    const sizes = await Promise.all(
      [...new Set(code)].map(async url => {
        const bytes = await (await fetch(url)).arrayBuffer()
        return gzipSync(new Uint8Array(bytes)).length
      }),
    )
    expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(150_000)
    await page.close()
  })

  it("shows the encoding and the characters of a text, or why it can't be used", async () => {
    const page = await visit()
    await openForm(page)
    await choose(page, 'cat.txt', Buffer.concat(Array<Buffer>(50).fill(CAT)))
    const report = page.locator('.train-report')
    await report.waitFor()
    expect(await report.locator('blockquote').textContent()).toMatch(/^吾輩は猫である。\n吾/)
    expect(await page.locator('#train-encoding option').first().textContent()).toMatch(/shift_jis/i)
    expect(await report.textContent()).toContain('450 characters, 9 different')
    await page.selectOption('#train-encoding', 'windows-1252')
    await page.waitForFunction(
      () => !document.querySelector('.train-report blockquote')?.textContent?.includes('吾輩'),
    )
    await choose(page, 'empty.txt', Buffer.from(' \n'))
    await page.getByText('This text can’t be used.').waitFor()
    expect(await button(page, 'Start training').isDisabled()).toBe(true)
  })
})

describe('a run', () => {
  it('is shown, paused, restored after a reload, and stopped; another is finished and opened', {
    timeout: 180_000,
  }, async () => {
    const page = await visit('', { acceptDownloads: true })
    await openForm(page)
    expect(await violations(page), 'the form').toEqual([])
    await startShort(page, '5')
    await state(page, 'Training')
    await page.locator('.train-samples blockquote').first().waitFor({ timeout: 60_000 })
    const between = await page.evaluate(async () => {
      const times: number[] = []
      for (let frame = 0; frame < 30; frame++) {
        times.push(await new Promise<number>(resolve => requestAnimationFrame(resolve)))
      }
      return times.slice(1).map((time, i) => time - times[i])
    })
    const usual = between.sort((a, b) => a - b)[between.length >> 1]
    expect(usual, 'a frame every 17 ms while it trains').toBeLessThan(20 * contention())
    await button(page, 'Pause training').click()
    await state(page, 'Paused')
    await page.reload()
    await state(page, 'Paused')
    expect(await page.locator('#train').textContent()).toMatch(/Step \d+ of \d+/)
    await button(page, 'Go on').click()
    await state(page, 'Training')
    await button(page, 'Stop').click()
    await state(page, 'Stopped')

    await button(page, 'Another text').click()
    expect(await page.locator('.train-kept').textContent()).toContain('text.txt is kept')
    await startShort(page, '0.02')
    await state(page, 'Finished')
    await page.locator('.train-plot .dot.best').first().waitFor()
    expect(await page.locator('.train-plot').getAttribute('aria-label')).toMatch(
      /^Loss over the steps\. Training now \d\.\d\d; validation \d\.\d\d\.$/,
    )
    expect(await page.locator('.train-plot path.t').getAttribute('d')).toMatch(/^M[\d.]+ .*L/)
    // The timeline, by key.
    const timeline = page.getByRole('slider', { name: 'Moment of the training' })
    const newest = await page.locator('.train-samples blockquote').first().textContent()
    await timeline.focus()
    await page.keyboard.press('Home')
    expect(await timeline.getAttribute('aria-valuetext')).toMatch(/^Step 1, loss 2\.\d\d$/)
    expect(await page.locator('.train-samples blockquote').first().textContent()).not.toBe(newest)
    expect(await violations(page), 'the run').toEqual([])

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      button(page, 'Download').click(),
    ])
    expect(download.suggestedFilename()).toBe('text.safetensors')
    const model = await decodeModel(new Uint8Array(readFileSync(await download.path())))
    expect(model.config).toMatchObject({ cell: 'lstm', hidden: 128, layers: 1, vocabulary: 9 })
    expect(model.training.validationLoss).toBeLessThan(2.19) // ln 9: knowing nothing

    await button(page, 'Write with it').click()
    await page.waitForFunction(
      () =>
        document.querySelector<HTMLSelectElement>('.model')?.selectedOptions[0]?.text === 'text',
    )
    await page.waitForFunction(() => ondo.text().length > 5)
    expect(await page.evaluate(() => ondo.text())).toMatch(/^[a-h ]+$/)
  })

  it('fits a phone, in the dark, in Japanese, by keyboard alone', {
    timeout: 180_000,
  }, async () => {
    const page = await visit('', {
      viewport: { width: 320, height: 640 },
      colorScheme: 'dark',
      locale: 'ja-JP',
    })
    await page.locator('.to-setup').click()
    await page.locator('#tab-text').focus()
    await page.keyboard.press('ArrowRight')
    await page.locator('#train-paste').waitFor()
    expect(await wide(page)).toEqual([])
    await page.fill('#train-paste', TEXT)
    await page.locator('.train-report').waitFor()
    expect(await violations(page), 'the form').toEqual([])
    await page.locator('input[name=train-size]:checked').focus()
    await page.keyboard.press('ArrowLeft')
    await page.locator('#train .anew').focus()
    await page.keyboard.press('Enter')
    await state(page, '学習中')
    await page.locator('.train-samples blockquote').first().waitFor({ timeout: 60_000 })
    expect(await wide(page)).toEqual([])
    await button(page, 'やめる').press('Enter')
    await state(page, '停止')
    expect(await violations(page), 'the run').toEqual([])
    await button(page, '学習を消す').press('Enter')
    await button(page, '本当に消しますか').press('Enter')
    await page.locator('#train-paste').waitFor()
  })
})

it('requests nothing from other hosts and reports no error', () => {
  expect(browser.isConnected()).toBe(true)
  const elsewhere = requests.filter(url => !url.startsWith(site.url) && !url.startsWith('blob:'))
  expect(elsewhere).toEqual([])
  expect(complaints).toEqual([])
})

describe('a full storage', () => {
  it.each([
    ['en-US', /The run could not be stored: the browser's storage is full\. Free some space/],
    ['ja-JP', /学習を保存できません。ブラウザーの保存領域がいっぱいです。/],
  ])('ends training with a sentence of the page: %s', async (locale, sentence) => {
    const context = await browser.newContext({ viewport: WIDE, locale })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    // The quota is set before the page asks for storage, because the browser caches the free space.
    const { origin } = new URL(site.url)
    const cdp = await context.newCDPSession(page)
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1024 })
    await page.goto(site.url)
    await count(page, 1)
    await openForm(page)
    await startShort(page, '1')
    const trouble = page.locator('.train-trouble')
    await trouble.waitFor()
    expect(await trouble.textContent()).toMatch(sentence)
  })
})
