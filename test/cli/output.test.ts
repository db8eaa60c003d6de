/** What the command writes, and where: bytes as drawn, pipes, devices, `-`. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeModel } from '../../src/file/index.js'
import { modelConfig } from '../../src/model/config.js'
import { ByteTokenizer } from '../../src/text/index.js'
import { BIN, jsonLines, ondo } from '../support/command.js'
import { seededWeights } from '../support/seeded.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-output-'))
const at = (name: string): string => join(folder, name)
const CASE = fileURLToPath(new URL('../../../shared/cases/05-byte-sample-lossy', import.meta.url))
const env = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8' }

/** A shell line in which "$ondo" is the command; standard output as bytes. */
function shell(line: string): { code: number | null; stdout: Buffer; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', `ondo() { "${process.execPath}" "${BIN}" "$@"; }; ${line}`],
    { cwd: folder, env },
  )
  return { code: status, stdout, stderr: stderr.toString() }
}

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  const tokenizer = new ByteTokenizer()
  const config = modelConfig({ cell: 'gru', vocabulary: 256, hidden: 16, layers: 1 })
  const weights = seededWeights(config, 3, 1)
  writeFileSync(at('bytes.safetensors'), encodeModel({ config, tokenizer, weights }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(process.platform === 'win32')("a byte model's text", () => {
  it('is as many bytes as symbols, in a file, a pipe, and written again', async () => {
    const args = 'bytes.safetensors -n 200 --no-echo --quiet'
    expect(shell(`ondo sample ${args} --save run.json > out`)).toMatchObject({ code: 0 })
    const bytes = readFileSync(at('out'))
    expect(bytes.length).toBe(200)
    expect([...bytes]).toEqual(JSON.parse(readFileSync(at('run.json'), 'utf8')).ids)
    expect(shell(`ondo sample ${args} | cat`).stdout.equals(bytes)).toBe(true)
    expect(shell('ondo replay run.json bytes.safetensors --no-echo').stdout.equals(bytes)).toBe(
      true,
    )
    const json = jsonLines(shell(`ondo sample ${args} --json`).stdout.toString())
    expect(Buffer.from(String(json.at(-1)?.bytes), 'base64').equals(bytes)).toBe(true)
    expect(json.slice(1, -1).map(step => step.id)).toEqual([...bytes])
  })

  it('keeps the prompt before it, and a line between several texts', () => {
    const one = (seed: string): Buffer =>
      shell(`ondo sample bytes.safetensors -n 20 --no-echo --quiet ${seed}`).stdout
    const echoed = shell('ondo sample bytes.safetensors -n 20 -p 温 --quiet').stdout
    expect(echoed.subarray(0, 3).toString()).toBe('温')
    expect(echoed.length).toBe(23)
    const two = shell('ondo sample bytes.safetensors -n 20 -c 2 --no-echo --quiet').stdout
    expect(two.subarray(0, 20).equals(one(''))).toBe(true)
    expect(two.length).toBeGreaterThanOrEqual(41)
  })

  it('is read back equal by eval and measure', async () => {
    shell('ondo sample bytes.safetensors -n 300 --no-echo --quiet > back')
    for (const command of [
      'eval bytes.safetensors back',
      'measure back --model bytes.safetensors',
    ]) {
      const { code, stdout, stderr } = shell(`ondo ${command} --json`)
      expect([code, stderr]).toEqual([0, expect.not.stringMatching(/error/)])
      const found = JSON.parse(stdout.toString())
      // 300 bytes, of which the first has no surprisal.
      if (command.startsWith('eval')) expect(JSON.stringify(found)).toContain('299')
      else expect(found.unknownSymbols).toBe(0)
    }
  })

  const script = spawnSync('script', ['-qec', 'true', '/dev/null'])
  it.skipIf(script.status !== 0)('is readable on a terminal', () => {
    const line = `"${process.execPath}" "${BIN}" sample bytes.safetensors -n 300 --no-echo --quiet`
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { cwd: folder, env })
    const shown = stdout.toString().replaceAll('\r\n', '\n')
    expect(shown).toMatch(/\\x[89A-F][0-9A-F]/)
    expect(shown).not.toMatch(/[^\P{Cc}\n\t]|\ufffd/u)
    expect(shown.endsWith('\n')).toBe(true)
  })

  it('is whole in the folder of a sweep', () => {
    shell('ondo sweep bytes.safetensors -T 1..2:1 --seeds 1 -n 60 --out sweep --quiet')
    const texts = jsonLines(readFileSync(at('sweep/texts.jsonl'), 'utf8')).slice(1)
    expect(texts.length).toBe(2)
    for (const { bytes, symbols, text } of texts) {
      const raw = Buffer.from(String(bytes), 'base64')
      expect(raw.length).toBe(symbols)
      expect(String(text).startsWith(raw.toString().slice(0, 20))).toBe(true)
    }
    expect(readFileSync(at('sweep/index.html'), 'utf8')).toMatch(/\\x[89A-F][0-9A-F]/)
  })

  it.skipIf(!existsSync(CASE))('is right for the case that was seen', { timeout: 120_000 }, () => {
    const train = shell(
      `ondo train ${CASE}/g.mid --tokenizer byte --out r --hidden 16 --layers 1 --steps 20 --quiet`,
    )
    expect(train.code).toBe(0)
    expect(shell('ondo sample r -n 200 --no-echo --quiet').stdout.length).toBe(200)
  })
})

describe.skipIf(process.platform === 'win32')('an option that names an output', () => {
  const SAMPLE = 'ondo sample bytes.safetensors -n 50 --quiet --no-echo'

  it('writes the run to standard output for -, and makes no file of that name', () => {
    const { stdout } = shell(`${SAMPLE} --save -`)
    expect(JSON.parse(stdout.toString())).toMatchObject({ format: 'ondo-run', stop: 'length' })
    expect(existsSync(at('-'))).toBe(false)
    expect(shell(`${SAMPLE} --save - | ondo verify - bytes.safetensors`).code).toBe(0)
    const both = shell(`${SAMPLE} --json --save -`)
    expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/both write to standard/)])
  })

  it('writes to a FIFO, a process substitution, a descriptor, a device', () => {
    const run = shell(`${SAMPLE} --save -`).stdout.toString()
    execFileSync('mkfifo', [at('fifo')])
    expect(shell(`cat fifo & ${SAMPLE} --save fifo > /dev/null; wait`).stdout.toString()).toBe(run)
    expect(lstatSync(at('fifo')).isFIFO()).toBe(true)
    const sub = shell(
      `${SAMPLE} --save >(cat > sub.json) > /dev/null; sleep 0.1; wait; cat sub.json`,
    )
    expect([sub.stderr, sub.stdout.toString()]).toEqual(['', run])
    const third = shell(`${SAMPLE} --save /dev/fd/3 3> third.json > /dev/null; cat third.json`)
    expect(third.stdout.toString()).toBe(run)
    expect(shell(`${SAMPLE} --save /dev/null > /dev/null`)).toMatchObject({ code: 0, stderr: '' })
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it('appends to standard output where /dev/stdout is asked for, text first', () => {
    const run = shell(`${SAMPLE} --save -`).stdout
    const text = shell(SAMPLE).stdout
    const both = shell(`${SAMPLE} --save /dev/stdout > both; cat both`).stdout
    expect(both.equals(Buffer.concat([text, run]))).toBe(true)
  })

  it.skipIf(process.platform !== 'linux')('says that a device is full', () => {
    const { code, stderr } = shell(`${SAMPLE} --save /dev/full > /dev/null`)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/"\/dev\/full" can't be written: /)])
  })

  it('refuses - where a folder is needed, before any work, and a file in its place', () => {
    writeFileSync(at('file'), 'x')
    for (const command of [
      'sweep bytes.safetensors -T 1..2:1 --seeds 1 -n 10',
      'calibrate bytes.safetensors back',
      'train back --tokenizer byte --steps 1',
    ]) {
      const dash = shell(`ondo ${command} --out -`)
      expect([dash.code, dash.stderr]).toEqual([2, expect.stringMatching(/expected a folder/)])
      const other = shell(`ondo ${command} --out file`)
      expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/a file stands where/)])
    }
    expect(readdirSync(folder)).not.toContain('-')
  })

  it.skipIf(!existsSync(`${root}dist/page/page.js`))('writes an exported page', async () => {
    const page = await ondo(['export', 'page', 'bytes.safetensors', '--out', '-'], { cwd: folder })
    expect(page.stdout).toMatch(/^<!doctype html>/)
    const piped = shell('ondo export page bytes.safetensors --out fifo --quiet & cat fifo; wait')
    expect(piped.stdout.toString()).toBe(page.stdout)
    expect(lstatSync(at('fifo')).isFIFO()).toBe(true)
  })
})

describe.skipIf(process.platform === 'win32')('seeds and temperatures as typed', () => {
  it('take seeds of 64 bits at every command, and keep them in files and codes', () => {
    const wide = '9007199254740993'
    const run = `bytes.safetensors -n 30 --no-echo --quiet --seed ${wide}`
    const text = shell(`ondo sample ${run} --save wide.json`).stdout
    expect(JSON.parse(readFileSync(at('wide.json'), 'utf8')).run.seed).toBe(wide)
    expect(shell('ondo replay wide.json bytes.safetensors --no-echo').stdout.equals(text)).toBe(
      true,
    )
    const code = shell(`ondo sample ${run} --code`).stderr.trim()
    const again = shell(`ondo replay ${code} bytes.safetensors --no-echo`).stdout
    expect(again.equals(text)).toBe(true)
    const beside = shell(`ondo sample ${run.replace(wide, '9007199254740992')}`).stdout
    expect(beside.equals(text)).toBe(false)
    const explained = shell(`ondo explain bytes.safetensors -p a --seed ${wide} --json`)
    expect(explained.stdout.toString()).toContain(`"seed":"${wide}"`)
    const texts = shell(`ondo breakpoints bytes.safetensors -n 2 --seed ${wide} --limit 3`)
    expect(texts.stdout.toString()).toContain(wide)
    expect(texts.stdout.toString()).toMatch(/\\x[89A-F][0-9A-F]/)
  })

  it('show all the texts of a seed with their bytes', () => {
    const { stdout } = shell('ondo breakpoints bytes.safetensors -n 5 --limit 3 --json')
    for (const { bytes } of jsonLines(stdout.toString())) {
      expect(Buffer.from(String(bytes), 'base64').length).toBe(5)
    }
  })

  it('say what is wrong with others', () => {
    const sentence = /expected a whole number from 0 to 2\^64 - 1\./
    for (const seed of ['-1', '18446744073709551616', '0.5', 'x']) {
      for (const command of ['sample', 'explain', 'breakpoints', 'export page', 'train', 'aim']) {
        const { code, stderr } = shell(`ondo ${command} bytes.safetensors --seed=${seed}`)
        expect([command, code, stderr]).toEqual([command, 2, expect.stringMatching(sentence)])
      }
    }
    const comma = shell('ondo sample bytes.safetensors -t 0,7')
    expect([comma.code, comma.stderr]).toEqual([2, expect.stringMatching(/use 0\.7\./)])
    const list = shell('ondo sweep bytes.safetensors -T 0,7')
    expect([list.code, list.stderr]).toEqual([
      2,
      expect.stringMatching(/may mean 0\.7, or 0 and 7/),
    ])
  })
})
