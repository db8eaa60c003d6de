/** Links and texts of before, which name the model by the hash of its file, in a browser. */
import { describe, expect, it } from 'vitest'
import { encodeRun, generateText, modelFileHash, optionsOf, type Run } from '../../src/index.js'
import { count, site, text, visit } from './stories/stage.js'

/** `LAYOUT` of studio/src/text/text-rows.ts, whose imports need Svelte's compiler. */
const LAYOUT = 'texts 2'

const isSome = (rows: unknown): boolean => Number(rows) > 0

describe('what names the model by the hash of its file', () => {
  it('is still read: a link, and the texts that a browser stores', async () => {
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
    /** Rows of today's layout under the identity, and rows of the first layout under the file's hash. */
    const rowsOf = () =>
      page.evaluate(
        ([layout, identity, old]) =>
          new Promise<[today: number, before: number]>((resolve, reject) => {
            const request = indexedDB.open('ondo-texts')
            request.onerror = () => reject(request.error)
            request.onsuccess = () => {
              const database = request.result
              const keys = database.transaction('texts').objectStore('texts').getAllKeys()
              keys.onsuccess = () => {
                database.close()
                const all = keys.result as string[][]
                const today = all.filter(
                  ([first, second]) => first === layout && second === identity,
                )
                resolve([today.length, all.filter(([first]) => first === old).length])
              }
            }
          }),
        [LAYOUT, hash, fileHash],
      )
    await expect.poll(async () => (await rowsOf())[0], { timeout: 20_000 }).toBeGreaterThan(1)
    // Turn them into what an older page left: one row for all branches and a row for each chunk, whose
    // keys begin with the hash of the file. No page of the studio is open meanwhile.
    await page.goto(`${site.url}models/index.json`)
    await page.evaluate(
      ([layout, old]) =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.open('ondo-texts')
          request.onsuccess = () => {
            const database = request.result
            const transaction = database.transaction('texts', 'readwrite')
            const store = transaction.objectStore('texts')
            const keys = store.getAllKeys()
            const values = store.getAll()
            values.onsuccess = () => {
              const rows = (keys.result as (string | number)[][]).map(
                (key, i) => [key, values.result[i]] as const,
              )
              const today = rows.filter(([key]) => key[0] === layout)
              const page = today.find(([key]) => key[2] === 'desk')?.[1]
              for (const [key, value] of today) {
                const { at, reason, origin, count } = value
                if (key[2] === 'segment') {
                  const branches = [{ parent: undefined, at, reason, origin, count }]
                  const standing = { ...page?.standing, place: { branch: 0, count } }
                  store.put({ branches, standing, chains: [''] }, [old])
                }
                if (key[2] === 'chunk') store.put(value, [old, 0, key[4]])
                store.delete(key)
              }
            }
            transaction.oncomplete = () => {
              database.close()
              resolve()
            }
            transaction.onabort = () => reject(transaction.error)
          }
        }),
      [LAYOUT, fileHash],
    )
    const [today, before] = await rowsOf()
    expect([today, before > 1]).toEqual([0, true])
    await page.goto(site.url)
    await page.waitForFunction(before => ondo.text().startsWith(before), written)
    await expect.poll(rowsOf, { timeout: 20_000 }).toEqual([expect.toSatisfy(isSome), 0])
  }, 90_000)
})
