/** Shared by all stories of the studio: the site, a browser, and functions that operate and read the page. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { networkOf, promptIds, Writer } from '../../../src/index.js'
import { launchBrowser } from '../../support/browser.js'
import { openSite, type Site } from '../../support/studio-site.js'

export interface Shown {
  end: number
  id: number
  temperature: number
  coin: number | null
  chosen: boolean
  rank: number
  p: number
  surprisal: number
}

/** The object that the page offers to the console. */
interface Handle {
  text(): string
  records(): Shown[]
}
declare global {
  var ondo: Handle
}

export let site: Site
export let browser: Browser
/** Problems on any page: errors, refused requests, violations of the content policy. */
export const complaints: string[] = []
/** Addresses that any page or worker requested. */
export const requests: string[] = []

beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite(), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

/** Closes the pages, so that the page of a failed story does not write during the next ones. */
afterEach(() => Promise.all(browser.contexts().map(context => context.close())))

const textScale = Number(process.env.ONDO_TEXT_SIZE ?? 100) / 100
/** Viewport with space for three panes. It grows with the font size, because the layout does. */
export const WIDE = { width: 1280 * textScale, height: 800 * textScale }

/** Opens the studio. @param url address of another site than the shared one */
export async function visit(
  hash = '',
  options: BrowserContextOptions = {},
  url = site.url,
): Promise<Page> {
  const context = await browser.newContext({
    viewport: WIDE,
    locale: 'en-US',
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  context.on('request', request => requests.push(request.url()))
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(url + hash)
  await count(page, 1)
  return page
}

export const text = (page: Page): Promise<string> => page.evaluate(() => ondo.text())
export const records = (page: Page): Promise<Shown[]> => page.evaluate(() => ondo.records())

/** Waits until at least this many symbols are written. */
export async function count(page: Page, symbols: number): Promise<void> {
  await page.waitForFunction(n => typeof ondo === 'object' && ondo.records().length >= n, symbols, {
    polling: 20,
  })
}

/** Pauses the text and waits until the page shows it. */
export async function pause(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.waitForTimeout(150)
}

/**
 * Returns how many times slower than alone a program runs now: wall time divided by processor time.
 * Limits of waiting times are multiplied by it, because other tests run at the same time.
 */
export function contention(): number {
  const wall = performance.now()
  const { user, system } = process.cpuUsage()
  while (performance.now() - wall < 200);
  const used = process.cpuUsage({ user, system })
  return Math.max(1, (performance.now() - wall) / ((used.user + used.system) / 1000))
}

/** Clicks symbol n of the text, which is one text node while nothing is coloured. */
export async function clickSymbol(page: Page, n: number): Promise<void> {
  const at = await page.evaluate(place => {
    const nodes = [...document.querySelector('.text .block')!.childNodes]
    const node = nodes.find(each => each instanceof Text) as Text
    const range = document.createRange()
    range.setStart(node, place)
    range.setEnd(node, place + 1)
    const box = range.getBoundingClientRect()
    return [box.x + box.width / 2, box.y + box.height / 2]
  }, n)
  await page.mouse.click(at[0], at[1])
}

export const speed = (page: Page, value: string) => page.selectOption('#speed', value)
export const slider = (page: Page) => page.getByRole('slider', { name: /Temperature|温度/ })

/** Writes the same text in Node, with the temperatures of the records of the page. */
export async function inNode(
  temperatures: readonly number[],
  seed: number,
  prompt = site.model.prompt,
) {
  const ids = promptIds(site.model, prompt ?? '')
  const writer = new Writer(site.model, (await networkOf(site.model)).session(), ids, { seed })
  const positions = temperatures.map(T => writer.next(T))
  writer.dispose()
  return positions
}
