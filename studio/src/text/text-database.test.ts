import { afterEach, expect, it, vi } from 'vitest'
import { BROWSER, openTexts, type TextMessage, tellTabs } from './text-database.js'

it('tells other tabs of a save that ends after its store was closed, and hears nothing more', async () => {
  const heard: TextMessage[] = []
  const late: TextMessage[] = []
  const closing = BROWSER.listen(message => late.push(message))
  const last = { type: 'cleared' } as const
  await new Promise<void>(resolve => {
    const other = BROWSER.listen(message => {
      heard.push(message)
      if (message.type !== last.type) return
      other.close()
      resolve()
    })
    closing.tell({ type: 'saved', hash: 'a' })
    closing.close()
    closing.tell({ type: 'saved', hash: 'b' })
    tellTabs(last)
  })
  const hashes = heard.map(message => message.hash)
  expect([...hashes].sort()).toEqual(['a', 'b', undefined])
  expect(late).toEqual([])
})

afterEach(() => vi.unstubAllGlobals())

it('asks for all of a last change, its end too, before the page may close', async () => {
  const asked: string[] = []
  const store = { put: (value: string) => asked.push(value), delete: () => asked.push('delete') }
  const transaction = { objectStore: () => store, commit: () => asked.push('commit') }
  const request = { result: { transaction: () => transaction }, onsuccess: () => {} }
  vi.stubGlobal('IDBKeyRange', { bound: () => ({}) })
  vi.stubGlobal('indexedDB', {
    open() {
      queueMicrotask(() => request.onsuccess())
      return request
    },
  })
  const database = await openTexts()
  const puts = [
    [['b'], 'one'],
    [['c'], 'two'],
  ] as const
  void database.change({ removes: [['a']], puts })
  expect(asked).toEqual(['delete', 'one', 'two', 'commit'])
})
