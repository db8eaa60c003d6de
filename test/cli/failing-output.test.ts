/** Output that fails, and signals: what is said, what is saved, and the exit code. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BIN, babble, ondo } from '../support/command.js'
import { recurrentjsJson } from '../support/foreign.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-output-'))
const at = (name: string): string => join(folder, name)
const SMALL = [
  ...['--hidden', '16', '--layers', '1', '--batch', '4', '--seq', '25', '--threads', '1'],
  ...['--no-samples', '--no-baseline'],
]

interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a shell script in which "$@" is ondo with these arguments. */
function shell(script: string, args: readonly string[], command = ['sh']): Promise<Said> {
  const [name, ...before] = command
  const words = [...before, '-c', script, 'sh', process.execPath, BIN, ...args]
  const child = spawn(name, words, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', CI: '1' },
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, ...said })))
}

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'studio'], { cwd: root })
  writeFileSync(at('text.txt'), babble(8000))
  writeFileSync(at('foreign.json'), recurrentjsJson('abc '))
  const { code } = await ondo(['sample', 'names', '-n', '20', '--save', 'run.json'], {
    cwd: folder,
  })
  expect(code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FULL =
  /^error: "(standard output|\/dev\/full)" can't be written: the disk is full: make room or choose another place\.$/

/** Every command, in a form that writes to standard output. */
const COMMANDS: readonly (readonly string[])[] = [
  ['--help'],
  ['--version'],
  ['sample', '--help'],
  ['sample', 'names', '-n', '30'],
  ['sample', 'names', '-n', '30', '--json'],
  ['train', 'text.txt', '--out', 'full', '--epochs', '100000', '--json', ...SMALL],
  ['eval', 'names', 'text.txt'],
  ['baseline', 'text.txt'],
  ['explain', 'names'],
  ['breakpoints', 'names', '-n', '20', '--to', '1'],
  ['replay', 'run.json'],
  ['verify', 'run.json'],
  ['measure', 'text.txt'],
  ['sweep', 'names', '-T', '1', '--seeds', '1', '-n', '10'],
  ['calibrate', 'names', 'text.txt'],
  ['aim', 'names', '--surprisal', '3', '-n', '200'],
  ['inspect', 'names'],
  ['import', 'foreign.json', '--out', '-'],
  ['import', 'foreign.json', '--json'],
  ['studio', '--no-open', '--port', '0'],
]

describe.skipIf(!existsSync('/dev/full'))('standard output on a full disk', () => {
  it.each(COMMANDS)('ondo %s %s: one sentence, exit 1', { timeout: 60_000 }, async (...args) => {
    const { code, err } = await shell('exec "$@" > /dev/full', args)
    const lines = err.trimEnd().split('\n')
    expect(lines.filter(line => line.startsWith('error'))).toEqual([lines.at(-1)])
    expect(lines.at(-1)).toMatch(FULL)
    expect(err).not.toMatch(/^ {4}at /m)
    expect(code).toBe(1)
  })

  it('training saves first, says how to go on, and goes on', async () => {
    expect(existsSync(at('full/resume.safetensors'))).toBe(true)
    const more = ['train', '--out', 'full', '--resume', '--steps', '9', ...SMALL.slice(-4)]
    const { code, stderr } = await ondo(more, { cwd: folder })
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
  })

  it('--save on a full device: the same sentence', async () => {
    const { code, err } = await shell('exec "$@"', ['sample', 'names', '--save', '/dev/full'])
    expect(err.trimEnd()).toMatch(FULL)
    expect(code).toBe(1)
  })

  it('standard error on a full disk stops nothing', async () => {
    const args = ['train', 'text.txt', '--out', 'deaf', '--epochs', '1', ...SMALL]
    expect((await shell('exec "$@" 2> /dev/full', args)).code).toBe(0)
    const { code, out } = await shell('exec "$@" 2> /dev/full', [
      'sample',
      'shakespeare',
      '-n',
      '30',
    ])
    expect(code).toBe(0)
    expect(out.length).toBeGreaterThan(29)
  })
})

it('a pipe that is closed early is no complaint', async () => {
  const { err, out } = await shell('{ "$@"; echo "code $?" >&2; } | head -c 20', [
    ...['sample', 'shakespeare', '-n', '200000'],
  ])
  expect(err).toBe('code 0\n')
  expect(out).toHaveLength(20)
})

const mounts = spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs none ${tmpdir()}`])

describe.skipIf(mounts.status !== 0)('a small disk', () => {
  it('that has room for a part only: what is lost is not passed over', async () => {
    // A write that finds room for its first half is half a success, which is easily taken for a whole.
    const script =
      'mkdir -p disk; mount -t tmpfs -o size=8k none disk; "$@" > disk/out; echo "code $?"; wc -c < disk/out'
    const args = ['breakpoints', 'names', '-n', '300', '--to', '3', '--limit', '100', '--json']
    const { out, err } = await shell(script, args, ['unshare', '-rm', 'sh'])
    expect(err.trimEnd().split('\n').at(-1)).toMatch(FULL)
    expect(out).toMatch(/^code 1\n8192\n$/)
  })
})

/** A terminal that hung up: the other end of a pseudo-terminal is closed, and writes fail with EIO. */
const HANGUP = `
import os, pty, subprocess, sys
master, slave = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdout=slave, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
os.close(slave)
os.close(master)
_, err = child.communicate()
sys.stderr.buffer.write(err)
sys.exit(child.returncode)
`
const python = spawnSync('python3', ['-c', 'import pty'])

describe.skipIf(python.status !== 0)('a terminal that hung up', () => {
  it.each([
    [['sample', 'names', '-n', '2000']],
    [['inspect', 'names']],
    [['train', 'text.txt', '--out', 'hangup', '--epochs', '100000', '--json', ...SMALL]],
  ])('%j: one sentence, exit 1', { timeout: 60_000 }, async args => {
    writeFileSync(at('hangup.py'), HANGUP)
    const { code, err } = await shell('exec python3 hangup.py "$@"', args)
    expect(err.trimEnd().split('\n').at(-1)).toMatch(
      /^error: "standard output" can't be written: the device reports an error: /,
    )
    expect(code).toBe(1)
    if (args[0] === 'train') expect(existsSync(at('hangup/resume.safetensors'))).toBe(true)
  })
})

describe.skipIf(process.platform === 'win32')('a signal', () => {
  const SIGNALS = [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const
  const long: Readonly<Record<string, readonly [args: readonly string[], said: RegExp]>> = {
    train: [['train', 'text.txt', '--epochs', '100000', ...SMALL], /held out/],
    sample: [['sample', 'shakespeare', '-n', '10000000'], /./],
    sweep: [['sweep', 'names', '--seeds', '500', '-n', '5000', '--threads', '1'], /at once/],
    studio: [['studio', '--no-open', '--port', '0'], /http:/],
  }
  it.each(Object.keys(long).flatMap(name => SIGNALS.map(signal => [name, ...signal] as const)))(
    'ondo %s ends at %s with %d',
    { timeout: 60_000 },
    async (name, signal, code) => {
      const [args, said] = long[name]
      const out = name === 'train' ? ['--out', signal] : []
      let sent = false
      const ended = await ondo([...args, ...out], {
        cwd: folder,
        env: { CI: '1' },
        watch: (child, stderr, stdout) => {
          if (sent || !said.test(stderr + stdout)) return
          sent = true
          child.kill(signal)
        },
      })
      expect([ended.code, ended.signal], ended.stderr).toEqual([code, null])
      if (name === 'train') {
        expect(ended.stderr).toContain(`ondo train --out ${signal} --resume`)
        const run = JSON.parse(readFileSync(at(`${signal}/run.json`), 'utf8'))
        expect(ended.stderr).toContain(`stopped after update ${run.step},`)
      }
    },
  )
})
