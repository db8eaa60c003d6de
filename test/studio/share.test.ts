/** The studio taken along: without a network, in a link to somebody else, in a classroom. */
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import {
  decodeRun,
  encodeRun,
  generate,
  generateText,
  optionsOf,
  promptIds,
  type Run,
  recordRun,
  writeRun,
} from '../../src/index.js'
import { complaints, count, records, site, text, visit } from './stories/stage.js'

describe('without a network', () => {
  it('is an installed application that opens, writes and shows every panel without its server', async () => {
    const page = await visit('#seed=5')
    const manifest = await page.evaluate(async () => {
      const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]')
      return (await fetch(link?.href ?? '')).json()
    })
    expect(manifest).toMatchObject({ display: 'standalone', start_url: './' })
    for (const { src, sizes } of manifest.icons) {
      const side = await page.evaluate(async address => {
        const image = new Image()
        image.src = address
        await image.decode()
        return `${image.naturalWidth}x${image.naturalHeight}`
      }, `./${src}`)
      expect(side).toBe(sizes)
    }
    const kept = (): Promise<number> =>
      page.evaluate(async () => {
        let addresses = 0
        for (const name of await caches.keys()) {
          if (name.startsWith('ondo-models-'))
            addresses += (await (await caches.open(name)).keys()).length
        }
        return navigator.serviceWorker.controller ? addresses : 0
      })
    await expect.poll(kept, { timeout: 40_000 }).toBeGreaterThan(0)
    const written = (await text(page)).slice(0, 20)
    const refused = complaints.length
    await page.context().setOffline(true)
    await page.reload()
    await count(page, 30)
    expect((await text(page)).startsWith(written)).toBe(true)
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click()
      await page.waitForTimeout(100)
      expect(await page.locator('.panel > .stack > .wrong').count()).toBe(0)
    }
    expect((await records(page)).length).toBeGreaterThan(30)
    // What could not be fetched is told by the browser, and is what this story is about.
    complaints.splice(refused)
  }, 90_000)
})

describe('files', () => {
  it('hold the text: .txt alone, .md in a fence, .html with the temperatures', async () => {
    const page = await visit('#seed=8&t=0.7&prompt=<a>%26%0A&chain=temperature, top-k 12')
    await count(page, 25)
    await page.keyboard.press('0')
    await count(page, 45)
    await page.getByRole('button', { name: 'Share' }).click()
    // What was under way is still shown.
    for (let before = -1, now = 0; now > before; ) {
      before = now
      await page.waitForTimeout(400)
      now = (await records(page)).length
    }
    const [mine, shown] = [await text(page), await records(page)]
    const citation = (await page.locator('.citation').textContent()) ?? ''
    for (const part of [
      `model Small (identity ${site.model.hash})`,
      'corpus nothing.txt',
      'prompt "<a>&\\n"',
      'seed 8',
      'T 0.70–1.00',
      'chain temperature, top-k 12',
      `${shown.length} symbols`,
    ]) {
      expect(citation).toContain(part)
    }
    const contents = async (form: string): Promise<string> => {
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name: `.${form}`, exact: true }).click()
      const download = await saved
      expect(download.suggestedFilename()).toBe(`ondo.${form}`)
      return readFile(await download.path(), 'utf8')
    }
    const whole = `<a>&\n${mine}`
    expect(await contents('txt')).toBe(whole)
    expect(await contents('md')).toBe(`\`\`\`text\n${whole}\n\`\`\`\n\n${citation}\n`)
    // Read as a browser reads it, without scripts or anything from elsewhere.
    const html = await contents('html')
    expect(html).not.toMatch(/<script|src=|href=/)
    const reader = await page.context().newPage()
    await reader.setContent(html)
    expect(await reader.locator('pre').textContent()).toBe(whole)
    expect(await reader.locator('small').textContent()).toBe(citation)
    const spans = await reader.locator('pre span').evaluateAll(all =>
      all.map(each => ({
        title: (each as HTMLElement).title,
        text: each.textContent ?? '',
        line: getComputedStyle(each).borderBottomWidth,
      })),
    )
    const cold = shown.filter(({ temperature }) => temperature === 0.7).at(-1)!.end
    expect(spans).toEqual([
      { title: 'T 0.70', text: mine.slice(0, cold), line: '2px' },
      { title: 'T 1.00', text: mine.slice(cold), line: '2px' },
    ])
  }, 60_000)
})

describe('a link', () => {
  it('writes the same text again in another browser, with its temperatures and view', async () => {
    const page = await visit('#seed=8&t=0.7')
    await count(page, 25)
    await page.keyboard.press('0')
    await count(page, 50)
    await page.keyboard.press('t')
    await page.getByRole('button', { name: 'Share' }).click()
    // The dialog pauses the text; what was under way is still shown, and the link grows with it.
    for (let before = -1, now = 0; now > before; ) {
      before = now
      await page.waitForTimeout(400)
      now = (await records(page)).length
    }
    const link = await page.getByLabel('Link to this very text').inputValue()
    const [mine, shown] = [await text(page), await records(page)]
    expect(new Set(shown.map(({ temperature }) => temperature))).toEqual(new Set([0.7, 1]))
    expect(link.length).toBeLessThan(400)
    const hash = new URL(link).hash
    const other = await visit(hash, { locale: 'ja-JP' })
    await count(other, shown.length)
    await other.waitForTimeout(300)
    expect(await text(other)).toBe(mine)
    expect(await records(other)).toEqual(shown)
    expect(await other.locator('#tint').inputValue()).toBe('surprise')
    // No seed gives a text with chosen symbols: it goes as a session, and comes back byte for byte.
    await page.getByRole('button', { name: 'Close' }).last().click()
    await page.keyboard.press('Escape')
    await page.locator('.scroller').focus()
    await page.keyboard.press('ArrowLeft')
    await page.locator('.why').waitFor()
    // One that does not stand there already.
    await page.locator('.bars tbody tr.standing').waitFor()
    const rows = page.locator('.bars tbody tr')
    const first = await rows.first().evaluate(row => row.classList.contains('standing'))
    await page.keyboard.press(first ? '2' : '1')
    await page.waitForFunction(() => ondo.records().some(({ chosen }) => chosen))
    await page.getByRole('button', { name: 'Share' }).click()
    expect(await page.locator('.why.hint').textContent()).toContain('session')
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save the session' }).click()
    const file = await (await saved).path()
    const chosen = await records(page)
    await other.getByRole('button', { name: '共有' }).click()
    await other.locator('input[type=file][accept=".json"]').setInputFiles(file)
    await other.waitForFunction(() => ondo.records().some(({ chosen }) => chosen))
    expect(await records(other)).toEqual(chosen)
  }, 90_000)

  it('is reported when it is damaged, and hides what a teacher hid', async () => {
    const page = await visit('#run=ondoAQxxxxxxxxxxxx')
    await count(page, 5)
    expect(await page.getByRole('alert').textContent()).toContain('damaged')
    await page.getByRole('button', { name: 'Share' }).click()
    await page.getByText('seed', { exact: true }).last().click()
    const link = new URL(await page.getByLabel('Link to this very text').inputValue()).hash
    const taught = await visit(link)
    expect(await taught.locator('#seed').isVisible()).toBe(false)
    expect(await taught.locator('#prompt').isVisible()).toBe(true)
    // Of a hidden tab neither name nor panel is there, even if it is the one that was shown.
    await taught.evaluate(() => {
      location.hash = '#seed=4&hide=seed.next.train'
    })
    await taught.locator('#branches').waitFor()
    expect(await taught.locator('#tab-next, #next, #tab-train').count()).toBe(0)
    expect(await taught.locator('#tab-branches').getAttribute('aria-selected')).toBe('true')
    // A side without any tab takes no room.
    await taught.evaluate(() => {
      location.hash = '#seed=4&hide=next.branches.sweep.inside.chain'
    })
    await taught.locator('#right').waitFor({ state: 'detached' })
    const sheet = await taught.locator('main > .page').boundingBox()
    expect(sheet!.x + sheet!.width).toBe(1280)
    expect(await taught.locator('.to-chain').isVisible()).toBe(false)
  }, 60_000)

  it('of `ondo sample` opens with its chain, its stream of a seed, with or without an end', async () => {
    const run: Run = {
      ondo: '0.1.0',
      model: site.model.hash,
      tokenizer: 'character',
      prompt: 'The ',
      seed: '1',
      stream: 0,
      temperature: '0.5 until 30 then 1.4',
      length: 90,
      stop: [],
    }
    const first = await generateText(site.model, optionsOf(run))
    const stop = first.slice(60, 62)
    const asked: Partial<Run>[] = [
      { chain: 'dry 0.8, temperature, min-p 0.05, xtc 0.1 probability=0.7' },
      { chain: 'ban "e" /[A-M]/, penalty presence=0.4 window=32, temperature' },
      { stream: 3 },
      { stop: [stop] },
    ]
    for (const more of asked) {
      const wanted = await generateText(site.model, optionsOf({ ...run, ...more }))
      const page = await visit(`#run=${encodeRun({ ...run, ...more })}`)
      await count(page, wanted.length)
      await page.waitForTimeout(200)
      expect(await text(page), JSON.stringify(more)).toBe(wanted)
      if (more.stop) expect(wanted.length).toBeLessThan(90)
      // And what it hands on is again the same.
      await page.getByRole('button', { name: 'Share' }).click()
      const link = new URL(await page.getByLabel('Link to this very text').inputValue())
      const again = decodeRun(new URLSearchParams(link.hash.slice(1)).get('run')!)
      expect(await generateText(site.model, optionsOf(again))).toBe(wanted)
      await page.context().close()
    }
    // As a file of --save, and as a code pasted: what the file says is compared.
    const file = { ...run, chain: 'top-p 0.8, temperature' }
    const ids = promptIds(site.model, run.prompt)
    const steps = []
    for await (const step of generate(site.model, optionsOf(file))) steps.push(step)
    const record = await recordRun({ ...file, promptIds: [...ids] }, steps)
    const saved = await visit('#seed=2')
    await saved.getByRole('button', { name: 'Share' }).click()
    const buffer = Buffer.from(writeRun(record))
    const kept = { name: 'run.json', mimeType: 'application/json', buffer }
    await saved.locator('input[type=file][accept=".json"]').setInputFiles(kept)
    await saved.getByText('they are the same').waitFor()
    expect(await text(saved)).toBe(record.text)
    await saved.getByRole('button', { name: 'Share' }).click()
    const field = saved.getByLabel('A link or a code that you were sent')
    await field.fill('ondo is not a code')
    await field.press('Enter')
    await saved.getByText('This is no code of a run').waitFor()
    await field.fill(encodeRun(run))
    await field.press('Enter')
    await saved.waitForFunction(wanted => ondo.text() === wanted, first)
    await saved.context().close()

    const endless = { ...run, length: 'inf' as const }
    const page = await visit(`#run=${encodeRun(endless)}`)
    await page.selectOption('#speed', 'fast')
    await count(page, 120)
    const here = (await text(page)).slice(0, 120)
    expect(here).toBe(await generateText(site.model, { ...optionsOf(endless), length: 120 }))
  }, 90_000)
})
