/**
 * The page that `ondo export page` writes: one file with the model, a slider and the text. It uses no
 * framework; with its kernels it is smaller than what deflating the model saves.
 */

import { networkOf } from 'ondo'
import { formatNumber } from 'ondo/temperature'
import { encodeInput, normalizeInput } from 'ondo/text'
import { LANGUAGES, MESSAGES, preferredLanguage } from '../shared/messages/index.js'
import { isSeed, newSeed, readSeed } from '../shared/seed.js'
import { bandOf, Speech } from '../shared/speech.js'
import {
  fine,
  HEAT_STOPS,
  heatOf,
  LAST,
  positionOf,
  readTemperature,
  temperatureAt,
  tick,
} from '../shared/temperature-scale.js'
import { openModel, readSettings } from './open.js'
import { PagedWriter, type Piece } from './paged-writer.js'
import { words } from './words.js'

const BARS = 6
const RATES = { slow: 5, reading: 20, brisk: 60, fast: 300 } as const
/** Maximum length of a coloured span; a browser lays out many short ones faster than a long one. */
const MAX_SPAN = 400

/** Creates an element with attributes (`class`, `aria-*` and others) and children. */
function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

const settings = readSettings()
let speech = new Speech(preferredLanguage(navigator.languages))
/** Functions that set the words of the parts; they are called again when the language changes. */
const labels: (() => void)[] = []
const t = () => words[speech.language]
const say = (set: () => void): void => {
  labels.push(set)
}

// --- the parts ---

const language = el('button', { class: 'quiet' })
const theme = el('button', { class: 'quiet' })
const prompt = el('textarea', { id: 'prompt', rows: '2', spellcheck: 'false' })
const seed = el('input', { id: 'seed', inputmode: 'numeric', autocomplete: 'off' })
const rate = el('select', { id: 'rate' })
const newSeedButton = el('button')
const note = el('p', { class: 'hint', role: 'status' })
const begun = el('span', { class: 'prompt' })
const paper = el('div', { class: 'paper', id: 'text' }, begun)
const scroller = el('div', { class: 'scroller scrolls', tabindex: '0', role: 'region' }, paper)
const bars = el('ol', { class: 'bars' })
const figure = el('input', { class: 'figure', inputmode: 'decimal', autocomplete: 'off' })
const slider = el('input', {
  type: 'range',
  id: 'slider',
  min: '0',
  max: String(LAST),
  step: 'any',
})
const sentence = el('p', { id: 'sentence' })
const again = el('button')
const copy = el('button')
const play = el('button', { class: 'go' })
const status = el('p', { class: 'sr', role: 'status' })
const about = el('p')
const hash = el('p', { class: 'hash' })
const barsTitle = el('h2')
const setup = el('section', { class: 'setup scrolls' })
const next = el(
  'section',
  { class: 'next scrolls' },
  barsTitle,
  bars,
  el('footer', { class: 'about' }, about, hash),
)
const main = el('main', { class: 'scrolls', 'aria-label': settings.name }, setup, scroller, next)
const labelled = (field: HTMLElement, word: () => string): HTMLElement => {
  const label = el('label', { for: field.id })
  say(() => {
    label.textContent = word()
  })
  return el('div', { class: 'field' }, label, field)
}

setup.append(
  labelled(prompt, () => speech.say.begin),
  el(
    'div',
    { class: 'row' },
    labelled(seed, () => speech.say.seed),
    newSeedButton,
  ),
  labelled(rate, () => speech.say.speed),
  note,
)
document.body.append(
  el('header', {}, el('h1', {}, settings.name), el('span', { class: 'space' }), language, theme),
  main,
  el(
    'footer',
    { class: 'dial' },
    figure,
    el('div', { class: 'rail' }, slider, sentence),
    el('div', { class: 'verbs' }, copy, again, play),
  ),
  status,
)
slider.style.setProperty(
  '--groove',
  `linear-gradient(90deg in oklab, ${HEAT_STOPS.map((at, i) => `var(--heat-${i}) ${at * 100}%`).join(', ')})`,
)
slider.setAttribute('aria-describedby', 'sentence')

/** The same query as in page.css: a narrow page scrolls as a whole, on a wide page each column scrolls. */
const narrow = matchMedia('(max-width: 56rem)')
/** Makes every part that can scroll a stop of the Tab key, even if it fits now: that depends on fonts. */
function setStops(): void {
  for (const [part, scrolls] of [
    [main, narrow.matches],
    [setup, !narrow.matches],
    [next, !narrow.matches],
  ] as const) {
    if (scrolls) part.tabIndex = 0
    else part.removeAttribute('tabindex')
  }
}
narrow.addEventListener('change', setStops)
setStops()

// --- words, light and dark ---

function setLanguage(to: (typeof LANGUAGES)[number]): void {
  speech = new Speech(to)
  document.documentElement.lang = to
  const other = LANGUAGES.find(each => each !== to) ?? to
  language.textContent = MESSAGES[other].language
  language.lang = other
  for (const set of labels) set()
}

const THEMES = ['system', 'light', 'dark'] as const
let themeIndex = 0
theme.onclick = () => {
  themeIndex = (themeIndex + 1) % THEMES.length
  document.documentElement.dataset.theme = THEMES[themeIndex]
  setLanguage(speech.language)
}
language.onclick = () => setLanguage(language.lang === 'ja' ? 'ja' : 'en')

say(() => {
  const { say } = speech
  theme.textContent = say.themes[THEMES[themeIndex]]
  theme.title = say.theme
  theme.setAttribute('aria-label', `${say.theme}: ${say.themes[THEMES[themeIndex]]}`)
  scroller.setAttribute('aria-label', say.text)
  setup.setAttribute('aria-label', say.setup)
  next.setAttribute('aria-label', say.next)
  figure.setAttribute('aria-label', say.temperatureValue)
  slider.setAttribute('aria-label', say.temperature)
  newSeedButton.textContent = t().newSeed
  again.textContent = t().again
  copy.textContent = t().copy
  barsTitle.textContent = say.next
  about.textContent = t().about(settings.name)
  hash.textContent = `${t().made} ${settings.hash}`
  const chosen = rate.value || 'reading'
  rate.replaceChildren(
    ...(Object.keys(RATES) as (keyof typeof RATES)[]).map(name =>
      el('option', { value: name }, say.speeds[name]),
    ),
  )
  rate.value = chosen
})

// --- the text ---

let pagedWriter: PagedWriter | undefined
let stretch: { element: HTMLElement; node: Text; temperature: number } | undefined
let addressTimer: ReturnType<typeof setTimeout> | undefined
let temperature = readTemperature(settings.temperature) ?? 0.8

/** Writes the link to this text into the address. Some browsers forbid that for a file; it is skipped there. */
function updateAddress(): void {
  // Before the text has begun, the address holds the settings with which it shall begin.
  if (!pagedWriter) return
  clearTimeout(addressTimer)
  addressTimer = setTimeout(() => {
    const fields = { prompt: prompt.value, seed: seed.value, t: formatNumber(temperature) }
    try {
      history.replaceState(null, '', `#${new URLSearchParams(fields)}`)
    } catch {}
  }, 300)
}

function show(pieces: readonly Piece[]): void {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48
  for (const { text, temperature } of pieces) {
    if (!stretch || stretch.temperature !== temperature || stretch.node.length > MAX_SPAN) {
      const node = document.createTextNode('')
      const element = el('span', { class: 'written' }, node)
      element.style.setProperty('--heat', heatOf(temperature))
      paper.append(element)
      stretch = { element, node, temperature }
    }
    stretch.node.appendData(text)
  }
  if (atEnd) scroller.scrollTop = scroller.scrollHeight
  showBars()
  if (pagedWriter?.full) setPlaying(false)
}

let symbolOf = (_id: number): string => ''

function showBars(): void {
  const found = pagedWriter?.candidates(BARS)
  if (!found) return
  bars.replaceChildren(
    ...found.top.map(({ id, p, pT }) => {
      const name = speech.symbolName(symbolOf(id))
      const before = el('i')
      const after = el('b')
      before.style.width = `${p * 100}%`
      after.style.width = `${pT * 100}%`
      const share = el('span', { class: 'share' }, speech.percent(pT))
      return el(
        'li',
        {},
        el('span', { class: 'symbol' }, name),
        el('span', { class: 'bar' }, before, after),
        share,
      )
    }),
  )
}

function setPlaying(on: boolean): void {
  if (!pagedWriter) return
  pagedWriter.playing = on && !pagedWriter.full
  play.textContent = pagedWriter.playing ? speech.say.pause : speech.say.play
  if (pagedWriter.full) note.textContent = t().full
}
say(() => setPlaying(pagedWriter?.playing ?? false))

// --- the temperature ---

function setTemperature(value: number): void {
  temperature = value
  const band = speech.say.bands[bandOf(value)]
  if (temperatureAt(Number(slider.value)) !== value) slider.value = String(positionOf(value))
  slider.setAttribute('aria-valuetext', speech.spokenTemperature(value))
  figure.value = speech.temperature(value)
  figure.removeAttribute('aria-invalid')
  sentence.textContent = `${band.words}${speech.language === 'ja' ? '。' : '. '}${band.sentence}`
  document.documentElement.style.setProperty('--glow', heatOf(value))
  if (pagedWriter) pagedWriter.temperature = value
  showBars()
  updateAddress()
}
say(() => setTemperature(temperature))

slider.oninput = () => setTemperature(temperatureAt(Number(slider.value)))
slider.ondblclick = () => setTemperature(1)
slider.onkeydown = event => {
  const moves: Record<string, () => number> = {
    ArrowUp: () => fine(temperature, 1),
    ArrowRight: () => fine(temperature, 1),
    ArrowDown: () => fine(temperature, -1),
    ArrowLeft: () => fine(temperature, -1),
    PageUp: () => tick(temperature, 1),
    PageDown: () => tick(temperature, -1),
    Home: () => 0,
    End: () => Number.POSITIVE_INFINITY,
  }
  const move = moves[event.key]
  if (!move || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  setTemperature(move())
}
figure.onchange = () => {
  const value = readTemperature(figure.value)
  if (value !== undefined) return setTemperature(value)
  figure.setAttribute('aria-invalid', 'true')
  sentence.textContent = speech.say.temperatureWrong
}
rate.onchange = () => {
  if (pagedWriter) pagedWriter.rate = RATES[rate.value as keyof typeof RATES]
}
play.onclick = () => setPlaying(!pagedWriter?.playing)
copy.onclick = async () => {
  await navigator.clipboard.writeText(prompt.value + written())
  note.textContent = t().copied
}
const written = (): string => paper.textContent?.slice(begun.textContent?.length) ?? ''

// --- beginning ---

async function start(): Promise<void> {
  note.textContent = t().opening
  // Lets the browser show the page before the model is unpacked.
  await new Promise(resolve => setTimeout(resolve, 30))
  const model = await openModel(settings)
  pagedWriter = new PagedWriter(model, await networkOf(model), show)
  symbolOf = id => model.tokenizer.symbol(id)
  const begin = (): void => {
    const { ids, unknown } = encodeInput(prompt.value, model.tokenizer, 'skip')
    const symbols = [...new Set(unknown.map(({ symbol }) => symbol))].slice(0, 8).join(' ')
    note.textContent = symbols ? t().leftOut(symbols) : ''
    begun.textContent = normalizeInput(prompt.value, model.tokenizer).text
    paper.replaceChildren(begun)
    stretch = undefined
    void pagedWriter?.begin(ids, seed.value).then(showBars)
    setPlaying(true)
    updateAddress()
  }
  const follow = (): void => {
    const fields = new URLSearchParams(location.hash.slice(1))
    prompt.value = fields.get('prompt') ?? settings.prompt
    const linkedSeed = fields.get('seed') ?? ''
    seed.value = isSeed(linkedSeed) ? linkedSeed : settings.seed
    setTemperature(
      readTemperature(fields.get('t') ?? '') ?? readTemperature(settings.temperature) ?? 0.8,
    )
    begin()
  }
  window.addEventListener('hashchange', follow)
  again.onclick = begin
  newSeedButton.onclick = () => {
    seed.value = newSeed()
    begin()
  }
  seed.onchange = () => {
    const read = readSeed(seed.value)
    seed.setAttribute('aria-invalid', String(read === undefined))
    note.textContent = read === undefined ? speech.say.seedWrong : ''
    if (read === undefined) return
    seed.value = read
    begin()
  }
  prompt.onchange = begin
  rate.onchange?.(new Event('change'))
  follow()
}

setLanguage(speech.language)
start().catch((error: unknown) => {
  note.className = 'wrong'
  note.textContent = `${t().failed} ${error instanceof Error ? error.message : error}`
})

/** Read-only access to the written text for tests and the console. */
Object.defineProperty(globalThis, 'ondo', { value: Object.freeze({ text: written }) })
