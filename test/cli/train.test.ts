/** `ondo train` and what comes after it, on real files in real processes. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel, modelFileHash } from '../../src/file/index.js'
import { babble, jsonLines, ondo } from '../support/command.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-train-'))
const at = (name: string): string => join(folder, name)
/** Small and quick, two epochs of some 30 updates. */
const SMALL = ['--hidden', '16', '--layers', '1', '--batch', '8', '--seq', '25', '--epochs', '2']
const THREADS = ['--threads', '1']

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  writeFileSync(at('text.txt'), babble(8000))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const train = (args: readonly string[], options = {}) =>
  ondo(['train', ...args, ...SMALL, ...THREADS], { cwd: folder, ...options })

const weightsOf = async (path: string): Promise<string> => {
  const { weights } = await decodeModel(new Uint8Array(readFileSync(path)))
  return JSON.stringify([...weights].map(([name, data]) => [name, [...data]]))
}

describe('ondo train', () => {
  it('tells of text and training, and leaves a model that can be sampled and scored', async () => {
    const { code, stdout, stderr } = await train(['text.txt', '--out', 'a', '--prompt', 'the '])
    expect(code).toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toContain('text.txt: 8.00 kB, utf-8, LF')
    expect(stderr).toMatch(/8,000 symbols of \d+ kinds\nrarest: /)
    expect(stderr).toContain('LSTM, 1 layer of 16 units, one-hot input')
    expect(stderr).toContain('the last 10% of the text (tail)')
    expect(stderr.match(/validation \d\.\d{4} nats \d\.\d{4} bits/g)).toHaveLength(2)
    expect(stderr.match(/^T 0\.2 {3}the /gm)).toHaveLength(2)
    expect(stderr).toMatch(
      /trained in .* on held-out text\nan? \d+-gram of the same text: \d\.\d{4} nats; the network is \d\.\d{4} (better|worse)\nthe model is in a\n {2}ondo sample a\n$/,
    )
    // Lines of a pipe: nothing rewritten, no colours.
    for (const sign of ['\r', '\u001b']) expect(stderr).not.toContain(sign)

    const sample = await ondo(['sample', 'a', '-n', '30'], { cwd: folder })
    expect(sample.stdout).toMatch(/^the /)

    const scored = await ondo(['eval', 'a', 'text.txt', '--json'], { cwd: folder })
    const { heldOut, whole, seen, trainedOnThisText, unknown } = JSON.parse(scored.stdout)
    expect(trainedOnThisText).toBe(true)
    expect(unknown.count).toBe(0)
    expect(whole.count).toBe(7999)
    expect(heldOut.count + seen.count).toBe(whole.count)
    expect(heldOut.bits).toBeCloseTo(heldOut.nats / Math.LN2, 12)
    // The trainer measures the same text in 50-symbol pieces of 3 streams, from a cold state.
    const { training } = JSON.parse(
      (await ondo(['inspect', 'a', '--json'], { cwd: folder })).stdout,
    )
    expect(heldOut.nats).toBeCloseTo(training.validationLoss, 1)
    const said = await ondo(['eval', 'a', 'text.txt'], { cwd: folder })
    expect(said.stdout).toContain(heldOut.nats.toFixed(4))
    expect(said.stderr).toContain('Only the held-out part')

    const other = await ondo(['eval', 'a', '-'], { cwd: folder, input: 'the cat sat on a hat. Ä' })
    expect(other.stdout).toContain('whole text')
    expect(other.stdout).not.toContain('held out')
    expect(other.stderr).toContain('"Ä"')
  })

  it('scores a copy that goes on learning as it reads, beside the model as it is', async () => {
    const evaluate = (...more: string[]) =>
      ondo(['eval', 'a', 'text.txt', ...more], { cwd: folder })
    const { heldOut, dynamic } = JSON.parse((await evaluate('--dynamic', '--json')).stdout)
    expect(dynamic).toMatchObject({ rate: 3e-4, seq: 20, pull: 1e-3 })
    expect(dynamic.score.count).toBe(heldOut.count)
    expect(dynamic.score.nats).toBeLessThan(heldOut.nats)
    // Without learning it is the same reading by the other engine.
    const still = await evaluate('--dynamic', '--rate', '0', '--lang', 'ja')
    const [, nats] = /検証用（動的評価） +(\d\.\d{4}) /.exec(still.stdout) ?? []
    expect(Number(nats)).toBeCloseTo(heldOut.nats, 3)
    const alone = await evaluate('--rate', '1e-3')
    expect(alone.code).toBe(2)
    expect(alone.stderr).toContain('--rate belongs to dynamic evaluation: give --dynamic too')
  })

  it('refuses a folder that holds a run, goes on or begins anew when told', async () => {
    await train(['text.txt', '--out', 'b', '--quiet'])
    const before = readFileSync(at('b/model.safetensors'))
    const refused = await train(['text.txt', '--out', 'b'])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(
      /b holds a run already \(text\.txt, step \d+\): go on with --resume/,
    )
    expect(readFileSync(at('b/model.safetensors'))).toEqual(before)
    const longer = await ondo(['train', '--out', 'b', '--resume', '--epochs', '3', ...THREADS], {
      cwd: folder,
    })
    expect(longer.code).toBe(0)
    expect(longer.stderr).toContain('epoch 3.00/3')
    const changed = await ondo(['train', '--out', 'b', '--resume', '--hidden', '20'], {
      cwd: folder,
    })
    expect(changed.code).toBe(2)
    expect(changed.stderr).toContain('hidden 16')
    const anew = await train(['text.txt', '--out', 'b', '--force', '--quiet'])
    expect(anew.code).toBe(0)
    expect(readdirSync(at('b/before-1')).sort()).toContain('best.safetensors')
  })

  it('stops at Ctrl-C with a checkpoint, says how to go on, and that works', async () => {
    const long = ['--epochs', '2000', '--checkpoint-every', '100000']
    let struck = false
    const stopped = await train(['text.txt', '--out', 'c d', ...long], {
      watch: (child: { kill(signal: string): void }, stderr: string) => {
        if (struck || !stderr.includes('epoch 1.00')) return
        struck = true
        child.kill('SIGINT')
      },
    })
    expect(stopped.code).toBe(130)
    const [, step] = /stopped after update (\d+)/.exec(stopped.stderr) ?? []
    expect(JSON.parse(readFileSync(at('c d/run.json'), 'utf8')).step).toBe(Number(step))
    expect(stopped.stderr).toContain("  ondo train --out 'c d' --resume\n")
    const more = ['--epochs', '1', '--steps', String(Number(step) + 3)]
    const resumed = await ondo(['train', '--out', 'c d', '--resume', ...more], { cwd: folder })
    expect(resumed.code).toBe(0)
    expect(resumed.stderr).toContain(`goes on after update ${Number(step).toLocaleString('en')}`)
  })

  it('goes on after kill -9 to the very weights of a run that was left alone', async () => {
    const often = ['--checkpoint-every', '5', '--no-samples', '--epochs', '8']
    await train(['text.txt', '--out', 'whole', ...often])
    // On a busy machine a run may end before the kill reaches it; that one proves nothing.
    let signal: string | null = null
    for (let attempt = 0; attempt < 5 && signal === null; attempt++) {
      rmSync(at('killed'), { recursive: true, force: true })
      const killed = await train(['text.txt', '--out', 'killed', ...often, '--json'], {
        watch: (child: { kill(signal: string): void }) => {
          // A checkpoint is there: in mid-epoch, at no moment in particular.
          if (existsSync(at('killed/model.safetensors'))) child.kill('SIGKILL')
        },
      })
      signal = killed.signal
    }
    expect(signal).toBe('SIGKILL')
    const { step } = JSON.parse(readFileSync(at('killed/run.json'), 'utf8'))
    const left = JSON.parse(readFileSync(at('whole/run.json'), 'utf8')).step
    expect(step).toBeGreaterThan(0)
    expect(step).toBeLessThan(left)
    const resumed = await ondo(['train', '--out', 'killed', '--resume'], {
      cwd: folder,
    })
    expect(resumed.code).toBe(0)
    expect(await weightsOf(at('killed/model.safetensors'))).toBe(
      await weightsOf(at('whole/model.safetensors')),
    )
    // Durations lie in the files, so these differ; the models are one.
    const [one, two] = await Promise.all(
      ['whole', 'killed'].map(name =>
        decodeModel(new Uint8Array(readFileSync(at(`${name}/model.safetensors`)))),
      ),
    )
    expect(two.hash).toBe(one.hash)
    const sha256 = await modelFileHash(two)
    expect(sha256).not.toBe(await modelFileHash(one))
    const inspected = await ondo(['inspect', 'killed/model.safetensors', '--json'], { cwd: folder })
    expect(JSON.parse(inspected.stdout)).toMatchObject({ identity: one.hash, sha256 })
    // A text of one verifies with the other.
    await ondo(['sample', 'whole', '-n', '40', '--save', 'run.json'], { cwd: folder })
    const verified = await ondo(['verify', 'run.json', 'killed'], { cwd: folder })
    expect([verified.code, verified.stdout]).toEqual([
      0,
      `equal: 40 symbols; model ${one.hash.slice(0, 12)}…\n`,
    ])
  })

  it('gives every event as a line of JSON', async () => {
    const { stdout, code } = await train(['text.txt', '--out', 'json', '--json'])
    expect(code).toBe(0)
    const events = jsonLines<{ type: string; step: number; loss: number }>(stdout)
    expect(events[0].type).toBe('start')
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'finished' })
    const steps = events.filter(event => event.type === 'step')
    expect(steps.map(event => event.step)).toEqual(steps.map((_, i) => i + 1))
    expect(steps.at(-1)?.loss).toBeLessThan(steps[0].loss)
    expect(events.filter(event => event.type === 'evaluation')).toHaveLength(2)
  })
})

describe('ondo train --budget', () => {
  it('chooses what to train in the time, says why, and ends with a model', async () => {
    const { code, stdout } = await ondo(
      ['train', 'text.txt', '--out', 'budget', '--budget', '6s', '--json', ...THREADS],
      { cwd: folder },
    )
    expect(code).toBe(0)
    const events = jsonLines<{ type: string; hidden: number; seconds: number; reason: string }>(
      stdout,
    )
    expect(events[0].type).toBe('budget')
    expect(events[1]).toMatchObject({ type: 'start', config: { hidden: events[0].hidden } })
    const end = events.at(-1)
    expect(end).toMatchObject({ type: 'end', reason: 'finished' })
    // The fake machine of src/train/budget/governor.test.ts holds the tenth; this one may be busy.
    expect(end?.seconds).toBeLessThan(20)
    const sample = await ondo(['sample', 'budget', '-n', '20'], { cwd: folder })
    expect(sample.code).toBe(0)
  })

  it('refuses a time it cannot read, and a time beside a number of passes', async () => {
    const [odd, both] = await Promise.all([
      ondo(['train', 'text.txt', '--out', 'odd', '--budget', 'soon'], { cwd: folder }),
      ondo(['train', 'text.txt', '--out', 'odd', '--budget', '1m', '--epochs', '3'], {
        cwd: folder,
      }),
    ])
    expect(odd.stderr).toContain('The budget is "soon"; expected a time of at least 5 seconds')
    expect(both.stderr).toContain('Both a budget of time and epochs 3 came')
    for (const { code } of [odd, both]) expect(code).toBe(2)
    expect(existsSync(at('odd'))).toBe(false)
  })
})

describe('texts of all kinds', () => {
  it('says what is wrong with ten characters, nothing, no file, bytes as text; leaves no folder', async () => {
    writeFileSync(at('ten.txt'), '0123456789')
    writeFileSync(at('empty.txt'), '')
    writeFileSync(
      at('bytes.bin'),
      Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919) >> 3),
    )
    const [ten, empty, missing, bytes] = await Promise.all(
      ['ten.txt', 'empty.txt', 'txet.txt', 'bytes.bin'].map(name =>
        train([name, '--out', `bad-${name}`]),
      ),
    )
    expect(ten.stderr).toMatch(/^error: The corpus has 10 symbols; training needs at least/m)
    expect(empty.stderr).toMatch(/^error: empty\.txt is empty/m)
    expect(missing.stderr).toMatch(/^error: .*txet\.txt.*text\.txt/m)
    expect(bytes.stderr).toMatch(/^error: .*bytes\.bin.*--tokenizer byte|byte/m)
    for (const result of [ten, empty, missing, bytes]) {
      expect(result.code).toBe(1)
      expect(result.stdout).toBe('')
    }
    expect(readdirSync(folder).filter(name => name.startsWith('bad-'))).toEqual([])
  })

  it('learns a binary file by its bytes', async () => {
    const { code } = await train(['bytes.bin', '--out', 'bytes', '--tokenizer', 'byte'])
    expect(code).toBe(0)
    const { tokenizer } = JSON.parse(
      (await ondo(['inspect', 'bytes', '--json'], { cwd: folder })).stdout,
    )
    expect(tokenizer).toEqual({ kind: 'byte' })
    expect((await ondo(['sample', 'bytes', '-n', '50'], { cwd: folder })).code).toBe(0)
  })

  it('reads Japanese, in Shift_JIS too, and says so', async () => {
    const text = 'あめゆじゅとてちてけんじゃ。\r\n'.repeat(60)
    writeFileSync(at('utf8.txt'), text)
    // The same in Shift_JIS: hiragana are 0x82 0x9f + n, small ones first.
    const sjis = [...text].flatMap(c => {
      const code = c.charCodeAt(0)
      if (code < 0x80) return [code]
      return c === '。' ? [0x81, 0x42] : [0x82, code - 0x3041 + 0x9f]
    })
    writeFileSync(at('sjis.txt'), Uint8Array.from(sjis))
    const [utf8, legacy] = await Promise.all(
      ['utf8.txt', 'sjis.txt'].map(name =>
        train([name, '--out', name.slice(0, 4), '--no-samples']),
      ),
    )
    expect(utf8.stderr).toContain('utf-8, CRLF -> LF')
    expect(legacy.stderr).toContain('shift_jis, CRLF -> LF')
    expect(legacy.code).toBe(0)
    expect(await weightsOf(at('sjis/model.safetensors'))).toBe(
      await weightsOf(at('utf8/model.safetensors')),
    )
    const sample = await ondo(['sample', 'sjis', '-n', '20', '--prompt', 'あめ'], { cwd: folder })
    expect(sample.stdout).toMatch(/^あめ[あ-ん。\n]{20}\n?$/)
  })

  it('takes folders and standard input', async () => {
    mkdirSync(at('many/inner'), { recursive: true })
    writeFileSync(at('many/b.txt'), babble(1500, 2))
    writeFileSync(at('many/inner/a.txt'), babble(1500, 3))
    writeFileSync(at('many/picture.bin'), Uint8Array.from([0, 1, 2, 255, 254, 0, 0, 7]))
    const many = await train(['many', '--out', 'folder', '--no-samples'])
    expect(many.code).toBe(0)
    expect(many.stderr).toContain('2 files joined in sorted order')
    expect(many.stderr).toContain('picture.bin: left out because it is not text')
    const piped = await train(['-', '--out', 'piped', '--no-samples'], { input: babble(2000) })
    expect(piped.code).toBe(0)
    expect(piped.stderr).toContain('standard input: 2.00 kB')
  })
})
