/** Writing to what is no regular file: nothing is put in its place, and nothing hangs. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { writeFileAtomic } from './files.js'

const unix = process.platform !== 'win32'
const root = process.getuid?.() === 0

let folder: string
const at = (name: string): string => join(folder, name)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ondo-target-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function refusal(promise: Promise<unknown>): Promise<FileError> {
  const error = await promise.then(() => undefined).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FileError)
  return error as FileError
}

/** A reader of a FIFO in a process of its own, which takes all or only so many bytes. */
function reader(path: string, bytes?: number): Promise<Buffer> {
  const child = spawn(bytes === undefined ? 'cat' : 'head', [
    ...(bytes === undefined ? [] : ['-c', String(bytes)]),
    path,
  ])
  const pieces: Buffer[] = []
  child.stdout.on('data', piece => pieces.push(piece))
  return new Promise(done => child.on('close', () => done(Buffer.concat(pieces))))
}

describe.skipIf(!unix)('what is no regular file', () => {
  it('a FIFO is written and stays a FIFO, whoever comes first', { timeout: 20_000 }, async () => {
    execFileSync('mkfifo', [at('fifo')])
    const large = 'x'.repeat(1_000_000) // far more than a pipe holds
    const first = reader(at('fifo'))
    await writeFileAtomic(at('fifo'), large)
    expect((await first).toString()).toBe(large)
    const waiting = writeFileAtomic(at('fifo'), '温度')
    const second = reader(at('fifo'))
    await waiting
    expect((await second).toString()).toBe('温度')
    expect(lstatSync(at('fifo')).isFIFO()).toBe(true)
    expect(readdirSync(folder)).toEqual(['fifo'])
  })

  it('a FIFO that nobody reads is not waited for after an interrupt', async () => {
    execFileSync('mkfifo', [at('fifo')])
    const abort = new AbortController()
    const refused = refusal(writeFileAtomic(at('fifo'), 'x', { signal: abort.signal }))
    abort.abort()
    expect((await refused).message).toMatch(/fifo" can't be written: nothing is at its other end/)
  })

  it('a FIFO whose reader disconnects gives an error of one sentence', async () => {
    execFileSync('mkfifo', [at('fifo')])
    const gone = reader(at('fifo'), 10)
    const error = await refusal(writeFileAtomic(at('fifo'), 'x'.repeat(1_000_000)))
    expect(error.message).toMatch(/its reader went away before the end/)
    expect((await gone).length).toBe(10)
  })

  it('/dev/null and /dev/full stay devices', async () => {
    await writeFileAtomic('/dev/null', 'x')
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
    symlinkSync('/dev/null', at('link'))
    await writeFileAtomic(at('link'), 'x')
    expect(readlinkSync(at('link'))).toBe('/dev/null')
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it.skipIf(process.platform !== 'linux')('a full device is reported', async () => {
    const error = await refusal(writeFileAtomic('/dev/full', 'x'))
    expect([error.code, error.message]).toEqual(['disk-full', expect.stringMatching(/is full/)])
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true)
  })

  const mknod = spawnSync('mknod', [join(tmpdir(), `ondo-node-${process.pid}`), 'c', '1', '3'])
  rmSync(join(tmpdir(), `ondo-node-${process.pid}`), { force: true })
  it.skipIf(mknod.status !== 0)('a device node of one’s own stays', async () => {
    execFileSync('mknod', [at('null'), 'c', '1', '3'])
    // Where devices may not be used, the node stays all the same.
    await writeFileAtomic(at('null'), 'x').catch(() => {})
    expect(lstatSync(at('null')).isCharacterDevice()).toBe(true)
    expect(readdirSync(folder)).toEqual(['null'])
  })

  it('a socket is written to and stays', async () => {
    const pieces: Buffer[] = []
    let ended: () => void = () => {}
    const end = new Promise<void>(done => {
      ended = done
    })
    const server = createServer(socket => {
      socket.on('data', piece => pieces.push(piece))
      socket.on('end', () => ended())
    })
    await new Promise<void>(done => server.listen(at('socket'), done))
    await writeFileAtomic(at('socket'), 'to you')
    await end
    expect(Buffer.concat(pieces).toString()).toBe('to you')
    expect(lstatSync(at('socket')).isSocket()).toBe(true)
    await new Promise(done => server.close(done))
  })
})

describe.skipIf(!unix)('links', () => {
  it('a chain of them stays, and the file at its end is replaced', async () => {
    mkdirSync(at('a'))
    mkdirSync(at('b'))
    writeFileSync(at('b/real'), 'old')
    symlinkSync('../b/real', at('a/one'))
    symlinkSync('a/one', at('two'))
    await writeFileAtomic(at('two'), 'new')
    expect(readFileSync(at('b/real'), 'utf8')).toBe('new')
    expect([readlinkSync(at('two')), readlinkSync(at('a/one'))]).toEqual(['a/one', '../b/real'])
  })

  it('a link in a linked folder is counted from where the folder really is', async () => {
    mkdirSync(at('deep/er'), { recursive: true })
    symlinkSync('deep/er', at('short'))
    symlinkSync('../file', at('deep/er/link'))
    await writeFileAtomic(at('short/link'), 'x')
    expect(readFileSync(at('deep/file'), 'utf8')).toBe('x')
    expect(readdirSync(folder).sort()).toEqual(['deep', 'short'])
  })

  it('one to nowhere stays, and its target is made', async () => {
    symlinkSync('target', at('link'))
    await writeFileAtomic(at('link'), 'x')
    expect(readlinkSync(at('link'))).toBe('target')
    expect(readFileSync(at('target'), 'utf8')).toBe('x')
    symlinkSync('no/target', at('lost'))
    expect((await refusal(writeFileAtomic(at('lost'), 'x'))).message).toMatch(/folder does not ex/)
    expect(readlinkSync(at('lost'))).toBe('no/target')
  })

  it('in a circle give an error of one sentence', async () => {
    symlinkSync('b', at('a'))
    symlinkSync('a', at('b'))
    expect((await refusal(writeFileAtomic(at('a'), 'x'))).message).toMatch(/lead in a circle/)
    expect(readdirSync(folder)).toEqual(['a', 'b'])
  })
})

describe.skipIf(!unix)('a regular file', () => {
  it('keeps its permissions', async () => {
    writeFileSync(at('secret'), 'old')
    chmodSync(at('secret'), 0o600)
    await writeFileAtomic(at('secret'), 'new')
    expect(statSync(at('secret')).mode & 0o777).toBe(0o600)
    expect(readFileSync(at('secret'), 'utf8')).toBe('new')
  })

  it.skipIf(!root)('keeps its owner when root writes it', async () => {
    writeFileSync(at('theirs'), 'old')
    chownSync(at('theirs'), 65534, 65534)
    await writeFileAtomic(at('theirs'), 'new')
    expect(statSync(at('theirs')).uid).toBe(65534)
  })

  // Root may write anywhere, so it becomes nobody for a moment; where it can't, nobody is it already.
  it('in a folder that is read-only gives a sentence and stays', async () => {
    mkdirSync(at('sub'))
    writeFileSync(at('sub/file'), 'old')
    chmodSync(at('sub'), 0o555)
    if (root) {
      chmodSync(folder, 0o755)
      process.seteuid?.(65534)
    }
    try {
      for (const name of ['sub/file', 'sub/new']) {
        const error = await refusal(writeFileAtomic(at(name), 'x'))
        expect([error.code, error.message]).toEqual(['denied', expect.stringMatching(/denied/)])
      }
    } finally {
      if (root) process.seteuid?.(0)
      chmodSync(at('sub'), 0o755)
    }
    expect(readFileSync(at('sub/file'), 'utf8')).toBe('old')
    expect(readdirSync(at('sub'))).toEqual(['file'])
  })
})
