import { spawn } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import * as promises from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FileError } from '../errors.js'
import { bundledModels, findModel, packageRoot, readFileBytes, writeFileAtomic } from './files.js'

// The real file system, with a hook by which a test can simulate a full disk.
vi.mock('node:fs/promises', { spy: true })
const real = await vi.importActual<typeof promises>('node:fs/promises')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ondo-files-'))
})
afterEach(() => {
  vi.resetAllMocks()
  rmSync(folder, { recursive: true })
})

const systemError = (code: string): Error => Object.assign(new Error(`${code}: ...`), { code })

async function refusal(promise: Promise<unknown>): Promise<FileError> {
  const error = await promise.then(() => undefined).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FileError)
  return error as FileError
}

describe('writing a file', () => {
  it('writes bytes or text as a new or replaced file, and leaves no temporary file', async () => {
    const path = join(folder, 'a.bin')
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3))
    expect([...readFileSync(path)]).toEqual([1, 2, 3])
    await writeFileAtomic(path, '温度\n')
    expect(readFileSync(path, 'utf8')).toBe('温度\n')
    expect(readdirSync(folder)).toEqual(['a.bin'])
  })

  it('allows many writers at once: the file is the whole content of one of them', async () => {
    const path = join(folder, 'a.txt')
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000))
    await Promise.all(texts.map(text => writeFileAtomic(path, text)))
    expect(texts).toContain(readFileSync(path, 'utf8'))
    expect(readdirSync(folder)).toEqual(['a.txt'])
  })

  it('syncs the file before the rename, and the folder after it', async () => {
    const order: string[] = []
    vi.mocked(promises.open).mockImplementation(async (...args) => {
      const handle = await real.open(...args)
      const sync = handle.sync.bind(handle)
      handle.sync = () => {
        order.push(`sync ${args[1]}`)
        return sync()
      }
      return handle
    })
    vi.mocked(promises.rename).mockImplementation((...args) => {
      order.push('rename')
      return real.rename(...args)
    })
    await writeFileAtomic(join(folder, 'a'), 'x')
    expect(order).toEqual(['sync wx', 'rename', 'sync r'])
  })

  it.each([
    ['ENOSPC', 'disk-full', /"[^"]*a\.txt" can't be written: the disk is full: make room/],
    ['EDQUOT', 'disk-full', /quota is used up/],
    ['EROFS', 'read-only', /the file system is read-only: choose another place/],
    ['EACCES', 'denied', /permission is denied/],
    ['EIO', 'io', /can't be written: the device reports an error: check/],
  ])('at %s keeps the old file, leaves no other, and says why', async (code, name, sentence) => {
    const path = join(folder, 'a.txt')
    writeFileSync(path, 'old')
    for (const step of ['rename', 'write'] as const) {
      if (step === 'rename') vi.mocked(promises.rename).mockRejectedValueOnce(systemError(code))
      else {
        vi.mocked(promises.open).mockImplementationOnce(async (...args) => {
          const handle = await real.open(...args)
          handle.writeFile = () => Promise.reject(systemError(code))
          return handle
        })
      }
      const error = await refusal(writeFileAtomic(path, 'new'))
      expect([error.code, error.message]).toEqual([name, expect.stringMatching(sentence)])
      expect(readFileSync(path, 'utf8')).toBe('old')
      expect(readdirSync(folder)).toEqual(['a.txt'])
    }
  })
})

describe('a write that fails or is killed', () => {
  it('reports a missing folder, a folder instead of a file, and a file instead of a folder', async () => {
    writeFileSync(join(folder, 'file'), '')
    mkdirSync(join(folder, 'sub'))
    const missing = await refusal(writeFileAtomic(join(folder, 'no', 'a'), 'x'))
    expect(missing.message).toMatch(/its folder does not exist/)
    expect((await refusal(writeFileAtomic(join(folder, 'sub'), 'x'))).code).toBe('is-folder')
    expect((await refusal(writeFileAtomic(join(folder, 'file', 'a'), 'x'))).code).toBe('missing')
    expect(readdirSync(folder).sort()).toEqual(['file', 'sub'])
  })

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'reports denied permission',
    async () => {
      chmodSync(folder, 0o500)
      const error = await refusal(writeFileAtomic(join(folder, 'a'), 'x'))
      chmodSync(folder, 0o700)
      expect(error.code).toBe('denied')
    },
  )

  it.skipIf(process.platform === 'win32')('follows a link', async () => {
    writeFileSync(join(folder, 'real'), 'old')
    symlinkSync('real', join(folder, 'link'))
    await writeFileAtomic(join(folder, 'link'), 'new')
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new')
    expect(readdirSync(folder).sort()).toEqual(['link', 'real'])
  })

  it('removes temporary files of killed writers of the same file only', async () => {
    const dead = '.a.txt.4194305-0.tmp' // above the largest process number of Linux
    const alive = `.a.txt.${process.pid}-999999.tmp`
    const others = ['.b.txt.4194305-0.tmp', '.a.txt.notes.tmp', 'a.txt.4194305-0.tmp']
    for (const name of [dead, alive, ...others]) writeFileSync(join(folder, name), '')
    await writeFileAtomic(join(folder, 'a.txt'), 'x')
    expect(readdirSync(folder).sort()).toEqual(['a.txt', alive, ...others].sort())
  })

  it('leaves the old or the new file, never a part, when the writer is killed', async () => {
    const path = join(folder, 'a.txt')
    const script = `
      import { writeFileAtomic } from ${JSON.stringify(new URL('./files.ts', import.meta.url).href)}
      for (let i = 0; ; i++) {
        await writeFileAtomic(${JSON.stringify(path)}, String(i % 10).repeat(3_000_000))
        if (i === 0) process.stdout.write('going')
      }`
    for (let run = 0; run < 3; run++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', script],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      await new Promise(resolve => child.stdout.once('data', resolve))
      for (let look = 0; look < 5; look++) {
        const text = readFileSync(path, 'utf8')
        expect([text.length, text.replaceAll(text[0], '')]).toEqual([3_000_000, ''])
        await new Promise(resolve => setTimeout(resolve, 7 + run))
      }
      const exited = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await exited
      const text = readFileSync(path, 'utf8')
      expect([text.length, text.replaceAll(text[0], '')]).toEqual([3_000_000, ''])
    }
    await writeFileAtomic(path, 'calm')
    expect(readdirSync(folder)).toEqual(['a.txt'])
  })
})

describe('reading a file', () => {
  it('gives its bytes', async () => {
    writeFileSync(join(folder, 'a'), 'xyz')
    expect([...(await readFileBytes(join(folder, 'a')))]).toEqual([120, 121, 122])
  })

  it('says what is wrong', async () => {
    expect((await refusal(readFileBytes(join(folder, 'no')))).message).toMatch(
      /no" can't be read: it does not exist: check the path/,
    )
    expect((await refusal(readFileBytes(folder))).message).toMatch(/it is a folder: name a file/)
  })
})

describe('finding a model', () => {
  it('finds the package with the bundled models', async () => {
    const root = await packageRoot()
    expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name).toBe('ondo')
    const files = readdirSync(join(root, 'models')).filter(name => name.endsWith('.safetensors'))
    expect((await bundledModels()).map(name => `${name}.safetensors`)).toEqual(files.sort())
    for (const name of await bundledModels()) {
      expect(statSync(await findModel(name)).isFile()).toBe(true)
    }
  })

  it('takes a file as it is', async () => {
    const path = join(folder, 'x.safetensors')
    writeFileSync(path, '')
    expect(await findModel(path)).toBe(path)
  })

  it('takes the best model of a training folder, else the latest', async () => {
    writeFileSync(join(folder, 'model.safetensors'), '')
    writeFileSync(join(folder, 'resume.safetensors'), '')
    expect(await findModel(folder)).toBe(join(folder, 'model.safetensors'))
    writeFileSync(join(folder, 'best.safetensors'), '')
    expect(await findModel(folder)).toBe(join(folder, 'best.safetensors'))
  })

  it('lists the models of a folder that is not a training folder', async () => {
    const empty = await refusal(findModel(folder))
    expect(empty.message).toMatch(/holds neither best.safetensors nor model.safetensors: check/)
    writeFileSync(join(folder, 'mine.safetensors'), '')
    expect((await refusal(findModel(folder))).message).toMatch(/name one of .*: mine\.safetensors/)
  })

  it('suggests the nearest name for a misspelled path', async () => {
    writeFileSync(join(folder, 'model.safetensors'), '')
    const error = await refusal(findModel(join(folder, 'modle.safetensors')))
    expect(error.message).toMatch(/no model file ".*".* Did you mean "model.safetensors"\?/)
    const nowhere = await refusal(findModel(join(folder, 'no', 'x.safetensors')))
    expect(nowhere.message).toMatch(/The folder ".*no" does not exist either/)
  })

  it('lists the bundled names for an unknown name, and suggests the nearest one', async () => {
    vi.mocked(promises.readdir).mockImplementation((async (path: string) =>
      path.endsWith('models')
        ? ['shakespeare.safetensors', 'names.safetensors', 'README.md']
        : []) as unknown as typeof promises.readdir)
    const slip = await refusal(findModel('shakespaere'))
    expect(slip.message).toBe(
      'There is no model "shakespaere": bundled are names, shakespeare; a path to a file or a training folder works too. Did you mean "shakespeare"?',
    )
    expect((await refusal(findModel('zzz'))).message).not.toMatch(/Did you mean/)
    expect(await findModel('names')).toBe(join(await packageRoot(), 'models', 'names.safetensors'))
  })

  it('refuses an empty name', async () => {
    expect((await refusal(findModel(''))).message).toMatch(/give a bundled name or a path/)
  })
})
