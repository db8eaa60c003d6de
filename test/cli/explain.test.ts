/** `ondo explain`: one step on the terminal, held to the library and to itself at other temperatures. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { nextDouble } from '../../src/temperature/index.js'
import { ondo } from '../support/command.js'

const bundled = existsSync(
  fileURLToPath(new URL('../../models/shakespeare.safetensors', import.meta.url)),
)
const ask = ['explain', '--prompt', 'To be or not to b']

interface Explained {
  candidates: {
    symbol: string
    rank: number
    logit: number
    p: number
    pT: number
    cumulative: number
  }[]
  others: { count: number; p: number; pT: number }
  entropy: number
  entropyT: number
  draw: { id: number; rank: number; coin: number | null; interval: { low: number; high: number } }
}

async function explained(...flags: string[]): Promise<Explained> {
  const { stdout } = await ondo([...ask, '--json', ...flags])
  return JSON.parse(stdout) as Explained
}

describe.skipIf(!bundled)('ondo explain', () => {
  it('lists the candidates at 80 columns, the drawn one marked', async () => {
    const { code, stdout } = await ondo([...ask, '--temperature', '0.7'])
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
    expect(lines.filter(line => line.startsWith('>'))).toHaveLength(1)
    expect(stdout).toMatch(/entropy .* bits at 1, .* at 0\.7/)
    expect(stdout).toMatch(/random number 0\.\d{4} \(seed 42\) lands on/)
  })

  it('marks a drawn symbol that the list leaves out', async () => {
    const flags = ['--temperature', 'inf', '--top', '1', '--seed', '3']
    const { draw } = await explained(...flags)
    expect(draw.rank).toBeGreaterThan(1)
    const { stdout } = await ondo([...ask, ...flags])
    expect(stdout).toMatch(new RegExp(`^> +${draw.rank} `, 'm'))
  })

  it('gives odds that sum to 1 on both sides of temperature', async () => {
    const { candidates, others, entropy, entropyT } = await explained('-t', '0.5', '--top', '7')
    expect(candidates).toHaveLength(7)
    for (const key of ['p', 'pT'] as const) {
      expect(candidates.reduce((sum, c) => sum + c[key], others[key])).toBeCloseTo(1, 12)
    }
    expect(candidates[6].cumulative).toBeCloseTo(1 - others.pT, 12)
    expect(entropyT).toBeLessThan(entropy)
  })

  it('names the temperatures of the choice: true inside, false outside', async () => {
    // The first seed whose choice is another one both colder and hotter, whatever the model.
    const inside = ({ draw: { interval } }: Explained): boolean =>
      interval.low > 0 && interval.high < Number.MAX_VALUE
    let seed = 1
    let found = await explained('-t', '1.4', '--seed', '1')
    while (!inside(found) && seed < 40) {
      seed++
      found = await explained('-t', '1.4', '--seed', String(seed))
    }
    expect(inside(found)).toBe(true)
    const { draw } = found
    const { low, high } = draw.interval
    const at = async (T: number): Promise<number> =>
      (await explained('-t', String(T), '--seed', String(seed))).draw.id
    expect(high).toBeGreaterThan(low)
    expect(await at(high)).toBe(draw.id)
    expect(await at(nextDouble(high))).not.toBe(draw.id)
    expect(await at(low)).not.toBe(draw.id)
  })

  it('uses no random number at T = 0', async () => {
    expect((await explained('-t', '0')).draw).toMatchObject({ rank: 1, coin: null })
  })
})
