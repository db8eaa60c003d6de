/** Links and texts of before, which name the model by the hash of its file, in a browser. */
import { describe, expect, it } from 'vitest'
import { encodeRun, generateText, modelFileHash, optionsOf, type Run } from '../../src/index.js'
import { count, site, text, visit } from './stories/stage.js'

describe('what names the model by the hash of its file', () => {
  it('is still opened: a link, and the texts that a browser keeps', async () => {
    const { hash } = site.model
    const fileHash = (await modelFileHash(site.model))!
    const run: Run = {
      ondo: '0.1.0',
      model: fileHash,
      tokenizer: 'character',
      prompt: 'The ',
      seed: '1',
      stream: 0,
      temperature: '0.7',
      length: 60,
      stop: [],
    }
    const page = await visit(`#run=${encodeRun(run)}`)
    await count(page, 60)
    const written = await text(page)
    expect(written).toBe(await generateText(site.model, optionsOf(run)))
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    const keysOf = (name: string) =>
      page.evaluate(
        wanted =>
          new Promise<number>((resolve, reject) => {
            const request = indexedDB.open('ondo-texts')
            request.onerror = () => reject(request.error)
            request.onsuccess = () => {
              const database = request.result
              const keys = database.transaction('texts').objectStore('texts').getAllKeys()
              keys.onsuccess = () => {
                database.close()
                resolve(keys.result.filter(key => (key as string[])[0] === wanted).length)
              }
            }
          }),
        name,
      )
    await expect.poll(() => keysOf(hash), { timeout: 20_000 }).toBeGreaterThan(1)
    // As an older page left them: away from the studio, the keys begin with the hash of the file.
    await page.goto(`${site.url}models/index.json`)
    await page.evaluate(
      ([from, to]) =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.open('ondo-texts')
          request.onsuccess = () => {
            const database = request.result
            const transaction = database.transaction('texts', 'readwrite')
            const store = transaction.objectStore('texts')
            const cursor = store.openCursor()
            cursor.onsuccess = () => {
              const at = cursor.result
              if (!at) return
              const [first, ...rest] = at.key as string[]
              if (first === from) {
                store.put(at.value, [to, ...rest])
                at.delete()
              }
              at.continue()
            }
            transaction.oncomplete = () => {
              database.close()
              resolve()
            }
            transaction.onabort = () => reject(transaction.error)
          }
        }),
      [hash, fileHash],
    )
    expect([(await keysOf(hash)) > 0, (await keysOf(fileHash)) > 0]).toEqual([false, true])
    await page.goto(site.url)
    await page.waitForFunction(before => ondo.text().startsWith(before), written)
    expect([(await keysOf(hash)) > 0, (await keysOf(fileHash)) > 0]).toEqual([true, false])
  }, 90_000)
})
