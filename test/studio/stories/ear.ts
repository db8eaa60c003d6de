/**
 * By ear: a virtual screen reader walks the page and works it. What it says of a thing is what
 * assistive technology is given: role, name, description, state.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { count, pause, records, visit } from './stage.js'

/** One file for browsers; its export becomes a property of the page, as axe's is. */
const reader = readFileSync(
  createRequire(import.meta.url).resolve('@guidepup/virtual-screen-reader/browser.js'),
  'utf8',
).replace(/export\s*\{[^}]*?([\w$]+) as virtual\b[^}]*\};?/, 'globalThis.virtual = $1;')

interface Reader {
  start(options: { container: Node }): Promise<void>
  stop(): Promise<void>
  next(): Promise<void>
  act(): Promise<void>
  lastSpokenPhrase(): Promise<string>
  spokenPhraseLog(): Promise<string[]>
}
declare global {
  var virtual: Reader
}

/** Turns the reader on; it stands before the first thing. */
async function listen(page: Page): Promise<void> {
  await page.evaluate(reader)
  await page.evaluate(() => virtual.start({ container: document.body }))
}

/** Walks to the end of the page. @returns what was said on the way */
function walk(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const said: string[] = []
    for (let i = 0; i < 1500; i++) {
      const phrase = await virtual.lastSpokenPhrase()
      said.push(phrase)
      if (phrase === 'end of document') return said
      await virtual.next()
    }
    throw new Error('The page has no end.')
  })
}

/** Walks on until something is said that begins so, then does what one does there. */
async function find(page: Page, beginning: string): Promise<string> {
  return page.evaluate(async wanted => {
    for (let i = 0; i < 3000; i++) {
      await virtual.next()
      const phrase = await virtual.lastSpokenPhrase()
      if (phrase.startsWith(wanted)) return phrase
    }
    throw new Error(`Nothing on the page begins with “${wanted}”.`)
  }, beginning)
}
const act = (page: Page): Promise<void> => page.evaluate(() => virtual.act())

/** What was announced by itself, after so much had been said. */
const announced = async (page: Page): Promise<string[]> =>
  (await page.evaluate(() => virtual.spokenPhraseLog())).filter(phrase =>
    /^(polite|assertive): /.test(phrase),
  )

/** Roles that say nothing without a name. */
const NAMED =
  /^(button|checkbox|combobox|dialog|figure|group|heading|image|meter|option|radio|region|slider|spinbutton|switch|tab|table|tablist|tabpanel|textbox|tree|treeitem)\b/

describe('by ear', () => {
  for (const [locale, tabs] of [
    ['en-US', ['Text', 'Train', 'Lessons', 'Next', 'Branches', 'Sweep', 'Inside']],
    ['ja-JP', ['本文', '学習', '手ほどき', '次', '枝', '掃引', '内部']],
  ] as const) {
    it(`everything has a name, in the order in which one needs it: ${locale}`, async () => {
      const page = await visit('#seed=5', { locale, reducedMotion: 'reduce' })
      await page.keyboard.press(' ')
      await listen(page)
      for (const tab of tabs) {
        await page.getByRole('tab', { name: tab, exact: true }).click()
        await page.getByRole('tabpanel', { name: tab, exact: true }).waitFor()
        await page.waitForLoadState('networkidle')
        await page.evaluate(() => virtual.stop())
        await listen(page)
        const said = await walk(page)
        expect(said, tab).toEqual(
          expect.arrayContaining([expect.stringMatching(`^tab, ${tab}, selected`)]),
        )
        const nameless = said.filter(
          // `figure` and `group` may be there for the eye alone: their parts have names.
          phrase =>
            NAMED.test(phrase) && !/^\w+, ./.test(phrase) && !/^(figure|group)$/.test(phrase),
        )
        expect(nameless, tab).toEqual([])
        // A word that is explained is said before its explanation.
        for (const [i, phrase] of said.entries()) {
          if (phrase === 'term') expect(said[i + 1], tab).not.toMatch(/^(end of term|definition)$/)
        }
        const order = ['banner', 'main', 'contentinfo'].map(mark => said.indexOf(mark))
        expect(order, tab).toEqual([...order].sort((a, b) => a - b))
        expect(order, tab).not.toContain(-1)
      }
    })
  }

  it('one writes, turns the temperature, chooses a character and hears what came of it', async () => {
    const page = await visit('#seed=5&t=0.8', { reducedMotion: 'reduce' })
    await pause(page)
    await listen(page)
    const slider = await find(page, 'slider, Temperature')
    expect(slider).toContain('current value 0.80, a little cautious')
    await find(page, 'button, Warmer')
    await act(page)
    expect(await find(page, 'slider, Temperature')).not.toContain('current value 0.80')
    await find(page, 'button, Write')
    const before = (await records(page)).length
    await act(page)
    await count(page, before + 20)
    await find(page, 'button, Pause')
    await act(page)
    await page.waitForTimeout(300)
    // The text grew by dozens of characters; what was said of it by itself are a few sentences.
    const told = await announced(page)
    expect(told.some(phrase => /paused, \d+ characters/.test(phrase))).toBe(true)
    expect(told.length).toBeLessThan(8)
    const written = (await records(page)).length
    expect(told.filter(phrase => phrase.includes('paused')).at(-1)).toContain(
      `${written} characters`,
    )
    // The second of the table: not the one that would be drawn.
    const choices = [await find(page, 'button, Choose '), await find(page, 'button, Choose ')]
    expect(new Set(choices).size).toBe(2)
    const other = choices.find(choice => !choice.includes('will be drawn'))!
    await find(page, other)
    await act(page)
    await count(page, written + 1)
    expect((await records(page))[written].chosen).toBe(true)
  })
})
