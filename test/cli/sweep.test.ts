/** Temperature measured: `ondo sweep`, `measure`, `calibrate`, `aim`, on a model trained here. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { width } from '../../src/cli/terminal/language.js'
import { babble, jsonLines, ondo } from '../support/command.js'

const folder = mkdtempSync(join(tmpdir(), 'ondo-sweep-'))
const at = (name: string): string => join(folder, name)
const read = (name: string): string => readFileSync(at(name), 'utf8')
const model = at('run')
const corpus = at('babble.txt')

beforeAll(async () => {
  writeFileSync(corpus, babble(20_000))
  const flags = '--hidden 24 --layers 1 --batch 10 --seq 20 --epochs 3 --rate 0.02 --threads 1'
  const args = ['train', corpus, '--out', model, '--no-samples', '--no-baseline']
  const { code, stderr } = await ondo([...args, ...flags.split(' ')])
  expect(code, stderr).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const lines = (text: string): string[] => text.trimEnd().split('\n')
const widest = (text: string): number => Math.max(...lines(text).map(width))

const grid = ['sweep', model, '--temperatures', '0,0.3,1,inf', '--seeds', '3', '--length', '300']

describe('a trained model', () => {
  it('carries the spelling of its corpus in its file, and what is usual there', async () => {
    const { stdout } = await ondo(['inspect', model, '--json'])
    const { measures } = JSON.parse(stdout)
    expect(measures.spelling.unit).toBe('words')
    // Ten words, and perhaps the one that is cut where the held-out part begins.
    expect(measures.spelling.words.total).toBeGreaterThanOrEqual(10)
    expect(measures.spelling.words.total).toBeLessThanOrEqual(11)
    expect(JSON.stringify(measures.spelling).length).toBeLessThan(100_000)
    expect(measures.corpus.spelling).toBeLessThan(0.01)
    expect(measures.corpus.figures.length).toBeGreaterThan(2)
  })
})

describe('ondo sweep', () => {
  it('writes the same CSV byte for byte with one thread and with two', async () => {
    const runs = await Promise.all(
      ['1', '2'].map(threads =>
        ondo([...grid, '--threads', threads, '--corpus', corpus, '--out', at(`s${threads}`)]),
      ),
    )
    for (const { code, stderr } of runs) expect(code, stderr).toBe(0)
    expect(runs[1].stderr).toContain('10 texts of 300 characters; 2 at once')
    expect(read('s2/sweep.csv')).toBe(read('s1/sweep.csv'))
    expect(read('s2/curve.csv')).toBe(read('s1/curve.csv'))
    expect(lines(read('s1/sweep.csv'))).toHaveLength(11)
    expect(runs[1].stdout).toBe(runs[0].stdout)
    expect(widest(runs[0].stdout)).toBeLessThanOrEqual(80)
  })

  it('shows in numbers that cold repeats and heat misspells', () => {
    const [head, ...rows] = lines(read('s1/curve.csv')).map(line => line.split(','))
    const column = (name: string): number[] => rows.map(row => Number(row[head.indexOf(name)]))
    expect(rows.map(row => row[0])).toEqual(['0', '0.3', '1', 'inf'])
    const repetition = column('repetition_median')
    expect(repetition).toEqual([...repetition].sort((a, b) => b - a))
    const spelling = column('spelling_median')
    // In a short text the one loop of T = 0 may hold a word that is none, over and over.
    expect(spelling[1]).toBeLessThan(spelling[2])
    expect(spelling[3]).toBeGreaterThan(0.5)
    const entropy = column('entropy_median')
    expect(entropy[0]).toBe(0)
    expect(entropy).toEqual([...entropy].sort((a, b) => a - b))
  })

  it('draws figures in SVG, light and dark, and a page of the texts', () => {
    for (const theme of ['light', 'dark']) {
      const svg = read(`s1/sweep-${theme}.svg`)
      expect(svg).toMatch(/^<svg [^>]*role="img"/)
      expect(/NaN|undefined|Infinity/.exec(svg)?.[0]).toBeUndefined()
      for (const name of [
        'Repetition',
        'Loops',
        'Misspelling',
        'Surprisal',
        'Entropy',
        'Novelty',
      ]) {
        expect(svg).toContain(`>${name}`)
      }
    }
    const page = read('s1/index.html')
    const texts = jsonLines<{ text?: string }>(read('s1/texts.jsonl')).slice(1)
    for (const { text } of texts) expect(page).toContain(text!.slice(0, 40))
    expect(page).toContain('id="Tinf"')
    expect(JSON.parse(read('s1/sweep.json')).zones.zones[0].from).toBe(0)
  })

  it('draws them in PNG as well, at twice the size', ({ skip }) => {
    skip(!existsSync(at('s1/sweep-light.png')), 'no font here, or no renderer')
    for (const theme of ['light', 'dark']) {
      const png = readFileSync(at(`s1/sweep-${theme}.png`))
      expect(png.subarray(1, 4).toString()).toBe('PNG')
      expect(png.readUInt32BE(16)).toBe(2 * 760)
    }
  })

  it('keeps on Ctrl-C what is done, and goes on from there to the same CSV', async () => {
    const slow = [...grid.slice(0, -1), '1500', '--threads', '1']
    const whole = await ondo([...slow, '--out', at('whole')])
    expect(whole.code).toBe(0)
    let stopped = false
    const cut = await ondo([...slow, '--out', at('cut')], {
      watch: (child, stderr) => {
        if (stopped || !/^\d+\/10 /m.test(stderr)) return
        stopped = true
        child.kill('SIGINT')
      },
    })
    expect(cut.code, cut.stderr).toBe(130)
    expect(cut.stderr).toMatch(/interrupted: \d+ of 10 texts are kept/)
    const kept = lines(read('cut/sweep.csv')).length - 1
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(10)
    // A crash in the middle of a line loses that line only.
    writeFileSync(at('cut/texts.jsonl'), `${read('cut/texts.jsonl')}{"temperature":"1","se`)
    const again = await ondo([...slow, '--out', at('cut')])
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).toContain(`, ${kept} of them done before`)
    expect(read('cut/sweep.csv')).toBe(read('whole/sweep.csv'))
  })

  it('goes on with a folder that names the model by the hash of its file, as older ones do', async () => {
    const [head, ...rest] = read('s1/texts.jsonl').split('\n')
    // Older folders have no checksum in their first line.
    const { sum: _, ...key } = JSON.parse(head)
    const { identity, sha256 } = JSON.parse((await ondo(['inspect', model, '--json'])).stdout)
    expect(key.model).toBe(identity)
    const named = (hash: string): void =>
      writeFileSync(
        at('s1/texts.jsonl'),
        [JSON.stringify({ ...key, model: hash }), ...rest].join('\n'),
      )
    named(sha256)
    const again = await ondo([...grid, '--corpus', corpus, '--out', at('s1')])
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).toContain('10 of them done before')
    expect(again.stderr).toContain('have no checksum')
    named('0'.repeat(64))
    const other = await ondo([...grid, '--corpus', corpus, '--out', at('s1')])
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('another model')
    writeFileSync(at('s1/texts.jsonl'), [head, ...rest].join('\n'))
  })

  it('refuses a folder whose first line was changed and no longer has its checksum', async () => {
    const before = read('s1/texts.jsonl')
    writeFileSync(at('s1/texts.jsonl'), before.replace('"length":300', '"length":301'))
    const refused = await ondo([...grid, '--corpus', corpus, '--out', at('s1')])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/texts\.jsonl" holds no sweep, or a damaged one/)
    writeFileSync(at('s1/texts.jsonl'), before)
  })

  it('does not mix sweeps of different settings', async () => {
    const other = [...grid.slice(0, -1), '200', '--out', at('s1')]
    const refused = await ondo(other)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/another length \(300, now 200\).*--force/)
    expect((await ondo([...other, '--force'])).code).toBe(0)
    expect(lines(read('s1/sweep.csv'))).toHaveLength(11)
  })

  it('leaves alone what it can not read', async () => {
    mkdirSync(at('odd'))
    writeFileSync(at('odd/texts.jsonl'), 'my own notes\n')
    const { code, stderr } = await ondo([...grid, '--out', at('odd')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/texts\.jsonl" holds no sweep, or a damaged one; .*--force\.$/m)
    expect(read('odd/texts.jsonl')).toBe('my own notes\n')
  })

  it.each([
    [['--temperatures', '0,0.1..x'], /"x" at character 8; expected a temperature/],
    [['--seeds', '0'], /seeds is 0|seeds is "0"/],
    [['--chain', 'top-q 3'], /top-q/],
    [['--prompt', 'Ω'], /Ω/],
  ])('refuses %j in one sentence', async (flags, sentence) => {
    const { code, stderr } = await ondo(['sweep', model, ...flags])
    expect(code).toBe(2)
    expect(stderr).toMatch(sentence)
  })

  it('gives everything but the texts as JSON', async () => {
    const { stdout } = await ondo([...grid, '--json', '--quiet'])
    const { curve, texts, temperatures } = JSON.parse(stdout)
    expect(temperatures.at(-1)).toBe('inf')
    expect(curve).toHaveLength(4)
    expect(texts[0]).not.toHaveProperty('text')
  })
})

describe('ondo measure', () => {
  it('sets the measures of a text beside what is usual, at 80 columns', async () => {
    writeFileSync(at('hot.txt'), 'the cat szt on a mtt and the cat saw no dgo (and.\n'.repeat(6))
    const args = ['measure', at('hot.txt'), '--model', model, '--corpus', corpus]
    for (const lang of ['en', 'ja']) {
      const { code, stdout, stderr } = await ondo([...args, '--lang', lang])
      expect(code, stderr).toBe(0)
      expect(widest(stdout)).toBeLessThanOrEqual(80)
    }
    const { stdout } = await ondo(args)
    expect(stdout).toMatch(/never seen: szt, mtt, dgo/)
    expect(stdout).toMatch(/brackets, quotes: open, stray +6, 0/)
  })

  it('gives all of it as JSON', async () => {
    const args = ['measure', '-', '--model', model, '--json']
    const { stdout } = await ondo(args, { input: 'the cat sat on a mat and saw no dog' })
    const json = JSON.parse(stdout)
    expect(json.spelling.rate).toBe(0)
    expect(json.surprisal).toBeGreaterThan(0)
    expect(json.missing.novelty).toMatchObject({
      en: 'The training text was not given.',
      ja: expect.stringMatching(/学習/),
    })
    expect(json.usual.repetition).toHaveLength(3)
  })
})

describe('ondo calibrate', () => {
  it('finds T* on the held-out part, with the diagram at 80 columns and as figures', async () => {
    const args = ['calibrate', model, corpus]
    const { code, stdout, stderr } = await ondo([...args, '--out', at('cal')])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^T\* = \d\.\d{3} \(95%: /)
    expect(widest(stdout)).toBeLessThanOrEqual(80)
    expect(stderr).toContain('held out of training')
    expect(read('cal/calibration-dark.svg')).toContain('T* =')
    expect(/NaN|undefined/.exec(read('cal/calibration-dark.svg'))?.[0]).toBeUndefined()
    const json = JSON.parse((await ondo([...args, '--json'])).stdout)
    expect(json.heldOut).toBe(true)
    expect(json.after.nats).toBeLessThanOrEqual(json.before.nats)
    const total = json.before.bins.reduce(
      (sum: number, bin: { count: number }) => sum + bin.count,
      0,
    )
    expect(total).toBe(json.count)
  })
})

describe('ondo aim', () => {
  it('finds a temperature that gives what was asked for', async () => {
    const args = ['aim', model, '--spelling', '20%', '--length', '200', '--json']
    const { code, stdout, stderr } = await ondo(args)
    expect(code, stderr).toBe(0)
    const { temperature, interval, check, target } = JSON.parse(stdout)
    expect(target).toBe(0.2)
    expect(temperature).toBeGreaterThan(0.3)
    expect(interval[0]).toBeLessThan(temperature)
    expect(interval[1]).toBeGreaterThan(temperature)
    expect(Math.abs(check.mean - 0.2)).toBeLessThan(0.1)
  })

  it('refuses what no temperature gives, and says what they give', async () => {
    const { code, stderr } = await ondo(['aim', model, '--surprisal', '90', '--length', '100'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/No temperature gives a surprisal of 90 bits: .* from .* at T = 0 to/)
  })

  it.each([
    [[], /needs one thing to aim at.*none came/],
    [['--spelling', '2%', '--surprisal', '1'], /--spelling and --surprisal came/],
    [['--spelling', '200%'], /from 0% to 100%/],
    [['--surprisal', 'much'], /expected a number from 0/],
  ])('refuses %j in one sentence', async (flags, sentence) => {
    const { code, stderr } = await ondo(['aim', model, ...flags])
    expect(code).toBe(2)
    expect(stderr).toMatch(sentence)
  })
})
