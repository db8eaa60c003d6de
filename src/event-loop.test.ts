import { afterEach, describe, expect, it, vi } from 'vitest'
import { TimeSlices, withTimerRunning, yieldToEventLoop } from './event-loop.js'

afterEach(() => vi.unstubAllGlobals())

/** How pages and workers do it, which have no `setImmediate`. */
const hosts: [string, () => void][] = [
  ['Node', () => {}],
  ['a page', () => vi.stubGlobal('setImmediate', undefined)],
]

describe.each(hosts)('yieldToEventLoop in %s', (_, enter) => {
  it('lets a timer run, however long the row of turns', async () => {
    enter()
    let rang = false
    setTimeout(() => {
      rang = true
    }, 1)
    while (!rang) await yieldToEventLoop()
    expect(rang).toBe(true)
  })

  it('lets a message arrive', async () => {
    enter()
    const { port1, port2 } = new MessageChannel()
    let came: unknown
    port1.onmessage = ({ data }) => {
      came = data
      port1.close()
    }
    port2.postMessage('hello')
    while (came === undefined) await yieldToEventLoop()
    expect(came).toBe('hello')
  })

  it('is no microtask', async () => {
    enter()
    const order: string[] = []
    const turn = yieldToEventLoop().then(() => order.push('turn'))
    await Promise.resolve()
    order.push('microtask')
    await turn
    expect(order).toEqual(['microtask', 'turn'])
  })
})

describe('TimeSlices', () => {
  it('measures each slice from the end of the turn before it', async () => {
    let now = 1000
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    try {
      const slices = new TimeSlices({ milliseconds: 8 })
      now += 8
      expect(slices.over).toBe(false)
      now += 1
      expect(slices.over).toBe(true)
      const turn = slices.yield()
      now += 500
      await turn
      expect(slices.over).toBe(false)
      now += 9
      expect(slices.over).toBe(true)
    } finally {
      clock.mockRestore()
    }
  })

  it('throws the reason of an abort that came during the turn', async () => {
    const controller = new AbortController()
    const slices = new TimeSlices({ signal: controller.signal })
    await slices.yield()
    setTimeout(() => controller.abort(new Error('enough')))
    await expect(async () => {
      for (;;) await slices.yield()
    }).rejects.toThrow('enough')
  })
})

describe('withTimerRunning', () => {
  const timers = (): number =>
    process.getActiveResourcesInfo().filter(name => name === 'Timeout').length

  it('keeps a timer for as long as the work takes, whether it succeeds or fails', async () => {
    const before = timers()
    let during = 0
    const work = async (): Promise<number> => {
      await Promise.resolve()
      during = timers()
      return 7
    }
    expect(await withTimerRunning(work)).toBe(7)
    expect(during).toBe(before + 1)
    expect(timers()).toBe(before)
    const failing = withTimerRunning(() => Promise.reject(new Error('no')))
    await expect(failing).rejects.toThrow('no')
    expect(timers()).toBe(before)
  })
})
