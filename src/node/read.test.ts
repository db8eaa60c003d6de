import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { encodeLegacy } from '../text/legacy.fixture.js'
import { openCorpus } from './open-corpus.js'
import { readCorpus } from './read.js'

let folder: string
const at = (...parts: string[]) => join(folder, ...parts)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ondo-read-'))
  await mkdir(at('data', 'deep', '.git'), { recursive: true })
  await mkdir(at('bare', '.hidden'), { recursive: true })
  await mkdir(at('pictures'))
  const files: [string, string | Uint8Array][] = [
    ['data/kokoro.txt', 'こころ\r\n'],
    ['data/sjis.txt', encodeLegacy('ひらがな', 'shift_jis')],
    ['data/deep/a.txt', 'deep'],
    ['data/deep/.git/config', 'hidden'],
    ['data/.hidden.txt', 'hidden'],
    ['data/empty.txt', ''],
    ['data/picture.png', Uint8Array.of(0x89, 0x50, 0xff, 0, 1, 2, 3, 0xfe)],
    ['bare/.hidden/x.txt', 'x'],
    ['pictures/b.png', Uint8Array.of(0xff, 0xfe, 0, 0, 1)],
    ['white.txt', ' \n'],
  ]
  for (const [name, content] of files) await writeFile(at(name), content)
  // Two ways to the same file, and a circle.
  await symlink(at('data', 'kokoro.txt'), at('data', 'deep', 'again.txt'))
  await symlink(at('data'), at('data', 'deep', 'up'))
  await symlink(at('nowhere'), at('data', 'deep', 'broken'))
})

afterAll(() => rm(folder, { recursive: true }))

const input = async function* (...chunks: (string | Uint8Array)[]) {
  yield* chunks
}

async function refusal(...args: Parameters<typeof readCorpus>): Promise<string> {
  const error = await readCorpus(...args).then(
    () => undefined,
    caught => caught,
  )
  expect(error).toBeInstanceOf(FileError)
  return error.message.replaceAll(`${folder}/`, '').replaceAll(folder, 'HERE')
}

describe('readCorpus', () => {
  it('reads a file', async () => {
    const corpus = await readCorpus([at('data', 'kokoro.txt')])
    expect(corpus).toMatchObject({ name: 'kokoro.txt', content: 'こころ\n', joined: '' })
    const raw = await readCorpus([at('data', 'kokoro.txt')], { raw: true })
    expect(raw.content).toBe('こころ\r\n')
  })

  it('reads a folder: sorted, at any depth, every file once, hidden ones never', async () => {
    const corpus = await readCorpus([at('data')])
    expect(corpus.content).toBe('deep\nこころ\nひらがな')
    expect(corpus.files.map(file => file.encoding)).toEqual(['utf-8', 'utf-8', 'shift_jis'])
    expect(corpus.skipped).toEqual([
      { name: at('data', 'deep', 'broken'), reason: 'dangling' },
      { name: at('data', 'deep', 'up'), reason: 'repeated' },
      { name: at('data', 'kokoro.txt'), reason: 'repeated' },
      { name: at('data', 'empty.txt'), reason: 'empty' },
      { name: at('data', 'picture.png'), reason: 'not text' },
    ])
    expect(corpus.name).toBe('a.txt and 2 more')
  })

  it.skipIf(process.platform !== 'linux')(
    'names and counts files whose names are not UTF-8, and what is no file',
    async () => {
      const odd = at('odd')
      await mkdir(odd)
      const bytes = (...tail: number[]) =>
        Buffer.concat([Buffer.from(`${odd}/`), Buffer.from(tail)])
      await writeFile(bytes(0x63, 0x61, 0x66, 0xe9, 0x2e, 0x74, 0x78, 0x74), 'café')
      await writeFile(bytes(0x82, 0xa0), 'あ')
      execFileSync('mkfifo', [join(odd, 'pipe')])
      await symlink('circle', join(odd, 'circle'))
      const refused = await refusal([odd])
      expect(refused).toContain('has no files but 4 that')
      expect(refused).toContain('caf\\xE9.txt: its name is not UTF-8')
      await writeFile(join(odd, 'good.txt'), 'good')
      for (const corpus of [
        await readCorpus([odd]),
        await openCorpus([odd], { tempFolder: async () => folder, largeFrom: 1 }),
      ]) {
        expect(corpus.files).toHaveLength(1)
        expect(corpus.skipped).toEqual([
          { name: join(odd, 'caf\\xE9.txt'), reason: 'name' },
          { name: join(odd, '\\x82\\xA0'), reason: 'name' },
          { name: join(odd, 'circle'), reason: 'dangling' },
          { name: join(odd, 'pipe'), reason: 'special' },
        ])
      }
    },
  )

  it('gives the same corpus for the same files in any order', async () => {
    const paths = [at('data', 'sjis.txt'), at('data', 'kokoro.txt')]
    const one = await readCorpus(paths)
    expect(one.content).toBe('こころ\nひらがな')
    const { skipped, ...more } = await readCorpus([...paths.reverse(), ...paths])
    expect({ ...more, skipped: [] }).toEqual(one)
    expect(skipped.map(({ reason }) => reason)).toEqual(['repeated', 'repeated'])
  })

  it('refuses a named file that a folder would leave out', async () => {
    const message = await refusal([at('data'), at('data', 'picture.png')])
    expect(message).toMatch(/^data\/picture\.png is not recognised as text/)
  })

  it('reads standard input, in pieces that cut characters', async () => {
    const bytes = new TextEncoder().encode('日本')
    const stdin = input(bytes.subarray(0, 4), bytes.subarray(4), '!')
    expect(await readCorpus(['-', '-'], { stdin })).toMatchObject({
      content: '日本!',
      name: 'standard input',
    })
    expect(await refusal(['-'], { stdin: input() })).toMatch(/^standard input is empty/)
  })

  it('takes any file as bytes', async () => {
    const path = at('data', 'picture.png')
    const { content, files } = await readCorpus([path], { tokenizerKind: 'byte' })
    expect(content).toEqual(Uint8Array.of(0x89, 0x50, 0xff, 0, 1, 2, 3, 0xfe))
    expect(files[0].encoding).toBe('bytes')
  })

  it.each([
    [['data/kokro.txt'], 'There is no file "data/kokro.txt"; did you mean data/kokoro.txt?'],
    [['data/kokoro'], 'There is no file "data/kokoro"; did you mean data/kokoro.txt?'],
    [['dta/deep/a.tx'], 'There is no file "dta/deep/a.tx"; did you mean data/deep/a.txt?'],
    [['data/kokoro.txt/x'], 'There is no file "data/kokoro.txt/x"; check the path.'],
    [['zzz/yyy.txt'], 'There is no file "zzz/yyy.txt"; check the path.'],
    [['data/empty.txt'], 'data/empty.txt is empty; expected a file with some text in it.'],
    [['white.txt'], /^white\.txt is empty but for white space; /],
    [['bare'], /^The folder bare has no files; /],
    [['pictures'], /^pictures\/b\.png is empty.*not text/],
  ])('refuses %j in one sentence', async (paths, message) => {
    const said = await refusal(paths.map(path => at(path)))
    if (typeof message === 'string') expect(said).toBe(message)
    else expect(said).toMatch(message)
  })

  it('refuses no paths, and an encoding that does not exist', async () => {
    await expect(readCorpus([])).rejects.toThrow(InputError)
    const path = at('data', 'kokoro.txt')
    await expect(readCorpus([path], { encoding: 'utf-9' })).rejects.toThrow(/Did you mean "utf-8"/)
    expect((await readCorpus([at('data', 'sjis.txt')], { encoding: 'sjis' })).content).toBe(
      'ひらがな',
    )
  })
})
