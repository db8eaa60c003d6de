/** `ondo breakpoints`: the list of a seed's texts, held to `ondo sample` at both sides of each end. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { width } from '../../src/cli/terminal/language.js'
import { jsonLines, ondo } from '../support/command.js'

const bundled = existsSync(
  fileURLToPath(new URL('../../models/shakespeare.safetensors', import.meta.url)),
)

interface Line {
  readonly low: number
  readonly high: number | 'inf'
  readonly text: string
  readonly zero: boolean
  readonly change?: { position: number; from: { symbol: string }; to: { symbol: string } }
}

async function lines(...flags: string[]): Promise<Line[]> {
  return jsonLines<Line>((await ondo(['breakpoints', '--json', ...flags])).stdout)
}

describe.skipIf(!bundled)('ondo breakpoints', () => {
  it('lists texts between temperatures, each as ondo sample writes it', async () => {
    const found = await lines('--length', '30', '--seed', '3', '--limit', '6')
    expect(found).toHaveLength(6)
    expect(found[0]).toMatchObject({ low: 0, zero: true })
    const sampled = async (T: number): Promise<string> => {
      const flags = ['-n', '30', '-s', '3', '--no-echo', '--json', '-t', String(T)]
      return String(jsonLines((await ondo(['sample', ...flags])).stdout).at(-1)?.text)
    }
    for (const [i, { low, high, text, change }] of found.entries()) {
      expect(await sampled(Number(high))).toBe(text)
      if (i === 0) continue
      const before = found[i - 1]
      expect(low).toBe(before.high)
      const at = change?.position ?? -1
      expect(text.slice(0, at)).toBe(before.text.slice(0, at))
      expect([before.text[at], text[at]]).toEqual([change?.from.symbol, change?.to.symbol])
    }
  })

  it('begins and ends where it is told, and says whether that was all', async () => {
    const flags = ['--length', '20', '--from', '0.7', '--to', '0.8', '--limit', '1000']
    const found = await lines(...flags)
    expect(found[0].low).toBeLessThan(0.7)
    expect(Number(found.at(-1)?.high)).toBeGreaterThanOrEqual(0.8)
    for (const { high } of found.slice(0, -1)) expect(Number(high)).toBeLessThan(0.8)
    const { stderr } = await ondo(['breakpoints', ...flags])
    expect(stderr).toContain(`all ${found.length} of that range`)
    const more = await ondo(['breakpoints', '--length', '20', '--limit', '2'])
    expect(more.stderr).toMatch(/there are more above \S+: --from \S+, or a higher --limit/)
    const all = await ondo(['breakpoints', '--length', '1', '--limit', '100'])
    expect(all.stderr).toMatch(/all \d+: no temperature writes another/)
  })

  it('fits 80 columns, in both languages and in wide letters', async () => {
    for (const flags of [[], ['--lang', 'ja'], ['kokoro', '--length', '20', '--lang', 'ja']]) {
      const { code, stdout } = await ondo(['breakpoints', ...flags, '--limit', '8'])
      expect(code).toBe(0)
      const rows = stdout.trimEnd().split('\n')
      expect(rows).toHaveLength(10)
      for (const row of rows) expect(width(row)).toBeLessThanOrEqual(80)
    }
  })

  it.each([
    [['--from', '-1'], 'The temperature is "-1"'],
    [['--from', '0.9', '--to', '0.5'], 'go from 0.9 to 0.5; expected the lower one as --from'],
    [['--limit', '0'], 'The limit is "0"; expected a whole number from 1'],
    [['--prompt', '☃'], '☃'],
  ])('refuses %j', async (flags, sentence) => {
    const { code, stderr } = await ondo(['breakpoints', ...flags])
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
  })
})
