/** Going on from a model in the panel that trains, as a visitor does it. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { decodeModel } from '../../src/index.js'
import { violations } from '../support/axe.js'
import { complaints, site, visit } from './stories/stage.js'

/** Two characters of it are unknown to the model Small. */
const TEXT = Array.from(
  { length: 900 },
  (_, i) => ['ana', 'zoë', 'leo%'][(i * i + (i >> 2)) % 3],
).join('\n')

const button = (page: Page, name: string) =>
  page.locator('#train').getByRole('button', { name, exact: true })
const state = (page: Page, name: string) =>
  page.locator('#train [role=status] h2', { hasText: name }).waitFor({ timeout: 90_000 })
const shown = (page: Page, text: string | RegExp) =>
  page.locator('#train').getByText(text).first().waitFor()

async function openForm(page: Page): Promise<void> {
  await page.getByRole('tab', { name: /Train|学習/ }).click()
  await page.locator('#train-paste').waitFor()
}

it('goes on from a model of the chooser, and shows the loss before and after', {
  timeout: 240_000,
}, async () => {
  const page = await visit('', { acceptDownloads: true })
  await openForm(page)
  await page.selectOption('#train-base', { label: 'Small' })
  await shown(page, 'Choose a text to see which of its characters this model knows.')
  await page.fill('#train-paste', TEXT)
  await shown(page, /It keeps its size: GRU 1 × 48\.\s+It knows 7 of the text’s 9 different/)
  expect(await page.locator('.train-added').textContent()).toContain('% ë')
  expect(await page.locator('.train-sizes').count()).toBe(0)
  expect(await violations(page), 'the form').toEqual([])
  await page.selectOption('.train-unit', 'epochs')
  await page.fill('#train-amount', '2')
  await page.press('#train-amount', 'Tab')
  await button(page, 'Start training').click()
  await state(page, 'Finished')
  const change = await page.locator('.train-change').textContent()
  expect(change).toMatch(/Before training: loss [\d.]+ on the part held back\. Now: [\d.]+\./)
  const [before, after] = change!.match(/\d+\.\d\d/g)!.map(Number)
  expect(after).toBeLessThan(before)
  await shown(page, 'Went on from Small.')
  expect(await page.locator('.train-added').textContent()).toContain('New to it: % ë')
  // What it wrote before it learned is the first sample.
  await page.getByRole('slider', { name: 'Moment of the training' }).focus()
  await page.keyboard.press('Home')
  expect(await page.locator('.train-samples > .hint').first().textContent()).toBe('Step 0')
  expect(await violations(page), 'the run').toEqual([])
  await page.reload()
  await state(page, 'Finished')
  await shown(page, 'Went on from Small.')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'Download').click(),
  ])
  const model = await decodeModel(new Uint8Array(readFileSync(await download.path())))
  expect(model.config).toEqual({
    ...site.model.config,
    vocabulary: site.model.config.vocabulary + 2,
    dropout: model.config.dropout,
  })
  expect(model.training.startedFrom).toMatchObject({
    hash: site.model.hash,
    name: 'Small',
    shared: site.model.config.vocabulary,
    added: ['%', 'ë'],
  })
  await page.close()
})

it('says in Japanese, on a phone, why a model and a text do not fit', async () => {
  const page = await visit('', {
    viewport: { width: 390, height: 844 },
    colorScheme: 'dark',
    locale: 'ja-JP',
  })
  await page.locator('.to-setup').click()
  await openForm(page)
  await page.fill('#train-paste', '私は、この話をしたのです。'.repeat(40))
  await page.locator('.train-report').waitFor()
  expect(await button(page, '学習を始める').isEnabled()).toBe(true)
  await page.selectOption('#train-base', { label: 'Small' })
  await shown(page, 'このモデルの続きは学習できません。')
  expect(await button(page, '学習を始める').isDisabled()).toBe(true)
  expect(await page.locator('#train-symbols').isDisabled()).toBe(true)
  expect(await violations(page), 'the form').toEqual([])
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  expect(wide).toBeLessThanOrEqual(390)
  // A file that is cut off.
  await page.selectOption('#train-base', { label: 'Broken' })
  await shown(page, /ファイルが|破損|cut off|damaged/)
  await page.selectOption('#train-base', { index: 0 })
  await page.locator('.train-sizes').waitFor()
  await page.waitForFunction(
    () => !document.querySelector<HTMLButtonElement>('.train-start button')?.disabled,
  )
  await page.close()
  expect(complaints).toEqual([])
})
