import { expect, it } from 'vitest'
import { BROWSER, type TextMessage, tellTabs } from './text-database.js'

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
