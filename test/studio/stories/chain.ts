/** Stories of the sampler chain: setting it by controls and as text, and its effect on the whole page. */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { createChain, networkOf, promptIds, Writer } from '../../../src/index.js'
import { violations } from '../../support/axe.js'
import { complaints, count, pause, records, site, text, visit } from './stage.js'

interface Drawn {
  readonly T: number
  readonly chain: string
}

/** Writes the same text in Node, with the chain of each symbol. */
async function inNode(seed: number, drawn: readonly Drawn[]): Promise<string> {
  const { model } = site
  const network = await networkOf(model)
  const prompt = promptIds(model, model.prompt ?? '')
  const ids: number[] = []
  let written = ''
  let chain: string | undefined
  let writer: Writer | undefined
  for (const each of drawn) {
    if (!writer || each.chain !== chain) {
      writer?.dispose()
      const session = network.session()
      // A new writer has already read the prompt.
      if (ids.length > 0) new Writer(model, session, prompt, { seed })
      writer = new Writer(model, session, prompt, {
        seed,
        chain: createChain(each.chain, model.tokenizer),
        ...(ids.length > 0 && { resume: { ids, read: 0 } }),
      })
      chain = each.chain
    }
    const position = writer.next(each.T)
    ids.push(position.id)
    written += position.text
  }
  writer?.dispose()
  return written
}

const open = (page: Page) => page.locator('.to-chain').click()
const written = (page: Page) => page.getByRole('textbox', { name: 'As it is written' })

async function write(page: Page, chain: string): Promise<void> {
  await written(page).fill(chain)
  await written(page).press('Enter')
}

async function step(page: Page, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const before = (await records(page)).length
    await page.getByRole('button', { name: 'One character' }).click()
    await count(page, before + 1)
  }
}

describe('the chain', () => {
  it('is built with its controls, applies from the next character on, and is undone and stored', async () => {
    const page = await visit('#seed=4&t=1')
    await count(page, 25)
    await pause(page)
    const before = await text(page)
    await open(page)
    await page.getByRole('combobox', { name: 'Add a sampler' }).selectOption('top-k')
    await page.getByRole('textbox', { name: 'k' }).fill('2')
    await page.getByRole('textbox', { name: 'k' }).press('Enter')
    await page.getByRole('combobox', { name: 'Add a sampler' }).selectOption('dry')
    expect(await written(page).inputValue()).toBe('dry 0.8, temperature, top-k 2')
    await page.getByRole('button', { name: 'Move dry later' }).click()
    expect(await written(page).inputValue()).toBe('temperature, dry 0.8, top-k 2')
    await step(page, 12)
    const chain = 'temperature, dry 0.8, top-k 2'
    const drawn = (n: number, from: number): Drawn[] =>
      Array.from({ length: n }, (_, i) => ({ T: 1, chain: i < from ? '' : chain }))
    const whole = await text(page)
    expect(whole).toBe(await inNode(4, drawn(whole.length, before.length)))
    expect(whole.startsWith(before)).toBe(true)

    // Checks the map, a reload, and undo after the reload.
    await page.waitForTimeout(1700)
    await page.reload()
    await page.waitForFunction(
      wanted => typeof ondo === 'object' && ondo.text().startsWith(wanted),
      whole,
    )
    const grown = await text(page)
    expect(grown).toBe(await inNode(4, drawn(grown.length, before.length)))
    const chip = page.locator('.to-chain')
    expect(await chip.textContent()).toContain(chain)
    await page.keyboard.press('Control+z')
    expect(await chip.textContent()).not.toContain(chain)
    await page.keyboard.press('Control+y')
    expect(await chip.textContent()).toContain(chain)
    expect(await text(page)).toBe(grown)
  }, 60_000)

  it('is shown in the bars: removed symbols are struck out, and the next step follows the bars', async () => {
    const page = await visit('#seed=3&t=1.2&chain=temperature, top-k 3')
    await count(page, 10)
    await pause(page)
    expect(await page.locator('#next tr.cut').count()).toBe(6)
    const shares = await page.locator('#next td.share.now').allTextContents()
    const sum = shares.reduce((all, share) => all + Number.parseFloat(share.replace(/[<>]/, '')), 0)
    expect(sum).toBeGreaterThan(98)
    expect(sum).toBeLessThan(102)
    const own = await page.locator('#next td.share:not(.now)').allTextContents()
    const before = own.reduce((all, share) => all + Number.parseFloat(share.replace(/[<>]/, '')), 0)
    expect(before).toBeGreaterThan(98)
    const report = page.locator('.samplers-report tbody tr')
    expect((await report.allTextContents()).map(row => row.replace(/\s+/g, ' ').trim())).toEqual([
      expect.stringMatching(/model’s ?\d+/),
      expect.stringMatching(/^temperature ?\d+ ?100%/),
      expect.stringMatching(/^top-k 3 ?3 ?\d+(\.\d)?%/),
    ])
    for (let n = 0; n < 4; n++) {
      const foretold = await page.locator('#next tr.drawn .glyph').textContent()
      await step(page, 1)
      await page.waitForTimeout(150)
      const last = (await text(page)).at(-1)!
      expect(last === ' ' ? '␣' : last === '\n' ? '↵' : last).toBe(foretold)
    }
    const all = await text(page)
    const drawn = Array.from(all, () => ({ T: 1.2, chain: 'temperature, top-k 3' }))
    expect(all).toBe(await inNode(3, drawn))
    // The page shows no limits of the temperature for a symbol drawn through a chain.
    expect(await page.locator('.other-text').textContent()).toContain('no limits')
    expect(await page.locator('.uncertainty .holds').count()).toBe(0)
  }, 60_000)

  it('points at the character that it cannot read, and says where temperature has no effect', async () => {
    const page = await visit('#seed=3')
    await pause(page)
    await open(page)
    await write(page, 'temperature, top-q 3')
    expect(await page.locator('.chain [role=alert]').textContent()).toContain('at character 14')
    expect(await written(page).evaluate(el => (el as HTMLInputElement).selectionStart)).toBe(13)
    await write(page, 'ban "é", temperature')
    expect(await page.locator('.chain [role=alert]').textContent()).toContain(
      'not one of the model',
    )
    await write(page, 'top-k 1, temperature')
    expect(await page.locator('.chain #chain-written-about').textContent()).toContain(
      'Temperature has no effect here',
    )
    expect(await page.locator('.no-effect').textContent()).toContain('"top-k 1"')
    await write(page, 'temperature')
    expect(await page.locator('.no-effect').count()).toBe(0)
    expect(await page.locator('.other-text button').count()).toBe(2)
  }, 60_000)

  it('applies to the columns of the same seed', async () => {
    const page = await visit('#seed=5&t=0.8&chain=temperature, min-p 0.2')
    await pause(page)
    await page.keyboard.press('l')
    await page.waitForFunction(() => document.querySelectorAll('.columns article').length === 4)
    const last = page.locator('.columns article').last()
    const shown = await last.locator('.text').evaluate(element =>
      [...element.childNodes]
        .filter(node => !(node as Element).matches?.('.prompt'))
        .map(node => node.firstChild?.textContent ?? node.textContent)
        .join(''),
    )
    const drawn = Array.from({ length: 400 }, () => ({ T: 1.2, chain: 'temperature, min-p 0.2' }))
    expect(shown.replaceAll('↵\n', '\n')).toBe(await inNode(5, drawn))
    expect(await page.locator('.partings').textContent()).not.toContain('NaN')
    // An error that prevents the columns is shown and can be dismissed.
    await page.keyboard.press('Escape')
    await open(page)
    await write(page, 'allow "a", ban "a", temperature')
    await page.locator('.scroller').focus()
    await page.keyboard.press('l')
    const alert = page.locator('.view [role=alert]')
    expect(await alert.textContent()).toContain('ban "a" leaves nothing')
  }, 60_000)

  it('that changed along the text does not fit a link; its session is checked when it is opened', async () => {
    const page = await visit('#seed=6&t=1')
    await count(page, 20)
    await pause(page)
    await open(page)
    await write(page, 'temperature, top-p 0.7')
    await step(page, 8)
    await page.getByRole('button', { name: 'Share' }).click()
    expect(await page.locator('.why.hint').textContent()).toContain('samplers were changed')
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save the session' }).click()
    const json = await readFile(await (await saved).path(), 'utf8')
    const [mine, shown] = [await text(page), await records(page)]
    const enter = async (name: string, contents: string): Promise<Page> => {
      const other = await visit('#seed=1')
      await other.getByRole('button', { name: 'Share' }).click()
      const file = { name, mimeType: 'application/json', buffer: Buffer.from(contents) }
      await other.locator('input[type=file][accept=".json"]').setInputFiles(file)
      await other.waitForFunction(wanted => ondo.text() === wanted, mine)
      return other
    }
    const same = await enter('same.json', json)
    await same.getByText('they are the same').waitFor()
    expect(await records(same)).toEqual(shown)
    const forged = await enter('forged.json', json.replace('"seed":"6"', '"seed":"7"'))
    await forged.getByText(/differs from what the file says from character \d+ on/).waitFor()
    expect(complaints).toEqual([])
  }, 90_000)
})

describe('the open chain panel', () => {
  it.each([
    { width: 1280, height: 800, locale: 'en-US', colorScheme: 'light' },
    { width: 320, height: 640, locale: 'ja-JP', colorScheme: 'dark' },
  ] as const)(
    'is for everybody: $width pixels, $locale, $colorScheme',
    async each => {
      const { width, height, locale, colorScheme } = each
      const viewport = { width, height }
      const hash = '#seed=3&chain=dry 0.8, temperature, top-k 4'
      const page = await visit(hash, { viewport, locale, colorScheme, bypassCSP: true })
      await page.keyboard.press(' ')
      await open(page)
      await page.locator('.sampler-chip').first().click()
      await page.locator('.settings').waitFor()
      expect(await violations(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
    },
    60_000,
  )
})

describe('beside the dial', () => {
  it('temperatures have names, and the storage that texts take is shown and can be freed', async () => {
    const page = await visit('#seed=6&t=1')
    await page.getByRole('button', { name: 'wild', exact: true }).click()
    expect(await page.locator('.figure').inputValue()).toBe('1.50')
    await page
      .getByRole('group', { name: 'Temperatures with a name' })
      .getByText('0')
      .first()
      .click()
    expect(await page.locator('.figure').inputValue()).toBe('0')
    await page.locator('.seed-chip .square').click()
    expect(await page.inputValue('#seed')).not.toBe('6')
    await page.waitForTimeout(1700)
    await page.getByRole('tab', { name: 'Branches' }).click()
    const storage = page.locator('.storage')
    await storage.locator('meter').waitFor()
    expect(await storage.textContent()).toMatch(/Texts of 1 model: [\d.]+ kB/)
    await pause(page)
    await storage.getByRole('button', { name: 'Delete all texts' }).click()
    await storage.getByRole('button', { name: 'Really?' }).click()
    await page.waitForFunction(() => ondo.records().length === 0)
    expect(await page.getByRole('treeitem').count()).toBe(1)
  }, 60_000)
})
