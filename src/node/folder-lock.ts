/**
 * One writer a folder. A process that wants to write makes a claim, an empty file whose name says
 * which process it is, and then lists the folder. It holds the folder when it saw no other living
 * claim; then it writes into its claim, which tells a holder from one that only wants.
 *
 * Never two hold it: of two claims one was made before the other process listed. Always one gets it:
 * of several that only want, the one whose name comes first waits and the others withdraw. No name is
 * used twice, so that a dead claim may be removed by anybody at any time.
 *
 * Whether a claim lives is asked of the system: the process of that number with that start time.
 * Where that can't be seen (another machine that shares the folder, another container), its file
 * must have been touched lately, which a holder does every few seconds.
 */
import { readFileSync, readlinkSync, unlinkSync } from 'node:fs'
import { open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { FileError, InputError, shortPath } from '../errors.js'
import { fileError, isMissing, makeFolder } from './files.js'

const PREFIX = '.ondo-lock-'
/** Milliseconds between touches of a claim that is held. */
const TOUCH_EVERY = 10_000
/** Milliseconds after which a claim that can't be asked for counts as dead. */
const SILENT = 120_000
/** Milliseconds between looks while others withdraw, and until they are taken for holders. */
const LOOK_EVERY = 10
const PATIENCE = 15_000

/** Which process made a claim. */
interface Owner {
  /** The boot of the machine, and what numbers its processes; empty where the system has no such. */
  readonly boot: string
  readonly space: string
  readonly pid: number
  /** Start time of the process in clock ticks since the boot; empty where it can't be read. */
  readonly start: string
  readonly host: string
}

interface Claim {
  readonly name: string
  readonly owner: Owner
  readonly held: boolean
}

function quietly(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

const alphanumeric = (text: string): string => text.replace(/[^A-Za-z0-9.]/g, '')

/** State and start time of a process: fields 3 and 22 of proc(5); undefined where there is none. */
function processStat(pid: number): { readonly state: string; readonly start: string } | undefined {
  const text = quietly(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  // The name in field 2 may hold spaces and brackets: what counts comes behind its last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.length > 19 ? { state: fields[0], start: fields[19] } : undefined
}

const self: Owner = {
  boot: alphanumeric(
    quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
  ).slice(0, 12),
  space: alphanumeric(quietly(() => readlinkSync('/proc/self/ns/pid'))),
  pid: process.pid,
  start: processStat(process.pid)?.start ?? '',
  host: alphanumeric(hostname()).slice(0, 60),
}

let claims = 0

function nameOf({ boot, space, pid, start, host }: Owner): string {
  const random = Math.random().toString(36).slice(2, 10)
  // What is random comes first, so that the order of names favours no process.
  return `${PREFIX}${random}${claims++}-${boot}-${space}-${pid}-${start}-${host}`
}

function ownerOf(name: string): Owner | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  const [, boot, space, pid, start, ...host] = name.slice(PREFIX.length).split('-')
  return host.length === 1 ? { boot, space, pid: Number(pid), start, host: host[0] } : undefined
}

/** Is there such a process, as far as this one can see? Undefined where it can't be seen from here. */
function isRunning({ boot, space, pid, start, host }: Owner): boolean | undefined {
  if (boot !== self.boot || space !== self.space) return undefined
  // Without a boot's name, two machines are told apart by theirs alone.
  if (boot === '' && host !== self.host) return undefined
  const found = processStat(pid)
  if (found && start !== '') return found.start === start && !/[ZX]/.test(found.state)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  // Some process has this number: which one, only its touches tell.
  return undefined
}

/**
 * Was a claim written into lately, at the time at which the own one was made? Both times are the file
 * server's, whose clock may differ from this machine's.
 */
async function isTouched(at: number, own: string): Promise<boolean> {
  return (await stat(own)).mtimeMs - at < SILENT
}

/** The living claims of a folder besides one; dead ones are removed. */
async function otherClaims(folder: string, own: string): Promise<Claim[]> {
  const names = (await readdir(folder)).filter(name => name !== own)
  const found: Claim[] = []
  for (const name of names) {
    const owner = ownerOf(name)
    if (!owner) continue
    const path = join(folder, name)
    const state = await stat(path).catch(error => {
      if (isMissing(error)) return undefined
      throw error
    })
    if (!state) continue
    const running = isRunning(owner)
    if (running ?? (await isTouched(state.mtimeMs, join(folder, own)))) {
      found.push({ name, owner, held: state.size > 0 })
    } else await rm(path, { force: true })
  }
  return found
}

/** Writes the same byte again: the file server notes its own time, which utimes would not. */
async function touch(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.write('O', 0)
  } finally {
    await handle.close()
  }
}

function inUse(folder: string, { pid, host }: Owner): InputError {
  const where = host === self.host ? '' : ` on the machine "${host}"`
  return new InputError(
    'folder-in-use',
    `A run is going on in "${shortPath(folder)}" (process ${pid}${where}): wait until it ends, stop it, or choose another folder.`,
  )
}

/** The right to write into a folder, until it is released or the process ends. */
export class FolderLock {
  private readonly folder: string
  private readonly path: string
  private readonly timer: NodeJS.Timeout
  private released = false

  private constructor(folder: string, path: string) {
    this.folder = folder
    this.path = path
    this.timer = setInterval(() => void touch(path).catch(() => {}), TOUCH_EVERY)
    this.timer.unref()
    process.once('exit', this.drop)
  }

  /**
   * Takes the folder, which is made where it is not there.
   * @throws InputError when another process writes there, or another part of this one; FileError
   */
  static async take(folder: string): Promise<FolderLock> {
    const name = nameOf(self)
    const path = join(folder, name)
    try {
      await claim(folder, path)
      const other = await contend(folder, name)
      if (other) throw inUse(folder, other.owner)
      await writeFile(
        path,
        `Ondo: process ${self.pid} on ${self.host} writes into this folder.\n`,
        {
          flag: 'r+',
        },
      )
      return new FolderLock(folder, path)
    } catch (error) {
      await rm(path, { force: true }).catch(() => {})
      throw error instanceof InputError ? error : fileError(error, folder, 'written')
    }
  }

  /**
   * Is it still held? A process that was stopped for minutes may have lost it to another machine.
   * @throws FileError when it is not
   */
  async check(): Promise<void> {
    if (await stat(this.path).catch(() => undefined)) return
    throw new FileError(
      'lock-lost',
      `"${shortPath(this.folder)}" is no longer this run's: its lock was removed, perhaps by another run while this one was stopped; nothing more is written there.`,
    )
  }

  release(): void {
    this.drop()
  }

  private readonly drop = (): void => {
    if (this.released) return
    this.released = true
    clearInterval(this.timer)
    process.off('exit', this.drop)
    try {
      unlinkSync(this.path)
    } catch {
      // It is gone with its folder, or the disk is read-only by now: a dead claim does no harm.
    }
  }
}

async function claim(folder: string, path: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    await makeFolder(folder)
    try {
      await (await open(path, 'wx')).close()
      return
    } catch (error) {
      // Another process that made the folder removed it again, since it was empty.
      if (!isMissing(error) || tries === 5) throw error
    }
  }
}

/** Waits until this claim is the only one. @returns the claim that keeps the folder, if one does */
async function contend(folder: string, own: string): Promise<Claim | undefined> {
  const started = performance.now()
  for (;;) {
    const others = await otherClaims(folder, own)
    if (others.length === 0) return undefined
    const first = others.find(({ held }) => held) ?? others.find(({ name }) => name < own)
    if (first) return first
    if (performance.now() - started > PATIENCE) return others[0]
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY))
  }
}
