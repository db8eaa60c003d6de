/** Stories of writing: the first minute, changing the temperature, models, links. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeModel, generateText } from '../../../src/index.js'
import { smallModel } from '../../support/studio-site.js'
import {
  contention,
  count,
  inNode,
  pause,
  records,
  requests,
  slider,
  speed,
  text,
  visit,
} from './stage.js'

/** Maximum size of the code that the first load fetches, compressed, bytes. */
const FIRST_LOAD = 150_000

describe('the first minute', () => {
  it('loads at most 150 KB of compressed code, and no panel that was not opened', async () => {
    const before = requests.length
    await visit()
    const all = requests.slice(before).map(url => url.replace(/#.*/, ''))
    // Requests of the service worker are left out: they fill the cache for use without a network.
    const later = all.findIndex(url => url.endsWith('/sw.js'))
    const asked = later < 0 ? all : all.slice(0, later)
    const code = [...new Set(asked)].filter(url => /\/$|\.(js|css|html)$/.test(url))
    const sizes = await Promise.all(
      code.map(
        async url => gzipSync(new Uint8Array(await (await fetch(url)).arrayBuffer())).length,
      ),
    )
    expect(sizes.length).toBeGreaterThan(3)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FIRST_LOAD)
  })

  it('writes within a second of being opened', { retry: 2 }, async () => {
    const page = await visit()
    // The text began before this check, so the browser itself recorded the time of the first batch.
    const shown = await page.evaluate(() => performance.getEntriesByName('first text')[0].startTime)
    expect(shown).toBeLessThan(1000 * contention())
    expect(await page.title()).toContain('Ondo')
  })

  it('goes on writing from a prompt of the model, at 0.80, with seed 42', async () => {
    const page = await visit()
    await count(page, 20)
    await pause(page)
    const shown = await records(page)
    const wanted = await inNode(
      shown.map(() => 0.8),
      42,
    )
    expect(await text(page)).toBe(wanted.map(({ text }) => text).join(''))
    expect(await page.locator('.text').textContent()).toBe(`ROMEO:\n${await text(page)}`)
  })
})

describe('a move of the temperature', () => {
  it('applies to the next character and does not change earlier ones', async () => {
    const page = await visit('#t=0.4&seed=7')
    await speed(page, 'fast')
    await count(page, 100)
    const before = await records(page)
    const textBefore = await text(page)
    await slider(page).focus()
    const moves: [key: string, T: number][] = [
      ['PageUp', 0.5],
      ['PageUp', 1],
      ['ArrowLeft', 0.99],
      ['End', Number.POSITIVE_INFINITY],
      ['Home', 0],
      ['PageUp', 0.05],
      ['PageUp', 0.1],
    ]
    for (const [key, T] of moves) {
      await page.keyboard.press(key)
      await page.waitForFunction(wanted => ondo.records().at(-1)?.temperature === wanted, T)
    }
    await count(page, before.length + 100)
    await pause(page)
    const after = await records(page)
    const textAfter = await text(page)
    expect(textAfter.startsWith(textBefore)).toBe(true)
    expect(after.slice(0, before.length)).toEqual(before)
    const used = after.map(({ temperature }) => temperature)
    const inOrder = used.filter((T, n) => T !== used[n - 1])
    expect(inOrder).toEqual([0.4, ...moves.map(([, T]) => T)])
    // Node writes the expected text with the same model, seed and temperatures.
    const wanted = await inNode(used, 7)
    expect(textAfter).toBe(wanted.map(({ text }) => text).join(''))
    expect(after.map(({ coin, rank }) => ({ coin, rank }))).toEqual(
      wanted.map(({ coin, rank }) => ({ coin, rank })),
    )
    for (const [n, { p, surprisal }] of after.entries()) {
      expect(p).toBe(Math.fround(wanted[n].p))
      expect(surprisal).toBe(Math.fround(wanted[n].surprisal))
    }
  })

  it('by a schedule shows when its goal cannot be reached, and not with another goal', async () => {
    const page = await visit('#t=surprise 40&seed=7')
    await speed(page, 'fast')
    const note = page.locator('#sentence [role=status]')
    await note.getByText('surprise 40 was not reached').waitFor()
    await page.getByRole('button', { name: 'draw it' }).click()
    const field = page.locator('.curve input.mono')
    await field.fill('surprise 3')
    await field.press('Enter')
    await page.waitForFunction(
      () => !document.querySelector('#sentence [role=status]')!.textContent,
    )
    expect(await page.locator('#sentence').textContent()).toContain('follows surprise 3')
    const from = (await records(page)).length
    await count(page, from + 150)
    await pause(page)
    expect(await note.textContent()).toBe('')
  })

  it('moves the bars at once while the text is paused, and the next step follows them', async () => {
    const page = await visit('#t=1&seed=3')
    await count(page, 10)
    await pause(page)
    const written = (await records(page)).length
    const drawn = () => page.locator('#next tr.drawn .glyph').textContent()
    const coin = await page.locator('.coin-words').textContent()
    const box = page.getByRole('textbox', { name: 'Temperature as a number' })
    const shares = async () =>
      (await page.locator('#next td.share.now').allTextContents()).map(share => share.trim())
    const seen = new Set<string>()
    for (const T of ['0', '0,5', '1', '3', '∞']) {
      await box.fill(T)
      await box.press('Enter')
      seen.add((await shares()).join())
      expect((await records(page)).length).toBe(written)
    }
    expect(seen.size).toBe(5)
    // The coin does not depend on the temperature.
    await box.fill('1')
    await box.press('Enter')
    expect(await page.locator('.coin-words').textContent()).toBe(coin)
    const foretold = await drawn()
    await page.getByRole('button', { name: 'One character' }).click()
    await count(page, written + 1)
    const last = (await text(page)).at(-1)!
    expect(last === ' ' ? '␣' : last === '\n' ? '↵' : last).toBe(foretold)
  })

  it('shows shares that sum to one, before and after', async () => {
    const page = await visit('#t=2&seed=5')
    await pause(page)
    for (const column of ['td.share:not(.now)', 'td.share.now']) {
      const shares = await page.locator(`#next ${column}`).allTextContents()
      expect(shares).toHaveLength(10)
      const sum = shares.reduce(
        (total, share) => total + Number.parseFloat(share.replace(/[<>]/, '')),
        0,
      )
      expect(sum).toBeGreaterThan(98)
      expect(sum).toBeLessThan(102)
    }
    expect(await page.locator('#next tr.drawn').count()).toBe(1)
  })
})

describe('models', () => {
  it('that are damaged are refused with a sentence, and the text continues', async () => {
    const page = await visit()
    await page.selectOption('.model', 'broken')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toMatch(/The model could not be opened\. .{20}/)
    const written = (await records(page)).length
    await count(page, written + 5)
  })

  it("of one's own open from a file, are listed, and are open again after a reload", async () => {
    const page = await visit('#seed=4')
    const bytes = smallModel(12, 'Mine')
    await page.getByLabel('Open files…').setInputFiles({
      name: 'mine.safetensors',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(bytes),
    })
    await page.waitForFunction(() => /model=own\./.test(location.hash))
    const wanted = generateText(await decodeModel(bytes), { seed: 4, temperature: 0.8, length: 5 })
    await count(page, 5)
    expect((await text(page)).slice(0, 5)).toBe(await wanted)
    await page.reload()
    await count(page, 5)
    expect((await text(page)).slice(0, 5)).toBe(await wanted)
    const chosen = page.locator('.model option:checked')
    expect(await chosen.textContent()).toBe('Mine')
  })
})

describe('a link', () => {
  it('gives the same text to somebody else', async () => {
    const page = await visit('#t=1.3&seed=99&prompt=Hello')
    await count(page, 30)
    await page.waitForTimeout(400)
    const hash = new URL(page.url()).hash
    const fields = new URLSearchParams(hash.slice(1))
    expect(Object.fromEntries(fields)).toEqual({
      model: 'small',
      prompt: 'Hello',
      seed: '99',
      t: '1.3',
    })
    const here = (await text(page)).slice(0, 30)
    const other = await visit(hash)
    await count(other, 30)
    expect((await text(other)).slice(0, 30)).toBe(here)
  })
})
