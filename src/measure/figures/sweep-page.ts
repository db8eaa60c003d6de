/** A sweep as an HTML page: the figure, the zones, and the texts of each temperature. */

import { counted } from '../../errors.js'
import { formatNumber } from '../../knob.js'
import { decodeBase64, readableBytes } from '../../text/index.js'
import { splitGraphemes } from '../../text/segment.js'
import type { CurvePoint, SweepText } from '../sweep/curve.js'
import type { SweepResult } from '../sweep/sweep.js'
import { zoneAt } from '../sweep/zones.js'
import { escapeXml, type FigureLanguage } from './svg.js'
import { type SweepFigureData, sweepFigure } from './sweep-figure.js'

const WORDS = {
  en: {
    zones: 'Zones',
    texts: 'What it writes',
    from: 'The text of the first seed at each temperature; open the others to read them.',
    seed: 'seed',
    all: 'the whole text',
    others: 'other seeds',
    loop: (period: number, start: number) =>
      `loops every ${counted(period, 'character')} from ${start} on`,
    proved: 'proved: the state of the network repeated, so the loop never ends',
    repetition: 'repeats',
    looping: 'in a loop',
    spelling: 'misspelt',
    surprisal: 'bits a character',
    names: { loops: 'loops', reads: 'reads like the corpus', breaks: 'breaks' },
  },
  ja: {
    zones: '三つの領域',
    texts: '書かれた文章',
    from: '各温度の最初のシードの文章です。ほかのシードの文章は開いて読めます。',
    seed: 'シード',
    all: '全文',
    others: 'ほかのシード',
    loop: (period: number, start: number) => `${start}字目から${period}字ごとに繰り返す`,
    proved: '証明済み：ネットワークの状態が繰り返したので、ループは終わらない',
    repetition: '反復',
    looping: 'ループ内',
    spelling: '綴り誤り',
    surprisal: 'ビット/文字',
    names: { loops: 'ループ', reads: 'コーパスらしく読める', breaks: '崩れる' },
  },
} as const

const STYLE = `
:root { color-scheme: light dark; --sheet: light-dark(#fffefb, #1b1d21); --ink: light-dark(#23252a, #e8e4db); --soft: light-dark(#5f6370, #a5a8b0); --hair: light-dark(#e3dfd5, #2e3138) }
body { margin: 2rem auto; max-width: 48rem; padding: 0 1rem; background: var(--sheet); color: var(--ink); font: 16px/1.6 system-ui, sans-serif }
figure { margin: 0 }
svg { max-width: 100%; height: auto }
.dark { display: none }
@media (prefers-color-scheme: dark) { .light { display: none } .dark { display: block } }
section { border-top: 1px solid var(--hair); padding: 1rem 0 }
h1, h3 { overflow-wrap: anywhere }
h3 { margin: 0; font-size: 1.1rem } h3 small, p small, summary { color: var(--soft); font-weight: normal; font-size: .85rem }
pre { font: 1rem/1.6 Georgia, "Noto Serif", "Noto Serif CJK JP", serif; white-space: pre-wrap; overflow-wrap: anywhere; margin: .6rem 0 }
`

/** Characters of each text that are shown before "the whole text" is opened. */
const SHOWN = 400

function medians(point: CurvePoint, language: FigureLanguage): string {
  const words = WORDS[language]
  const shares = (['repetition', 'looping', 'spelling'] as const).flatMap(measure => {
    const value = point.values[measure]?.median
    return value === undefined ? [] : [`${words[measure]} ${(100 * value).toFixed(1)}%`]
  })
  const bits = point.values.surprisal?.median
  return [...shares, ...(bits === undefined ? [] : [`${bits.toFixed(2)} ${words.surprisal}`])].join(
    ' · ',
  )
}

function textBlock(text: SweepText, language: FigureLanguage): string {
  const words = WORDS[language]
  const { loop, proof } = text
  const notes = [
    `${words.seed} ${text.seed}`,
    ...(loop ? [words.loop(loop.period, loop.start)] : []),
    ...(proof ? [words.proved] : []),
  ]
  const whole = text.bytes === undefined ? text.text : readableBytes(decodeBase64(text.bytes))
  // Only the beginning is segmented: a text may be ten million characters long.
  const first = splitGraphemes(whole.slice(0, 4 * SHOWN))
    .slice(0, SHOWN)
    .join('')
  const head = escapeXml(first)
  const rest = escapeXml(whole.slice(first.length))
  return (
    `<p><small>${escapeXml(notes.join(' · '))}</small></p><pre>${head}${rest && '…'}</pre>` +
    (rest && `<details><summary>${words.all}</summary><pre>${head}${rest}</pre></details>`)
  )
}

/** One HTML page with everything inside: no other file, no network. */
export function sweepPage(
  drawing: SweepFigureData,
  result: SweepResult,
  language: FigureLanguage = 'en',
): string {
  const words = WORDS[language]
  const title = escapeXml(drawing.name)
  const picture = (['light', 'dark'] as const)
    // Ids of gradients and patterns must differ between two SVGs in one page.
    .map(theme => {
      const svg = sweepFigure(drawing, { theme, language })
      return `<div class="${theme}">${svg.replaceAll(/(id="|url\(#)(heat|loops|breaks)/g, `$1${theme}-$2`)}</div>`
    })
    .join('')
  const zones = (result.zones?.zones ?? [])
    .map(
      ({ zone, from, to }) =>
        `<li>${formatNumber(Number(from.toPrecision(3)))} – ${formatNumber(Number(to.toPrecision(3)))}: ${words.names[zone]}</li>`,
    )
    .join('')
  const sections = result.curve
    .map(point => {
      const { temperature } = point
      const texts = result.texts.filter(text => text.temperature === temperature)
      const zone = zoneAt(result.zones, temperature)
      const name = zone ? ` · ${words.names[zone]}` : ''
      const others = texts.slice(1).map(text => textBlock(text, language))
      return (
        `<section id="T${formatNumber(temperature)}"><h3>T ${formatNumber(temperature)}` +
        ` <small>${medians(point, language)}${name}</small></h3>${textBlock(texts[0], language)}` +
        (others.length > 0
          ? `<details><summary>${words.others} (${others.length})</summary>${others.join('')}</details>`
          : '') +
        '</section>'
      )
    })
    .join('\n')
  const list = zones && `<h2>${words.zones}</h2><ul>${zones}</ul>`
  return `<!doctype html>
<html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style>
<main>
<h1>${title}</h1><figure>${picture}</figure>${list}
<h2>${words.texts}</h2><p><small>${words.from}</small></p>
${sections}
</main>
</html>
`
}
