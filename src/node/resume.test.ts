import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeModel } from '../file/index.js'
import { decodeCheckpoint, FILES } from '../train/checkpoint.js'

const CHILD = fileURLToPath(new URL('./resume.child.ts', import.meta.url))

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ondo-kill-'))
})
afterAll(() => rm(root, { recursive: true }))

/** Trains in a process of its own; SIGKILL when it has told of `killAt` steps. */
function trainInChild(folder: string, resume: boolean, killAt = Number.POSITIVE_INFINITY) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', CHILD, folder, ...(resume ? ['resume'] : [])],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let first: number | undefined
  let last = 0
  child.stdout.on('data', (data: Buffer) => {
    for (const line of data.toString().split('\n').filter(Boolean)) {
      first ??= Number(line)
      last = Number(line)
    }
    if (last >= killAt) child.kill('SIGKILL')
  })
  return new Promise<{ first: number; last: number; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.on('error', reject)
      child.on('close', (_, signal) => resolve({ first: first ?? 0, last, signal }))
    },
  )
}

const file = (folder: string, name: string) => readFile(join(folder, name))

it('killed outright in mid-epoch, twice, and resumed, a run ends with the same weights to the bit', {
  timeout: 60_000,
}, async () => {
  const whole = join(root, 'whole')
  const killed = join(root, 'killed')
  const uninterrupted = await trainInChild(whole, false)
  expect(uninterrupted.signal).toBeNull()
  expect((await trainInChild(killed, false, 31)).signal).toBe('SIGKILL')
  const second = await trainInChild(killed, true, 118)
  expect(second.signal).toBe('SIGKILL')
  expect(second.first).toBeGreaterThan(21) // it went on, and not from the start
  const last = await trainInChild(killed, true)
  expect(last.signal).toBeNull()
  expect(last.last).toBe(uninterrupted.last)

  for (const name of [FILES.model, FILES.best]) {
    const [a, b] = await Promise.all(
      [whole, killed].map(async folder => decodeModel(await file(folder, name))),
    )
    expect(b.weights, name).toEqual(a.weights)
  }
  const [a, b] = await Promise.all(
    [whole, killed].map(async folder => decodeCheckpoint(await file(folder, FILES.resume))),
  )
  expect(b.moments).toEqual(a.moments)
  expect(b.state).toEqual(a.state)
  const steps = async (folder: string) =>
    (await file(folder, FILES.metrics))
      .toString()
      .trim()
      .split('\n')
      .map(line => {
        const { seconds: _, ...rest } = JSON.parse(line)
        return rest
      })
  expect(await steps(killed)).toEqual(await steps(whole))
})
