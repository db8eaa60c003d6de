/** `ondo train --init-from`, on real files in real processes. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel } from '../../src/file/index.js'
import { babble, jsonLines, ondo } from '../support/command.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-fine-tuning-'))
const at = (name: string): string => join(folder, name)
const SMALL = ['--batch', '8', '--seq', '25', '--threads', '1', '--no-samples', '--no-baseline']

const train = (args: readonly string[], options = {}) =>
  ondo(['train', ...args, ...SMALL], { cwd: folder, ...options })

const modelIn = (name: string) => decodeModel(new Uint8Array(readFileSync(at(name))))

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  writeFileSync(at('old.txt'), babble(8000).replaceAll('.', '…'))
  writeFileSync(at('new.txt'), babble(5000, 3).replaceAll('a', 'ä'))
  const sizes = ['--hidden', '16', '--layers', '2', '--epochs', '3']
  expect((await train(['old.txt', '--out', 'old', ...sizes, '--name', 'Old'])).code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('ondo train --init-from', () => {
  it('tells what is shared, new and kept, the loss before and after, and inspect tells it again', async () => {
    const { code, stderr } = await train([
      'new.txt',
      '--init-from',
      'old',
      '--out',
      'a',
      '--epochs',
      '2',
      '--freeze',
      '0',
    ])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^goes on from Old: it knows \d+ of the text's \d+ kinds$/m)
    expect(stderr).toMatch(/^new to it, with random weights: .*ä/m)
    expect(stderr).toMatch(/^its \d+ kinds that the text lacks are kept: .*…/m)
    expect(stderr).toMatch(/^frozen: layer 0; what belongs to the \d new symbols is trained/m)
    expect(stderr).toMatch(/^before training: validation \d\.\d{4} nats/m)
    expect(stderr).toMatch(
      /on held-out text\nbefore training: \d\.\d{4} nats on the same text; training made it \d\.\d{4} better\n/,
    )
    const [model, old] = [
      await modelIn('a/best.safetensors'),
      await modelIn('old/best.safetensors'),
    ]
    expect(model.config).toMatchObject({ hidden: 16, layers: 2 })
    expect(model.weights.get('rnn.weight_hh_l0')).toEqual(old.weights.get('rnn.weight_hh_l0'))
    expect(model.training.startedFrom).toMatchObject({ name: 'Old', hash: old.hash, frozen: ['0'] })
    const inspected = await ondo(['inspect', 'a'], { cwd: folder })
    expect(inspected.stdout).toMatch(/went on from {4}Old,\n +[0-9a-f]{64}\n/)
    expect(inspected.stdout).toMatch(/frozen {10}layer 0; what belongs/)
    expect(inspected.stdout).toMatch(/loss before {5}\d\.\d{4} nats/)
    const japanese = await ondo(['inspect', 'a', '--lang', 'ja'], { cwd: folder })
    expect(japanese.stdout).toContain('元のモデル')
  })

  it('leaves out what the text lacks when asked, and reads its bytes as the model does', async () => {
    const { code, stderr } = await train([
      'new.txt',
      '--init-from',
      'old',
      '--out',
      'b',
      '--epochs',
      '1',
      '--drop-symbols',
    ])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^its \d+ kinds that the text lacks are left out: .*…/m)
    const { tokenizer, training } = await modelIn('b/best.safetensors')
    expect(tokenizer.toJSON().symbols).not.toContain('…')
    expect(training.startedFrom?.dropped).toContain('…')

    const bytes = ['--tokenizer', 'byte', '--hidden', '16', '--layers', '1', '--epochs', '1']
    expect((await train(['old.txt', '--out', 'bytes', ...bytes])).code).toBe(0)
    const more = ['new.txt', '--init-from', 'bytes', '--epochs', '1', '--out', 'c']
    expect((await train(more)).code).toBe(0)
    expect((await modelIn('c/best.safetensors')).tokenizer.kind).toBe('byte')
    // The kind of symbols is known when the run is resumed.
    const resumed = await train(['--out', 'c', '--resume', '--epochs', '2'])
    expect(resumed.stderr).toContain('goes on after update')
    expect(resumed.code).toBe(0)
  })

  it('compares with training from scratch for as long', async () => {
    const request = ['new.txt', '--init-from', 'old', '--epochs', '1', '--compare-scratch']
    const { code, stderr } = await train([...request, '--out', 'd'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^to compare: training from scratch for \d+ s/m)
    expect(stderr).toMatch(
      /^from scratch in \d+ s: \d\.\d{4} nats .*; going on from the model is \d\.\d{4} (better|worse)$/m,
    )
    const { stdout } = await train([...request, '--out', 'e', '--json'])
    const events = jsonLines(stdout) as { type: string; loss?: number; step?: number }[]
    expect(events.at(-1)).toMatchObject({ type: 'scratch', loss: expect.any(Number) })
    expect(events.find(({ type }) => type === 'evaluation')).toMatchObject({ step: 0 })
    // The comparison is not saved: the folder holds the model that went on.
    const { training } = await modelIn('e/best.safetensors')
    expect(training.startedFrom?.name).toBe('Old')
  })

  it('keeps to a budget', async () => {
    const began = performance.now()
    const { code, stderr } = await train([
      'new.txt',
      '--init-from',
      'old',
      '--out',
      'f',
      '--budget',
      '5s',
    ])
    expect(code).toBe(0)
    expect(stderr).toMatch(/to train: 16 units read/)
    expect(stderr).toMatch(/before training: /)
    expect(performance.now() - began).toBeLessThan(60_000)
  })

  it.each([
    [['--freeze', '0'], '--freeze was given without a model to go on from'],
    [['--drop-symbols'], '--drop-symbols was given without a model'],
    [['--compare-scratch'], '--compare-scratch was given without a model'],
    [['--init-from', 'old', '--freeze', '1,,2'], '--freeze is "1,,2"'],
    [['--init-from', 'old', '--freeze', '2'], 'expected 0, 1, head'],
    [
      ['--init-from', 'old', '--hidden', '32'],
      'has 16; leave it out, or begin with random weights',
    ],
    [['--init-from', 'old', '--tokenizer', 'byte'], 'Old reads by the tokenizer character'],
    [['--init-from', 'nowhere'], 'There is no model "nowhere"'],
    [['--init-from', 'old.txt'], 'old.txt'],
    [['--init-from', 'cut.safetensors'], 'cut.safetensors'],
    [['--init-from', 'old', '--resume', '--drop-symbols', '--out', 'old'], 'Both --resume and'],
  ])('refuses %j in a sentence, and leaves no folder', async (flags, sentence) => {
    const whole = readFileSync(at('old/best.safetensors'))
    writeFileSync(at('cut.safetensors'), whole.subarray(0, whole.length - 100))
    const { code, stderr } = await train(['new.txt', '--out', 'refused', ...flags])
    expect(code).toBeGreaterThan(0)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^ +at /m)
    expect(existsSync(at('refused'))).toBe(false)
  })
})
