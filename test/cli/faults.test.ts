/** What goes wrong with a training folder, as a user meets it: full disks, places that can't be written, cut files. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel } from '../../src/file/index.js'
import { BIN, babble, ondo } from '../support/command.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-faults-'))
const at = (name: string): string => join(folder, name)
const SMALL = [
  ...['--hidden', '16', '--layers', '1', '--batch', '4', '--seq', '25', '--epochs', '2'],
  ...['--embedding', '0', '--dropout', '0', '--checkpoint-every', '7', '--threads', '1'],
  ...['--no-samples', '--no-baseline', '--quiet'],
]

/** A namespace of one's own, in which anybody may mount; where the system allows that. */
const mounts = spawnSync('unshare', [
  ...['-rm', 'sh', '-c', `mount -t tmpfs -o size=64k none ${tmpdir()}`],
])

/** Runs a script in which `run` is the given mount and "$@" is ondo. */
function mounted(options: string, script: string): Promise<{ stdout: string; stderr: string }> {
  const inside = `mount -t tmpfs -o ${options} none run && ${script}`
  const child = spawn('unshare', ['-rm', 'sh', '-c', inside, 'sh', process.execPath, BIN], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8' },
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  return new Promise(resolve => child.on('close', () => resolve(said)))
}

const train = (args: readonly string[]) => ondo(['train', ...args], { cwd: folder })

async function weights(name: string): Promise<unknown> {
  return (await decodeModel(new Uint8Array(readFileSync(at(name))))).weights
}

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  writeFileSync(at('text.txt'), babble(8000))
  mkdirSync(at('run'))
  const { stderr, code } = await train(['text.txt', '--out', 'whole', ...SMALL])
  expect([code, stderr]).toEqual([0, ''])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(mounts.status !== 0)('a disk', () => {
  it('that is full ends training in one sentence; with room, it goes on to the same weights', async () => {
    // Room for all files of a run, but not for a checkpoint beside the old one as well.
    const pages = (name: string): number => Math.ceil(statSync(at(`whole/${name}`)).size / 4096)
    const all = readdirSync(at('whole')).reduce((sum, name) => sum + pages(name), 0)
    const { stdout, stderr } = await mounted(
      `size=${4 * (all + pages('resume.safetensors') - 4)}k`,
      `"$@" train text.txt --out run/a ${SMALL.join(' ')}; echo "code $?"; ls -A run/a >&1;
       mount -o remount,size=8m none run && "$@" train --out run/a --resume --no-baseline --quiet --no-samples; echo "code $?";
       cp run/a/model.safetensors after.safetensors`,
    )
    expect(stderr).toMatch(
      /^training stopped; the checkpoint of update \d+ in run\/a is whole\. .*\n {2}ondo train --out run\/a --resume\nerror: "run\/a\/[a-z.]+" can't be written: the disk is full: make room or choose another place\.\n$/,
    )
    expect(stdout).toMatch(/^code 1\n/)
    expect(stdout).toMatch(/code 0\n$/)
    expect(stdout).not.toContain('.tmp')
    expect(await weights('after.safetensors')).toEqual(await weights('whole/model.safetensors'))
  })

  it('that is full at the first checkpoint after it: the command to go on with, which works', async () => {
    // The first checkpoint, run.json, source.json, the lock and the first metrics; no model beside them.
    const pages = Math.ceil(statSync(at('whole/resume.safetensors')).size / 4096) + 4
    const { stdout, stderr } = await mounted(
      `size=${4 * pages}k`,
      `"$@" train text.txt --out run/a ${SMALL.join(' ')}; echo "code $?";
       mount -o remount,size=8m none run && "$@" train --out run/a --resume --no-baseline --quiet --no-samples; echo "code $?"`,
    )
    expect(stderr).toMatch(
      /^training stopped; the checkpoint of update 0 in run\/a is whole\. .*\n {2}ondo train --out run\/a --resume\nerror: ".*" can't be written: the disk is full: .*\n$/,
    )
    expect(stdout).toBe('code 1\ncode 0\n')
  })

  it('that is full before the first step is named, too', async () => {
    const { stdout, stderr } = await mounted(
      'size=16k',
      `"$@" train text.txt --out run/a ${SMALL.join(' ')}; echo "code $?"`,
    )
    expect(stderr).toMatch(
      /^training stopped before anything was saved in run\/a\. .*\n {2}ondo train text\.txt --out run\/a .*--quiet\nerror: "run\/a\/[a-z.]+" can't be written: the disk is full.*\n$/,
    )
    expect(stdout).toBe('code 1\n')
  })

  it('that is read-only is named', async () => {
    const { stdout, stderr } = await mounted(
      'ro',
      `"$@" train text.txt --out run/a ${SMALL.join(' ')}; echo "code $?"`,
    )
    expect(stderr).toBe(
      `error: "run/a" can't be written: the file system is read-only: choose another place.\n`,
    )
    expect(stdout).toBe('code 1\n')
  })
})

describe('a place that can not be written, not even by root', () => {
  it.each([
    ['text.txt/run', /^error: "text\.txt\/run" can't be written: a part of its path is a file/],
    ['text.txt', /^error: "text\.txt" can't be written: a file stands where a folder is needed/],
  ])('%s is named, and nothing is touched', async (out, sentence) => {
    const { code, stderr } = await train(['text.txt', '--out', out, ...SMALL])
    expect(stderr).toMatch(sentence)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
    expect(readFileSync(at('text.txt'), 'utf8')).toBe(babble(8000))
  })
})

describe('a file of the folder that was cut short', () => {
  let state = Date.now() % 1_000_000
  const seed = state
  const chance = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  let copies = 0
  /** A copy of the run with one file cut somewhere. */
  function cut(name: string): string {
    const copy = `cut-${copies++}`
    cpSync(at('whole'), at(copy), { recursive: true })
    // Without the line's end alone a file would be whole.
    const { size } = statSync(at(join(copy, name)))
    truncateSync(at(join(copy, name)), Math.floor(chance() * (size - 1)))
    return copy
  }
  const contents = (name: string): string[] =>
    readdirSync(at(name)).map(file => `${file} ${readFileSync(at(join(name, file)), 'hex')}`)
  const more = ['--resume', '--epochs', '3', '--no-samples', '--no-baseline', '--quiet']

  it(`the checkpoint: refused by name, all else untouched (seed ${seed})`, async () => {
    for (let i = 0; i < 3; i++) {
      const copy = cut('resume.safetensors')
      const before = contents(copy)
      const { code, stderr } = await train(['--out', copy, ...more])
      expect(stderr).toMatch(
        /^error: resume\.safetensors is cut off or damaged .* start a new run\.\n$/,
      )
      expect(code).toBe(1)
      expect(contents(copy)).toEqual(before)
      expect((await ondo(['sample', copy, '-n', '5'], { cwd: folder })).code).toBe(0)
    }
  })

  it('the checkpoint with half of its data zeroed, or one bit flipped: refused alike', async () => {
    for (const harm of [
      (bytes: Buffer) => bytes.fill(0, bytes.length >> 1),
      (bytes: Buffer) => bytes.writeUInt8(bytes[bytes.length - 9] ^ 1, bytes.length - 9),
    ]) {
      const copy = `cut-${copies++}`
      cpSync(at('whole'), at(copy), { recursive: true })
      const file = at(join(copy, 'resume.safetensors'))
      const bytes = readFileSync(file)
      harm(bytes)
      writeFileSync(file, bytes)
      const { code, stderr } = await train(['--out', copy, ...more])
      expect(stderr).toMatch(/^error: resume\.safetensors is cut off or damaged .* new run\.\n$/)
      expect(code).toBe(1)
    }
  })

  it.each([
    ['model.safetensors', /^model\.safetensors was damaged, .* again from the checkpoint\.\n$/],
    ['run.json', /^$/],
    ['metrics.jsonl', /^metrics\.jsonl was damaged or changed since update \d+: .*\n$/],
    ['best.safetensors', /^best\.safetensors(, the model of update \d+, is| was) damaged, .*\n$/],
  ])(`%s: the run says so and learns the same (seed ${seed})`, async (name, said) => {
    const [copy, other] = [cut(name), `plain-${name}`]
    cpSync(at('whole'), at(other), { recursive: true })
    const harmed = await train(['--out', copy, ...more])
    expect(harmed.code).toBe(0)
    expect(harmed.stderr).toMatch(said)
    const { code, stderr } = await train(['--out', other, ...more])
    expect([code, stderr]).toEqual([0, ''])
    expect(await weights(join(copy, 'model.safetensors'))).toEqual(
      await weights(join(other, 'model.safetensors')),
    )
    const lines = readFileSync(at(join(copy, 'metrics.jsonl')), 'utf8')
      .trimEnd()
      .split('\n')
    for (const line of lines) JSON.parse(line)
  })

  it('run.json with another tokenizer and other threads: the checkpoint has what counts', async () => {
    const copy = `cut-${copies++}`
    cpSync(at('whole'), at(copy), { recursive: true })
    const run = JSON.parse(readFileSync(at(join(copy, 'run.json')), 'utf8'))
    const harmed = { ...run, threads: 2, tokenizer: run.tokenizer.replace('"a"', '"b"') }
    writeFileSync(at(join(copy, 'run.json')), JSON.stringify(harmed))
    const { code, stderr } = await train(['--out', copy, ...more])
    expect([code, stderr]).toEqual([0, ''])
  })

  it(`source.json: says that the text has to be given again, and that works (seed ${seed})`, async () => {
    const copy = cut('source.json')
    const { code, stderr } = await train(['--out', copy, ...more])
    expect(stderr).toMatch(/^error: Which text cut-\d+ was trained on is not known/)
    expect(code).toBe(2)
    expect((await train(['text.txt', '--out', copy, ...more])).code).toBe(0)
  })

  it('source.json with another prompt: the same', async () => {
    const copy = `cut-${copies++}`
    cpSync(at('whole'), at(copy), { recursive: true })
    const file = at(join(copy, 'source.json'))
    writeFileSync(file, readFileSync(file, 'utf8').replace('text.txt', 'test.txt'))
    const { code, stderr } = await train(['--out', copy, ...more])
    expect(stderr).toMatch(/^error: Which text cut-\d+ was trained on is not known/)
    expect(code).toBe(2)
  })

  it(`a model: refused by name when it is sampled (seed ${seed})`, async () => {
    const copy = cut('best.safetensors')
    const { code, stderr, stdout } = await ondo(['sample', copy, '-n', '5'], { cwd: folder })
    expect(stderr).toMatch(/^error: cut-\d+\/best\.safetensors: .*cut off.*\n$/)
    expect([code, stdout]).toEqual([1, ''])
  })
})
