/**
 * The script file for p5 pages in Chromium: the sketches of docs/ml5.md and sketches of the shape of ml5's
 * own examples, beside p5 1.x and 2.x and ml5 1.x where they are on this machine.
 *
 * p5 is no dependency (LGPL). With `npm install --no-save p5@2` its tests run; `ONDO_P5` and `ONDO_ML5` name
 * further files (`p5.min.js`, `ml5.min.js`), separated as in PATH.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { generateText, loadModel } from '../../src/node/index.js'
import { blocksOf } from '../docs/shown.js'
import { launchBrowser } from '../support/browser.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const shared = fileURLToPath(new URL('../../../shared/models/', import.meta.url))

/** Scripts on this machine: those that a variable names, and one of node_modules. */
const scripts = (variable: string, installed: string): string[] =>
  [...(process.env[variable] ?? '').split(delimiter), `${root}node_modules/${installed}`].filter(
    path => path !== '' && existsSync(path),
  )
const P5 = scripts('ONDO_P5', 'p5/lib/p5.min.js')
const ML5 = scripts('ONDO_ML5', 'ml5/dist/ml5.min.js')
const STAND_IN = `${root}test/support/p5-stand-in.js`
/** Where p5 is not installed its tests are skipped, and counted once. */
const ABSENT = 'not installed'
const REAL_P5 = P5.length > 0 ? P5 : [ABSENT]

/** `v2.3.4` in the first line of p5. */
const versionOf = (path: string): string =>
  path === ABSENT
    ? path
    : path === STAND_IN
      ? 'a stand-in'
      : (/v?\d+\.\d+\.\d+/.exec(readFileSync(path, 'utf8'))?.[0] ?? path)

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', json: 'application/json' }

/** What the server answers besides files: the page and the sketch of a test. */
interface Site {
  readonly p5: string
  readonly html: string
  readonly sketch: string
}

let site: Site
let server: Server
let address: string
let browser: Browser
const requests: string[] = []
const complaints: string[] = []

function answer(path: string): string | Buffer | undefined {
  if (path === '/') return site.html
  if (path === '/sketch.js') return site.sketch
  const file =
    path === '/p5.min.js'
      ? site.p5
      : path === '/ondo-ml5.js'
        ? `${root}dist/ondo-ml5.js`
        : path.startsWith('/ml5-')
          ? `${shared}${path.slice(1)}`
          : path.startsWith('/shakespeare/')
            ? `${shared}ml5-${path.slice(1)}`
            : path === '/ml5.min.js'
              ? ML5[0]
              : `${root}models/${basename(path)}`
  return file !== undefined && existsSync(file) ? readFileSync(file) : undefined
}

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  server = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(url)
    requests.push(path)
    const body = answer(path)
    const type = path === '/' ? 'text/html' : TYPES[path.split('.').at(-1) ?? '']
    if (type) response.setHeader('content-type', `${type}; charset=utf-8`)
    response.writeHead(body === undefined ? 404 : 200).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  server.closeAllConnections()
  server.close()
})

async function open(given: Site, width = 1280): Promise<Page> {
  site = given
  for (const list of [requests, complaints]) list.length = 0
  for (const context of browser.contexts()) await context.close()
  const page = await browser.newPage({ viewport: { width, height: 700 } })
  page.on('pageerror', error => complaints.push(error.message))
  await page.goto(address)
  return page
}

/** A page with p5, the script and a sketch, in the order of the scripts. */
const html = (scripts: readonly string[], body = ''): string =>
  `<!doctype html><meta charset="utf-8"><title>sketch</title>${scripts
    .map(src => `<script src="${src}"></script>`)
    .join('')}<body>${body}`
const USUAL = ['p5.min.js', 'ondo-ml5.js', 'sketch.js']

/** The largest probability that the second sketch has. */
const LARGEST = 'Math.max(...next.probabilities.map(one => one.probability))'

const MODEL = existsSync(`${root}models/shakespeare.safetensors`)

describe.skipIf(!MODEL).each(['ml5.md', 'ml5.ja.md'])('the sketches of docs/%s', name => {
  const page = readFileSync(`${root}docs/${name}`, 'utf8')
  const [shown] = blocksOf(page, 'html')
  const [writing, bars] = blocksOf(page, 'javascript').map(({ text }) => text)

  describe.each([STAND_IN, ...REAL_P5].map(p5 => ({ p5, version: versionOf(p5) })))(
    'with p5 ($version)',
    ({ p5 }) => {
      const it = test.skipIf(p5 === ABSENT)

      it.each([1280, 390])('write as the slider says, %i wide', async width => {
        const sketch = writing.replace('async function write(error) {', '$&\n  rnn.randomSeed(5)')
        expect(sketch).not.toBe(writing)
        const one = await open({ p5, html: shown.text, sketch }, width)
        await one.waitForFunction('words.length > 60')
        const text = await one.evaluate<string>('words')
        const model = await loadModel('shakespeare')
        const options = { prompt: 'ROMEO:\n', temperature: 0.5, seed: 5, length: text.length }
        expect(`ROMEO:\n${await generateText(model, options)}`.startsWith(text)).toBe(true)
        // At 0 it goes round; the slider is read for each character.
        await one.locator('input[type=range]').fill('0')
        const written = text.length + 30
        await one.waitForFunction(`words.length > ${written}`)
        expect(await one.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        expect(complaints).toEqual([])
      })

      it('show the probabilities at the temperature, and draw on demand', async () => {
        const one = await open({ p5, html: shown.text, sketch: bars })
        await one.waitForFunction('next !== undefined')
        const own = await one.evaluate<number>(LARGEST)
        await one.locator('input[type=range]').fill('0.1')
        await one.waitForFunction(`${LARGEST} > ${own}`)
        await one.locator('input[type=range]').fill('2')
        await one.waitForFunction(`${LARGEST} < ${own}`)
        const button = one.locator('button')
        for (let n = 1; n <= 3; n++) {
          await button.click()
          await one.waitForFunction(`words.length === ${16 + n}`)
        }
        expect(complaints).toEqual([])
      })

      it('say why a model is not there', async () => {
        const sketch = writing.replace('shakespeare.safetensors', 'none.safetensors')
        const one = await open({ p5, html: shown.text, sketch })
        await one.waitForFunction('words.includes("none.safetensors answered 404")')
        expect(complaints).toEqual([])
      })
    },
  )
})

describe.skipIf(!existsSync(`${shared}ml5-shakespeare`)).each(['ml5.md', 'ml5.ja.md'])(
  'the mended vocabulary of docs/%s',
  name => {
    it('writes the text of an independent forward pass', async () => {
      const page = readFileSync(`${root}docs/${name}`, 'utf8')
      const program = blocksOf(page, 'javascript').at(-1)?.text ?? ''
      expect(program).toContain('vocabulary')
      const reference = readFileSync(`${shared}ml5-shakespeare/reference.json`, 'utf8')
      const { prompt, greedy_200 } = JSON.parse(reference)
      const one = await open({ p5: STAND_IN, html: html(['ondo-ml5.js']), sketch: '' })
      const options = JSON.stringify({ seed: prompt, temperature: 0, length: 200 })
      const written = `${program}\nreturn (await rnn.generate(${options})).sample`
      expect(await one.evaluate(`(async () => { ${written} })()`)).toBe(greedy_200)
    })
  },
)

/** What ml5's example "CharRNN text" does: sliders, a button, a callback. */
const TEXT_BODY = `<input id="text" value="The meaning of life is">
<input id="length" type="range" min="10" max="500" value="100">
<input id="temperature" type="range" min="0.01" max="1" step="0.01" value="0.5">
<button id="generate">generate</button><p id="status">Loading</p><p id="result"></p>`
const textSketch = (model: string): string => `
let rnn
function setup() {
  noCanvas()
  rnn = ml5.charRNN('${model}', () => select('#status').html('Loaded'))
  select('#generate').mousePressed(() => {
    select('#status').html('Generating')
    const seed = select('#text').value()
    const options = {
      seed, temperature: select('#temperature').value(), length: select('#length').value(),
    }
    rnn.generate(options, (error, result) => {
      select('#status').html(error ? error.message : 'Ready')
      window.written = result?.sample
      if (result) select('#result').html(seed + result.sample)
    })
  })
}`

/** What its example "stateful" does: predict and feed in a loop that only awaits; draw counts frames. */
const STATEFUL_BODY = `<input id="text" value="The sky was blue and "><button id="reset">Reset</button>
<button id="start">Start</button><p id="status">Loading</p><p id="result"></p>`
const statefulSketch = (model: string): string => `
let rnn, frames = 0, predicted = 0, generating = false
function setup() {
  noCanvas()
  rnn = ml5.charRNN('${model}', () => { select('#status').html('Loaded'); restart() })
  select('#reset').mousePressed(restart)
  select('#start').mousePressed(async () => {
    generating = !generating
    while (generating) {
      const next = await rnn.predict('0.5')
      await rnn.feed(next.sample)
      predicted++
      select('#result').html(select('#result').html() + next.sample)
    }
  })
}
function restart() {
  rnn.reset()
  const seed = select('#text').value()
  rnn.feed(seed)
  select('#result').html(seed)
}
function draw() { frames++ }`

const MODELS = [
  { model: 'shakespeare.safetensors', here: MODEL },
  { model: 'ml5-darwin/', here: existsSync(`${shared}ml5-darwin`) },
]

describe.each(REAL_P5.map(p5 => ({ p5, version: versionOf(p5) })))(
  "sketches of ml5's examples with p5 ($version)",
  ({ p5 }) => {
    const isHere = p5 !== ABSENT
    describe.each(MODELS)('$model', ({ model, here }) => {
      it.skipIf(!(isHere && here))('generates with sliders and a callback', async () => {
        const one = await open({ p5, html: html(USUAL, TEXT_BODY), sketch: textSketch(model) })
        await one.waitForFunction('document.querySelector("#status").textContent === "Loaded"')
        await one.fill('#length', '150')
        await one.click('#generate')
        await one.waitForFunction('document.querySelector("#status").textContent === "Ready"')
        expect(await one.evaluate('Array.from(written).length')).toBe(150)
        await one.fill('#text', '☃')
        await one.click('#generate')
        await one.waitForFunction('document.querySelector("#status").textContent.includes("☃")')
        expect(complaints).toEqual([])
      })

      it.skipIf(!(isHere && here))('predicts in a loop, and the page goes on drawing', async () => {
        const one = await open({
          p5,
          html: html(USUAL, STATEFUL_BODY),
          sketch: statefulSketch(model),
        })
        await one.waitForFunction('document.querySelector("#status").textContent === "Loaded"')
        await one.click('#start')
        await one.waitForFunction('predicted > 40')
        const [drawn, predicted] = await one.evaluate<[number, number]>('[frames, predicted]')
        expect(drawn).toBeGreaterThan(predicted / 2)
        await one.click('#start')
        await one.click('#reset')
        const text = await one.evaluate<string>('document.querySelector("#result").textContent')
        expect(text.startsWith('The sky was blue and ')).toBe(true)
        expect(text.length).toBeLessThan('The sky was blue and '.length + 3)
        expect(complaints).toEqual([])
      })
    })

    it.skipIf(!/^v?2\./.test(versionOf(p5)) || !MODEL)(
      'loads with await in setup, before the first frame',
      async () => {
        const sketch = `let rnn
async function setup() {
  createCanvas(100, 100)
  rnn = await ml5.charRNN('shakespeare.safetensors')
}
function draw() { window.known ??= rnn.vocabSize }`
        const one = await open({ p5, html: html(USUAL), sketch })
        await one.waitForFunction('window.known > 0')
        expect(complaints).toEqual([])
      },
    )

    it.skipIf(!/^v?1\./.test(versionOf(p5)) || !MODEL)(
      'loads in preload, with the scripts in any order',
      async () => {
        const sketch = `let rnn
function preload() { rnn = ml5.charRNN('shakespeare.safetensors') }
function setup() { createCanvas(100, 100); window.known = rnn.vocabSize }`
        for (const order of [USUAL, ['ondo-ml5.js', 'p5.min.js', 'sketch.js']]) {
          const one = await open({ p5, html: html(order), sketch })
          await one.waitForFunction('window.known > 0')
        }
        // A missing model does not leave the page at "Loading...", and its error is in the console.
        const missing = sketch.replace('shakespeare', 'none')
        const one = await open({ p5, html: html(USUAL), sketch: missing })
        await one.waitForFunction('window.known === 0')
        expect(complaints.join()).toMatch(/none\.safetensors answered 404/)
      },
    )
  },
)

describe.skipIf(ML5.length === 0)('beside ml5', () => {
  it.each([
    ['before', ['ondo-ml5.js', 'ml5.min.js']],
    ['after', ['ml5.min.js', 'ondo-ml5.js']],
  ])('%s it, charRNN is there and the rest stays', async (_, order) => {
    const one = await open({ p5: STAND_IN, html: html(order), sketch: '' })
    const kinds = await one.evaluate(
      '[typeof ml5.charRNN, typeof ml5.bodyPose, typeof ml5.neuralNetwork]',
    )
    expect(kinds).toEqual(['function', 'function', 'function'])
    expect(complaints).toEqual([])
  })
})

describe('a page without p5 and without ml5', () => {
  const body = '<input type="file" id="folder" webkitdirectory>'

  it('opens it with the script alone, fetches nothing else, and may forbid evaluation', async () => {
    const policy = `<meta http-equiv="content-security-policy" content="default-src 'self'; script-src 'self' 'wasm-unsafe-eval'">`
    const one = await open({
      p5: STAND_IN,
      html: html(['ondo-ml5.js'], policy + body),
      sketch: '',
    })
    expect(await one.evaluate('Object.keys(ml5)')).toEqual(['charRNN'])
    expect(await one.evaluate('crossOriginIsolated')).toBe(false)
    expect(requests.filter(path => path !== '/favicon.ico')).toEqual(['/', '/ondo-ml5.js'])
    expect(complaints).toEqual([])
  })

  it.skipIf(!existsSync(`${shared}ml5-darwin`))(
    'opens a folder that the reader chose',
    async () => {
      const one = await open({ p5: STAND_IN, html: html(['ondo-ml5.js'], body), sketch: '' })
      await one.setInputFiles('#folder', `${shared}ml5-darwin`)
      const text = await one.evaluate<string>(`(async () => {
      const rnn = await ml5.charRNN(document.querySelector('#folder').files)
      const { sample } = await rnn.generate({ seed: 'When we look to the individuals of the s', temperature: 0, length: 40 })
      return sample
    })()`)
      expect(text).toBe('exes of the sexes of the sexes of the se')
    },
  )
})
