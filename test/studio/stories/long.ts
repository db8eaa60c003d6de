/** Stories of a text of a hundred thousand characters. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { browser, contention, count, pause, speed, text, visit } from './stage.js'

describe('a long text', () => {
  interface Task {
    name: string
    tid: number
    pid: number
    /** Processor time, microseconds. */
    tdur?: number
    args: { name?: string }
  }

  /** Returns the processor times of the page's tasks during an action, ms, longest first. */
  async function tasks(page: Page, during: () => Promise<unknown>): Promise<number[]> {
    await browser.startTracing(page, {
      categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'],
    })
    await during()
    const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: Task[] }
    const events = trace.traceEvents
    const drawn = events.find(({ name }) => name === 'UpdateLayoutTree')!
    return events
      .filter(({ name, tid, pid }) => name === 'RunTask' && tid === drawn.tid && pid === drawn.pid)
      .map(({ tdur = 0 }) => tdur / 1000)
      .sort((a, b) => b - a)
  }

  /**
   * Expects at most one long task (over 50 ms), of less than 100 ms: the engine may compile or collect
   * garbage once while other tests share the caches. A second long task is a fault of the page.
   */
  function expectSmooth(longestFirst: readonly number[]): void {
    expect(longestFirst[0]).toBeLessThan(100)
    expect(longestFirst[1]).toBeLessThan(50)
  }

  it('never blocks the page for long, however long it grows', { retry: 2 }, async () => {
    const page = await visit('#seed=2')
    await page.keyboard.press('t')
    const early = await tasks(page, async () => {
      await speed(page, 'fast')
      await page.waitForTimeout(1000)
      await speed(page, 'full')
      await page.waitForTimeout(1000)
    })
    // An idle machine takes a few seconds; a busy one is judged by how far it gets.
    const start = Date.now()
    while (Date.now() - start < 15_000 && (await text(page)).length < 100_000) {
      await page.waitForTimeout(300)
    }
    const late = await tasks(page, () => page.waitForTimeout(500))
    // On a fast machine the page is full by now, and the text has paused.
    const writes = page.getByRole('button', { name: 'Pause', exact: true })
    if (await writes.isVisible()) await pause(page)
    const { whole, length, runs } = await page.evaluate(() => ({
      whole: document.querySelector('.text')!.textContent === `ROMEO:\n${ondo.text()}`,
      length: ondo.text().length,
      runs: document.querySelectorAll('.text [class^=shade]').length,
    }))
    expect(whole).toBe(true)
    expect(length).toBeGreaterThan(100_000 / contention() ** 2)
    expect(runs).toBeGreaterThan(100)
    expect(early.length).toBeGreaterThan(10)
    expect(late.length).toBeGreaterThan(10)
    expectSmooth(early)
    expectSmooth(late)
    // Turning the shading off and on causes no long task and keeps the text.
    const turned = await tasks(page, async () => {
      await page.keyboard.press('t')
      await page.waitForTimeout(200)
      await page.keyboard.press('t')
      await page.waitForTimeout(200)
    })
    expectSmooth(turned)
    expect(
      await page.evaluate(
        () => document.querySelector('.text')!.textContent === `ROMEO:\n${ondo.text()}`,
      ),
    ).toBe(true)
  })

  /** Returns the memory of the page after garbage collection, bytes: heap, elements, buffers. */
  async function memoryInUse(page: Page): Promise<number> {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('HeapProfiler.enable')
    await cdp.send('HeapProfiler.collectGarbage')
    const { usedSize, embedderHeapUsedSize, backingStorageSize } =
      await cdp.send('Runtime.getHeapUsage')
    await cdp.detach()
    return usedSize + embedderHeapUsedSize + backingStorageSize
  }

  it('takes little memory while it grows, and frees it when another text is shown', {
    timeout: 60_000,
  }, async () => {
    const page = await visit('#seed=2')
    await page.keyboard.press('t')
    await speed(page, 'full')
    /** Writes a new text of this length and pauses. */
    const write = async (symbols: number): Promise<void> => {
      await page.keyboard.press('r')
      const writes = page.getByRole('button', { name: 'Write', exact: true })
      if (await writes.isVisible()) await writes.click()
      await count(page, symbols)
      await page.getByRole('button', { name: 'Pause', exact: true }).click()
      await page.waitForTimeout(300)
    }
    // The first rounds load and compile what is needed once.
    for (let i = 0; i < 2; i++) await write(6000)
    const before = await memoryInUse(page)
    for (let i = 0; i < 6; i++) await write(6000)
    const after = await memoryInUse(page)
    // The same seed gives the same text, which exists already, so nothing is stored twice.
    await write(30_000)
    const grown = (await memoryInUse(page)) - after
    const symbols = (await text(page)).length
    expect(after - before).toBeLessThan(1_500_000)
    expect(grown / symbols).toBeLessThan(800)
  })
})
