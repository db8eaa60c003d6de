/** The text as plain text, Markdown and HTML, and its citation. */

import { VERSION } from 'ondo'
import { bytesOfSteps } from 'ondo/generate'
import { ByteTokenizer } from 'ondo/text'
import { counted } from '../../../src/errors.js'
import { heatOf } from '../../shared/temperature-scale.js'
import type { Models } from '../models/models.svelte.js'
import type { Settings } from '../settings/settings.svelte.js'
import type { Editor } from '../text/editor.svelte.js'
import { CHOSEN } from '../writer/protocol.js'

/** What a saved text is made from. */
export interface SavedParts {
  readonly settings: Settings
  readonly models: Models
  readonly editor: Editor
}

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)

/**
 * `Ondo 0.1.0, model Shakespeare (identity ded1…), corpus input.txt (SHA-256 86c4…), prompt "ROMEO:",
 * seed 42, T 0.8, chain temperature, min-p 0.1, 400 symbols.`
 */
export function citationOf({ settings, models, editor }: SavedParts): string {
  const { origin, records, count, tree } = editor
  const { current: model } = models
  const { speech } = settings
  let [low, high] = [Number.POSITIVE_INFINITY, 0]
  for (const T of records.temperatures.subarray(0, count)) {
    low = Math.min(low, T)
    high = Math.max(high, T)
  }
  const T =
    low >= high
      ? speech.temperature(high)
      : `${speech.temperature(low)}–${speech.temperature(high)}`
  const { corpus, corpusHash } = model?.training ?? {}
  const from = corpusHash ? `${corpus ?? 'without a name'} (SHA-256 ${corpusHash})` : corpus
  const used = new Set(records.chains.subarray(0, count))
  const chains = [...used].map(index => tree.chains[index] || 'temperature')
  const parts = [
    `Ondo ${VERSION}`,
    `model ${model?.name} (identity ${model?.hash})`,
    ...(from ? [`corpus ${from}`] : []),
    `prompt ${JSON.stringify(origin.prompt)}`,
    `seed ${origin.seed}`,
    ...(origin.stream ? [`stream ${origin.stream}`] : []),
    ...(origin.held ? [`held units ${origin.held}`] : []),
    `T ${T}`,
    ...(used.size > 1 || !used.has(0) ? [`chain ${chains.join('; then ')}`] : []),
    ...(records.coins.subarray(0, count).includes(CHOSEN)
      ? ['some symbols chosen by a person']
      : []),
    counted(count, 'symbol'),
  ]
  return `${parts.join(', ')}.`
}

/** Stretches of one temperature. */
function stretches({ records, count }: Editor): { text: string; temperature: number }[] {
  const found: { text: string; temperature: number }[] = []
  let from = 0
  for (let n = 1; n <= count; n++) {
    if (n < count && records.temperatures[n] === records.temperatures[from]) continue
    const text = records.text.slice(records.start(from), records.start(n))
    found.push({ text, temperature: records.temperatures[from] })
    from = n
  }
  return found
}

export const FORMS = ['txt', 'md', 'html'] as const
export type Form = (typeof FORMS)[number]

/** A byte model's prompt and text as the bytes they are: those that are no UTF-8 are kept. */
function bytesOf({ origin, records }: Editor): Blob {
  const steps = Array.from({ length: records.count }, (_, n) => ({
    id: records.ids[n],
    text: records.textOf(n),
  }))
  const written = bytesOfSteps({ tokenizer: new ByteTokenizer() }, steps)
  return new Blob([origin.prompt, new Uint8Array(written)], { type: 'application/octet-stream' })
}

/** What a reader saves: text, or of a byte model's plain text its bytes. */
export function fileAs(form: Form, parts: SavedParts): string | Blob {
  return form === 'txt' && parts.models.current?.tokenizer === 'byte'
    ? bytesOf(parts.editor)
    : textAs(form, parts)
}

export function textAs(form: Form, parts: SavedParts): string {
  const { settings, models, editor } = parts
  const { origin, records } = editor
  const whole = origin.prompt + records.text
  if (form === 'txt') return whole
  const citation = citationOf(parts)
  if (form === 'md') {
    // A fence longer than any in the text keeps every character as it is.
    const longest = Math.max(2, ...[...whole.matchAll(/`+/g)].map(([ticks]) => ticks.length))
    const fence = '`'.repeat(longest + 1)
    return `${fence}text\n${whole}\n${fence}\n\n${citation}\n`
  }
  const style = getComputedStyle(document.documentElement)
  const colours = Array.from(
    { length: 6 },
    (_, i) => `--heat-${i}:${style.getPropertyValue(`--heat-${i}`)}`,
  )
  const spans = stretches(editor).map(
    ({ text, temperature }) =>
      `<span style="border-bottom:2px solid ${heatOf(temperature)}" title="T ${settings.speech.temperature(temperature)}">${escapeHtml(text)}</span>`,
  )
  return `<!doctype html>
<html lang="${settings.language}"><meta charset="utf-8"><title>${escapeHtml(models.current?.name ?? 'Ondo')}</title>
<style>:root{color-scheme:light dark;${colours.join(';')}}body{max-width:40rem;margin:2rem auto;padding:0 1rem;font:1.1rem/1.8 serif}pre{font:inherit;white-space:pre-wrap;overflow-wrap:anywhere}i{opacity:.7;font-style:normal}</style>
<main><pre><i>${escapeHtml(origin.prompt)}</i>${spans.join('')}</pre>
<p><small>${escapeHtml(citation)}</small></p></main>
</html>
`
}
