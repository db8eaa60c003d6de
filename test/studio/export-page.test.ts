/** `ondo export page`: one file, opened from a disk in a real browser, writes what the command writes. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { encodeModel } from '../../src/index.js'
import { modelConfig } from '../../src/model/index.js'
import { tokenizerFrom } from '../../src/text/index.js'
import { violations } from '../support/axe.js'
import { launchBrowser } from '../support/browser.js'
import { ondo as command } from '../support/command.js'
import { seededWeights } from '../support/seeded.js'

const folder = mkdtempSync(join(tmpdir(), 'ondo-export-'))
const file = join(folder, 'page.html')
const model = join(folder, 'model.safetensors')
/** A heading and a prompt that would break out of a carelessly made page. */
const TITLE = '</script><!-- 温度 & "more"'
const PROMPT = 'a</script>\n温度'
let browser: Browser
const requests: string[] = []
const complaints: string[] = []

beforeAll(async () => {
  const tokenizer = tokenizerFrom({
    kind: 'character',
    symbols: [...'abcdefghijklmnopqrstuvwxyz <>/!-\n温度、。'],
  })
  const config = modelConfig({ cell: 'lstm', vocabulary: tokenizer.size, hidden: 96, layers: 2 })
  const weights = seededWeights(config, 5, 0.5)
  writeFileSync(model, encodeModel({ config, tokenizer, weights, training: {} }))
  const made = command([
    'export',
    'page',
    model,
    '-o',
    file,
    '--title',
    TITLE,
    '-p',
    PROMPT,
    '-s',
    '7',
  ])
  const [result, started] = await Promise.all([made, launchBrowser()])
  browser = started
  expect([result.code, result.stdout]).toEqual([0, ''])
}, 60_000)
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A page left behind writes on, and takes the time of the next. */
afterEach(() => Promise.all(browser.contexts().map(context => context.close())))

async function open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1280, height: 800 },
    ...options,
  })
  const page = await context.newPage()
  page.on('request', request => requests.push(request.url()))
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  await page.goto(`${pathToFileURL(file)}${hash}`)
  await page.waitForFunction(() => ondo.text().length > 0)
  return page
}

/** The first letters of what the page writes, as fast as it may. */
async function text(page: Page, length: number): Promise<string> {
  await page.selectOption('#rate', 'fast')
  await page.waitForFunction(n => ondo.text().length >= n, length)
  return (await page.evaluate(() => ondo.text())).slice(0, length)
}

async function sampled(...more: string[]): Promise<string> {
  const args = ['sample', model, '--no-echo', '-n', '300', ...more]
  return (await command(args)).stdout.slice(0, 300)
}

describe('an exported page, opened from a disk', () => {
  it('writes the text of `ondo sample`, with its own settings and with those of a link', async () => {
    const page = await open()
    expect(await page.title()).toBe(TITLE)
    expect(await page.inputValue('#prompt')).toBe(PROMPT)
    expect(await text(page, 300)).toBe(await sampled('-p', PROMPT, '-s', '7'))
    await page.waitForFunction(() => location.hash.includes('seed=7'))
    const linked = await open(`#${new URLSearchParams({ prompt: 'b', seed: '9', t: '1.3' })}`)
    expect(await text(linked, 300)).toBe(await sampled('-p', 'b', '-s', '9', '-t', '1.3'))
    // Started over with the same seed it is the same.
    await linked.getByRole('button', { name: 'Start over, same seed' }).click()
    expect(await text(linked, 300)).toBe(await sampled('-p', 'b', '-s', '9', '-t', '1.3'))
  })

  it('applies another temperature from the next symbol on, by slider, key and number', async () => {
    const page = await open()
    await page.getByRole('button', { name: 'Pause' }).click()
    const before = await page.evaluate(() => ondo.text())
    const shown = () => page.locator('.bars').textContent()
    const bars = await shown()
    await page.getByRole('slider').focus()
    await page.keyboard.press('Home')
    expect(await page.locator('.figure').inputValue()).toBe('0')
    expect(await shown()).not.toBe(bars)
    await page.fill('.figure', '1,5')
    await page.press('.figure', 'Enter')
    expect(await page.getByRole('slider').getAttribute('aria-valuetext')).toBe('1.50, bold')
    expect(await page.evaluate(() => ondo.text())).toBe(before)
    await page.getByRole('button', { name: 'Write' }).click()
    await page.waitForFunction(n => ondo.text().length > n + 5, before.length)
    const stretches = await page.locator('.written').evaluateAll(all => all.map(e => e.textContent))
    expect(stretches[0]).toBe(before)
  })

  it('has both languages and violates no rule of axe, light and dark, wide and narrow', async () => {
    for (const options of [
      { colorScheme: 'light', locale: 'ja-JP' },
      { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
    ] as const) {
      const page = await open('', options)
      await page.locator('.go').click()
      expect(await violations(page)).toEqual([])
      const lang = await page.evaluate(() => document.documentElement.lang)
      expect(lang).toBe('locale' in options ? 'ja' : 'en')
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(
        true,
      )
    }
  })

  it('says that it is damaged when it was cut', async () => {
    const page = await browser.newPage({ locale: 'en-US' })
    const html = readFileSync(file, 'utf8')
    const at = html.indexOf('id="model"') + 5000
    const cut = join(folder, 'cut.html')
    writeFileSync(cut, html.slice(0, at) + html.slice(at + 10))
    await page.goto(String(pathToFileURL(cut)))
    await page.locator('.wrong').waitFor()
    expect(await page.locator('.wrong').textContent()).toMatch(/damaged|not whole/)
  })

  it('requests nothing but itself', () => {
    expect(requests.length).toBeGreaterThan(3)
    expect(requests.filter(url => !url.startsWith(String(pathToFileURL(file))))).toEqual([])
    expect(complaints).toEqual([])
  })
})

describe('the file', () => {
  it('is ASCII, and at most 1.2 times the model and 150 KB', () => {
    const html = readFileSync(file, 'utf8')
    expect(/[^\x20-\x7e\n]/.exec(html)).toBeNull()
    expect(html.length).toBeLessThanOrEqual(1.2 * statSync(model).size + 150_000)
  })

  it('is written to standard output, too; files that are no model and unknown forms are refused', async () => {
    const out = await command(['export', 'page', model, '-o', '-', '--quiet'])
    expect([out.code, out.stderr]).toEqual([0, ''])
    expect(out.stdout).toMatch(/^<!doctype html>/)
    const wrong = await command(['export', 'pdf', model])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('ondo export page')])
    const unknown = await command([
      'export',
      'page',
      model,
      '-p',
      'É',
      '-o',
      join(folder, 'no.html'),
    ])
    expect(unknown.code).toBe(2)
  })
})
