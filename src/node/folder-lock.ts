/**
 * A lock that lets one process at a time write into a folder. A process makes a claim, an empty file
 * whose name identifies the process, and then lists the folder. It holds the lock when it sees no
 * other live claim. It then writes into its claim, so that others can tell a holder from a candidate.
 *
 * Two processes never hold the lock: of two claims, one was made before the other process listed the
 * folder. One candidate always gets it: the one whose name sorts first waits, and the others
 * withdraw. No name is used twice, so any process may remove a dead claim at any time.
 *
 * A claim is live when a process with its number and start time is running. When this process cannot
 * see that (another machine or container shares the folder), the claim is live when its file was
 * touched lately; a holder touches it every few seconds.
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
/** Milliseconds without a touch after which a claim of an invisible process counts as dead. */
const DEAD_AFTER = 120_000
/** Milliseconds between two listings while others withdraw, and until they count as holders. */
const RETRY_EVERY = 10
const CONTEND_TIMEOUT = 15_000

/** The process that made a claim. */
interface Owner {
  /** Id of the machine's boot, and the PID namespace; empty when the system has none. */
  readonly boot: string
  readonly space: string
  readonly pid: number
  /** Start time of the process, clock ticks since the boot; empty when it can't be read. */
  readonly start: string
  readonly host: string
}

interface Claim {
  readonly name: string
  readonly owner: Owner
  readonly held: boolean
}

function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

const alphanumeric = (text: string): string => text.replace(/[^A-Za-z0-9.]/g, '')

/** State and start time of a process: fields 3 and 22 of proc(5); undefined when it does not exist. */
function processStat(pid: number): { readonly state: string; readonly start: string } | undefined {
  const text = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  // The name in field 2 may contain spaces and brackets; the other fields follow its last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.length > 19 ? { state: fields[0]!, start: fields[19]! } : undefined
}

const self: Owner = {
  boot: alphanumeric(
    orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
  ).slice(0, 12),
  space: alphanumeric(orEmpty(() => readlinkSync('/proc/self/ns/pid'))),
  pid: process.pid,
  start: processStat(process.pid)?.start ?? '',
  host: alphanumeric(hostname()).slice(0, 60),
}

let claims = 0

function nameOf({ boot, space, pid, start, host }: Owner): string {
  const random = Math.random().toString(36).slice(2, 10)
  // The random part comes first, so that no process is preferred by the order of names.
  return `${PREFIX}${random}${claims++}-${boot}-${space}-${pid}-${start}-${host}`
}

function ownerOf(name: string): Owner | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  const [, boot, space, pid, start, host, ...more] = name.slice(PREFIX.length).split('-')
  if (boot === undefined || space === undefined || start === undefined) return undefined
  if (host === undefined || more.length > 0) return undefined
  return { boot, space, pid: Number(pid), start, host }
}

/** Whether the process of a claim is running; undefined when this process cannot see it. */
function isRunning({ boot, space, pid, start, host }: Owner): boolean | undefined {
  if (boot !== self.boot || space !== self.space) return undefined
  // Without a boot id, only the host name tells two machines apart.
  if (boot === '' && host !== self.host) return undefined
  const found = processStat(pid)
  if (found && start !== '') return found.start === start && !/[ZX]/.test(found.state)
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  // A process has this number, but it may be another one; only touches of the file can tell.
  return undefined
}

/**
 * Whether a claim was touched shortly before the own claim was made. Both times come from the file
 * server, whose clock may differ from this machine's.
 */
async function wasTouchedLately(at: number, own: string): Promise<boolean> {
  return (await stat(own)).mtimeMs - at < DEAD_AFTER
}

/** The live claims of a folder besides the own one. Removes dead claims. */
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
    if (running ?? (await wasTouchedLately(state.mtimeMs, join(folder, own)))) {
      found.push({ name, owner, held: state.size > 0 })
    } else await rm(path, { force: true })
  }
  return found
}

/** Writes the same byte again. The file server then records its own time, unlike with utimes. */
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

/** The lock of a folder. It lasts until it is released or the process ends. */
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
   * Takes the lock, and makes the folder when it does not exist.
   * @throws InputError when another process, or another part of this one, holds the lock; FileError
   *   when the folder can't be written
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
   * Checks that the lock is still held. A process that was stopped for minutes may have lost it to
   * another machine.
   * @throws FileError when it was lost
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
      // The folder was removed, or the disk became read-only. A dead claim does no harm.
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
      // Another process had made the folder and removed it again, because it was empty.
      if (!isMissing(error) || tries === 5) throw error
    }
  }
}

/** Waits until this claim is the only live one. @returns the claim that has precedence, if any */
async function contend(folder: string, own: string): Promise<Claim | undefined> {
  const started = performance.now()
  for (;;) {
    const others = await otherClaims(folder, own)
    if (others.length === 0) return undefined
    const first = others.find(({ held }) => held) ?? others.find(({ name }) => name < own)
    if (first) return first
    if (performance.now() - started > CONTEND_TIMEOUT) return others[0]
    await new Promise(resolve => setTimeout(resolve, RETRY_EVERY))
  }
}
