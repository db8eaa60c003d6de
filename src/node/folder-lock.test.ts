import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkpointFolder } from './checkpoint-folder.js'
import { FolderLock } from './folder-lock.js'

let root: string
let program: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ondo-lock-'))
  program = join(root, 'child.mjs')
  const bundle = await rolldown({
    input: fileURLToPath(new URL('./lock-child.fixture.ts', import.meta.url)),
    platform: 'node',
  })
  await bundle.write({ file: program, format: 'esm' })
  await bundle.close()
})
afterAll(() => rm(root, { recursive: true }))

let folders = 0
const fresh = (): string => join(root, `folder-${folders++}`)
const claimsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter(name => name.startsWith('.ondo-lock-'))

class Contender {
  readonly child: ChildProcess
  private readonly lines: string[] = []
  private wake = (): void => {}

  constructor(folder: string) {
    this.child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.lines.push(...text.split('\n').filter(Boolean))
      this.wake()
    })
  }

  async line(): Promise<string> {
    while (this.lines.length === 0) {
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
    return this.lines.shift()!
  }

  async start(): Promise<string> {
    this.child.stdin!.write('go\n')
    return this.line()
  }

  end(signal?: NodeJS.Signals): Promise<unknown> {
    const gone = new Promise(resolve => this.child.once('close', resolve))
    if (signal) this.child.kill(signal)
    else this.child.stdin!.end()
    return gone
  }
}

const IN_USE = /^A run is going on in ".*" \(process \d+\): wait until it ends/

describe('twenty processes that want one folder at the same moment', () => {
  it.each([1, 2, 3])('exactly one gets it (round %d)', { timeout: 120_000 }, async () => {
    const folder = fresh()
    const link = `${folder}-link`
    await symlink(folder, link)
    const all = Array.from({ length: 20 }, (_, i) => new Contender(i % 4 === 0 ? link : folder))
    // Through a link that leads nowhere yet nothing can be made.
    await mkdir(folder)
    await Promise.all(all.map(each => each.line()))
    const said = await Promise.all(all.map(each => each.start()))
    expect(said.filter(line => line === 'held')).toHaveLength(1)
    for (const line of said) if (line !== 'held') expect(line).toMatch(IN_USE)
    expect(await claimsIn(folder)).toHaveLength(1)
    await Promise.all(all.map(each => each.end()))
    expect(await claimsIn(folder)).toEqual([])
  })
})

describe('a holder', () => {
  it('that is killed leaves the folder to the next process', { timeout: 60_000 }, async () => {
    const folder = fresh()
    const first = new Contender(folder)
    await first.line()
    expect(await first.start()).toBe('held')
    await expect(FolderLock.take(folder)).rejects.toThrow(
      `(process ${first.child.pid}): wait until it ends`,
    )
    await first.end('SIGKILL')
    expect(await claimsIn(folder)).toHaveLength(1)
    const lock = await FolderLock.take(folder)
    expect(await claimsIn(folder)).toHaveLength(1)
    lock.release()
    expect(await claimsIn(folder)).toEqual([])
  })

  it('keeps out another part of the same process', async () => {
    const folder = fresh()
    const store = await checkpointFolder(folder)
    const release = await store.lock!()
    const other = await checkpointFolder(folder)
    await expect(other.lock!()).rejects.toThrow(IN_USE)
    await release()
    await (await other.lock!())()
  })

  it('whose claim was removed stops writing', async () => {
    const folder = fresh()
    const store = await checkpointFolder(folder)
    const release = await store.lock!()
    await store.write('a', Uint8Array.of(1))
    for (const name of await claimsIn(folder)) await rm(join(folder, name))
    await expect(store.write('a', Uint8Array.of(2))).rejects.toThrow(
      /is no longer this run's: its lock was removed/,
    )
    expect(await store.read('a')).toEqual(Uint8Array.of(1))
    await release()
  })
})

/** Fields of a claim's name, behind what is random. */
const FIELDS = ['boot', 'space', 'pid', 'start', 'host'] as const
type Fields = Partial<Record<(typeof FIELDS)[number], string>>

/** Leaves a claim as another process would have, which this one differs from in some fields. */
async function claimOf(folder: string, fields: Fields): Promise<string> {
  const lock = await FolderLock.take(folder)
  const [name] = await claimsIn(folder)
  lock.release()
  const [random, ...own] = name.slice('.ondo-lock-'.length).split('-')
  const all = FIELDS.map((field, i) => fields[field] ?? own[i])
  const path = join(folder, `.ondo-lock-${random}-${all.join('-')}`)
  await writeFile(path, 'Ondo\n')
  return path
}

async function isRefused(folder: string): Promise<string | false> {
  try {
    ;(await FolderLock.take(folder)).release()
    return false
  } catch (error) {
    return (error as Error).message
  }
}

describe.skipIf(!existsSync('/proc/self/stat'))('a claim that is left over', () => {
  it('of a process whose number is reused is dead', async () => {
    const folder = fresh()
    const path = await claimOf(folder, { start: '1' })
    expect(await isRefused(folder)).toBe(false)
    expect(existsSync(path)).toBe(false)
  })

  it('of a zombie process is dead', async () => {
    const folder = fresh()
    // `sleep` never collects the child that the shell before it started.
    const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'])
    const pid = await new Promise<string>(resolve =>
      parent.stdout.once('data', data => resolve(String(data).trim())),
    )
    const stat = async (): Promise<string[]> => {
      return (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1].split(' ')
    }
    while ((await stat())[0] !== 'Z') await new Promise(resolve => setTimeout(resolve, 5))
    await claimOf(folder, { pid, start: (await stat())[19] })
    expect(await isRefused(folder)).toBe(false)
    parent.kill('SIGKILL')
  })

  it.each<[string, Fields, RegExp]>([
    ['machine', { boot: 'another', host: 'elsewhere' }, /process \d+ on the machine "elsewhere"\)/],
    ['container with the same process numbers', { space: 'pid4' }, /\(process \d+\)/],
  ])('of another %s lives while it is touched', async (_, fields, sentence) => {
    const folder = fresh()
    const path = await claimOf(folder, fields)
    expect(await isRefused(folder)).toMatch(sentence)
    const before = new Date(Date.now() - 100_000)
    await utimes(path, before, before)
    expect(await isRefused(folder)).toMatch(sentence)
    const longAgo = new Date(Date.now() - 130_000)
    await utimes(path, longAgo, longAgo)
    expect(await isRefused(folder)).toBe(false)
    expect(existsSync(path)).toBe(false)
  })
})

it('a folder that is moved takes its lock along', async () => {
  const [folder, moved] = [fresh(), fresh()]
  const lock = await FolderLock.take(folder)
  await rename(folder, moved)
  expect(await isRefused(moved)).toMatch(IN_USE)
  await expect(lock.check()).rejects.toThrow('no longer')
  lock.release()
})
