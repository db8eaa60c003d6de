/** `ondo import`: other people's models become model files, or a sentence says why not. */
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
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { width } from '../../src/cli/terminal/language.js'
import { decodeModel } from '../../src/file/index.js'
import { ondo } from '../support/command.js'
import { recurrentjsJson } from '../support/foreign.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const MODELS = fileURLToPath(new URL('../../../shared/models/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ondo-import-'))
const at = (name: string): string => join(folder, name)
const run = (...args: string[]) => ondo(['import', ...args], { cwd: folder })
const modelIn = (name: string) => decodeModel(new Uint8Array(readFileSync(at(name))))

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  mkdirSync(at('hello'))
  writeFileSync(at('hello/model.json'), recurrentjsJson('abc '))
  writeFileSync(at('hello/readme.txt'), 'A model.')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('ondo import', () => {
  it('says at 80 columns what it recognised, what it converted and what to do next', async () => {
    const { code, stdout, stderr } = await run('hello')
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr.split('\n').every(line => width(line) <= 80)).toBe(true)
    expect(stderr).toMatch(/^hello: recurrentjs \(JSON\), 2 files\nLSTM, 1 layer of 8 units/)
    expect(stderr).toMatch(/\nvocabulary: 5 characters\n- id 0, which begins and ends/)
    expect(stderr).toMatch(/\nthe model is in hello\.safetensors \(\d.*kB\)\n {2}ondo sample hello/)
    const model = await modelIn('hello.safetensors')
    expect(model.training.imported).toMatchObject({
      from: 'recurrentjs',
      files: [
        { name: 'model.json', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { name: 'readme.txt', sha256: expect.any(String) },
      ],
      conversions: [{ en: expect.stringContaining('id 0'), ja: expect.stringContaining('ID 0') }],
    })
    // The command that it names works.
    const next = /^ {2}ondo (sample .*)$/m.exec(stderr)?.[1]?.split(' ') ?? []
    expect((await ondo([...next, '-n', '20'], { cwd: folder })).code).toBe(0)
    const { stdout: inspected } = await ondo(['inspect', 'hello.safetensors'], { cwd: folder })
    expect(inspected).toMatch(
      /Imported\n {2}system +recurrentjs \(JSON\)\n {2}files +model\.json, readme\.txt\n/,
    )
  })

  it('does so in Japanese', async () => {
    const { stderr } = await run('hello', '--out', 'ja.safetensors', '--lang', 'ja')
    expect(stderr.split('\n').every(line => width(line) <= 80)).toBe(true)
    expect(stderr).toMatch(/語彙：5文字\n- 文の始まりと終わり/)
    const { stdout } = await ondo(['inspect', 'ja.safetensors', '--lang', 'ja'], { cwd: folder })
    expect(stdout).toMatch(/取り込み\n {2}システム +recurrentjs（JSON）\n/)
  })

  it('refuses to overwrite, unless it is told to, and leaves the file as it was', async () => {
    writeFileSync(at('mine.safetensors'), 'mine')
    const { code, stderr } = await run('hello', '--out', 'mine.safetensors')
    expect([code, stderr]).toEqual([
      1,
      'error: The file "mine.safetensors" exists; choose another --out, or replace it with --force.\n',
    ])
    expect(readFileSync(at('mine.safetensors'), 'utf8')).toBe('mine')
    const japanese = await run('hello', '--out', 'mine.safetensors', '--lang', 'ja')
    expect(japanese.stderr).toContain('--forceで置き換えて')
    expect((await run('hello', '--out', 'mine.safetensors', '--force')).code).toBe(0)
    expect((await modelIn('mine.safetensors')).config.cell).toBe('lstm')
    expect(readdirSync(folder).filter(name => name.startsWith('.'))).toEqual([])
  })

  it('lets one of two processes write a new file', async () => {
    const both = await Promise.all([1, 2].map(() => run('hello', '--out', 'once.safetensors')))
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1])
    expect((await modelIn('once.safetensors')).tokenizer.size).toBe(5)
  })

  it('takes names, a prompt, a width of the weights, and prints JSON', async () => {
    const { code, stdout } = await run(
      ...['hello/model.json', '--name', 'Hello', '--prompt', 'ab\\n', '--dtype', 'f16', '--json'],
      ...['-o', 'half.safetensors'],
    )
    expect(code).toBe(0)
    const json = JSON.parse(stdout)
    const model = await modelIn('half.safetensors')
    expect(json).toMatchObject({
      ...{ from: 'recurrentjs', files: ['model.json'], name: 'Hello', prompt: 'ab\n' },
      ...{ path: 'half.safetensors', identity: model.hash, config: { cell: 'lstm', restart: 0 } },
      conversions: [expect.any(String), 'the weights were rounded to f16'],
    })
    expect(json.bytes).toBe(readFileSync(at('half.safetensors')).length)
    expect(model).toMatchObject({ name: 'Hello', prompt: 'ab\n' })
    const unknown = await run('hello', '--prompt', 'xyz', '--out', 'no.safetensors')
    expect([unknown.code, existsSync(at('no.safetensors'))]).toEqual([2, false])
    expect((await run('hello', '--title', 'a', '--name', 'b', '-o', 'no')).stderr).toContain(
      'they mean the same',
    )
  })

  it('reads a zip of the folder, standard input, and writes to standard output', async () => {
    const bytes = new Uint8Array(readFileSync(at('hello/model.json')))
    writeFileSync(
      at('zipped.zip'),
      zipSync({ 'm/model.json': bytes, '__MACOSX/m/._model.json': Uint8Array.of(1) }),
    )
    const zipped = await run('zipped.zip', '--json')
    expect(JSON.parse(zipped.stdout)).toMatchObject({ files: ['m/model.json'] })
    const piped = await ondo(['import', '-', '--out', 'piped.safetensors'], {
      cwd: folder,
      input: bytes,
    })
    expect(piped.code).toBe(0)
    const { hash } = await modelIn('piped.safetensors')
    expect((await modelIn('zipped.safetensors')).hash).toBe(hash)
    const line = `"${process.execPath}" bin/ondo.js import "${at('hello')}" -o - --quiet`
    const written = execFileSync('bash', ['-c', line], { cwd: root })
    expect((await decodeModel(new Uint8Array(written))).hash).toBe(hash)
  })

  it.each([
    [[], 2, /needs SOURCE/],
    [['nothing'], 1, /There is no file "nothing"/],
    [['hello', '--from', 'kearas'], 2, /Did you mean "keras"\?/],
    [['hello', '--from', 'keras'], 1, /not Keras/],
    [['hello', '--window', '0'], 2, /window/],
    [['hello', '--out', 'missing/x'], 1, /its folder does not exist/],
    [['hello', '--vocabulary', 'nothing.json'], 1, /nothing\.json/],
    [['hello', '--out', '-', '--json'], 2, /Both --json and --out -/],
    [['hello.safetensors'], 1, /is a model of Ondo already/],
    [['hello/readme.txt'], 1, /no known format/],
    [['empty'], 1, /has no files/],
    [['two'], 2, /"a", "b"; choose one/],
    [
      ['hello', 'other.json'],
      2,
      /The files hold 2 models: "other\.json", "model\.json"; choose one/,
    ],
  ])('refuses %j in one sentence', async (args, status, sentence) => {
    mkdirSync(at('empty'), { recursive: true })
    for (const name of ['two/a', 'two/b']) {
      mkdirSync(at(name), { recursive: true })
      writeFileSync(at(`${name}/model.json`), recurrentjsJson('ab'))
    }
    writeFileSync(at('other.json'), recurrentjsJson('abc'))
    const out = args.includes('--out') || args.length === 0 ? [] : ['--out', 'refused.safetensors']
    const { code, stderr } = await run(...args, ...out)
    expect(stderr).toMatch(sentence)
    expect(stderr.split('\n').filter(line => line.startsWith('error:'))).toHaveLength(1)
    expect(stderr).not.toMatch(/^ {4}at /m)
    expect([code, existsSync(at('refused.safetensors'))]).toEqual([status, false])
  })

  it('takes the model of a folder that can be read, and says why another can not', async () => {
    mkdirSync(at('mixed'), { recursive: true })
    writeFileSync(at('mixed/a.json'), recurrentjsJson('abc'))
    const broken = JSON.parse(recurrentjsJson('abc'))
    broken.model.bd.w.pop()
    writeFileSync(at('mixed/b.json'), JSON.stringify(broken))
    const { code, stderr } = await run('mixed')
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /- b\.json was left out: The recurrentjs file "b\.json" has the matrix bd/,
    )
  })
})

interface Story {
  readonly folder: string
  readonly args?: readonly string[]
  /** What the command says. */
  readonly says: RegExp
  /** Symbols; absent where the command refuses. */
  readonly symbols?: number
}

const SHARED = (name: string): string => join(MODELS, name)
const STORIES: readonly Story[] = [
  { folder: 'char-rnn-js', says: /^\S+: char-rnn\.js .*\nLSTM, 3 layers of 100/, symbols: 256 },
  { folder: 'ml5-darwin', says: /ml5 charRNN/, symbols: 100 },
  { folder: 'torch-rnn', says: /torch-rnn/, symbols: 65 },
  { folder: 'recurrentjs', says: /recurrentjs/, symbols: 51 },
  { folder: 'textgenrnn', says: /textgenrnn[\s\S]*window of 40/, symbols: 465 },
  {
    folder: 'keras1',
    says: /char_rnn_59\.hdf5 was left out: The training[\s\S]*ran away[\s\S]*--window 40 runs it/,
    symbols: 57,
  },
  { folder: 'keras1', args: ['--window', '40'], says: /window of 40\s+symbols/, symbols: 57 },
  {
    folder: 'pytorch-gru',
    says: /predicts 100 symbols, but the files do not say which; give its symbols with --vocabulary/,
  },
  {
    folder: 'pytorch-gru',
    args: ['--vocabulary', 'printable.txt'],
    says: /the symbols in the order of their ids/,
    symbols: 100,
  },
  {
    folder: 'ml5-shakespeare',
    says: /13 is " {2}", 40 is ""; .* give its symbols with --vocabulary/,
  },
  {
    folder: 'ml5-shakespeare',
    args: ['--vocabulary', SHARED('ml5-shakespeare/vocab.fixed.json')],
    says: /a map from symbols to ids/,
    symbols: 65,
  },
  { folder: 'ml5-incomplete', says: /has 0 bytes; expected 8388608 .* it is incomplete/ },
]

describe.skipIf(!existsSync(MODELS))('the models that others trained', () => {
  beforeAll(() => {
    const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
    const signs = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\v\f'
    writeFileSync(at('printable.txt'), `${digits}${signs}`)
  })

  it.each(STORIES)(
    '$folder $args: does what is said',
    async ({ folder: name, args, says, symbols }) => {
      rmSync(at('story.safetensors'), { force: true })
      const { code, stderr } = await run(
        SHARED(name),
        '--out',
        'story.safetensors',
        ...(args ?? []),
      )
      expect(stderr).toMatch(says)
      expect(existsSync(at('story.safetensors'))).toBe(symbols !== undefined)
      if (symbols === undefined) {
        expect(code).not.toBe(0)
        expect(stderr.trimEnd().split('\n')).toHaveLength(1)
        return
      }
      expect(code).toBe(0)
      expect(stderr.split('\n').every(line => width(line) <= 80 || line.startsWith('/'))).toBe(true)
      const model = await modelIn('story.safetensors')
      expect(model.tokenizer.size).toBe(symbols)
      expect(model.training.imported?.files.length).toBeGreaterThan(0)
    },
  )

  it('refuses the collapsed checkpoint by itself with the reason', async () => {
    const files = ['char_rnn_59.hdf5', 'char_rnn_1.json', 'char_indices.json']
    const { code, stderr } = await run(...files.map(file => SHARED(`keras1/${file}`)))
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: The training of this model ran/),
    ])
  })

  it('refuses the folder of all, and lists what is in it', async () => {
    const { code, stderr } = await run(MODELS)
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/models in \d folders: "char-rnn-js"/),
    ])
  })
})
