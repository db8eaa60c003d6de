/** A disk that fills up at any write of a run: what is said, what is left, and that it can be gone on from. */
import type { FileHandle } from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FileError } from '../errors.js'
import { decodeModel } from '../file/index.js'
import { buildTokenizer } from '../text/index.js'
import { decodeCheckpoint } from '../train/checkpoint.js'
import { createEngine, FILES, type TrainEvent, train, trainingCorpus } from '../train/index.js'
import { checkpointFolder } from './checkpoint-folder.js'
import { loadOnnxRuntime } from './onnx-runtime.mjs'

const ort = await loadOnnxRuntime()

/** The write at which the disk is full, counted from 1; all later ones fail too. 0: none. */
const disk = vi.hoisted(() => ({ fullFrom: 0, writes: 0 }))

vi.mock('node:fs/promises', async original => {
  const real = await original<typeof import('node:fs/promises')>()
  /** Half of the bytes find room: what a full disk does to a file. */
  const full = async (write: (half: string | Uint8Array) => Promise<void>, bytes: unknown) => {
    if (++disk.writes < disk.fullFrom || disk.fullFrom === 0) return false
    const whole = bytes as string | Uint8Array
    await write(whole.slice(0, whole.length >> 1))
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
  return {
    ...real,
    async appendFile(path: string, text: string) {
      if (!(await full(half => real.appendFile(path, half), text)))
        await real.appendFile(path, text)
    },
    async open(path: string, flags: string) {
      const handle: FileHandle = await real.open(path, flags)
      const writeFile = handle.writeFile.bind(handle)
      handle.writeFile = async bytes => {
        if (!(await full(half => writeFile(half), bytes))) await writeFile(bytes as Uint8Array)
      }
      return handle
    },
  }
})

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ondo-full-'))
})
afterAll(() => rm(root, { recursive: true }))

const engine = createEngine(ort, { threads: 1 })
const TEXT = Array.from({ length: 300 }, (_, i) => ['ka', 'kele', 'ko'][(i * i) % 3]).join(' ')
const corpus = await trainingCorpus({ content: TEXT }, buildTokenizer('character', TEXT).tokenizer)
const SETTINGS = { hidden: 8, layers: 1, batch: 4, seq: 7, epochs: 2, checkpointEvery: 6 }

async function run(folder: string, resume: boolean): Promise<TrainEvent[]> {
  const events: TrainEvent[] = []
  const store = await checkpointFolder(folder)
  for await (const event of train({ corpus, engine, settings: SETTINGS, store, resume })) {
    events.push(event)
  }
  return events
}

async function weights(folder: string, name: string): Promise<unknown> {
  return (await decodeModel(new Uint8Array(await readFile(join(folder, name))))).weights
}

describe('a disk that is full', () => {
  it('at whatever write: is named, spoils no file, and is gone on from when there is room', {
    timeout: 300_000,
  }, async () => {
    const whole = join(root, 'whole')
    disk.writes = 0
    await run(whole, false)
    const all = disk.writes
    expect(all).toBeGreaterThan(30)
    let wentOn = 0
    for (let fullFrom = 1; fullFrom <= all; fullFrom += 5 + (fullFrom % 4)) {
      const folder = join(root, `full-${fullFrom}`)
      Object.assign(disk, { fullFrom, writes: 0 })
      const error = await run(folder, false).catch(caught => caught)
      Object.assign(disk, { fullFrom: 0 })
      expect(error, `write ${fullFrom}`).toBeInstanceOf(FileError)
      expect(error.message).toMatch(
        /^".*" can't be written: the disk is full: make room or choose another place\.$/,
      )
      const left = await readdir(folder)
      expect(left.filter(name => name.endsWith('.tmp'))).toEqual([])
      for (const name of [FILES.model, FILES.best]) {
        if (left.includes(name)) await weights(folder, name)
      }
      const resume = left.includes(FILES.resume)
      if (resume) {
        const { run } = await decodeCheckpoint(
          new Uint8Array(await readFile(join(folder, FILES.resume))),
        )
        if (run.step > 0) wentOn++
      }
      await run(folder, resume)
      expect(await weights(folder, FILES.model)).toEqual(await weights(whole, FILES.model))
      expect(await weights(folder, FILES.best)).toEqual(await weights(whole, FILES.best))
      const steps = (await readFile(join(folder, FILES.metrics), 'utf8'))
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).step)
      expect(new Set(steps).size).toBe(
        JSON.parse(await readFile(join(whole, FILES.run), 'utf8')).step,
      )
    }
    expect(wentOn).toBeGreaterThan(1)
  })
})
