/**
 * Stories with a virtual screen reader that reads and operates the page. For each element it reports
 * what assistive technology receives: role, name, description, state.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { count, pause, records, visit } from './stage.js'

/** The reader as one file for browsers; its export becomes a property of the page, like that of axe. */
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

/** Starts the reader before the first element. */
async function startReader(page: Page): Promise<void> {
  await page.evaluate(reader)
  await page.evaluate(() => virtual.start({ container: document.body }))
}

/** Reads to the end of the page. @returns all phrases */
function readAll(page: Page): Promise<string[]> {
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

/** Reads on until a phrase has this beginning. @returns the phrase */
async function readUntil(page: Page, beginning: string): Promise<string> {
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

/** Returns the announcements of live regions. */
const announcements = async (page: Page): Promise<string[]> =>
  (await page.evaluate(() => virtual.spokenPhraseLog())).filter(phrase =>
    /^(polite|assertive): /.test(phrase),
  )

/** Roles that need a name to be understood. */
const NAMED =
  /^(button|checkbox|combobox|dialog|figure|group|heading|image|meter|option|radio|region|slider|spinbutton|switch|tab|table|tablist|tabpanel|textbox|tree|treeitem)\b/

describe('with a screen reader', () => {
  for (const [locale, tabs] of [
    ['en-US', ['Text', 'Train', 'Lessons', 'Next', 'Branches', 'Sweep', 'Inside']],
    ['ja-JP', ['本文', '学習', 'レッスン', '次', '分岐', '温度を比べる', '内部']],
  ] as const) {
    it(`every control has a name, in the order of use: ${locale}`, async () => {
      const page = await visit('#seed=5', { locale, reducedMotion: 'reduce' })
      await page.keyboard.press(' ')
      await startReader(page)
      for (const tab of tabs) {
        await page.getByRole('tab', { name: tab, exact: true }).click()
        await page.getByRole('tabpanel', { name: tab, exact: true }).waitFor()
        await page.waitForLoadState('networkidle')
        await page.evaluate(() => virtual.stop())
        await startReader(page)
        const said = await readAll(page)
        expect(said, tab).toEqual(
          expect.arrayContaining([expect.stringMatching(`^tab, ${tab}, selected`)]),
        )
        const nameless = said.filter(
          // `figure` and `group` need no name if their parts have names.
          phrase =>
            NAMED.test(phrase) && !/^\w+, ./.test(phrase) && !/^(figure|group)$/.test(phrase),
        )
        expect(nameless, tab).toEqual([])
        // A term is read before its explanation.
        for (const [i, phrase] of said.entries()) {
          if (phrase === 'term') expect(said[i + 1], tab).not.toMatch(/^(end of term|definition)$/)
        }
        const order = ['banner', 'main', 'contentinfo'].map(mark => said.indexOf(mark))
        expect(order, tab).toEqual([...order].sort((a, b) => a - b))
        expect(order, tab).not.toContain(-1)
      }
    })
  }

  it('a reader writes, changes the temperature, chooses a character and hears the result', async () => {
    const page = await visit('#seed=5&t=0.8', { reducedMotion: 'reduce' })
    await pause(page)
    await startReader(page)
    const slider = await readUntil(page, 'slider, Temperature')
    expect(slider).toContain('current value 0.80, a little cautious')
    await readUntil(page, 'button, Warmer')
    await act(page)
    expect(await readUntil(page, 'slider, Temperature')).not.toContain('current value 0.80')
    await readUntil(page, 'button, Write')
    const before = (await records(page)).length
    await act(page)
    await count(page, before + 20)
    await readUntil(page, 'button, Pause')
    await act(page)
    await page.waitForTimeout(300)
    // The text grew by dozens of characters, and only a few sentences were announced.
    const told = await announcements(page)
    expect(told.some(phrase => /paused, \d+ characters/.test(phrase))).toBe(true)
    expect(told.length).toBeLessThan(8)
    const written = (await records(page)).length
    expect(told.filter(phrase => phrase.includes('paused')).at(-1)).toContain(
      `${written} characters`,
    )
    // The second row of the table is not the symbol that would be drawn.
    const choices = [
      await readUntil(page, 'button, Choose '),
      await readUntil(page, 'button, Choose '),
    ]
    expect(new Set(choices).size).toBe(2)
    const other = choices.find(choice => !choice.includes('will be drawn'))!
    await readUntil(page, other)
    await act(page)
    await count(page, written + 1)
    expect((await records(page))[written].chosen).toBe(true)
  })
})
