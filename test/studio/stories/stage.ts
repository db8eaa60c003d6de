/** What every story of the studio stands on: the site, a browser, and hands and eyes for the page. */
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

/** What the page puts into the console's reach. */
interface Handle {
  text(): string
  records(): Shown[]
}
declare global {
  var ondo: Handle
}

export let site: Site
export let browser: Browser
/** What went wrong on any page: errors, refused requests, breaches of the content policy. */
export const complaints: string[] = []
/** Addresses that any page or worker asked for. */
export const requests: string[] = []

beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite(), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

/** A failed story must not leave its page writing behind the others. */
afterEach(() => Promise.all(browser.contexts().map(context => context.close())))

const textScale = Number(process.env.ONDO_TEXT_SIZE ?? 100) / 100
/** Room for three panes, also with larger letters: the layout follows the size of the letters. */
export const WIDE = { width: 1280 * textScale, height: 800 * textScale }

/** @param url of another site than that of all stories */
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

/** Waits until so many symbols are written. */
export async function count(page: Page, symbols: number): Promise<void> {
  await page.waitForFunction(n => typeof ondo === 'object' && ondo.records().length >= n, symbols, {
    polling: 20,
  })
}

/** Waits until the page has settled on a pause. */
export async function pause(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.waitForTimeout(150)
}

/**
 * How many times slower than alone a program runs here now: wall time over processor time. Other
 * tests run beside this one, and what a visitor waits is not theirs to lengthen.
 */
export function contention(): number {
  const wall = performance.now()
  const { user, system } = process.cpuUsage()
  while (performance.now() - wall < 200);
  const used = process.cpuUsage({ user, system })
  return Math.max(1, (performance.now() - wall) / ((used.user + used.system) / 1000))
}

/** Clicks symbol n of the text, which has one text node while nothing is coloured. */
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

/** The same text written in Node, with the temperatures that the page says it used. */
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
