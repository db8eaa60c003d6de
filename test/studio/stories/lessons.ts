/** Stories of the six lessons, done as a learner does them, and of the game. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { violations } from '../../support/axe.js'
import { clickSymbol, count, inNode, pause, slider, speed, text, visit } from './stage.js'

const bar = (page: Page) => page.locator('.lesson-bar')
/** The message that appears once the task is done, wherever the lesson is shown. */
const outcome = (page: Page) => page.locator('.outcome').filter({ visible: true })

/** Whether the task is not done yet. */
const isOpen = async (page: Page): Promise<boolean> =>
  (await page.locator('.outcome p').count()) === 0

async function isDone(page: Page, word: string | RegExp): Promise<void> {
  await outcome(page).getByText(word).waitFor()
}

async function setTemperature(page: Page, T: string): Promise<void> {
  await page.fill('.figure', T)
  await page.press('.figure', 'Enter')
}

async function openNextLesson(page: Page, name: RegExp): Promise<void> {
  await outcome(page).getByRole('button', { name }).click()
  // The new task must not count as done at its start.
  expect(await isOpen(page)).toBe(true)
}

/** Returns the index of the next visible symbol, which can be clicked. */
const nextVisible = (written: string, from: number): number =>
  from + written.slice(from).search(/\S/)

describe('lessons', () => {
  it('are completed with the real controls, one after the other, and marked as done', async () => {
    const page = await visit('?lesson=1#seed=6&t=0.9')
    await page.locator('#lesson-0 .task').waitFor()
    expect(await bar(page).count()).toBe(0)
    expect(await page.locator('.lessons .done').count()).toBe(0)
    await count(page, 30)
    // 1: a character and what else could have stood there.
    await pause(page)
    expect(await isOpen(page)).toBe(true)
    await clickSymbol(page, nextVisible(await text(page), 8))
    await isDone(page, /All of these could have stood there/)
    expect(await violations(page), 'a lesson that is done').toEqual([])
    // 2: neither hot alone nor hot before cold completes the task.
    await openNextLesson(page, /What temperature does/)
    await page.waitForFunction(
      () => location.search === '' && /lesson=temperature/.test(location.hash),
    )
    await setTemperature(page, '2')
    await setTemperature(page, '0.3')
    await page.waitForTimeout(200)
    expect(await isOpen(page)).toBe(true)
    await slider(page).focus()
    for (let i = 0; i < 3; i++) await page.keyboard.press('PageUp')
    await isDone(page, /Nobody changed places/)
    // 3: another tab replaces the lessons, and the task is shown above the page.
    await openNextLesson(page, /The random number/)
    await page.getByRole('button', { name: 'Write', exact: true }).click()
    const first = (await text(page)).slice(0, 20)
    await page.locator('#tab-text').click()
    await bar(page).waitFor()
    expect(await bar(page).locator('.task').textContent()).toContain('Take another seed')
    await page.fill('#seed', '77')
    await page.press('#seed', 'Enter')
    await page.waitForFunction(old => !ondo.text().startsWith(old), first)
    expect(await isOpen(page)).toBe(true)
    await page.fill('#seed', '6')
    await page.press('#seed', 'Enter')
    await isDone(page, /The same seed, the same random numbers/)
    // 4: colours alone do not complete the task.
    await setTemperature(page, '0.8')
    await openNextLesson(page, /Surprise/)
    await page.selectOption('#tint', 'surprise')
    await page.waitForTimeout(150)
    expect(await isOpen(page)).toBe(true)
    await setTemperature(page, '1,4')
    await isDone(page, /the less the model expected/)
    await page.selectOption('#tint', 'none')
    // 5: another branch.
    await openNextLesson(page, /Another way/)
    await count(page, 30)
    await pause(page)
    await clickSymbol(page, nextVisible(await text(page), 10))
    await page.locator('.why').waitFor()
    expect(await isOpen(page)).toBe(true)
    await page.locator('#next tbody tr:not(.standing) .choose').first().click()
    await isDone(page, /Up to your choice both texts are one/)
    expect(await page.locator('.fork').last().textContent()).toContain('2/2')
    // 6: into a loop, as the page reports, and out again.
    await openNextLesson(page, /Why low temperature loops/)
    await setTemperature(page, '0')
    await speed(page, 'full')
    await page.getByRole('button', { name: 'Write', exact: true }).click()
    await page.locator('.loops').waitFor({ timeout: 40_000 })
    expect(await isOpen(page)).toBe(true)
    await setTemperature(page, '0.7')
    await isDone(page, /the way out/)
    await pause(page)
    await outcome(page).getByRole('button').click()
    expect(await bar(page).count()).toBe(0)
    // The progress is stored locally; the address names no lesson any more.
    await page.waitForFunction(() => !/lesson/.test(location.href))
    await page.reload()
    await page.locator('#tab-lessons').click()
    await page.locator('.lessons .done').nth(5).waitFor()
  }, 90_000)

  it('are completed on a phone, in Japanese, by a link of a teacher that hides the rest', async () => {
    const page = await visit('#lesson=coin&seed=4&hide=train.lessons.sweep.inside.model', {
      viewport: { width: 390, height: 844 },
      locale: 'ja-JP',
      hasTouch: true,
    })
    await bar(page).waitFor()
    expect(await bar(page).getAttribute('aria-label')).toBe('レッスン 3')
    expect(await bar(page).locator('details').getAttribute('open')).toBe('')
    expect(await bar(page).locator('.task').textContent()).toContain('初めのシードに戻して')
    expect(await page.locator('#tab-train, #tab-lessons, .model:visible').count()).toBe(0)
    expect(await page.locator('.scroller').evaluate(el => el.clientHeight)).toBeGreaterThan(180)
    expect(await violations(page), 'the bar').toEqual([])
    await page.locator('.to-setup').tap()
    await page.fill('#seed', '４５')
    await page.press('#seed', 'Enter')
    await page.waitForFunction(() => /seed=45/.test(location.hash))
    expect(await isOpen(page)).toBe(true)
    await page.fill('#seed', '4')
    await page.press('#seed', 'Enter')
    await isDone(page, '同じシードなら同じ乱数')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    // The address keeps the hidden parts and the lesson of the teacher's link.
    await page.waitForFunction(() => /lesson=coin/.test(location.hash))
    expect(page.url()).toContain('hide=train.lessons.sweep.inside.model')
    await bar(page).getByRole('button', { name: 'レッスンを閉じる' }).tap()
    expect(await bar(page).count()).toBe(0)
  })

  it('open by a link within the page, and do not change its text', async () => {
    const page = await visit('#seed=9')
    await count(page, 20)
    await page.evaluate(() => {
      location.hash = '#lesson=6'
    })
    await page.locator('#lesson-5 .task').waitFor()
    // A shared link contains the lesson.
    await page.getByRole('button', { name: 'Share' }).click()
    const link = await page.getByLabel('Link to this very text').inputValue()
    expect(new URLSearchParams(new URL(link).hash.slice(1)).get('lesson')).toBe('loop')
    await page.keyboard.press('Escape')
    const before = await text(page)
    await page.evaluate(() => {
      location.hash = '#lesson=5'
    })
    await page.locator('#lesson-4 .task').waitFor()
    expect((await text(page)).startsWith(before)).toBe(true)
    // An unknown lesson opens the page as usual.
    const other = await visit('?lesson=7#seed=9')
    await count(other, 5)
    expect(await other.locator('.lesson-bar, .lessons').count()).toBe(0)
  })
})

describe('the game', () => {
  it('hides the temperature until a guess, then shows it, and counts the points', async () => {
    const page = await visit('#seed=2')
    await pause(page)
    await page.locator('#tab-lessons').click()
    const game = page.locator('.game')
    const CHOICES = [0.2, 0.6, 1, 1.6]
    const rounds: readonly (readonly [secret: number, guess: number])[] = [
      [1, 1],
      [0.2, 1.6],
      [1.6, 1.6],
    ]
    for (const [round, [secret, guess]] of rounds.entries()) {
      // Replaces the random numbers for the secret temperature and the seed of the passage.
      await page.evaluate(
        ([place, seed]) => {
          Math.random = () => place
          crypto.getRandomValues = array => {
            ;(array as unknown as Uint32Array)[0] = seed
            return array
          }
        },
        [CHOICES.indexOf(secret) / CHOICES.length, 100 + round],
      )
      await game.getByRole('button', { name: /passage/ }).click()
      const passage = game.locator('blockquote[aria-busy=false]')
      await passage.waitFor()
      // The passage was written at the secret temperature: Node writes the same text.
      const wanted = await inNode(Array<number>(220).fill(secret), 100 + round)
      expect(await passage.textContent()).toBe(wanted.map(({ text }) => text).join(''))
      expect(await passage.getAttribute('style')).not.toContain('heat-')
      expect(await game.locator('[role=status]').textContent()).not.toContain('It was')
      const choices = game.getByRole('group').getByRole('button')
      expect((await choices.allTextContents()).map(Number)).toEqual(CHOICES)
      await choices.nth(CHOICES.indexOf(guess)).click()
      const said = await game.locator('[role=status]').textContent()
      expect(said).toContain(guess === secret ? 'Right: it was ' : 'It was ')
      expect(said).toContain(`was ${secret.toFixed(2)}.`)
      expect(await choices.nth(0).isDisabled()).toBe(true)
    }
    expect(await game.locator('[role=status]').textContent()).toContain('2 of 3')
  })
})
