/** `ondo baseline`, in real processes. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ngramBaseline } from '../../src/measure/model/ngram.js'
import { buildTokenizer } from '../../src/text/index.js'
import { babble, ondo } from '../support/command.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-baseline-'))
const TEXT = babble(9000)

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  writeFileSync(join(folder, 'text.txt'), TEXT)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const baseline = (...args: string[]) => ondo(['baseline', 'text.txt', ...args], { cwd: folder })

describe('ondo baseline', () => {
  it('shows the loss of each order and marks the best', async () => {
    const { code, stdout, stderr } = await baseline()
    expect(code).toBe(0)
    const rows = [...stdout.matchAll(/^ +(\d+) +(\d\.\d{4}) +(\d\.\d{4}) +(\d+\.\d{3})( best)?$/gm)]
    expect(rows.map(row => Number(row[1]))).toEqual(rows.map((_, i) => i + 1))
    const best = rows.filter(row => row[5])
    expect(best).toHaveLength(1)
    expect(Number(best[0][2])).toBe(Math.min(...rows.map(row => Number(row[2]))))
    expect(stderr).toContain('the last 10% of the text (tail)')

    const { stdout: line } = await baseline('--json')
    const { order, nats, bits, losses, predicted, counted } = JSON.parse(line)
    expect(order).toBe(Number(best[0][1]))
    expect(nats.toFixed(4)).toBe(best[0][2])
    expect(bits).toBeCloseTo(nats / Math.LN2, 12)
    expect(losses).toHaveLength(rows.length)
    expect(predicted).toBe(899)
    expect(counted).toBeGreaterThan(7900)
  })

  it('tests the chosen order on text that chose nothing', async () => {
    const { stdout } = await baseline('--test', '0.1', '--json')
    const { order, test, losses, predicted } = JSON.parse(stdout)
    const { tokenizer } = buildTokenizer('character', TEXT)
    const { ids } = tokenizer.encode(TEXT)
    // 80% to count, cut to whole batches of 3 x 50; the last tenth to test.
    expect(predicted + test.count).toBe(1799)
    const again = ngramBaseline(ids, {
      training: [{ from: 0, to: 7201 }],
      heldOut: [{ from: 9000 - test.count, to: 9000 }],
      vocabulary: tokenizer.size,
      orders: order,
    })
    expect(test.nats).toBeCloseTo(again.losses[order - 1], 1)
    expect(losses[order - 1]).toBe(Math.min(...losses))
  })

  it('goes as far as it is told to, and refuses parts that leave nothing', async () => {
    const { stdout } = await baseline('--orders', '2', '--json')
    expect(JSON.parse(stdout).losses).toHaveLength(2)
    const refused = await baseline('--holdout', '0.5', '--test', '0.5')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('leave nothing to count')
    const nothing = await baseline('--holdout', '0')
    expect(nothing.code).toBe(2)
    expect(nothing.stderr).toContain('hold out more of the text')
  })
})
