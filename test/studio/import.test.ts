/** Stories of files that a reader drops or chooses: models of other systems, sessions, texts. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel, encodeModel, generateText, type Model } from '../../src/index.js'
import { type ImportModelOptions, importModel } from '../../src/interop/index.js'
import { violations } from '../support/axe.js'
import { ondo as command } from '../support/command.js'
import { writeMl5Folder } from '../support/ml5-folder.js'
import {
  browser,
  complaints,
  count,
  pause,
  requests,
  site,
  speed,
  text,
  visit,
  WIDE,
} from './stories/stage.js'

const folder = mkdtempSync(join(tmpdir(), 'ondo-import-'))
const tiny = join(folder, 'tiny')
const cut = join(folder, 'cut')
const silent = join(folder, 'silent')

beforeAll(() => {
  writeMl5Folder(tiny)
  writeMl5Folder(cut, { cut: true })
  writeMl5Folder(silent, { without: 'vocab.json' })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/** Drops files and folders of this machine on the text, as the browser itself does it. */
const drop = (page: Page, ...paths: string[]): Promise<void> => dropAt(page, 'main', ...paths)

async function dropAt(page: Page, place: string, ...paths: string[]): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  const data = { items: [], files: paths, dragOperationsMask: 1 }
  const { x, y, width, height } = (await page.locator(place).boundingBox())!
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await cdp.send('Input.dispatchDragEvent', {
      ...{ type, data },
      ...{ x: x + width / 2, y: y + height / 2 },
    })
  }
  await cdp.detach()
}

const bar = (page: Page) => page.locator('.import-bar')
const chosenModel = (page: Page) => page.locator('.model option:checked').textContent()
const isOwn = (page: Page) => page.waitForFunction(() => /model=own\./.test(location.hash))

async function inNode(root: string, seed: number, length: number): Promise<string> {
  const files = readdirSync(root).map(name => ({ name, bytes: readFileSync(join(root, name)) }))
  const { model } = await importModel(files)
  return generateText(model, { seed, temperature: 0.8, length })
}

describe('a folder of ml5', () => {
  it('opens where it is dropped, writes what the library writes with it, and is kept', async () => {
    const page = await visit('#seed=5')
    const before = requests.length
    await drop(page, tiny)
    await bar(page).getByText('is open: a model of ml5 charRNN').waitFor()
    await isOwn(page)
    await count(page, 40)
    const wanted = await inNode(tiny, 5, 40)
    expect((await text(page)).slice(0, 40)).toBe(wanted)
    expect(await chosenModel(page)).toBe('tiny')
    await bar(page).getByText('It is kept in this browser').waitFor()
    expect(await violations(page)).toEqual([])
    // Nothing was sent: all requests are for the page's own code.
    const elsewhere = requests.slice(before).filter(url => !url.startsWith(site.url))
    expect(elsewhere.filter(url => !url.startsWith('blob:'))).toEqual([])

    // A second tab lists it at once, a reload opens it again.
    const other = await page.context().newPage()
    await other.goto(site.url)
    await count(other, 1)
    await other.selectOption('.model', { label: 'tiny' })
    await isOwn(other)
    await page.reload()
    await count(page, 40)
    expect((await text(page)).slice(0, 40)).toBe(wanted)
    // It has another name, in both tabs, and is deleted in both.
    await page.getByRole('textbox', { name: 'Name of your model' }).fill('Beagle')
    await page.keyboard.press('Tab')
    await other.waitForFunction(
      () => document.querySelector('.model option:checked')?.textContent === 'Beagle',
    )
    await page.reload()
    await count(page, 40)
    expect(await chosenModel(page)).toBe('Beagle')
    await page.getByRole('tab', { name: 'Branches' }).click()
    await page.getByText(/^Your own models, 1 model: /).waitFor()
    await page.getByRole('button', { name: 'Delete it from this browser' }).click()
    await page.getByRole('button', { name: 'Really delete it?' }).click()
    await page.waitForFunction(() => /model=small/.test(location.hash))
    await other.waitForFunction(() => !/model=/.test(location.hash), undefined, { timeout: 5000 })
    await other.reload()
    await count(other, 1)
    expect(await chosenModel(other)).toBe('Small')
  }, 90_000)
})

describe('files that do not open', () => {
  it('are refused with a sentence below the top bar, while the text goes on', async () => {
    const page = await visit('#seed=6')
    await drop(page, cut)
    const alert = bar(page).getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toMatch(
      /^“cut” can’t be opened\. The file "embedding" has \d+ bytes; expected \d+ .*incomplete/,
    )
    expect(await violations(page)).toEqual([])
    const written = (await text(page)).length
    await count(page, written + 5)
    expect(await chosenModel(page)).toBe('Small')
    // Another system's unknown file, and an empty folder.
    const strange = join(folder, 'strange.bin')
    writeFileSync(strange, new Uint8Array(500))
    await drop(page, strange)
    await alert.getByText('is of no known format; expected a model of Ondo').waitFor()
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    await drop(page, empty)
    await alert.getByText('has no files').waitFor()
    await bar(page).getByRole('button', { name: 'Close' }).click()
    expect(await bar(page).count()).toBe(0)
  }, 60_000)

  it('say in Japanese what is wrong', async () => {
    const page = await visit('#seed=6', { locale: 'ja-JP' })
    await drop(page, cut)
    const alert = bar(page).getByRole('alert')
    await alert.getByText('「cut」は開けません。').waitFor()
    expect(await alert.textContent()).toMatch(/ファイル "embedding" は\d+バイトですが、/)
    expect(await violations(page)).toEqual([])
  })
})

describe('what the files of a model do not say', () => {
  it('is asked for in place: the characters in a file, or written in order', async () => {
    const page = await visit('#seed=7')
    await drop(page, silent)
    const alert = bar(page).getByRole('alert')
    await alert.getByText('“silent” does not say which characters it writes').waitFor()
    expect(await alert.textContent()).toContain('predicts 23 symbols')
    expect(await alert.textContent()).not.toContain('--')
    expect(await violations(page)).toEqual([])
    // A wrong number of characters is asked for again.
    await bar(page).getByRole('textbox').fill('abc')
    await bar(page).getByRole('button', { name: 'Open with these' }).click()
    await alert.getByText('3 symbols').waitFor()
    // The file that says them is dropped anywhere.
    await drop(page, join(tiny, 'vocab.json'))
    await bar(page).getByText('“silent” is open').waitFor()
    await isOwn(page)
    await count(page, 30)
    expect((await text(page)).slice(0, 30)).toBe(await inNode(tiny, 7, 30))
  }, 60_000)
})

describe('other files', () => {
  it('that are texts open in Train, wherever they are dropped', async () => {
    const page = await visit('#seed=8')
    const corpus = join(folder, 'corpus.txt')
    writeFileSync(corpus, 'It is a truth universally acknowledged, that\n'.repeat(40))
    await drop(page, corpus)
    await page.getByRole('tab', { name: 'Train', selected: true }).waitFor()
    await page.locator('#train').getByText('1,800 characters').waitFor()
    expect(await bar(page).count()).toBe(0)
    // In Train itself a text may be in any encoding, and a model is still a model.
    const japanese = join(folder, 'utf16.txt')
    writeFileSync(japanese, Buffer.from('吾輩は猫である。名前はまだ無い。'.repeat(60), 'utf16le'))
    await dropAt(page, '.train-drop', japanese)
    await page.locator('#train').getByText('utf16').first().waitFor()
    await dropAt(page, '.train-drop', tiny)
    await bar(page).getByText('“tiny” is open').waitFor()
  })

  it('that are sessions show their texts', async () => {
    const page = await visit('#seed=9')
    await count(page, 40)
    await pause(page)
    const mine = await text(page)
    await page.getByRole('button', { name: 'Share' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the session' }).click(),
    ])
    const session = join(folder, 'session.ondo.json')
    await download.saveAs(session)
    const stranger = await visit('#seed=10')
    await drop(stranger, session)
    await stranger.waitForFunction(wanted => ondo.text() === wanted, mine)
    expect(await bar(stranger).count()).toBe(0)
  })
})

describe('without a mouse', () => {
  it('the palette opens files, and the bar is used by keys', async () => {
    const page = await visit('#seed=11')
    await page.keyboard.press('Control+k')
    await page.locator('.palette').getByRole('combobox').waitFor()
    await page.keyboard.type('open files')
    const options = page.locator('.palette').getByRole('option')
    await expect.poll(() => options.count()).toBe(1)
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.keyboard.press('Enter'),
    ])
    expect(chooser.isMultiple()).toBe(true)
    await chooser.setFiles(writeMl5Folder(silent, { without: 'vocab.json' }))
    await bar(page).getByRole('alert').waitFor()
    await bar(page).getByRole('textbox').focus()
    await page.keyboard.type(JSON.stringify([...' etaoinshrdlucmfw\n.,ypg']))
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await isOwn(page)
    expect(await chosenModel(page)).toBe('ml5 charRNN')
  })

  it('a phone opens several files at once, in Japanese', async () => {
    const page = await visit('#seed=12', { ...PHONE, locale: 'ja-JP' })
    const folders = page.locator('.model option', { hasText: 'フォルダーを開く' })
    expect(await folders.count()).toBe(0)
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.selectOption('.model', { label: 'ファイルを開く…' }),
    ])
    await chooser.setFiles(readdirSync(tiny).map(name => join(tiny, name)))
    await bar(page).getByText('を開きました。ml5 charRNN').waitFor()
    await isOwn(page)
    await count(page, 30)
    expect((await text(page)).slice(0, 30)).toBe(await inNode(tiny, 12, 30))
    expect(await violations(page)).toEqual([])
  })
})

describe('an imported model', () => {
  it('is said not to be kept where the storage is full, and can be saved as a file', async () => {
    const context = await browser.newContext({ viewport: WIDE, locale: 'en-US' })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    // The quota is set before the page asks for storage, because the browser caches the free space.
    const { origin } = new URL(site.url)
    const cdp = await context.newCDPSession(page)
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1024 })
    await page.goto(`${site.url}#seed=13`)
    await count(page, 1)
    await drop(page, tiny)
    await bar(page).getByText('the model is gone after a reload').waitFor()
    expect(await chosenModel(page)).toBe('tiny')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      bar(page).getByRole('button', { name: 'Save as a file' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('tiny.safetensors')
    const saved = await decodeModel(readFileSync(await download.path()))
    expect(await generateText(saved, { seed: 13, temperature: 0.8, length: 30 })).toBe(
      await inNode(tiny, 13, 30),
    )
  }, 60_000)

  it('opens without a network, and so does another folder', async () => {
    const page = await visit('#seed=14')
    await drop(page, tiny)
    await isOwn(page)
    const isCached = () =>
      page.evaluate(async () => {
        const names = await caches.keys()
        return navigator.serviceWorker.controller !== null && names.length > 1
      })
    await expect.poll(isCached, { timeout: 40_000 }).toBe(true)
    await page.context().setOffline(true)
    await page.reload()
    await count(page, 20)
    expect((await text(page)).slice(0, 20)).toBe(await inNode(tiny, 14, 20))
    const other = join(folder, 'other')
    writeMl5Folder(other)
    await drop(page, other)
    await bar(page).getByText('“other” is open').waitFor()
    complaints.splice(0)
  }, 90_000)
})

const SHARED = fileURLToPath(new URL('../../../shared/models/', import.meta.url))

/** Models of other systems, with the files that are dropped for each. */
const REAL = [
  { files: ['ml5-darwin'], from: 'ml5 charRNN' },
  { files: ['char-rnn-js/small.json', 'char-rnn-js/small.dat'], from: 'char-rnn.js' },
  { files: ['recurrentjs/lstm_100_model.json'], from: 'recurrentjs' },
  {
    files: ['torch-rnn/checkpoint_17800.t7', 'torch-rnn/checkpoint_17800.json'],
    from: 'torch-rnn',
  },
  {
    files: ['textgenrnn/textgenrnn_weights.hdf5', 'textgenrnn/textgenrnn_vocab.json'],
    from: 'textgenrnn',
  },
  { files: ['keras1/char_rnn_20.hdf5', 'keras1/char_indices.json'], from: 'Keras', window: 40 },
] as const

/** The model that the library makes of files, or of a folder. */
async function imported(
  files: readonly string[],
  options: ImportModelOptions = {},
): Promise<Model> {
  const paths = files.flatMap(file => {
    const path = join(SHARED, file)
    return statSync(path).isDirectory() ? readdirSync(path).map(name => join(path, name)) : [path]
  })
  const sources = paths.map(path => ({ name: basename(path), bytes: readFileSync(path) }))
  return (await importModel(sources, options)).model
}

async function openReal(page: Page, files: readonly string[], from: string): Promise<void> {
  await drop(page, ...files.map(file => join(SHARED, file)))
  await bar(page).getByText(`a model of ${from}`).waitFor()
  await isOwn(page)
}

/** Opens every tab on the right, and returns the refusals that they show. */
async function refusalsInTabs(page: Page): Promise<string[]> {
  const refusals: string[] = []
  for (const name of ['Branches', 'Inside', 'Sweep', 'Next']) {
    await page.getByRole('tab', { name }).click()
    await page.waitForTimeout(600)
    refusals.push(...(await page.locator('.panel .wrong:visible, .trouble').allTextContents()))
  }
  return refusals.filter(each => each.trim() !== '')
}

describe.skipIf(!existsSync(SHARED))('real models of other systems', () => {
  it.each(REAL)(
    'write here what the library writes: $from',
    async ({ files, from, ...more }) => {
      const page = await visit('#seed=21')
      await speed(page, 'fast')
      await openReal(page, files, from)
      await count(page, 100)
      const seed = { seed: 21, temperature: 0.8, length: 100 }
      const wanted = await generateText(await imported(files), seed)
      expect((await text(page)).startsWith(wanted)).toBe(true)
      if ('window' in more) {
        const own = await page.locator('.model option:checked').getAttribute('value')
        await bar(page).getByRole('button', { name: 'Run it so' }).click()
        await bar(page).getByText('Each character follows from the last 40 alone').waitFor()
        const windowed = await generateText(await imported(files, more), seed)
        await page.waitForFunction(each => ondo.text().startsWith(each), windowed)
        // Another window makes another model, which takes the place of the first in the list.
        expect(await page.locator('.model option:checked').getAttribute('value')).not.toBe(own)
        expect(await page.locator('.model optgroup option').count()).toBe(1)
      }
      // Bars have as many rows as ever, and every tab works with this network.
      expect(await page.locator('#next tbody tr').count()).toBeGreaterThan(5)
      await pause(page)
      expect(await refusalsInTabs(page)).toEqual([])
      // The link writes the very text again in another tab of this browser.
      const mine = await text(page)
      await page.getByRole('button', { name: 'Share' }).click()
      const link = await page.getByLabel('Link to this very text').inputValue()
      const friend = await page.context().newPage()
      await friend.goto(link)
      await friend.waitForFunction(each => typeof ondo === 'object' && ondo.text() === each, mine)
      expect(complaints).toEqual([])
    },
    90_000,
  )

  it('go round at T = 0, and the page says so: Karpathy’s model of his demo', async () => {
    const page = await visit('#seed=3')
    await openReal(page, ['recurrentjs/lstm_100_model.json'], 'recurrentjs')
    await bar(page).getByRole('button', { name: 'Close' }).click()
    await page
      .getByRole('textbox', { name: 'Begin with' })
      .fill('the most important thing in a startup is')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('button', { name: '0', exact: true }).click()
    await page.keyboard.press('r')
    await page.waitForFunction(() => ondo.text().startsWith(' a lot of the startup is'.repeat(4)))
    await page.getByText('It repeats itself: 24 characters').waitFor()
  }, 60_000)

  it.each([
    { name: 'restarts', files: ['recurrentjs/lstm_100_model.json'], options: {} },
    { name: 'windows', files: REAL.at(-1)!.files, options: { window: 40 } },
    { name: 'bytes', files: REAL[1].files, options: {} },
    { name: 'attention', files: REAL[4].files, options: {} },
  ])(
    'write the same text in an exported page: $name',
    async ({ name, files, options }) => {
      const model = join(folder, `${name}.safetensors`)
      const made = join(folder, `${name}.html`)
      writeFileSync(model, encodeModel(await imported(files, options)))
      const exported = await command(['export', 'page', model, '-o', made, '-s', '7'])
      expect([exported.code, exported.stdout]).toEqual([0, ''])
      const sampled = await command(['sample', model, '--no-echo', '-n', '120', '-s', '7'])
      const wanted = sampled.stdout.replace(/\n$/, '')
      const page = await (await browser.newContext({ locale: 'en-US' })).newPage()
      await page.goto(String(pathToFileURL(made)))
      await page.selectOption('#rate', 'fast')
      await page.waitForFunction(n => ondo.text().length >= n, wanted.length)
      expect((await text(page)).startsWith(wanted)).toBe(true)
    },
    60_000,
  )

  it('are refused where their folder is broken', async () => {
    const page = await visit('#seed=4')
    await drop(page, join(SHARED, 'ml5-incomplete'))
    await bar(page).getByRole('alert').getByText('“ml5-incomplete” can’t be opened').waitFor()
  })
})
