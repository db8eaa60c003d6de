/** Two processes and one folder, and a working directory that was removed, as a user meets them. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BIN, babble, ondo, type Result } from '../support/command.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-writer-'))
const at = (name: string): string => join(folder, name)
const SMALL = [
  ...['--hidden', '16', '--layers', '1', '--batch', '4', '--seq', '25', '--threads', '1'],
  ...['--no-samples', '--no-baseline'],
]

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  writeFileSync(at('text.txt'), babble(8000))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command, and once it has said something, does something; then ends it. */
async function during(
  args: readonly string[],
  said: RegExp,
  act: () => Promise<void>,
): Promise<Result> {
  let acting: Promise<void> | undefined
  const result = await ondo(args, {
    cwd: folder,
    watch: (child, stderr) => {
      if (acting || !said.test(stderr)) return
      acting = act().finally(() => child.kill('SIGINT'))
    },
  })
  expect(acting, result.stderr).toBeDefined()
  await acting
  return result
}

describe('a second process in the folder of a run', () => {
  it('is refused, however it comes, and the first one loses nothing', async () => {
    const long = ['train', 'text.txt', '--out', 'run', '--epochs', '100000', ...SMALL]
    const refused = /^error: A run is going on in ".*" \(process \d+\): wait until it ends.*\n$/
    const first = await during(long, /held out/, async () => {
      symlinkSync('run', at('link'))
      for (const args of [
        ['text.txt', '--out', 'run'],
        ['text.txt', '--out', 'link'],
        ['--out', 'run', '--resume'],
        ['text.txt', '--out', 'run', '--force'],
      ]) {
        const { code, stderr } = await ondo(['train', ...args], { cwd: folder })
        expect(stderr, args.join(' ')).toMatch(refused)
        expect(code).toBe(2)
      }
    })
    expect(first.code, first.stderr).toBe(130)
    const steps = readFileSync(at('run/metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .filter(line => line.includes('"loss"'))
      .map(line => JSON.parse(line).step)
    expect(steps).toEqual(steps.map((_, i) => i + 1))
    const more = ['train', '--out', 'run', '--resume', '--steps', `${steps.length + 2}`]
    const resumed = await ondo([...more, '--threads', '1', '--no-samples'], { cwd: folder })
    expect(resumed.code, resumed.stderr).toBe(0)
  })

  it('is refused for a sweep, too, and the sweep goes on', async () => {
    const sweep = ['sweep', 'names', '--out', 'sweep', '-T', '0.5,1,1.5', '--threads', '1']
    const long = [...sweep, '--seeds', '40', '--length', '5000']
    const first = await during(long, /^\d+ texts|\d+\/120/m, async () => {
      for (const args of [long, [...long, '--force']]) {
        const { code, stderr } = await ondo(args, { cwd: folder })
        expect(stderr).toMatch(/^error: A run is going on in "sweep" \(process \d+\)/)
        expect(code).toBe(2)
      }
    })
    expect(first.code, first.stderr).toBe(130)
  })
})

describe('a sweep that goes on', () => {
  it('writes damaged texts again, says so, and ends with the same figures', async () => {
    const args = ['sweep', 'names', '-T', '0.5,1', '--seeds', '2', '-n', '200', '--threads', '1']
    await ondo([...args, '--out', 'plain'], { cwd: folder })
    await ondo([...args, '--out', 'harmed'], { cwd: folder })
    const file = at('harmed/texts.jsonl')
    const [head, ...lines] = readFileSync(file, 'utf8').split('\n')
    const harmed = lines[1].replace(/"text":"(.)/, (_, letter) => `"text":"${letter}${letter}`)
    expect(harmed).not.toBe(lines[1])
    writeFileSync(file, [head, lines[0], harmed, ...lines.slice(2)].join('\n'))
    const { code, stderr } = await ondo([...args, '--out', 'harmed'], { cwd: folder })
    expect(stderr).toMatch(/^harmed\/texts\.jsonl: 1 damaged line is left out; /)
    expect(code).toBe(0)
    for (const name of ['sweep.csv', 'curve.csv']) {
      expect(readFileSync(at(`harmed/${name}`))).toEqual(readFileSync(at(`plain/${name}`)))
    }
    writeFileSync(file, [head.replace('"length":200', '"length":201'), ...lines].join('\n'))
    const refused = await ondo([...args, '--out', 'harmed'], { cwd: folder })
    expect(refused.stderr).toMatch(/texts\.jsonl" holds no sweep, or a damaged one; .*--force/)
    expect(refused.code).toBe(1)
  })

  it('of an earlier Ondo, without sums, is taken and says so', async () => {
    const args = ['sweep', 'names', '-T', '1', '--seeds', '2', '-n', '100', '--out', 'old']
    await ondo([...args, '--threads', '1'], { cwd: folder })
    const file = at('old/texts.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"sum":"[0-9a-f]+",/g, ''))
    const { code, stderr } = await ondo([...args, '--threads', '1'], { cwd: folder })
    expect(stderr).toMatch(/^old was begun by an earlier Ondo, whose texts have no checksum/)
    expect(stderr).toContain(', 2 of them done before')
    expect(code).toBe(0)
  })
})

/** Runs a command in a folder that is removed before it starts. */
function inRemovedFolder(args: readonly string[]): Promise<{ code: number | null; said: string }> {
  mkdirSync(at('removed'))
  const script = 'rmdir ../removed && exec "$@"'
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, BIN, ...args], {
    cwd: at('removed'),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8' },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdout.resume()
  return new Promise(resolve => child.on('close', code => resolve({ code, said })))
}

describe.skipIf(process.platform === 'win32')('a working directory that was removed', () => {
  it.each([
    [['train', at('text.txt'), ...SMALL, '--quiet']],
    [['train', at('text.txt'), '--out', 'run', ...SMALL, '--quiet']],
    [['sweep', 'names', '--out', 'sweep', '-T', '1', '--seeds', '1', '-n', '10', '--quiet']],
    [['sample', 'names', '-n', '5', '--save', 'names.txt', '--quiet']],
    [['export', 'page', 'names', '--quiet']],
  ])('ends %j in one sentence', { timeout: 60_000 }, async args => {
    const { code, said } = await inRemovedFolder(args)
    expect(said).toBe(
      'error: The working directory was removed: change into a folder that exists and try again.\n',
    )
    expect(code).toBe(1)
  })
})
