import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserSources, launchBrowser } from './support/browser.js'
import { logitsFingerprint, writtenText } from './support/fingerprint.js'
import { firefoxPath, openFirefox } from './support/firefox.js'

interface Everything {
  logits: Record<string, string>
  text: string
}

/** The page's whole program, as one script. */
async function bundle(): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL('./support/fingerprint.ts', import.meta.url)),
    platform: 'browser',
    logLevel: 'silent',
  })
  const { output } = await build.generate({ format: 'iife', name: 'ondo' })
  await build.close()
  return output[0].code
}

/** Works by itself and posts what it found. */
const ALONE = `<!doctype html><meta charset="utf-8"><title>same bits</title><script src="a.js"></script>
<script type="module">
const found = { logits: await ondo.logitsFingerprint(), text: await ondo.writtenText() }
await fetch('found', { method: 'POST', body: JSON.stringify(found) })
</script>`

const HTML =
  '<!doctype html><meta charset="utf-8"><title>same bits</title><script src="a.js"></script>'

let server: Server
let address: string
let here: Everything
let found: (everything: Everything) => void = () => {}

beforeAll(async () => {
  const code = await bundle()
  server = createServer(async (request, response) => {
    const script = request.url === '/a.js'
    if (request.url === '/found') found(JSON.parse(await text(request)))
    const type = script ? 'text/javascript' : 'text/html'
    response.setHeader('content-type', `${type}; charset=utf-8`)
    response.end(script ? code : request.url === '/alone' ? ALONE : HTML)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  here = { logits: await logitsFingerprint(), text: await writtenText() }
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

/** Runs in the page, where the bundle is `ondo`. */
function there(page: Page): Promise<Everything> {
  return page.evaluate(async () => {
    const { ondo } = globalThis as unknown as {
      ondo: { logitsFingerprint(): Promise<Record<string, string>>; writtenText(): Promise<string> }
    }
    return { logits: await ondo.logitsFingerprint(), text: await ondo.writtenText() }
  })
}

describe('the same bits', () => {
  it('as on the day they were written down: an edit that changes one is a new format', () => {
    expect(here.logits).toMatchInlineSnapshot(`
      {
        "gru before, hard gates, embedded": "74930779b933f1a9",
        "gru before, hard gates, one-hot": "7f0c24370b8e7716",
        "gru hard gates, embedded": "73756fe63a7a1a27",
        "gru hard gates, one-hot": "7f083f72cf360081",
        "gru reset after, embedded": "66fb0a743aecd28c",
        "gru reset after, one-hot": "66e9e75cd55c2c31",
        "gru reset before, embedded": "c6df18c0e5e5d914",
        "gru reset before, one-hot": "a2fc4d673ad15201",
        "gru window, embedded": "70d61f8f6b7e4ae7",
        "gru window, one-hot": "2b4b1d0a4422212e",
        "gru, padded window, restart, embedded": "0655accfb1e4cab4",
        "gru, padded window, restart, one-hot": "da67e597bc08b1c8",
        "lstm hard gates, embedded": "d7d9e4dd8780fe2f",
        "lstm hard gates, one-hot": "6768726e9497fd3c",
        "lstm with skip connections and attention, embedded": "b73b7d4824e9ce0e",
        "lstm with skip connections and attention, one-hot": "613d87d0467ef4a6",
        "lstm with skip connections, embedded": "1f69d24cfbae4383",
        "lstm with skip connections, one-hot": "9942d61c333cbbb5",
        "lstm, embedded": "4b3dba47c2f43904",
        "lstm, one-hot": "591e57c5b0298bf7",
        "rnn relu, embedded": "5ccc472da111d996",
        "rnn relu, one-hot": "0307f4df3572e486",
        "rnn tanh, embedded": "72283054b8057bec",
        "rnn tanh, one-hot": "d88eb378f29bdbb2",
        "rnn with attention, embedded": "80ef99e91ce840e5",
        "rnn with attention, one-hot": "7ac21871e4bf2f93",
      }
    `)
    expect([...here.text]).toHaveLength(2000)
    expect(here.text.slice(0, 60)).toMatchInlineSnapshot(`
      "nwk
      .dj.yiz度gylyw.lwyl
      azivo.pjsllyaollvg,mw度k
      .yhknkdkmg
      yy"
    `)
  })

  it('the hash sees a difference: another step, another hash', async () => {
    const shorter = await logitsFingerprint(1999)
    for (const [name, hash] of Object.entries(here.logits)) expect(shorter[name]).not.toBe(hash)
  })

  for (const source of browserSources()) {
    it(`in Node and in Chromium (from the ${source}): 2,000 steps of every cell, 2,000 characters`, async () => {
      const browser = await launchBrowser(source)
      try {
        const page = await browser.newPage()
        await page.goto(address)
        expect(await there(page)).toEqual(here)
      } finally {
        await browser.close()
      }
    })
  }

  it.skipIf(!firefoxPath())('in Node and in Firefox', { timeout: 180_000 }, async () => {
    const everything = new Promise<Everything>(resolve => {
      found = resolve
    })
    const close = openFirefox(`${address}alone`)
    try {
      expect(await everything).toEqual(here)
    } finally {
      await close()
    }
  })
})
