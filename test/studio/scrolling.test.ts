/**
 * Whatever may scroll can be reached and scrolled by key, and has a name: on every tab and view of the
 * studio, on the page of `ondo export page` and that of `ondo sweep`, with large letters and with the
 * fonts of other machines. What may scroll is read from the styles: whether it has more than it shows
 * depends on fonts.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from '../support/axe.js'
import { launchBrowser, textSize } from '../support/browser.js'
import { ondo as command } from '../support/command.js'
import { cutOff, scrollRules, unreachable } from '../support/scrolling.js'
import { openSite, type Site, smallModel } from '../support/studio-site.js'

const folder = mkdtempSync(join(tmpdir(), 'ondo-scrolling-'))
const WIDE = { width: 1280, height: 800 }
const NARROW = { width: 390, height: 844 }
let site: Site

beforeAll(async () => {
  site = await openSite()
  writeFileSync(join(folder, 'model.safetensors'), smallModel())
})
afterAll(async () => {
  await site?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Called where there is something new to see. */
type Look = (page: Page, where: string) => Promise<void>

const onFirst = (page: Page, act: (element: HTMLElement) => void, selector: string) =>
  page.locator(selector).first().evaluate(act)

/** Opens a tab, on a narrow page in its sheet. */
async function openTab(page: Page, id: string, side: 'left' | 'right'): Promise<void> {
  const tab = page.locator(`#tab-${id}`)
  const opener = page.locator(side === 'left' ? '.to-setup' : '.to-next')
  if (!(await tab.isVisible())) await opener.click()
  await tab.click()
  await page.locator(`#${id} .stack > *`).first().waitFor()
}

/** Presses a key of the page, from no field. */
async function press(page: Page, key: string): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press(key)
}

/** Click by program: on a narrow page some buttons lie under a sheet. */
const click = (page: Page, selector: string) => onFirst(page, element => element.click(), selector)

async function tourLeft(page: Page, look: Look): Promise<void> {
  await openTab(page, 'text', 'left')
  await page.fill('#prompt', 'long\n'.repeat(20))
  await look(page, 'text')
  await openTab(page, 'train', 'left')
  await look(page, 'train')
  await openTab(page, 'lessons', 'left')
  await click(page, '.lessons h2 button')
  await page.locator('#lesson-0 .task').waitFor()
  await click(page, '.game > button')
  await page.locator('.game blockquote[aria-busy=false]').waitFor()
  await look(page, 'lessons, a game')
  await openTab(page, 'text', 'left')
  await page.locator('.lesson-bar').waitFor()
  await look(page, 'a lesson over the page')
  await click(page, '.lesson-bar > button')
}

async function tourSweep(page: Page, look: Look): Promise<void> {
  await openTab(page, 'sweep', 'right')
  await page.fill('#sweep-temperatures', '0.5,1')
  await page.fill('#sweep-seeds', '2')
  await page.selectOption('#sweep-length', '200')
  await click(page, '.sweep-start')
  await page.locator('.sweep-keep').waitFor()
  await click(page, '#sweep details > summary')
  await page.locator('.sweep-figure [tabindex="0"]').focus()
  await page.keyboard.press('Enter')
  await page.locator('.sweep-text').waitFor()
  await look(page, 'sweep, its table and a text')
}

async function tourRight(page: Page, look: Look): Promise<void> {
  await openTab(page, 'next', 'right')
  await page.locator('.scroller').focus()
  await page.keyboard.press('ArrowLeft')
  await page.locator('.why').waitFor()
  await look(page, 'next, why')
  await openTab(page, 'branches', 'right')
  // Two branches, to be compared.
  await press(page, 'r')
  await press(page, ' ')
  await page.waitForFunction(() => ondo.records().length >= 5)
  await press(page, ' ')
  await page.locator('#compare').waitFor()
  await look(page, 'branches')
  await page.selectOption('#compare', { index: 1 })
  await page.locator('.columns').waitFor()
  await look(page, 'two branches side by side')
  await press(page, 'Escape')
  await tourSweep(page, look)
  await openTab(page, 'inside', 'right')
  await page.locator('.inside-text [data-n]').first().waitFor()
  await look(page, 'inside')
  await click(page, '#inside-guesses')
  await page.locator('.inside-text.expanded').waitFor()
  await look(page, 'inside, with guesses')
  await openTab(page, 'next', 'right')
}

async function tourOver(page: Page, look: Look): Promise<void> {
  await press(page, 'l')
  await page.locator('.partings').waitFor()
  await look(page, 'the same seed in columns')
  await press(page, 'Escape')
  await press(page, 'k')
  await page.locator('.chain select.add').selectOption({ index: 1 })
  await page.locator('.chain .settings').waitFor()
  await look(page, 'the chain')
  await press(page, 'k')
  await press(page, 'c')
  await page.locator('.curve').waitFor()
  await look(page, 'the curve')
  await press(page, 'c')
  await press(page, '?')
  await page.locator('dialog[open] .key-list').first().waitFor()
  await look(page, 'the keys')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.locator('dialog.palette[open]').waitFor()
  await look(page, 'all commands')
  await page.keyboard.press('Escape')
  await click(page, 'header .share')
  await page.locator('dialog.share-sheet[open]').waitFor()
  await look(page, 'share')
  await page.keyboard.press('Escape')
}

/** Every tab, view, drawer and dialog of the studio. */
async function tour(page: Page, look: Look): Promise<void> {
  page.setDefaultTimeout(6_000)
  await page.goto(`${site.url}#seed=6&t=0.9`)
  await page.waitForFunction(() => ondo.records().length >= 30)
  await press(page, ' ')
  await look(page, 'writing')
  await tourLeft(page, look)
  await tourRight(page, look)
  await tourOver(page, look)
  if ((await page.evaluate(() => document.documentElement.lang)) !== 'ja') return
  await openTab(page, 'text', 'left')
  await page.getByRole('switch', { name: '縦書き' }).click()
  await page.locator('.scroller.vertical').waitFor()
  await look(page, 'lines from top to bottom')
}

const APPEARANCES = [
  { locale: 'en-US', viewport: WIDE },
  { locale: 'ja-JP', viewport: WIDE },
  { locale: 'en-US', viewport: NARROW },
  { locale: 'ja-JP', viewport: NARROW },
] as const

describe('at a text size of 150%', () => {
  /** Every rule of the styles that lets something scroll, and whether the tours met it. */
  const rules = new Map<string, boolean>()
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser(undefined, textSize('150'))
  })
  afterAll(() => browser?.close())

  it.each(APPEARANCES)(
    'the studio can be reached by key, whole: $locale, $viewport.width wide',
    {
      timeout: 120_000,
    },
    async dress => {
      const page = await (await browser.newContext({ ...dress, reducedMotion: 'reduce' })).newPage()
      const wrong: string[] = []
      await tour(page, async (at, where) => {
        const found = [...(await unreachable(at)), ...(await cutOff(at)), ...(await violations(at))]
        wrong.push(...found.map(each => `${where}: ${each}`))
        for (const [selector, seen] of await scrollRules(at)) {
          rules.set(selector, seen || (rules.get(selector) ?? false))
        }
      })
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe(
        '24px',
      )
      await page.context().close()
      expect(wrong).toEqual([])
    },
  )

  it('covers every CSS rule that lets something scroll', () => {
    expect(rules.size).toBeGreaterThan(8)
    expect([...rules].filter(([, seen]) => !seen)).toEqual([])
  })

  it('scrolls every scrolling part by key', async () => {
    const page = await (await browser.newContext({ viewport: WIDE })).newPage()
    await page.goto(`${site.url}#seed=6&t=0.9`)
    await page.waitForFunction(() => ondo.records().length >= 30)
    await press(page, ' ')
    await tourSweep(page, async at => {
      for (const selector of ['.sweep-text', '#sweep']) {
        const region = at.locator(selector)
        await region.evaluate(element => {
          element.style.maxHeight = '4rem'
          element.scrollTop = 0
          element.focus()
        })
        await at.keyboard.press('PageDown')
        await at.waitForFunction(name => document.querySelector(name)!.scrollTop > 10, selector)
      }
    })
    await page.context().close()
  })

  for (const { locale, viewport } of APPEARANCES) {
    const language = locale.slice(0, 2)
    it(`scrolls the exported page and the page of the sweep by key: ${language}, ${viewport.width} wide`, async () => {
      const made = join(folder, `${language}.html`)
      const swept = join(folder, language)
      const env = { LANG: language === 'ja' ? 'ja_JP.UTF-8' : 'en_US.UTF-8' }
      const model = join(folder, 'model.safetensors')
      const sweeping = ['sweep', model, '-T', '0.5,1', '--seeds', '2', '--length', '600']
      for (const args of [
        ['export', 'page', model, '--out', made],
        [...sweeping, '--out', swept],
      ]) {
        if (existsSync(args[args.length - 1])) continue
        expect(await command(args, { env })).toMatchObject({ code: 0 })
      }
      const pages = [
        made,
        ...readdirSync(swept, { recursive: true, encoding: 'utf8' }).map(name => join(swept, name)),
      ]
      const files = pages.filter(name => name.endsWith('.html'))
      expect(files.length).toBeGreaterThan(1)
      const context = await browser.newContext({ locale, viewport })
      for (const file of files) {
        const page = await context.newPage()
        await page.goto(String(pathToFileURL(file)))
        if (file === made) {
          await page.waitForFunction(() => ondo.text().length > 0)
          await page.locator('.go').click()
        }
        await page.evaluate(() => {
          for (const each of document.querySelectorAll('details')) each.open = true
        })
        expect(await page.evaluate(() => document.documentElement.lang)).toBe(language)
        expect([
          ...(await unreachable(page)),
          ...(await cutOff(page)),
          ...(await violations(page)),
        ]).toEqual([])
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
          file,
        ).toBeLessThanOrEqual(0)
      }
      await context.close()
    })
  }
})

/** The folders of fonts on this machine whose name holds a word. */
function fontFolders(word: string): string[] {
  const root = '/usr/share/fonts'
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.toLowerCase().includes(word))
    .map(entry => entry.parentPath)
    .filter((path, i, all) => all.indexOf(path) === i)
}

describe.each([
  ['DejaVu', 'dejavu'],
  ['Liberation', 'liberation'],
  ['Noto CJK', 'cjk'],
])('with %s and no other fonts', (_, word) => {
  const folders = fontFolders(word)

  it.skipIf(folders.length === 0)(
    'what scrolls can be reached by key',
    {
      timeout: 120_000,
    },
    async () => {
      const home = join(folder, word)
      mkdirSync(home)
      const config = join(home, 'fonts.conf')
      const list = folders.map(path => `<dir>${path}</dir>`).join('')
      writeFileSync(
        config,
        `<?xml version="1.0"?><fontconfig>${list}<cachedir>${home}</cachedir></fontconfig>`,
      )
      const browser = await launchBrowser(undefined, [], { FONTCONFIG_FILE: config })
      const dress = word === 'cjk' ? APPEARANCES[3] : APPEARANCES[0]
      const page = await (await browser.newContext({ ...dress, reducedMotion: 'reduce' })).newPage()
      const wrong: string[] = []
      await tour(page, async (at, where) => {
        const found = await violations(at, ['scrollable-region-focusable'])
        wrong.push(...[...found, ...(await unreachable(at))].map(each => `${where}: ${each}`))
      }).finally(() => browser.close())
      expect(wrong).toEqual([])
    },
  )
})
