/** The text as files for people, and its citation. */
import { VERSION } from 'ondo'
import { heatOf } from '../scale.js'
import type { Studio } from '../studio.svelte.js'

const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)

/** `Ondo 0.1.0, model Shakespeare (SHA-256 504b…), seed 42, T 0.8.` */
export function citationOf({ model, origin, records, count, speech }: Studio): string {
  let [low, high] = [Number.POSITIVE_INFINITY, 0]
  for (const T of records.temperatures.subarray(0, count)) {
    low = Math.min(low, T)
    high = Math.max(high, T)
  }
  const T =
    low >= high
      ? speech.temperature(high)
      : `${speech.temperature(low)}–${speech.temperature(high)}`
  const prompt = JSON.stringify(origin.prompt)
  return `Ondo ${VERSION}, model ${model?.name} (SHA-256 ${model?.hash}), prompt ${prompt}, seed ${origin.seed}, T ${T}, ${count} symbols.`
}

/** Stretches of one temperature. */
function stretches({ records, count }: Studio): { text: string; temperature: number }[] {
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

export function textAs(form: Form, studio: Studio): string {
  const { origin, records } = studio
  const whole = origin.prompt + records.text
  if (form === 'txt') return whole
  const citation = citationOf(studio)
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
  const spans = stretches(studio).map(
    ({ text, temperature }) =>
      `<span style="border-bottom:2px solid ${heatOf(temperature)}" title="T ${studio.speech.temperature(temperature)}">${escapeHtml(text)}</span>`,
  )
  return `<!doctype html>
<html lang="${studio.language}"><meta charset="utf-8"><title>${escapeHtml(studio.model?.name ?? 'Ondo')}</title>
<style>:root{color-scheme:light dark;${colours.join(';')}}body{max-width:40rem;margin:2rem auto;padding:0 1rem;font:1.1rem/1.8 serif}pre{font:inherit;white-space:pre-wrap;overflow-wrap:anywhere}i{opacity:.7;font-style:normal}</style>
<pre><i>${escapeHtml(origin.prompt)}</i>${spans.join('')}</pre>
<p><small>${escapeHtml(citation)}</small></p>
</html>
`
}
