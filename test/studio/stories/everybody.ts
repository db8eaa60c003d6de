/** Stories of accessibility: axe, contrast, light and dark, narrow screens, languages, less motion. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { violations } from '../../support/axe.js'
import { count, pause, slider, text, visit } from './stage.js'

describe('accessibility', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const locale of ['en-US', 'ja-JP']) {
      it(`violates no rule of axe: ${colorScheme}, ${locale}`, async () => {
        const page = await visit('', { colorScheme, locale, reducedMotion: 'reduce' })
        expect(await page.evaluate(() => document.documentElement.lang)).toBe(locale.slice(0, 2))
        expect(await violations(page), 'writing').toEqual([])
        await page.keyboard.press(' ')
        await page.keyboard.press('t')
        await page.fill('#prompt', 'é')
        await page.locator('.unknown').first().waitFor()
        await page.fill('#seed', 'luck')
        await page.press('#seed', 'Enter')
        await page.fill('.figure', 'warm')
        await page.press('.figure', 'Enter')
        expect(await violations(page), 'shaded, with refusals').toEqual([])
        await page.locator('.figure').blur()
        await page.evaluate(() => (document.activeElement as HTMLElement).blur())
        await page.keyboard.press('?')
        expect(await violations(page), 'list of keys').toEqual([])
        await page.keyboard.press('Escape')
        // Parts that must be opened are checked in two of the four combinations.
        if ((colorScheme === 'light') === (locale === 'en-US')) {
          await page.locator('.scroller').focus()
          await page.keyboard.press('ArrowLeft')
          await page.locator('.why').waitFor()
          await page.keyboard.press('c')
          await page.locator('.curve').waitFor()
          await page.selectOption('.curve-head select', 'breath')
          expect(await violations(page), 'a character, a drawn temperature').toEqual([])
          await page.keyboard.press('c')
          await page.locator('#tab-branches').click()
          await page.getByRole('treeitem').first().waitFor()
          await page.keyboard.press('l')
          await page.locator('.partings').waitFor()
          expect(await violations(page), 'branches, same seed').toEqual([])
          await page.keyboard.press('Escape')
          await page.locator('#tab-next').click()
        }
        await page.setViewportSize({ width: 390, height: 844 })
        await page.locator('.to-next').click()
        expect(await violations(page), 'phone').toEqual([])
      })
    }
  }

  it('keeps a contrast of 4.5 to 1 at every temperature and every shade', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await visit('', { colorScheme })
      await page.keyboard.press('t')
      const ratios = await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(1, 1)
        const pen = canvas.getContext('2d', { willReadFrequently: true })!
        const probe = document.createElement('i')
        document.body.append(probe)
        /** Returns a CSS colour, blended over others, as sRGB. */
        const paint = (...colors: string[]): number[] => {
          for (const color of colors) {
            probe.style.color = color
            pen.fillStyle = getComputedStyle(probe).color
            pen.fillRect(0, 0, 1, 1)
          }
          return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
        }
        const luminance = (rgb: number[]): number => {
          const [r, g, b] = rgb.map(c => {
            const x = c / 255
            return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4
          })
          return 0.2126 * r + 0.7152 * g + 0.0722 * b
        }
        const ratio = (a: number[], b: number[]): number => {
          const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
          return (high + 0.05) / (low + 0.05)
        }
        const found: [string, number][] = []
        for (const ground of ['var(--sheet)', 'var(--paper)']) {
          for (const ink of ['var(--ink)', 'var(--soft)', 'var(--wrong)']) {
            found.push([`${ink} on ${ground}`, ratio(paint(ground, ink), paint(ground))])
          }
          for (let i = 0; i < 5; i++) {
            for (let percent = 0; percent <= 100; percent += 10) {
              const heat = `color-mix(in oklab, var(--heat-${i}), var(--heat-${i + 1}) ${percent}%)`
              found.push([`${heat} on ${ground}`, ratio(paint(ground, heat), paint(ground))])
            }
          }
        }
        // Checks every step of every colour that the text can have.
        const steps = [
          ...Array.from({ length: 5 }, (_, i) => `shade-${i}`),
          ...Array.from({ length: 6 }, (_, i) => `heat-${i}`),
        ]
        for (const step of steps) {
          probe.className = step
          const tone = getComputedStyle(probe).getPropertyValue('--tone') || 'transparent'
          const ground = paint('var(--sheet)', tone)
          found.push([`ink on ${step} ${tone}`, ratio(paint('var(--ink)'), ground)])
        }
        probe.className = ''
        return found
      })
      expect(ratios.length).toBeGreaterThan(100)
      expect(ratios.filter(([, ratio]) => ratio < 4.5)).toEqual([])
    }
  })

  it('is dark where the system is, or as the switch says', async () => {
    const ground = (page: Page) =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await visit('', { colorScheme: 'light' })
    const dark = await visit('', { colorScheme: 'dark' })
    const [day, night] = [await ground(light), await ground(dark)]
    expect(day).not.toBe(night)
    const turn = () => light.getByRole('button', { name: /Light and dark/ }).click()
    await turn()
    expect(await ground(light)).toBe(day)
    await turn()
    expect(await ground(light)).toBe(night)
    await light.reload()
    await count(light, 1)
    expect(await ground(light), 'kept').toBe(night)
  })

  it('fits 320 pixels without sideways scroll, sheets and all', async () => {
    for (const locale of ['en-US', 'ja-JP']) {
      const page = await visit('', { viewport: { width: 320, height: 640 }, locale })
      const wide = () =>
        page.evaluate(() =>
          [document.documentElement, ...document.querySelectorAll('main, aside, .scroller, footer')]
            .filter(element => element.scrollWidth > Math.max(element.clientWidth, 0))
            .map(element => `${element.tagName}.${element.className} ${element.scrollWidth}`),
        )
      expect(await wide()).toEqual([])
      await page.locator('.to-setup').click()
      expect(await wide()).toEqual([])
      await page.locator('.to-next').click()
      expect(await wide()).toEqual([])
      // Every target is at least 24 pixels, the slider's thumb 44.
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('button, select, input:not([hidden]), textarea')]
          .filter(element => element.checkVisibility())
          .map(element => ({
            element,
            box: (element.closest('label') ?? element).getBoundingClientRect(),
          }))
          .filter(({ box }) => box.width < 24 || box.height < 24)
          .map(({ element }) => element.outerHTML),
      )
      expect(small).toEqual([])
      expect((await slider(page).boundingBox())!.height).toBeGreaterThanOrEqual(44)
    }
  })

  it('announces the state to a screen reader, not every character', async () => {
    const page = await visit()
    expect(await page.locator('.text').getAttribute('aria-live')).toBeNull()
    expect(await page.locator('.text').getAttribute('aria-busy')).toBe('true')
    const status = page.locator('.page > [role=status]')
    expect(await status.textContent()).toMatch(/^writing, /)
    await count(page, 20)
    await pause(page)
    expect(await status.textContent()).toMatch(/^paused, \d+ characters, temperature 0\.80$/)
    expect(await page.locator('.text').getAttribute('aria-busy')).toBe('false')
  })

  it('is in Japanese where the browser is, and keeps the choice', async () => {
    const page = await visit('', { locale: 'ja-JP' })
    expect(await slider(page).getAttribute('aria-valuetext')).toBe('0.80、やや慎重')
    await page.getByRole('button', { name: 'English' }).click()
    expect(await slider(page).getAttribute('aria-valuetext')).toBe('0.80, a little cautious')
    await page.reload()
    await count(page, 1)
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en')
  })

  it('shows new text once a second where the reader prefers less motion', async () => {
    const page = await visit('', { reducedMotion: 'reduce' })
    const sizes = new Set<number>()
    for (let n = 0; n < 22; n++) {
      sizes.add((await text(page)).length)
      await page.waitForTimeout(100)
    }
    expect(sizes.size).toBeLessThanOrEqual(4)
    expect(Math.max(...sizes)).toBeGreaterThan(20)
  })
})
