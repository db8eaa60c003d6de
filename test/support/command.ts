/** Runs the command `ondo` in a child process, as a shell does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const BIN = fileURLToPath(new URL('../../bin/ondo.js', import.meta.url))

export interface Result {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Called for each piece of output, with the process and all output so far. */
  readonly watch?: (child: ChildProcess, stderr: string, stdout: string) => void
}

export function ondo(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const { cwd, input, env, watch } = options
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    // A test must not depend on the language and colours of the tester's terminal.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    watch?.(child, stderr, stdout)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    watch?.(child, stderr, stdout)
  })
  child.stdin.on('error', () => {}) // the command may end without reading its input
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** Parses lines of JSON. */
export const jsonLines = <T = Record<string, unknown>>(text: string): T[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as T)

/** Returns sentences of a few words in an order given by a seed, so that a model can learn something. */
export function babble(length: number, seed = 1): string {
  const words = ['the', 'cat', 'sat', 'on', 'a', 'mat', 'and', 'saw', 'no', 'dog']
  let state = seed >>> 0
  let text = ''
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const word = words[Math.floor((state / 4294967296) * words.length)]
    text += word + (state % 7 === 0 ? '.\n' : ' ')
  }
  return text.slice(0, length)
}
