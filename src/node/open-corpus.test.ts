import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeIds, TOKENIZERS, tokenizerFrom } from '../text/index.js'
import {
  type CheckpointStore,
  createEngine,
  type IdSource,
  memoryStore,
  type TrainingCorpus,
  train,
} from '../train/index.js'
import { FileIds } from './corpus-ids.js'
import { loadOnnxRuntime } from './onnx-runtime.mjs'
import { type OpenOptions, openCorpus } from './open-corpus.js'

const ort = await loadOnnxRuntime()

let folder: string
const at = (...parts: string[]) => join(folder, ...parts)
const tempFolder = async (): Promise<string> => at('run')

/** Words with a rule in them, some beyond ASCII and some beyond U+FFFF. */
function prose(length: number): string {
  const words = ['ka', 'kelé', 'ko\n', 'ひら\r\n', '字、', '😀 ', 'e\u0301']
  let text = ''
  for (let i = 0; text.length < length; i++) text += words[(i * i + (i >> 4)) % words.length]
  return text
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ondo-corpus-'))
  await mkdir(at('run'))
  await mkdir(at('texts', 'deep'), { recursive: true })
  await writeFile(at('texts', 'a.txt'), `\ufeff${prose(3000)}no line end`)
  await writeFile(at('texts', 'deep', 'b.txt'), prose(2000))
  await writeFile(at('texts', 'empty.txt'), '')
  await writeFile(at('texts', 'picture.png'), Uint8Array.of(0x89, 0x50, 0xff, 0, 1, 2, 3, 0xfe))
})
afterAll(() => rm(folder, { recursive: true }))

const all = (ids: IdSource): number[] => Array.from(ids.subarray(0, ids.length))

/** Opens, encodes, and gives both ends of it; what is large must be small in tests. */
async function read(paths: readonly string[], options: Partial<OpenOptions> = {}) {
  const { tokenizerKind: kind = 'character' } = options
  const text = await openCorpus(paths, { tempFolder, ...options })
  const { tokenizer, report } = await text.build(kind)
  const corpus = await text.encode(tokenizer)
  const { name, files, skipped, joined, large } = text
  const { ids, hash } = corpus
  const found = {
    told: { name, files, skipped, joined },
    tokenizer: JSON.stringify(tokenizer),
    report,
    ids: all(ids),
    hash,
    corpusName: corpus.name,
  }
  return { text, corpus, large, found }
}

const TINY = { block: 50, blocks: 3, chunk: 61 }

describe('a large corpus', () => {
  it.each(TOKENIZERS)(
    'is the same as a small one of the same files, for the %s tokenizer',
    async kind => {
      const paths = [at('texts'), at('texts', 'a.txt')]
      const small = await read(paths, { tokenizerKind: kind })
      const large = await read(paths, { tokenizerKind: kind, largeFrom: 0, sizes: TINY })
      expect([small.large, large.large]).toEqual([false, true])
      expect(large.found).toEqual(small.found)
      expect(large.found.ids.length).toBeGreaterThan(4000)
      large.text.close()
    },
  )

  it('begins at the given size', async () => {
    const size = readFileSync(at('texts', 'a.txt')).length
    expect((await read([at('texts', 'a.txt')], { largeFrom: size + 1 })).large).toBe(false)
    expect((await read([at('texts', 'a.txt')], { largeFrom: size })).large).toBe(true)
  })

  it('leaves no file behind, not even while it is open', async () => {
    const { text, corpus } = await read([at('texts')], { largeFrom: 0 })
    expect(readdirSync(at('run'))).toEqual([])
    expect(corpus.ids.subarray(0, 3)).toHaveLength(3)
    text.close()
    text.close()
    expect(readdirSync(at('run'))).toEqual([])
  })
})

describe('a large corpus from a pipe', () => {
  it('spools standard input', async () => {
    const bytes = new TextEncoder().encode(prose(2000))
    const stdin = async function* () {
      for (let i = 0; i < bytes.length; i += 700) yield bytes.subarray(i, i + 700)
    }
    const small = await read(['-', at('texts', 'a.txt')], { stdin: stdin() })
    const large = await read(['-', at('texts', 'a.txt')], { stdin: stdin(), largeFrom: 1000 })
    expect(large.large).toBe(true)
    expect(large.found).toEqual(small.found)
    large.text.close()
  })

  it.skipIf(process.platform === 'win32')('spools a named pipe', async () => {
    expect(spawnSync('mkfifo', [at('pipe')]).status).toBe(0)
    for (const largeFrom of [100, 1e6]) {
      const writing = writeFile(at('pipe'), prose(500))
      const { found, text } = await read([at('pipe')], { largeFrom })
      await writing
      expect(found.told.name).toBe('pipe')
      expect(found.ids.length).toBeGreaterThan(400)
      text.close()
    }
  })
})

describe('reading a large corpus', () => {
  it('refuses a file that changes while it is read', async () => {
    await writeFile(at('moving.txt'), prose(5000))
    const text = await openCorpus([at('moving.txt')], { tempFolder, largeFrom: 0 })
    const { tokenizer } = await text.build('character')
    await utimes(at('moving.txt'), 1, 1)
    await expect(text.encode(tokenizer)).rejects.toThrow(
      /moving\.txt was changed while it was read; start again when it is at rest\.$/,
    )
    text.close()
  })

  it('reports in one sentence that its ids cannot be stored', async () => {
    const text = await openCorpus([at('texts', 'a.txt')], {
      tempFolder: async () => at('nowhere'),
      largeFrom: 0,
    })
    const { tokenizer } = await text.build('character')
    await expect(text.encode(tokenizer)).rejects.toThrow(
      /nowhere.* can't be written: its folder does not exist/,
    )
    text.close()
  })

  it.skipIf(!existsSync('/dev/full'))('reports a full disk', async () => {
    const { openSync, closeSync } = await import('node:fs')
    const { writeAll } = await import('./corpus-ids.js')
    const full = openSync('/dev/full', 'w')
    expect(() => writeAll(full, new Uint8Array(9), 'runs/x')).toThrow(/the disk is full/)
    closeSync(full)
  })
})

describe('ids in a file', () => {
  it.each([100, 300, 70_000])('can be read in any range, for a vocabulary of %d', size => {
    const ids = new FileIds(folder, size, { block: 16, blocks: 2 })
    const expected: number[] = []
    for (let i = 0; i < 100; i++) {
      const part = makeIds(size, i % 7).map((_, k) => (i * 7919 + k * 104_729) % size)
      ids.push(part)
      expected.push(...part)
    }
    expect(ids.length).toBe(expected.length)
    for (let i = 0; i < 500; i++) {
      const from = (i * 7919) % expected.length
      const to = Math.min(expected.length, from + ((i * 31) % 60))
      expect(Array.from(ids.subarray(from, to))).toEqual(expected.slice(from, to))
    }
    ids.close()
  })
})

describe('training', () => {
  const engine = createEngine(ort, { threads: 1 })
  const SETTINGS = { hidden: 8, layers: 1, batch: 4, seq: 16, epochs: 1, dropout: 0 }

  /** Trains to the end, or as Ctrl-C would have it, up to a step. */
  async function trained(
    corpus: TrainingCorpus,
    settings: object,
    { stopAt, ...more }: { stopAt?: number; store?: CheckpointStore; resume?: boolean } = {},
  ) {
    const stop = new AbortController()
    const options = { corpus, engine, settings: { ...SETTINGS, ...settings }, ...more }
    for await (const event of train({ ...options, signal: stop.signal })) {
      if (event.type === 'step' && event.step === stopAt) stop.abort()
      if (event.type === 'end') return { weights: event.weights(), best: event.best }
    }
    throw new Error('no end')
  }

  it.each(['tail', 'striped'])('learns the same from a file as from memory (%s)', async split => {
    const paths = [at('texts')]
    const small = await read(paths)
    const large = await read(paths, { largeFrom: 0, sizes: TINY })
    const expected = await trained(small.corpus, { split })
    expect(expected.best).toBeDefined()
    expect(await trained(large.corpus, { split })).toEqual(expected)
    large.text.close()
  })

  it('resumes a run on a file from one in memory', async () => {
    const paths = [at('texts')]
    const [small, large] = [await read(paths), await read(paths, { largeFrom: 0, sizes: TINY })]
    const store = memoryStore()
    await trained(small.corpus, {}, { store, stopAt: 10 })
    const resumed = await trained(large.corpus, {}, { store, resume: true })
    const whole = await trained(small.corpus, {})
    expect(resumed.weights).toEqual(whole.weights)
    large.text.close()
  })

  it('takes 20 MB through a file of ids', { timeout: 120_000 }, async () => {
    const text = prose(200_000)
    const size = 20e6
    const part = Buffer.from(text)
    await writeFile(at('big.txt'), Buffer.concat(Array(Math.ceil(size / part.length)).fill(part)))
    const opened = await openCorpus([at('big.txt')], { tempFolder, largeFrom: 10e6 })
    expect(opened.large).toBe(true)
    const { tokenizer, report } = await opened.build('character')
    const corpus = await opened.encode(tokenizerFrom(JSON.parse(JSON.stringify(tokenizer))))
    expect(corpus.ids.length).toBe(report.total)
    const { weights: learned } = await trained(corpus, { steps: 30, holdout: 0 })
    expect([...learned.values()].every(data => data.every(Number.isFinite))).toBe(true)
    opened.close()
  })
})
