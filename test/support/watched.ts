/**
 * Runs a program with an empty HOME and without the variables of a build machine, and reports what it
 * did: the files in HOME and in the temporary folder and, if strace is installed, every write and every
 * connection of the process, its threads and its children.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve, sep } from 'node:path'

/** Whether a process can be traced here: Linux, strace installed, tracing allowed. */
export const canTrace =
  process.platform === 'linux' &&
  spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], { stdio: 'ignore' }).status === 0

export interface Watched {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Files found in HOME and in the temporary folder afterwards. */
  readonly left: readonly string[]
  /** Paths outside the given folder that were opened for writing, made, moved or removed. */
  readonly written: readonly string[]
  /** Calls that connect, send to another host, or look up a name. */
  readonly asked: readonly string[]
}

export interface WatchOptions {
  /** The folder that the program works in; nothing else is given to it. */
  readonly folder: string
  readonly input?: string
  /** Called for each piece of output, with all output so far and a function that ends the program. */
  readonly watch?: (stdout: string, end: () => void) => void
}

const CHANGES =
  'open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,truncate,mknod,mknodat'

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).map(entry =>
    join(entry.parentPath, entry.name),
  )

/** Paths of devices and of kernel information about processes, which are not files on a disk. */
const NOT_A_FILE = /^\/(dev|proc)\//

/** Returns the paths outside `folder` that a line of strace shows as changed. */
function changedIn(line: string, folder: string): string[] {
  const call = /^(?:\[pid +\d+\] |\d+ +)?(\w+)\((.*)/.exec(line)
  if (!call) return []
  const [, name, args] = call
  const opens = /^(open|openat)$/.test(name)
  if (opens && !/O_(WRONLY|RDWR|CREAT|TRUNC)/.test(args)) return []
  if (!opens && !CHANGES.split(',').includes(name)) return []
  // With `-y`, strace writes the folder of a descriptor after its number.
  const base = /^(?:AT_FDCWD|\d+)<([^>]+)>/.exec(args)?.[1] ?? folder
  return Array.from(args.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, path]) =>
    resolve(base, path),
  ).filter(path => path !== folder && !path.startsWith(folder + sep) && !NOT_A_FILE.test(path))
}

/**
 * Files and sockets that a name lookup uses first: the table of hosts and the system's resolver.
 * Reading resolv.conf, which lists the name servers, does not yet count as a lookup.
 */
const NAMES = /"\/etc\/(hosts|gai\.conf)"|systemd\/resolve|nscd\/socket/

/** Whether a call contacts another host. The kernel's table of interfaces (AF_NETLINK) is none. */
const contactsHost = (line: string): boolean =>
  (/\b(connect|sendto|sendmsg|sendmmsg)\(/.test(line) && /AF_INET6?/.test(line)) || NAMES.test(line)

/** Runs Node with these arguments and returns what the program did. */
export async function watched(
  args: readonly string[],
  { folder, input, watch }: WatchOptions,
): Promise<Watched> {
  const own = mkdtempSync(join(tmpdir(), 'ondo-watch-'))
  const [home, temporary, log] = ['home', 'tmp', 'trace'].map(name => join(own, name))
  mkdirSync(home)
  mkdirSync(temporary)
  const trace = ['-f', '-qq', '-y', '-s', '4096', '-o', log, '-e', `trace=network,${CHANGES}`]
  const command = canTrace
    ? ['strace', ...trace, process.execPath, ...args]
    : [process.execPath, ...args]
  const child = spawn(command[0], command.slice(1), {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: temporary, LANG: 'C.UTF-8', TERM: 'dumb' },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    watch?.(stdout, () => end(child))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {}) // the program may end without reading its input
  child.stdin.end(input)
  const code = await new Promise<number | null>((settle, reject) => {
    child.on('error', reject)
    child.on('close', settle)
  })
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []
  const left = [...filesIn(home), ...filesIn(temporary)].map(path => path.slice(own.length + 1))
  rmSync(own, { recursive: true })
  const written = [...new Set(lines.flatMap(line => changedIn(line, folder)))]
  return { code, stdout, stderr, left, written, asked: lines.filter(contactsHost) }
}

/** Ends the traced program and not strace, since ending strace would only detach it. */
function end({ pid }: ChildProcess): void {
  if (pid === undefined) return
  const traced = canTrace ? readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') : ''
  process.kill(Number(traced.trim()) || pid, 'SIGINT')
}
