/** Stories of the text as a document: looking, choosing, branches, undo, other temperatures, the curve. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { networkOf, parseSchedule, promptIds, Writer } from '../../../src/index.js'
import { startSchedule } from '../../../src/temperature/index.js'
import { clickSymbol, count, inNode, pause, records, site, text, visit } from './stage.js'

const figure = (page: Page) => page.locator('.figure').inputValue()

/** Waits until the bars are those of a symbol. */
const waitForBarsOf = (page: Page, n: number) =>
  page
    .locator(`.next[data-step="${n}"] h2`, { hasText: `Character ${n + 1}` })
    .first()
    .waitFor()

/** Chooses the likeliest symbol by a digit key, or the second one if the likeliest is in the text. */
async function chooseAnother(page: Page): Promise<void> {
  const first = await page.locator('#next tbody tr').first().getAttribute('class')
  await page.keyboard.press(first?.includes('standing') ? '2' : '1')
}

/** Returns the index of the next visible symbol, which can be clicked. */
const nextVisible = (written: string, from: number): number => {
  let n = from
  while (/\s/.test(written[n])) n++
  return n
}

describe('a character', () => {
  it('shows why it was drawn, and can be replaced; undo and redo are exact', async () => {
    const page = await visit('#seed=6&t=0.9')
    await count(page, 40)
    await pause(page)
    const before = await text(page)
    const all = await records(page)
    const n = nextVisible(before, 12)
    await clickSymbol(page, n)
    await waitForBarsOf(page, n)
    // The bars belong to that step: the marked row is the drawn symbol with the probability of its record.
    const standing = page.locator('#next tr.standing')
    await standing.waitFor()
    expect(await standing.getAttribute('class')).toContain('drawn')
    expect(await page.locator('.why').textContent()).toContain(
      `Random number ${all[n].coin!.toFixed(3)}`,
    )

    // A digit chooses another symbol. The old text stays as a sibling.
    const rows = await page.locator('#next tbody tr').count()
    expect(rows).toBe(10)
    await chooseAnother(page)
    await page.waitForFunction(at => ondo.records().length === at + 1, n)
    const chosen = await records(page)
    expect(chosen[n]).toMatchObject({ chosen: true, coin: null })
    expect(chosen[n].id).not.toBe(all[n].id)
    expect(chosen.slice(0, n)).toEqual(all.slice(0, n))
    await page.keyboard.press(' ')
    await count(page, n + 20)
    await pause(page)
    const branch = await text(page)
    expect(branch.slice(0, n)).toBe(before.slice(0, n))

    await page.keyboard.press('Control+z')
    await page.waitForFunction(wanted => ondo.text() === wanted, before)
    expect(await records(page)).toEqual(all)
    expect(await page.locator('.text').textContent()).toBe(`ROMEO:\n${before}`)
    await page.keyboard.press('Control+y')
    await page.waitForFunction(wanted => ondo.text() === wanted, branch)
    expect(await page.locator('.text').textContent()).toBe(`ROMEO:\n${branch}`)

    // The margin shows the two branches from there.
    const fork = page.locator('.fork')
    expect(await fork.textContent()).toMatch(/2\/2/)
    await fork.getByRole('button', { name: 'Next way' }).click()
    await page.waitForFunction(wanted => ondo.text() === wanted, before)

    // The text after a choice equals the text that Node writes with the same choices and seed.
    await page.keyboard.press('Control+z')
    const model = site.model
    const writer = new Writer(
      model,
      (await networkOf(model)).session(),
      promptIds(model, model.prompt!),
      { seed: 6 },
    )
    let wanted = ''
    for (const { id, chosen: byHand } of (await records(page)).slice(0, n + 20)) {
      wanted += byHand ? writer.choose(id, 0.9).text : writer.next(0.9).text
    }
    writer.dispose()
    expect((await text(page)).slice(0, n + 20)).toBe(wanted)
  })

  it('is selected by arrow keys; Enter shows the alternatives', async () => {
    const page = await visit('#seed=8')
    await count(page, 15)
    await pause(page)
    const before = await text(page)
    await page.locator('.scroller').focus()
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowLeft')
    const n = before.length - 4
    await waitForBarsOf(page, n)
    expect(await page.locator('.page [aria-live]').textContent()).toContain(`character ${n + 1}`)
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.matches('.choose'))
    // The chosen symbol must differ from the one in the text.
    do await page.keyboard.press('ArrowDown')
    while (await page.evaluate(() => document.activeElement!.closest('.standing') !== null))
    const name = await page.evaluate(() => document.activeElement!.textContent)
    await page.keyboard.press('Enter')
    await page.waitForFunction(length => ondo.text().length === length, n + 1)
    const now = await text(page)
    expect(name).toContain(now[n] === ' ' ? 'space' : now[n] === '\n' ? 'new line' : now[n])
  })

  it('are chosen one after the other with digit keys', async () => {
    const page = await visit('#seed=3')
    await page.getByRole('button', { name: 'Choose', exact: true }).click()
    await page.waitForTimeout(150)
    const start = (await records(page)).length
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    for (const digit of ['1', '3', '1']) {
      const length = (await records(page)).length
      await page.keyboard.press(digit)
      await count(page, length + 1)
      await page.waitForTimeout(60)
    }
    const mine = (await records(page)).slice(start)
    expect(mine.map(({ rank }) => rank)).toEqual([1, 3, 1])
    expect(mine.every(({ chosen }) => chosen)).toBe(true)
  })
})

describe('other texts', () => {
  it('of the same seed are shown by one key, at a higher temperature and back', async () => {
    const page = await visit('#seed=12&t=0.8')
    await count(page, 25)
    await pause(page)
    const first = await text(page)
    await page.keyboard.press('u')
    await page.waitForFunction(
      old => ondo.text() !== old && ondo.text().length === old.length,
      first,
    )
    const warmer = Number(await figure(page))
    expect(warmer).toBeGreaterThan(0.8)
    const second = await text(page)
    // Node writes the same text at the temperature that the page shows.
    const wanted = await inNode(
      Array.from(second, () => warmer),
      12,
    )
    expect(second).toBe(wanted.map(({ text }) => text).join(''))
    await page.keyboard.press('d')
    await page.waitForFunction(old => ondo.text() === old, first)
  })

  it('are shown on a map, can be compared, and are restored after a reload', async () => {
    const page = await visit('#seed=21')
    await count(page, 30)
    await pause(page)
    const first = await text(page)
    await clickSymbol(page, nextVisible(first, 10))
    await waitForBarsOf(page, nextVisible(first, 10))
    await chooseAnother(page)
    await page.waitForFunction(old => !old.startsWith(ondo.text()), first)
    await page.getByRole('tab', { name: 'Branches' }).click()
    const items = page.getByRole('treeitem')
    await items.nth(1).waitFor()
    expect(await items.count()).toBe(2)
    expect(await items.nth(1).getAttribute('aria-level')).toBe('2')
    expect(await items.nth(1).getAttribute('aria-selected')).toBe('true')
    const second = await text(page)

    await page.selectOption('#compare', { index: 1 })
    const told = await page.locator('.partings li').textContent()
    expect(told).toContain(`At character ${nextVisible(first, 10) + 1}`)
    expect(told).toContain('was chosen where')
    expect(await page.locator('.columns mark').count()).toBe(2)
    await page.keyboard.press('Escape')
    expect(await page.locator('.view').count()).toBe(0)

    // The page says that the text is stored; a reload shows the same text and tree.
    await page.locator('[data-keeping=kept]').waitFor()
    await page.reload()
    await page.waitForFunction(old => ondo.text() === old, second)
    // The text is still paused.
    await page.getByRole('button', { name: 'Write', exact: true }).waitFor()
    await page.getByRole('treeitem').nth(1).waitFor()
    expect(await page.getByRole('treeitem').count()).toBe(2)
    await page.getByRole('treeitem').first().focus()
    await page.keyboard.press('Enter')
    await page.waitForFunction(old => ondo.text() === old, first)
  })

  it('stand side by side at other temperatures, drawn with the same random numbers', async () => {
    const page = await visit('#seed=5&t=0.8')
    await pause(page)
    await page.keyboard.press('l')
    await page.waitForFunction(() => document.querySelectorAll('.columns article').length === 4)
    const shown = await page.locator('.columns article').evaluateAll(all =>
      all.map(each => ({
        T: Number(each.querySelector('input')!.value),
        text: [...each.querySelector('.text')!.childNodes]
          .filter(node => !(node as Element).matches?.('.prompt'))
          .map(node => node.firstChild?.textContent ?? node.textContent)
          .join(''),
      })),
    )
    expect(shown.map(({ T }) => T)).toEqual([0.2, 0.5, 0.8, 1.2])
    const texts = await Promise.all(
      shown.map(async ({ T }) =>
        (await inNode(Array(400).fill(T), 5)).map(({ text }) => text).join(''),
      ),
    )
    for (const [i, { text }] of shown.entries()) expect(text.replaceAll('↵\n', '\n')).toBe(texts[i])
    const sentences = await page.locator('.partings li').allTextContents()
    expect(sentences).toHaveLength(6)
    // The first pair differs at the same symbol as in Node.
    let at = 0
    while (texts[0][at] === texts[1][at]) at++
    expect(sentences[0]).toContain(`At character ${at + 1} the random number`)
  })
})

describe('a cold text', () => {
  it('is reported as a loop, with its beginning and the temperature that leaves it', async () => {
    const page = await visit('#seed=1&t=0')
    await page.selectOption('#speed', 'fast')
    const note = page.locator('.loops')
    // A cold text reaches its loop after a while; an earlier repetition may still end.
    await count(page, 1200)
    for (;;) {
      await note.waitFor({ timeout: 50_000 })
      await pause(page)
      await page.waitForTimeout(300)
      if (await note.isVisible()) break
      // The repetition ended between the note and the pause.
      await page.getByRole('button', { name: 'Write', exact: true }).click()
    }
    const said = (await note.textContent())!.replace(/\s+/g, ' ')
    const [, period, start] =
      /It repeats itself: (\d+) characters?, .* from character ([\d,]+) on/.exec(said)!
    const tail = (await text(page)).slice(Number(start.replace(',', '')) - 1)
    expect(tail.slice(Number(period))).toBe(tail.slice(0, -Number(period)))
    expect(said).toMatch(/Above temperature [\d.]+ the same random numbers would have left it/)
  })
})

describe('a drawn temperature', () => {
  it('sets the temperatures as its written form says, and errors point at the character', async () => {
    const page = await visit('#seed=2')
    await pause(page)
    await page.keyboard.press('c')
    const field = page.getByRole('textbox', { name: 'As it is written' })
    await field.fill('0.4@0 1.6@40')
    await field.press('Enter')
    const point = page.getByRole('button', { name: /^Point 2: character 40/ })
    await point.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    expect(await field.inputValue()).toBe('0.4@0 1.59@44')
    await page.getByRole('button', { name: 'Write anew with it' }).click()
    await page.getByRole('button', { name: 'Write', exact: true }).click()
    await count(page, 60)
    await pause(page)
    const shown = await records(page)
    const at = startSchedule(parseSchedule('0.4@0 1.59@44'))
    const moment = { text: '', normalisedEntropy: () => 0, lastSurprisal: undefined, looping: 0 }
    const wanted = shown.map((_, position) => at({ ...moment, position }))
    expect(shown.map(({ temperature }) => temperature)).toEqual(wanted)
    expect(await text(page)).toBe((await inNode(wanted, 2)).map(({ text }) => text).join(''))
    // The link contains the schedule, too.
    await page.waitForTimeout(400)
    expect(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('t')).toBe('0.4@0 1.59@44')

    await field.fill('0.4@0 hot')
    await field.press('Enter')
    expect(await page.locator('.curve [role=alert]').textContent()).toContain('at character 7')
    expect(await field.evaluate(el => (el as HTMLInputElement).selectionStart)).toBe(6)
    // Moving the slider replaces the schedule.
    await page.getByRole('slider').focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Home')
    expect(await field.inputValue()).toBe('0')
  })

  it('can be tried on the bars alone, with Alt, while the text continues unchanged', async () => {
    const page = await visit('#seed=2&t=0.8')
    await page.getByRole('slider').focus()
    await page.keyboard.down('Alt')
    for (let i = 0; i < 3; i++) await page.keyboard.press('PageUp')
    await page.waitForFunction(() =>
      document.querySelector('#next .key.after')!.textContent!.includes('5'),
    )
    const written = (await records(page)).length
    await count(page, written + 5)
    await page.keyboard.up('Alt')
    await pause(page)
    expect((await records(page)).every(({ temperature }) => temperature === 0.8)).toBe(true)
    expect(await page.locator('#next .key.after').textContent()).toContain('0.80')
  })
})
