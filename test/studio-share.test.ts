/** The studio taken along: without a network, in a link to somebody else, in a classroom. */
import { describe, expect, it } from 'vitest'
import { complaints, count, records, text, visit } from './studio-stage.js'

describe('without a network', () => {
  it('is an application that opens, writes and shows every part when the server is gone', async () => {
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
