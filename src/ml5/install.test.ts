/** The global `ml5` of a page: what is there stays, whichever script comes first. */
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { install, type Page } from './install.js'

interface WithCharRNN {
  readonly charRNN: (...args: unknown[]) => unknown
}
const rnn = { ready: Promise.resolve() }
const factory = vi.fn(() => rnn)
const installIn = (page: object): { ml5: WithCharRNN } => {
  install(page as Page, factory as never)
  return page as { ml5: WithCharRNN }
}

describe('the global ml5', () => {
  it('is made where there is none', () => {
    const page = installIn({})
    expect(page.ml5.charRNN('models/', 1)).toBe(rnn)
    expect(factory).toHaveBeenLastCalledWith('models/', 1)
    expect(Object.keys(page.ml5)).toEqual(['charRNN'])
  })

  it('keeps what is there, also when that comes later or can not be changed', () => {
    class Ml5 {
      version = '1.4.0'
      name(): string {
        return this.version
      }
    }
    const makers = [() => new Ml5(), () => Object.freeze(new Ml5()), () => Object.seal(new Ml5())]
    for (const make of makers) {
      const first = make()
      for (const page of [
        installIn({ ml5: first }),
        Object.assign(installIn({}), { ml5: first }),
      ]) {
        const ml5 = page.ml5 as unknown as Ml5 & WithCharRNN
        expect(ml5.charRNN('x')).toBe(rnn)
        expect([ml5.version, ml5.name()]).toEqual(['1.4.0', '1.4.0'])
      }
    }
    const plain = { other: 1 }
    expect(installIn({ ml5: plain }).ml5).toBe(plain)
    expect(installIn({ ml5: 'no object' }).ml5.charRNN('x')).toBe(rnn)
  })

  it('replaces the charRNN of ml5 0.x, also when that is loaded later', () => {
    const old = () => ({ charRNN: () => 'old', imageClassifier: () => 'kept' })
    for (const page of [installIn({ ml5: old() }), Object.assign(installIn({}), { ml5: old() })]) {
      expect(page.ml5.charRNN('x')).toBe(rnn)
      expect((page.ml5 as unknown as ReturnType<typeof old>).imageClassifier()).toBe('kept')
    }
  })

  it('may be declared by scripts before and after, as they do', () => {
    const run = (code: string): unknown =>
      runInNewContext(code, { install: (page: Page) => install(page, factory as never) })
    expect(run('var ml5 = { a: 1 }; install(globalThis); ml5.a + typeof ml5.charRNN')).toBe(
      '1function',
    )
    expect(run('install(globalThis); ml5 = { a: 1 }; ml5.a + typeof ml5.charRNN')).toBe('1function')
  })

  it('is installed twice without harm', () => {
    const page = installIn(installIn({}))
    expect(page.ml5.charRNN('x')).toBe(rnn)
  })
})

describe('preload of p5 1.x', () => {
  /** As p5 1.11 does it: its own function during preload, which counts. */
  function sketch(order: 'p5 first' | 'p5 later') {
    const methods = new Map<string, Record<string, unknown>>()
    const p5 = { prototype: { registerPreloadMethod: methods.set.bind(methods) } }
    const listeners: (() => void)[] = []
    const page = {
      count: 0,
      _decrementPreload() {
        page.count--
      },
      document: {
        readyState: 'loading',
        addEventListener: (_: string, f: () => void) => listeners.push(f),
      },
      ...(order === 'p5 first' && { p5 }),
    }
    const installed = installIn(page)
    if (order === 'p5 later') Object.assign(page, { p5 })
    const preload = () => {
      for (const listener of listeners) listener()
      for (const [name, object] of methods) {
        const own = object[name] as (...args: unknown[]) => unknown
        object[name] = (...args: unknown[]) => {
          page.count++
          return own.apply(object, args)
        }
      }
    }
    return { page: page as typeof page & typeof installed, preload }
  }

  it.each(['p5 first', 'p5 later'] as const)('is waited for, %s', async order => {
    const { page, preload } = sketch(order)
    // A call before preload is none that p5 counted.
    page.ml5.charRNN('early')
    preload()
    page.ml5.charRNN('x')
    expect(page.count).toBe(1)
    await vi.waitFor(() => expect(page.count).toBe(0))
    await new Promise(resolve => setImmediate(resolve))
    expect(page.count).toBe(0)
  })

  it('ends when the model can not be loaded, and the error is not lost', async () => {
    const ready = Promise.reject(new Error('404'))
    const { page, preload } = sketch('p5 first')
    preload()
    const lost = vi.fn()
    const kept = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', lost)
    factory.mockReturnValueOnce({ ready } as never)
    page.ml5.charRNN('x')
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1))
    process.removeAllListeners('unhandledRejection')
    for (const listener of kept) process.on('unhandledRejection', listener)
    expect(page.count).toBe(0)
  })

  it('does not exist in p5 2.x, which is no error', () => {
    expect(() => installIn({ p5: { prototype: {} } })).not.toThrow()
  })
})
