/**
 * Twenty times kill -9 at moments that chance chooses: in mid-step, in mid-write, before the first
 * step. The seed is in the test's name; KILL_SEED=N goes through the same choices again.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeModel } from '../file/index.js'
import { decodeCheckpoint, FILES } from '../train/checkpoint.js'

const KILLS = 20
const SEED = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)

let state = SEED
/** Uniform in [0, 1): Numerical Recipes' generator. */
function chance(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

let root: string
let child: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ondo-kill-'))
  child = join(root, 'child.mjs')
  // Compiled once: twenty starts through a compiler would take most of the time.
  const bundle = await rolldown({
    input: fileURLToPath(new URL('./resume-child.fixture.ts', import.meta.url)),
    platform: 'node',
    plugins: [
      {
        name: 'native',
        resolveId: id =>
          id === 'onnxruntime-node' ? { id: import.meta.resolve(id), external: true } : null,
      },
    ],
  })
  await bundle.write({ file: child, format: 'esm' })
  await bundle.close()
})
afterAll(() => rm(root, { recursive: true }))

/** Steps that a session may take after the count of `Kill.steps`; 20 sessions stay below the whole run. */
const STEPS_BEFORE_KILL = 12

interface Kill {
  /** Steps of this session after which the time runs; undefined: from the start of the process. */
  readonly steps: number | undefined
  readonly milliseconds: number
}

interface Ended {
  readonly first: number
  readonly last: number
  readonly signal: NodeJS.Signals | null
}

/** Trains in a process of its own, to the end or until it is killed. */
function session(folder: string, kill?: Kill): Promise<Ended> {
  const resume = existsSync(join(folder, FILES.resume))
  const limit = kill ? (kill.steps ?? 0) + STEPS_BEFORE_KILL : 0
  const options = [`${limit}`, ...(resume ? ['resume'] : [])]
  const running = spawn(process.execPath, [child, folder, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let first = 0
  let last = 0
  let armed = false
  const arm = (): void => {
    if (!armed) setTimeout(() => running.kill('SIGKILL'), kill?.milliseconds)
    armed = true
  }
  if (kill && kill.steps === undefined) arm()
  running.stdout.on('data', (data: Buffer) => {
    for (const line of data.toString().split('\n').filter(Boolean)) {
      first ||= Number(line)
      last = Number(line)
    }
    if (kill?.steps !== undefined && last - first >= kill.steps) arm()
  })
  return new Promise((resolve, reject) => {
    running.on('error', reject)
    running.on('close', (_, signal) => resolve({ first, last, signal }))
  })
}

const file = (folder: string, name: string) => readFile(join(folder, name))

async function metrics(folder: string): Promise<unknown[]> {
  const lines = (await file(folder, FILES.metrics)).toString().trim().split('\n')
  return lines.map(line => {
    const { seconds: _, ...rest } = JSON.parse(line)
    return rest
  })
}

it(`killed outright ${KILLS} times and resumed, a run ends with the same weights to the bit (seed ${SEED})`, {
  timeout: 300_000,
}, async () => {
  const whole = join(root, 'whole')
  const killed = join(root, 'killed')
  const uninterrupted = await session(whole)
  expect(uninterrupted.signal).toBeNull()

  let reached = 0
  let wentOn = 0
  for (let i = 0; i < KILLS; i++) {
    const steps = chance() < 0.15 ? undefined : Math.floor(chance() * 18)
    const milliseconds = chance() * (steps === undefined ? 500 : 15)
    const { signal, first, last } = await session(killed, { steps, milliseconds })
    expect(signal, `kill ${i}`).toBe('SIGKILL')
    if (first > 1) wentOn++
    // No step is taken twice that a checkpoint (every 7th) had behind it already.
    if (first > 0) expect(first).toBeGreaterThan(reached - 7)
    reached = Math.max(reached, last)
    // Whatever the moment, what is there is whole.
    if (existsSync(join(killed, FILES.resume))) {
      await decodeCheckpoint(await file(killed, FILES.resume))
    }
    for (const name of [FILES.model, FILES.best]) {
      if (existsSync(join(killed, name))) await decodeModel(await file(killed, name))
    }
  }
  expect(wentOn).toBeGreaterThan(KILLS / 2)
  const last = await session(killed)
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
  expect(await metrics(killed)).toEqual(await metrics(whole))
})
