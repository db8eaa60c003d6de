/** `ondo sample`, `inspect`, help and wrong use, as a person at a shell meets them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { width } from '../../src/cli/terminal/language.js'
import { encodeModel } from '../../src/file/index.js'
import { modelConfig } from '../../src/model/config.js'
import { bundledModels } from '../../src/node/files.js'
import { CharacterTokenizer } from '../../src/text/index.js'
import { BIN, jsonLines, ondo } from '../support/command.js'
import { seededWeights } from '../support/seeded.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-cli-'))
const model = join(folder, 'tiny.safetensors')
const lines = join(folder, 'lines.safetensors')
const bundled = await bundledModels()

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  const tokenizer = new CharacterTokenizer([...'\n abcdefghijklmnopqrstuvwxyz'])
  const config = modelConfig({ cell: 'gru', vocabulary: 28, hidden: 24, layers: 1 })
  const weights = seededWeights(config, 3, 1)
  writeFileSync(model, encodeModel({ config, tokenizer, weights, name: 'Tiny', prompt: 'the ' }))
  writeFileSync(lines, encodeModel({ config, tokenizer, weights, stop: ['\n'] }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a chain that leaves temperature no effect', () => {
  const said = async (...words: string[]) =>
    (await ondo(['sample', model, '--length', '5', ...words])).stderr

  it('is named once, in the language of the reader', async () => {
    const chain = ['--chain', 'top-k 1, temperature']
    expect((await said(...chain)).match(/has no effect here: before it, "top-k 1"/g)).toHaveLength(
      1,
    )
    expect(await said(...chain, '--lang', 'ja')).toContain('温度は効きません')
    expect(await said('--chain', 'temperature, min-p 0.01')).toBe('')
  })

  it('is named for its own temperature only to who gave another', async () => {
    const chain = ['--chain', 'temperature 1.2, min-p 0.05']
    expect(await said(...chain)).toBe('')
    expect(await said(...chain, '-t', '0.5')).toContain('The chain fixes its temperature')
  })
})

interface Step {
  readonly type: string
  readonly text: string
  readonly rank: number
  readonly coin: number | null
  readonly entropyT: number
  readonly temperature: number | string
  readonly stop?: string
  readonly symbols?: number
}

describe('ondo sample', () => {
  it('writes the prompt and what follows, and nothing to stderr', async () => {
    const { code, stdout, stderr } = await ondo(['sample', model, '--length', '100'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^the [a-z \n]{100}\n?$/)
    const without = await ondo(['sample', model, '--length', '100', '--no-echo'])
    expect(`the ${without.stdout}`).toBe(stdout)
  })

  it('writes the same for the same seed, another text for another', async () => {
    const [a, b, c] = await Promise.all(
      ['7', '7', '8'].map(seed => ondo(['sample', model, '-t', '1.5', '--seed', seed])),
    )
    expect(a.stdout).toBe(b.stdout)
    expect(a.stdout).not.toBe(c.stdout)
  })

  it('at T = 0 uses no random number, ignores the seed and says why each symbol came', async () => {
    const args = ['sample', model, '--temperature', '0', '--length', '400']
    const [json, text, other] = await Promise.all([
      ondo([...args, '--json']),
      ondo([...args, '--no-echo']),
      ondo([...args, '--no-echo', '--seed', '9']),
    ])
    const all = jsonLines<Step>(json.stdout)
    expect(all).toHaveLength(402)
    expect(all[0]).toMatchObject({ type: 'run', seed: '42', temperature: '0', prompt: 'the ' })
    const steps = all.slice(1, -1)
    expect(steps.every(step => step.coin === null && step.rank === 1)).toBe(true)
    expect(steps.at(-1)?.stop).toBe('length')
    const written = steps.map(step => step.text).join('')
    expect(all.at(-1)).toMatchObject({ type: 'end', stop: 'length', symbols: 400, text: written })
    expect(text.stdout.replace(/\n$/, '')).toBe(written.replace(/\n$/, ''))
    expect(other.stdout).toBe(text.stdout)
  })

  it('knows infinity, and writes it as inf in JSON', async () => {
    const { stdout } = await ondo(['sample', model, '-t', 'inf', '-n', '5', '--json'])
    const [head, ...steps] = jsonLines<Step>(stdout)
    expect(head.temperature).toBe('inf')
    expect(steps[0].temperature).toBe('inf')
    expect(steps[0].entropyT).toBeCloseTo(Math.log2(28), 9)
  })

  it('stops before a stop string, escapes read', async () => {
    const args = ['sample', model, '-n', '5000', '--stop', '\\n', '--json']
    const last = jsonLines<Step>((await ondo(args)).stdout).at(-1)
    expect(last).toMatchObject({ type: 'end', stop: 'stop', stopString: '\n' })
    expect(last?.text).not.toContain('\n')
  })

  it('writes several texts, one a line where texts end at their line', async () => {
    const { stdout } = await ondo(['sample', lines, '--count', '5', '-n', '2000'])
    const texts = stdout.split('\n')
    expect(texts).toHaveLength(6)
    expect(texts.at(-1)).toBe('')
    expect(new Set(texts).size).toBeGreaterThan(3)
    const json = await ondo(['sample', lines, '--count', '2', '-n', '2000', '--json'])
    const heads = jsonLines(json.stdout).filter(line => line.type === 'run')
    expect(heads.map(head => head.stream)).toEqual([0, 1])
  })

  it('ends quietly when its reader has read enough', async () => {
    const command = `"${process.execPath}" "${BIN}" sample "${model}" --length inf | head -c 300; echo " \${PIPESTATUS[0]}"`
    const out = execFileSync('bash', ['-c', `{ ${command}; } 2>&1`], { encoding: 'utf8' })
    expect(out).toMatch(/^the [a-z \n]{296} 0\n$/)
  })

  it('ends with 130 at Ctrl-C', async () => {
    const { code, stdout } = await ondo(['sample', model, '--length', 'inf'], {
      watch: child => child.kill('SIGINT'),
    })
    expect(code).toBe(130)
    expect(stdout).toMatch(/^the /)
  })

  it('names what the model does not know, or does what it is told', async () => {
    const refused = await ondo(['sample', model, '--prompt', 'Über'])
    expect(refused.code).toBe(2)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toContain('Ü')
    const skipped = await ondo([
      'sample',
      model,
      '--prompt',
      'Über',
      '--unknown',
      'skip',
      '-n',
      '9',
    ])
    expect(skipped.code).toBe(0)
    expect(skipped.stderr).toContain('"Ü"')
  })

  it('reads a prompt and a model from standard input', async () => {
    const prompt = await ondo(['sample', model, '--prompt-file', '-', '-n', '20'], {
      input: 'ab\ncd',
    })
    expect(prompt.stdout).toMatch(/^ab\ncd/)
    const piped = await ondo(['sample', '-', '-n', '20'], { input: readFileSync(model) })
    expect(piped.stdout).toBe((await ondo(['sample', model, '-n', '20'])).stdout)
  })

  it.skipIf(!bundled.includes('shakespeare'))('writes Shakespeare at once', async () => {
    const cold = await ondo(['sample', '--temperature', '0.2', '--json'])
    const hot = await ondo(['sample', '--temperature', '1.5', '--seed', '7', '--json'])
    const entropy = (text: string): number => {
      const steps = jsonLines<Step>(text).slice(1, -1)
      return steps.reduce((sum, step) => sum + step.entropyT, 0) / steps.length
    }
    expect(cold.code).toBe(0)
    expect(entropy(cold.stdout)).toBeLessThan(0.7)
    expect(entropy(hot.stdout)).toBeGreaterThan(2)
    const words = (text: string): string[] =>
      String(jsonLines<Step>(text).at(-1)?.text).split(/\s+/)
    expect(words(cold.stdout).filter(word => word === 'the').length).toBeGreaterThan(2)
  })
})

describe('ondo inspect', () => {
  it('says what a model is and how to use it', async () => {
    const { code, stdout } = await ondo(['inspect', model])
    expect(code).toBe(0)
    expect(stdout).toContain('GRU, 1 layer of 24 units')
    expect(stdout).toContain('28 (character): ↵ ␣ a b c')
    expect(stdout).toContain(`ondo sample ${model} --prompt 'the '`)
    const json = JSON.parse((await ondo(['inspect', model, '--json'])).stdout)
    expect(json).toMatchObject({ name: 'Tiny', dtypes: ['F32'], prompt: 'the ', stop: [] })
    // 3H (V + H) + 2 * 3H + V (H + 1)
    expect(json.parameters).toBe(72 * (28 + 24) + 144 + 28 * 25)
    expect(json.bytes).toBe(readFileSync(model).length)
  })
})

describe('help', () => {
  const commands = [[], ['sample'], ['train'], ['eval'], ['inspect'], ['studio']]

  it.each(commands)('fits 80 columns in both languages: %s', async (...command) => {
    for (const lang of ['en', 'ja']) {
      const { code, stdout, stderr } = await ondo([...command, '--help', '--lang', lang])
      expect(code).toBe(0)
      expect(stderr).toBe('')
      const wide = stdout.split('\n').filter(line => width(line) > 80)
      expect(wide).toEqual([])
      expect(stdout.indexOf(lang === 'en' ? 'Examples' : '例')).toBeGreaterThan(0)
      expect(stdout).not.toContain('\u001b')
    }
  })

  it('speaks Japanese where the locale does', async () => {
    const { stdout } = await ondo(['sample', '--help'], { env: { LANG: 'ja_JP.UTF-8' } })
    expect(stdout).toContain('使い方')
    expect(stdout).toContain('同じシードなら同じ文章になる')
  })

  it('has colours when they are forced, and none when they are refused', async () => {
    const forced = await ondo(['--help'], { env: { FORCE_COLOR: '1' } })
    expect(forced.stdout).toContain('\u001b[')
    const refused = await ondo(['--help'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
    expect(refused.stdout).not.toContain('\u001b[')
  })
})

describe('wrong use', () => {
  it.each([
    [['smaple'], 2, 'Did you mean "sample"?'],
    [
      ['sample', '--lenght', '3'],
      2,
      'ondo sample has no option --lenght. Did you mean "--length"?',
    ],
    [['train', 'x.txt', '--btach', '3'], 2, 'Did you mean "--batch"?'],
    [['sample', '--temperature', '-1'], 2, 'The temperature is "-1"; expected a number from 0'],
    [['sample', '--temperature'], 2, 'needs a value; none was given'],
    [['sample', '--temperature', '--json'], 2, 'needs a value; none was given'],
    [['smaple', '--lang', 'ja'], 2, '「sample」ではありませんか。'],
    [
      ['sample', '-t', '-1', '--lang', 'ja'],
      2,
      'エラー: temperatureの値が"-1"です。0以上の数（infも可）',
    ],
    [['sample', '--lenght', '3', '--lang', 'ja'], 2, '「--length」ではありませんか。'],
    [['eval', '--lang', 'ja'], 2, 'ondo evalにはMODELが必要です。'],
    [['export', 'book', '--lang', 'ja'], 2, 'page、onnx、pytorch、recurrentjs、ml5のどれかを指定'],
    [['sample', '--unknown', 'skpi'], 2, 'Did you mean "skip"?'],
    [['sample', '--lang', 'fr'], 2, 'expected en or ja'],
    [['sample', 'a', 'b'], 2, 'too many arguments'],
    [['eval', 'shakespeare'], 2, 'ondo eval needs TEXT'],
    [['train'], 2, 'ondo train needs TEXT'],
    [['--nonsense'], 2, 'ondo has no option --nonsense'],
    [[], 2, 'Examples'],
  ])('%j ends with %i and says: %s', async (args, expected, sentence) => {
    const { code, stdout, stderr } = await ondo(args)
    expect(stderr).toContain(sentence)
    expect(code).toBe(expected)
    expect(stdout).toBe('')
  })

  it('finds the near model name', async () => {
    const { code, stderr } = await ondo(['sample', model.replace('tiny', 'tiyn')])
    expect(code).toBe(1)
    expect(stderr).toContain('Did you mean "tiny.safetensors"?')
  })

  it('refuses a file that is no model, in one sentence', async () => {
    const path = join(folder, 'no-model.txt')
    writeFileSync(path, 'To be, or not to be: that is no model.')
    const { code, stderr } = await ondo(['sample', path])
    expect(code).toBe(1)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(path)
  })
})
