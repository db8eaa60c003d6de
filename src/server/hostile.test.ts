import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { decodeModel } from '../file/index.js'
import { decodeRun, encodeRun, generateText, optionsOf, runHeader } from '../generate/index.js'
import { createApp } from './index.js'

const bytes = new Uint8Array(
  readFileSync(new URL('../../models/names.safetensors', import.meta.url)),
)
const app = createApp({ models: [{ name: 'names', read: async () => bytes }] })

const post = (body: string): Promise<Response> =>
  Promise.resolve(
    app.request('/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    }),
  )

const prompt = `b${'a'.repeat(28)}`
const CASE = 'allow /[a-z](?<!^(a+)+.)/, temperature'
const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
const nested = `${'{"kind":"escape","base":'.repeat(20_000)}1${'}'.repeat(20_000)}`

const bodies: [string, string, number][] = [
  ['the case of the report', JSON.stringify({ prompt, length: 1, chain: CASE }), 200],
  ['20,000 bans', JSON.stringify({ chain: Array(20_000).fill('ban "a"').join(', ') }), 400],
  ['20,000 banned', JSON.stringify({ chain: `ban ${'"a" '.repeat(20_000)}` }), 400],
  ['repetitions', JSON.stringify({ chain: 'allow /(a{1,1000}){1,1000}/' }), 400],
  ['a long expression', JSON.stringify({ chain: `allow /${'(a+)+'.repeat(10_000)}/` }), 400],
  ['a group referred to', JSON.stringify({ chain: 'allow /(a)\\1/' }), 400],
  ['stop strings', JSON.stringify({ stop: Array(100_000).fill('a') }), 400],
  ['a stop string', JSON.stringify({ stop: 'a'.repeat(900_000) }), 400],
  ['digits', JSON.stringify({ temperature: `${'1'.repeat(900_000)}x` }), 400],
  ['spaces', JSON.stringify({ temperature: `${' '.repeat(900_000)}(` }), 400],
  ['keyframes', JSON.stringify({ temperature: keyframes(100_000), length: 1 }), 400],
  ['keyframes that fit', JSON.stringify({ temperature: keyframes(5000), length: 1 }), 200],
  ['a nested schedule', `{"temperature":${nested}}`, 400],
  ['a field without end', JSON.stringify({ ['x'.repeat(900_000)]: 1 }), 400],
  ['a model without end', JSON.stringify({ model: 'x'.repeat(900_000) }), 404],
  ['unknown symbols', JSON.stringify({ prompt: kanji(250_000) }), 400],
  ['unknown symbols, skipped', JSON.stringify({ prompt: kanji(250_000), unknown: 'skip' }), 200],
  ['unknown symbols, nearest', JSON.stringify({ prompt: kanji(250_000), unknown: 'nearest' }), 400],
  ...['prompt', 'model', 'stop', 'temperature', 'chain', 'seed', 'length', 'stream', 'unknown'].map(
    (field): [string, string, number] => [`a deep ${field}`, `{"${field}":${deep}}`, 400],
  ),
]

function keyframes(count: number): string {
  return Array.from({ length: count }, (_, i) => `1@${i}`).join(' ')
}

function kanji(count: number): string {
  return Array.from({ length: count }, (_, i) =>
    String.fromCodePoint(i < 20_000 ? 0x4e00 + i : 0x10000 + i),
  ).join('')
}

it.each(bodies)(
  'answers at once, with a short sentence where it refuses: %s',
  async (_name, body, status) => {
    const before = process.cpuUsage()
    const response = await post(body)
    const text = await response.text()
    const { user } = process.cpuUsage(before)
    expect([response.status, text.slice(0, 300)]).toEqual([status, expect.any(String)])
    if (status !== 200) expect(text.length).toBeLessThan(700)
    expect(user / 1e6).toBeLessThan(2)
  },
)

it('a run code and a run file with such a chain are answered at once, too', async () => {
  const model = await decodeModel(bytes)
  const run = { ...runHeader(model, { prompt, ids: [], seed: 1, temperature: 1 }), length: 1 }
  const options = optionsOf(decodeRun(encodeRun({ ...run, chain: CASE })))
  expect(await generateText(model, options)).toHaveLength(1)
  for (const chain of ['allow /(a)\\1/', Array(20_000).fill('xtc').join(', ')]) {
    const hostile = optionsOf(decodeRun(encodeRun({ ...run, chain })))
    await expect(generateText(model, hostile)).rejects.toThrow(/refers back|expected at most/)
  }
})
