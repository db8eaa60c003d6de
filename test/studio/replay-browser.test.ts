/** A run saved in Node verifies in a browser, and the other way round. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserSources, launchBrowser } from '../support/browser.js'
import { firefoxPath, openFirefox } from '../support/firefox.js'
import * as here from '../support/replay-page.js'

/** What a page gives back: its own runs, and what it found of ours. */
interface Answer {
  readonly made: { files: string[]; codes: string[] }
  readonly differences: unknown[]
  readonly texts: string[]
}

/** Works by itself and posts its answer: a browser without a driver need only be opened. */
const HTML = `<!doctype html><meta charset="utf-8"><title>replay</title><script src="a.js"></script>
<script type="module">
const { files, codes } = await (await fetch('runs')).json()
const answer = {
  made: await ondo.makeRuns(),
  differences: await ondo.verifyRuns(files),
  texts: await ondo.replayCodes(codes),
}
await fetch('answer', { method: 'POST', body: JSON.stringify(answer) })
</script>`

let server: Server
let address: string
let ours: { files: string[]; codes: string[] }
let answered: (answer: Answer) => void = () => {}

beforeAll(async () => {
  const build = await rolldown({
    input: fileURLToPath(new URL('../support/replay-page.ts', import.meta.url)),
    platform: 'browser',
    logLevel: 'silent',
  })
  const { output } = await build.generate({ format: 'iife', name: 'ondo' })
  await build.close()
  ours = await here.makeRuns()
  server = createServer(async (request, response) => {
    const [type, body] =
      request.url === '/a.js'
        ? ['text/javascript', output[0].code]
        : request.url === '/runs'
          ? ['application/json', JSON.stringify(ours)]
          : ['text/html', HTML]
    if (request.url === '/answer') answered(JSON.parse(await text(request)))
    response.setHeader('content-type', `${type}; charset=utf-8`)
    response.end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

async function check({ made, differences, texts }: Answer): Promise<void> {
  // Ours there: nothing differs, to the last bit of every record.
  expect(differences).toEqual(ours.files.map(() => null))
  expect(texts).toEqual(ours.files.map(file => JSON.parse(file).text))
  // Theirs here.
  expect(await here.verifyRuns(made.files)).toEqual(ours.files.map(() => null))
  expect(made.codes).toEqual(ours.codes)
  expect(await here.replayCodes(made.codes)).toEqual(texts)
  expect(made.files).toEqual(ours.files)
}

describe('a saved run', () => {
  it('is one with something to compare: texts, schedules, chains, records', async () => {
    const [plain] = ours.files.map(file => JSON.parse(file))
    expect([...plain.text].length).toBe(500)
    expect(plain.steps).toHaveLength(plain.ids.length)
    expect(new Set(ours.codes).size).toBe(4)
    const spoilt = ours.files.map(file => file.replace(/"rank":1,/, '"rank":2,'))
    for (const found of await here.verifyRuns(spoilt)) expect(found).toMatchObject({ what: 'rank' })
  })

  for (const source of browserSources()) {
    it(`of Node verifies in Chromium (from the ${source}), and the other way round`, async () => {
      const answer = new Promise<Answer>(resolve => {
        answered = resolve
      })
      const browser = await launchBrowser(source)
      try {
        const page: Page = await browser.newPage()
        await page.goto(address)
        await check(await answer)
      } finally {
        await browser.close()
      }
    })
  }

  it.skipIf(!firefoxPath())(
    'of Node verifies in Firefox, and the other way round',
    { timeout: 180_000 },
    async () => {
      const answer = new Promise<Answer>(resolve => {
        answered = resolve
      })
      const close = openFirefox(address)
      try {
        await check(await answer)
      } finally {
        await close()
      }
    },
  )
})
