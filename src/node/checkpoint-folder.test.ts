import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryStore } from '../train/index.js'
import { checkpointFolder } from './checkpoint-folder.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ondo-'))
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe.each([
  ['a folder', () => checkpointFolder(join(folder, 'new', 'run'))],
  ['memory', async () => memoryStore()],
])('a store in %s', (_, open) => {
  it('returns the last written content', async () => {
    const store = await open()
    expect(await store.read('a')).toBeUndefined()
    await store.write('a', bytes('one'))
    await store.write('a', bytes('two'))
    expect(await store.read('a')).toEqual(bytes('two'))
  })

  it('removes a file, and ignores a missing one', async () => {
    const store = await open()
    await store.write('a', bytes('one'))
    await store.remove('a')
    await store.remove('a')
    expect(await store.read('a')).toBeUndefined()
  })

  it('appends, and truncates to a length without extending', async () => {
    const store = await open()
    await store.truncate('log', 0)
    expect(await store.read('log')).toBeUndefined()
    await store.append('log', 'one\n')
    await store.append('log', 'two\n')
    await store.truncate('log', 100)
    expect(await store.read('log')).toEqual(bytes('one\ntwo\n'))
    await store.truncate('log', 4)
    expect(await store.read('log')).toEqual(bytes('one\n'))
  })
})

describe('a checkpoint folder', () => {
  it('leaves no temporary file behind', async () => {
    const store = await checkpointFolder(folder)
    await store.write('a', bytes('one'))
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('reports why a folder cannot be made', async () => {
    const file = join(folder, 'file')
    await writeFile(file, 'x')
    await expect(checkpointFolder(file)).rejects.toThrow('a file stands where a folder is needed')
    expect(await readFile(file, 'utf8')).toBe('x')
  })

  it('keeps the old file when a write fails', async () => {
    const store = await checkpointFolder(folder)
    await store.write('a', bytes('one'))
    const unwritable = 'not bytes' as unknown
    await expect(store.write('missing/a', unwritable as Uint8Array)).rejects.toThrow(
      /can't be written/,
    )
    expect(await store.read('a')).toEqual(bytes('one'))
  })
})
