/** Stories of the sweep: the same numbers as on the command line, stopping and continuing. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { type SweepResult, sweep } from '../../../src/index.js'
import { curveCsv, parseTemperatures, sweepCsv } from '../../../src/measure/index.js'
import { violations } from '../../support/axe.js'
import { count, pause, site, text, visit } from './stage.js'

async function openSweep(page: Page, temperatures: string, seeds: string): Promise<void> {
  await pause(page)
  await page.locator('#tab-sweep').click()
  await page.locator('#sweep-temperatures').fill(temperatures)
  await page.locator('#sweep-seeds').fill(seeds)
  await page.selectOption('#sweep-length', '200')
}

async function downloadOf(page: Page, button: string): Promise<Buffer> {
  const download = page.waitForEvent('download')
  await page.locator('#sweep').getByRole('button', { name: button, exact: true }).click()
  return readFileSync(await (await download).path())
}

describe('the sweep', () => {
  it('gives the CSV of the command line, a figure that keys operate, and the texts of its points', async () => {
    const page = await visit('#seed=6&t=0.9')
    await openSweep(page, '0,0.5,1..2/2', '3')
    await page.locator('#sweep').getByRole('button', { name: 'Sweep', exact: true }).click()
    await page.getByText('10 texts of 200 characters;').waitFor()

    const temperatures = parseTemperatures('0,0.5,1..2/2')
    let result: SweepResult | undefined
    for await (const event of sweep(site.model, { temperatures, seeds: 3, length: 200 })) {
      if (event.type === 'end') result = event.result
    }
    expect((await downloadOf(page, 'CSV, texts')).toString()).toBe(sweepCsv(result!.texts))
    expect((await downloadOf(page, 'CSV, curve')).toString()).toBe(curveCsv(result!.curve))
    expect((await downloadOf(page, 'SVG')).toString()).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
    const png = await downloadOf(page, 'PNG')
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(png.readUInt32BE(16)).toBe(1520)

    // Keys move along the curve, open the text, and put it on the page.
    await page.locator('.sweep-figure [tabindex="0"]').focus()
    for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const reading = page.locator('.sweep-reading')
    await reading.getByText('T 1.00, seed').waitFor()
    const shown = await reading.locator('.sweep-text').textContent()
    const there = result!.texts.filter(each => each.temperature === 1).map(each => each.text)
    expect(there).toContain(shown)
    await reading.getByRole('button', { name: 'The next seed' }).click()
    const other = await reading.locator('.sweep-text').textContent()
    expect(other).not.toBe(shown)
    expect(there).toContain(other)
    expect(await violations(page)).toEqual([])
    await reading.getByRole('button', { name: 'Go on with it on the page' }).click()
    await count(page, 200)
    expect((await text(page)).startsWith(other!)).toBe(true)
  })

  it('keeps its results when stopped, continues from there, and refuses wrong input in a sentence', async () => {
    const page = await visit('#seed=6&t=0.9')
    await openSweep(page, '0.5..2/40', '150')
    await page.locator('#sweep').getByRole('button', { name: 'Sweep', exact: true }).click()
    await page.locator('.sweep-figure svg').waitFor()
    await page.locator('#sweep').getByRole('button', { name: 'Stop', exact: true }).click()
    const stopped = page.getByText(/Stopped after [\d,]+ of 6,000; they are kept/)
    await stopped.waitFor()
    const first = Number(/after ([\d,]+)/.exec((await stopped.textContent())!)![1].replace(',', ''))
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(6000)
    const before = (await downloadOf(page, 'CSV, texts')).toString().split('\n')
    expect(before.length).toBe(first + 2)
    await page.locator('#sweep').getByRole('button', { name: 'Go on', exact: true }).click()
    await page.locator('#sweep').getByRole('button', { name: 'Stop', exact: true }).click()
    await stopped.waitFor()
    const after = new Set((await downloadOf(page, 'CSV, texts')).toString().split('\n'))
    expect(before.every(row => after.has(row))).toBe(true)

    await page.locator('#sweep-temperatures').fill('0..1')
    await page.getByText(/expected a start above 0/).waitFor()
    expect(await page.locator('#sweep').getByRole('button', { name: 'Go on' }).isDisabled()).toBe(
      true,
    )
  })
})
