/** `ondo sample --save`, `replay`, `verify`, `--code`, `--loops`: as a person at a shell meets them. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { width } from '../../src/cli/terminal/language.js'
import { decodeModel, encodeModel, modelFileHash } from '../../src/file/index.js'
import { decodeRun, encodeRun } from '../../src/generate/index.js'
import { modelConfig } from '../../src/model/config.js'
import { bundledModels } from '../../src/node/files.js'
import { previousDouble } from '../../src/temperature/index.js'
import { CharacterTokenizer, findLongestLoop } from '../../src/text/index.js'
import { jsonLines, ondo } from '../support/command.js'
import { seededWeights } from '../support/seeded.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-replay-'))
const at = (name: string): string => join(folder, name)
const bundled = await bundledModels()

/** A model of 28 symbols; another seed is another model. */
function writeModel(name: string, seed: number): string {
  const tokenizer = new CharacterTokenizer([...'\n abcdefghijklmnopqrstuvwxyz'])
  const config = modelConfig({ cell: 'gru', vocabulary: 28, hidden: 24, layers: 1 })
  const weights = seededWeights(config, seed, 1)
  writeFileSync(at(name), encodeModel({ config, tokenizer, weights, prompt: 'the ' }))
  return at(name)
}

let model: string
let other: string
/** Of the first. */
let identity: string
let fileHash: string

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  model = writeModel('tiny.safetensors', 3)
  const opened = await decodeModel(new Uint8Array(readFileSync(model)))
  identity = opened.hash
  fileHash = (await modelFileHash(opened))!
  other = writeModel('other.safetensors', 4)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Saved {
  ids: number[]
  text: string
  stop: string
  steps?: { pT: number }[]
  run: Record<string, unknown>
}

/** Saves a run; gives what was printed, and the file. */
async function saved(name: string, ...flags: string[]) {
  const path = at(name)
  const done = await ondo(['sample', model, '-n', '80', '--save', path, ...flags])
  expect(done.code).toBe(0)
  const file: Saved = JSON.parse(readFileSync(path, 'utf8'))
  const write = (change: object): string => {
    writeFileSync(at(`changed-${name}`), JSON.stringify({ ...file, ...change }))
    return at(`changed-${name}`)
  }
  return { path, file, write, stdout: done.stdout }
}

describe('a saved run', () => {
  it('is written again as it was, and verifies', async () => {
    const schedule = ['-t', '0.4@0 1.6@60', '--chain', 'dry 0.8, top-k 9', '--seed', '7']
    const { path, stdout, file } = await saved('run.json', ...schedule, '--record')
    expect(file.run).toMatchObject({ temperature: '0.4@0 1.6@60', seed: '7', length: 80 })
    expect(file.run.chain).toBe('dry 0.8, temperature, top-k 9')
    expect(file.steps).toHaveLength(80)
    expect((await ondo(['replay', path])).stdout).toBe(stdout)
    const { code, stdout: said } = await ondo(['verify', path])
    expect([code, said]).toEqual([
      0,
      `equal: 80 symbols, each with its record; model ${identity.slice(0, 12)}…\n`,
    ])
    const lines = jsonLines((await ondo(['replay', path, '--json'])).stdout)
    expect(lines[0]).toEqual({ type: 'run', ...file.run })
    expect(lines.slice(1).map(line => line.text)).toEqual([...file.text])
  })

  it('ends with 1 and the first position that differs', async () => {
    const { file, write } = await saved('changed.json', '--record')
    const ids = [...file.ids]
    ids[33] = (ids[33] + 1) % 28
    const { code, stdout } = await ondo(['verify', write({ ids })])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^differs at position 33: expected "."?, came "."\n$/s)
    const japanese = await ondo(['verify', write({ ids }), '--lang', 'ja'])
    expect(japanese.stdout).toContain('位置 33 で相違')
    const steps = file.steps?.map((step, i) => (i === 5 ? { ...step, pT: step.pT / 2 } : step))
    const bits = await ondo(['verify', write({ steps }), '--json'])
    expect(bits.code).toBe(1)
    expect(JSON.parse(bits.stdout)).toMatchObject({ equal: false, position: 5, what: 'pT' })
    const text = await ondo(['verify', write({ text: `${file.text}!` })])
    expect(text.code).toBe(1)
    expect(text.stderr).toContain('its hash differs')
  })

  it('says when the model is another, or is not here', async () => {
    const { path, write } = await saved('models.json')
    const wrong = await ondo(['verify', path, other])
    expect(wrong.code).toBe(1)
    expect(wrong.stdout).toBe('')
    expect(wrong.stderr).toMatch(/made with the model [0-9a-f]{12}…; this one is [0-9a-f]{12}…/)
    const gone = write({ source: at('gone.safetensors') })
    const missing = await ondo(['replay', gone])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(/The model of the run \([0-9a-f]{12}…, called ".*gone.*"/)
    expect((await ondo(['verify', gone, model])).code).toBe(0)
    const nothing = await ondo(['replay', at('none.json')])
    expect(nothing.code).toBe(1)
    expect(nothing.stderr).toContain('it does not exist')
  })

  it('comes from standard input too', async () => {
    const { path } = await saved('piped.json')
    expect((await ondo(['verify', '-'], { input: readFileSync(path) })).code).toBe(0)
  })

  it('that was interrupted is kept as far as it went', async () => {
    const path = at('interrupted.json')
    const args = ['sample', model, '--length', 'inf', '--save', path, '--code']
    let asked = false
    const watch = (child: ChildProcess): void => {
      if (!asked) child.kill('SIGINT') // a second one would end it at once
      asked = true
    }
    const run = await ondo(args, { watch })
    expect(run.code).toBe(130)
    const file: Saved = JSON.parse(readFileSync(path, 'utf8'))
    expect(file.stop).toBe('interrupted')
    expect((await ondo(['verify', path])).code).toBe(0)
    expect((await ondo(['replay', path])).stdout).toBe(run.stdout)
    const [header] = jsonLines((await ondo(['replay', path, '--json'])).stdout)
    expect(header).toMatchObject({ type: 'run', length: file.ids.length })
    expect((await ondo(['replay', run.stderr.trim(), model])).stdout).toBe(run.stdout)
  })

  it.each([
    [['--record'], 'give --save FILE'],
    [['--save', 'x.json', '--count', '2'], 'keeps one run and --count asks for 2'],
  ])('is refused with %j', async (flags, sentence) => {
    const { code, stderr, stdout } = await ondo(['sample', model, ...flags], { cwd: folder })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(sentence)
  })
})

describe('the code of a run', () => {
  it('is all that it takes, beside the model', async () => {
    const flags = ['-t', 'cycle 1,0.5', '--stop', 'q', '-n', '300', '--prompt', 'a\nb', '-s', '9']
    const { stdout, stderr } = await ondo(['sample', model, ...flags, '--code'])
    const code = stderr.trim()
    expect(code).toMatch(/^ondo[\w-]{80,120}$/)
    expect((await ondo(['replay', code, model])).stdout).toBe(stdout)
    const json = await ondo(['sample', model, ...flags, '--code', '--json'])
    expect(jsonLines(json.stdout).at(-1)?.code).toBe(code)
    const slip = await ondo(['replay', `${code.slice(0, 40)}${code.slice(41)}`, model])
    expect(slip.code).toBe(2)
    expect(slip.stderr).toMatch(/The code (is damaged or not whole|is not one of Ondo)/)
    const verify = await ondo(['verify', code])
    expect(verify.code).toBe(2)
    expect(verify.stderr).toContain('A code holds no text to compare with')
  })

  it('names the model by its identity: another title is the same model', async () => {
    const { path, file, stdout } = await saved('named.json', '--seed', '5')
    expect(file.run.model).toBe(identity)
    const parts = await decodeModel(new Uint8Array(readFileSync(model)))
    const dressed = { ...parts, name: 'Other', training: { seconds: 9 }, measures: { corpus: {} } }
    for (const dtype of ['F32', 'F16'] as const) {
      // In F16 these weights are other numbers, and so another model.
      writeFileSync(at('dressed.safetensors'), encodeModel(dressed, { dtype }))
      const verified = await ondo(['verify', path, at('dressed.safetensors')])
      expect(verified.code).toBe(dtype === 'F32' ? 0 : 1)
      if (dtype === 'F32') {
        expect(verified.stdout).toBe(`equal: 80 symbols; model ${identity.slice(0, 12)}… (Other)\n`)
        const replayed = await ondo(['replay', path, at('dressed.safetensors')])
        expect(replayed.stdout).toBe(stdout)
      } else expect(verified.stderr).toContain('was made with the model')
    }
  })

  it('still reads runs and codes that name the model by the hash of its file', async () => {
    const { file, write, stdout } = await saved('old.json', '--seed', '6')
    const path = write({ run: { ...file.run, model: fileHash } })
    for (const named of [[], [model]]) {
      const verified = await ondo(['verify', path, ...named])
      expect([verified.code, verified.stdout]).toEqual([
        0,
        `equal: 80 symbols; model ${identity.slice(0, 12)}…, which the run names by the hash of its file\n`,
      ])
    }
    const { stderr } = await ondo(['sample', model, '-n', '80', '--seed', '6', '--code'])
    const run = decodeRun(stderr.trim())
    expect(run.model).toBe(identity)
    const old = encodeRun({ ...run, model: fileHash })
    expect((await ondo(['replay', old, model])).stdout).toBe(stdout)
    // The same numbers with another title are not the very file.
    const parts = await decodeModel(new Uint8Array(readFileSync(model)))
    writeFileSync(at('titled.safetensors'), encodeModel({ ...parts, name: 'Titled' }))
    expect((await ondo(['verify', path, at('titled.safetensors')])).code).toBe(1)
  })

  it.skipIf(!bundled.includes('names'))('finds a bundled model by its hash', async () => {
    const { stdout, stderr } = await ondo(['sample', 'names', '--code'])
    expect((await ondo(['replay', stderr.trim()])).stdout).toBe(stdout)
  })
})

describe('the help of replay, verify and breakpoints', () => {
  it.each(['replay', 'verify', 'breakpoints'])(
    'fits 80 columns in both languages: %s',
    async name => {
      for (const lang of ['en', 'ja']) {
        const { code, stdout } = await ondo([name, '--help', '--lang', lang])
        expect(code).toBe(0)
        expect(stdout.split('\n').filter(line => width(line) > 80)).toEqual([])
      }
    },
  )
})

describe('loops', () => {
  // A model whose state comes back soon: another may wander in its last bits for long.
  let round: string
  beforeAll(() => {
    round = writeModel('round.safetensors', 1)
  })
  const said = async (...flags: string[]): Promise<string> =>
    (await ondo(['sample', round, '-n', '700', '--loops', ...flags])).stderr

  const loopOf = (written: string): number =>
    findLongestLoop(Array.from(written, c => c.charCodeAt(0)))?.length ?? 0

  it('are said with period and start, at T = 0 with the proof', async () => {
    const stderr = await said('-t', '0')
    const [, period, start] = /loop of (\d+) from (\d+): /.exec(stderr)?.map(Number) ?? []
    const run = await ondo(['sample', round, '-n', '700', '-t', '0', '--no-echo'])
    const text = run.stdout.slice(0, 700)
    expect(text.slice(start + period)).toBe(text.slice(start, -period))
    expect(text[start - 1]).not.toBe(text[start - 1 + period])
    expect(stderr).toMatch(/proved: the state of \d+ came back after \d+, so at T = 0 this never/)
    expect(stderr).toMatch(/(leaves the loop at T|still in a loop at every temperature up to) /)
  })

  it('come with the smallest temperature that leaves them', async () => {
    const args = ['sample', model, '-n', '100', '-t']
    const { stderr } = await ondo([...args, '0', '--loops'])
    const [, exit, at] = /leaves the loop at T = (\S+) \(at (\d+) /.exec(stderr)?.map(Number) ?? []
    const written = async (T: number): Promise<string> =>
      (await ondo([...args, String(T), '--no-echo'])).stdout.slice(0, 100)
    const [text, left, still] = await Promise.all([0, exit, previousDouble(exit)].map(written))
    expect(left.slice(0, at)).toBe(text.slice(0, at))
    expect(left[at]).not.toBe(text[at])
    expect(loopOf(left)).toBeLessThan(24)
    expect(loopOf(text)).toBeGreaterThanOrEqual(24)
    expect(loopOf(still)).toBeGreaterThanOrEqual(24)
  })

  it('are left from the prompt as the model read it', async () => {
    const end = async (...prompt: string[]) => {
      const args = ['sample', model, '-n', '100', '-t', '0', '--loops', '--json', '--prompt']
      return jsonLines((await ondo([...args, ...prompt])).stdout).at(-1)
    }
    const known = await end('the ')
    expect(known?.exit).toBeDefined()
    expect(await end('THE ', '--unknown', 'nearest')).toEqual(known)
  })

  it('are left by the schedule that escapes them', async () => {
    expect(await said('-t', 'escape 0')).toMatch(/loop of \d+ from \d+: .*\n.*left it at \d+/)
  })

  it('stand in the JSON, and it is said where there are none', async () => {
    const { stdout } = await ondo(['sample', round, '-n', '700', '-t', '0', '--loops', '--json'])
    const end = jsonLines(stdout).at(-1)
    expect(end).toMatchObject({ loop: { period: expect.any(Number), start: expect.any(Number) } })
    expect(end?.proof).toMatchObject({ period: expect.any(Number) })
    expect(end?.loopUntil).toBeGreaterThan(0)
    expect(await said('-t', '3')).toMatch(/^— no loop in \d+ symbols\n$/)
  })
})
