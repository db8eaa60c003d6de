/**
 * The example of a low temperature on Karpathy's own model, as README and docs/import.md show it. The
 * model is the reader's: where it is not here, these tests are skipped.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FORMAT_KINDS } from '../../src/interop/index.js'
import { readEscapes } from '../../src/text/index.js'
import { ondo } from '../support/command.js'
import { commandsOf, isBrought, writtenBy } from './shown.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const MODEL = fileURLToPath(
  new URL('../../../shared/models/recurrentjs/lstm_100_model.json', import.meta.url),
)
const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const argsOf = (words: readonly string[]): string[] => words.map(word => readEscapes(word))

describe.skipIf(!existsSync(MODEL)).each([
  ['README.md', 3],
  ['README.ja.md', 3],
  ['docs/import.md', 6],
  ['docs/import.ja.md', 6],
])('%s', (page, count) => {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-startup-'))
  const commands = commandsOf(read(page)).filter(isBrought)
  beforeAll(() => {
    execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
    copyFileSync(MODEL, join(folder, 'lstm_100_model.json'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('shows what the commands print on that model, one after the other', async () => {
    expect(commands).toHaveLength(count)
    for (const { args, output } of commands) {
      expect(await writtenBy(argsOf(args), folder)).toBe(output.text)
    }
  })

  it('names the lowest temperature that leaves the loop', async () => {
    const shown = commands.map(({ output }) => output.text).join('\n')
    const T = /leaves the loop at T = ([\d.]+)/.exec(shown)?.[1] ?? ''
    const textAt = async (temperature: string): Promise<string> =>
      (
        await ondo(['sample', 'startup.safetensors', '-t', temperature, '-n', '120'], {
          cwd: folder,
        })
      ).stdout
    const loop = await textAt('0')
    expect(loop).toContain('a lot of the startup is a lot of the startup is')
    expect(await textAt(T)).not.toBe(loop)
    expect(await textAt(String(Number(T) * (1 - 1e-6)))).toBe(loop)
  })
})

describe.each(['docs/import.md', 'docs/import.ja.md'])('the table of %s', page => {
  const rows = new Map(
    [...read(page).matchAll(/^\| `([\w-]+)` \|(.*)\|$/gm)].map(([, kind = '', rest = '']) => [
      kind,
      rest.split('|').map(cell => cell.trim()),
    ]),
  )

  it('has every format with tests that exist and a command', () => {
    rows.delete('from')
    expect([...rows.keys()].sort()).toEqual([...FORMAT_KINDS].sort())
    for (const [kind, cells] of rows) {
      expect(cells, kind).toHaveLength(4)
      const tests = [...(cells[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name)
      expect(tests.length, kind).toBeGreaterThan(0)
      for (const test of tests)
        expect(existsSync(join(root, 'src/interop', test ?? '')), test).toBe(true)
      expect(cells[3], kind).toMatch(/^`ondo import \S.*`$/)
    }
  })
})
