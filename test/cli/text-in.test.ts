/** Text that comes in by the command line: last line ends, line ends, letters, stop strings. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeLegacy } from '../../src/text/legacy.fixture.js'
import { ondo } from '../support/command.js'

const bundled = existsSync(
  fileURLToPath(new URL('../../models/shakespeare.safetensors', import.meta.url)),
)

let folder: string
const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ondo-text-in-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe.skipIf(!bundled)('one final line end', () => {
  const LOOP = 'thou art '.repeat(60)
  const json = async (...args: string[]) => JSON.parse((await ondo([...args, '--json'])).stdout)

  it('is no part of a text that is measured', async () => {
    const bare = await json('measure', await put('bare.txt', LOOP))
    expect(bare.looping).toBe(1)
    for (const [name, end] of [
      ['lf', '\n'],
      ['crlf', '\r\n'],
    ]) {
      for (const raw of [[], ['--raw']]) {
        const { text: _, ...measured } = await json('measure', await put(name, LOOP + end), ...raw)
        const { text: __, ...expected } = bare
        expect(measured).toEqual(expected)
      }
    }
    // A second one is.
    expect((await json('measure', await put('two', `${LOOP}\n\n`))).looping).toBe(0)
  })

  it('is none of one that is scored', async () => {
    const bare = await json('eval', 'shakespeare', await put('bare.txt', LOOP))
    const ended = await json('eval', 'shakespeare', await put('lf.txt', `${LOOP}\r\n`))
    expect(ended.symbols).toBe(LOOP.length)
    expect(ended.whole).toEqual(bare.whole)
    const only = await ondo(['measure', await put('only', '\n')])
    expect(only.code).toBe(1)
    expect(only.stderr).toContain('is empty but for white space')
  })

  it('goes through a pipe unnoticed', async () => {
    const { stdout } = await ondo(['sample', '-t', '0', '-n', '600', '--quiet'])
    expect(stdout.endsWith('\n')).toBe(true)
    const [piped, bare] = [
      (await ondo(['measure', '-', '--json'], { input: stdout })).stdout,
      (await ondo(['measure', '-', '--json'], { input: stdout.slice(0, -1) })).stdout,
    ]
    expect(piped).toBe(bare)
  })
})

describe.skipIf(!bundled)('a prompt', () => {
  const sample = (...args: string[]) => ondo(['sample', '-n', '20', '--quiet', ...args])

  it('is the same from a file with LF, CRLF, CR, a mark, UTF-16 and from the command line', async () => {
    const written = (await sample('--prompt', 'ROMEO:\\nO')).stdout
    expect(written.startsWith('ROMEO:\nO')).toBe(true)
    const wide = Buffer.from('\ufeffROMEO:\r\nO\r\n', 'utf16le')
    for (const content of [
      'ROMEO:\nO',
      'ROMEO:\r\nO\n',
      'ROMEO:\rO',
      '\ufeffROMEO:\r\nO\r\n',
      wide,
    ]) {
      const { stdout, stderr } = await sample('--prompt-file', await put('p.txt', content))
      expect(stderr).toBe('')
      expect(stdout).toBe(written)
    }
    expect((await sample('--prompt', 'ROMEO:\r\nO')).stdout).toBe(written)
  })

  it('keeps a backslash that is written twice', async () => {
    const { code, stderr } = await sample('--prompt', 'a\\\\nb')
    expect(code).toBe(2)
    expect(stderr).toContain('"\\" (U+005C) at 1')
  })

  it('never has a symbol stand for one that looks the same, without its number', async () => {
    const { stderr } = await ondo(['sample', '-n', '1', '-p', 'a\u00a0b', '--unknown', 'nearest'])
    expect(stderr).toContain('U+0020 SPACE stands for U+00A0 NO-BREAK SPACE')
    expect(stderr).not.toMatch(/(\S+) stands for \1/)
  })
})

describe.skipIf(!bundled)('a stop string', () => {
  it('that can never be met is refused, in the language of the errors', async () => {
    const { code, stderr, stdout } = await ondo(['sample', '--stop', 'は', '-n', '5'])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('The stop string "は" could never be met')
  })

  it('ends a line with CRLF as with LF', async () => {
    const [lf, crlf] = await Promise.all(
      ['\\n', '\r\n'].map(stop => ondo(['sample', 'names', '--stop', stop, '--quiet'])),
    )
    expect(lf.stdout).toBe(crlf.stdout)
  })
})

describe('encodings', () => {
  const CHINESE =
    '那天早上下着小雨，我们坐在窗前喝茶，谁也没有说话。后来他站起来，看了看外面的路。\n'

  it('a refusal names the likely ones and reads a line in them, in both languages', async () => {
    const path = await put('gbk.txt', encodeLegacy(CHINESE.repeat(5), 'gb18030'))
    const en = await ondo(['baseline', path])
    expect(en.code).toBe(1)
    expect(en.stderr).toContain('gb18030 (Chinese) reads "那天早上')
    expect(en.stderr).toContain('try: --encoding gb18030')
    const ja = await ondo(['baseline', path, '--lang', 'ja'])
    expect(ja.stderr).toContain('gb18030（中国語）なら「那天早上')
    const named = await ondo(['baseline', path, '--encoding', 'cp936'])
    expect(named.code).toBe(0)
    expect(named.stderr).not.toContain('right?')
    const dir = join(folder, 'folder')
    await mkdir(dir)
    await put('folder/a.txt', CHINESE)
    await put('folder/b.txt', encodeLegacy(CHINESE, 'gb18030'))
    const some = await ondo(['baseline', dir])
    expect(some.stderr).toContain('b.txt: left out because its encoding is not recognised')
  })

  it('a wrong name and a text saved twice are questioned, also under --quiet', async () => {
    const path = await put('gbk.txt', encodeLegacy(CHINESE.repeat(5), 'gb18030'))
    const wrong = await ondo(['baseline', path, '--encoding', 'windows-1252', '--quiet'])
    expect(wrong.stderr).toContain('gb18030 (Chinese) reads')
    expect(wrong.stderr).toContain('is the encoding right?')
    const twice = new TextDecoder('windows-1252').decode(new TextEncoder().encode('café à côté\n'))
    const double = await ondo(['baseline', await put('twice.txt', twice.repeat(40)), '--quiet'])
    expect(double.stderr).toContain('which is "café à côté" in UTF-8')
  })
})

describe.skipIf(!bundled)('a goal of surprise', () => {
  it('that the chain leaves out of reach is said, another is not', async () => {
    const sample = (...args: string[]) => ondo(['sample', '-n', '300', '--quiet', ...args])
    const far = await sample('-t', 'surprise 4', '--chain', 'temperature, top-k 2')
    expect(far.stderr).toContain('surprise 4 was not reached')
    const ja = await sample('-t', 'surprise 4', '--chain', 'temperature, top-k 2', '--lang', 'ja')
    expect(ja.stderr).toContain('surprise 4には届きませんでした')
    expect((await sample('-t', 'surprise 2.5')).stderr).toBe('')
  })
})
