/** A PyTorch process that trains, kept up so that its rounds can be interleaved with ours. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ModelConfig, Weights } from '../../src/model/config.js'
import { type Candidate, CLOCK } from '../harness.js'

/** What both sides are asked to do. */
export interface Task {
  readonly config: ModelConfig
  readonly weights: Weights
  /** B streams of equal length, one after another. */
  readonly ids: Int32Array
  readonly batch: number
  readonly steps: number
  readonly threads: number
  readonly rate: number
  readonly beta1: number
  readonly beta2: number
  readonly weightDecay: number
  readonly clip: number
}

/** How a way is called in the table: oneDNN and fused AdamW are PyTorch's own choice. */
const NAMES: Readonly<Record<string, string>> = {
  onednn: 'PyTorch',
  plain: 'no oneDNN',
  foreach: 'foreach',
  compiled: 'compiled',
}

export interface TrainPeer extends Candidate {
  /** Mean losses of the first three steps; undefined when this way does not work here. */
  losses(): Promise<readonly number[] | undefined>
}

type Answer = number | readonly number[] | { readonly problem: string }

export class TorchTraining {
  version = ''
  private ways: readonly string[] = []
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private readonly folder: string

  constructor(python: string, { config, weights, ids, ...rest }: Task) {
    this.folder = mkdtempSync(join(tmpdir(), 'ondo-bench-'))
    const files = { weights: join(this.folder, 'weights.f32'), ids: join(this.folder, 'ids.i32') }
    writeFileSync(
      files.weights,
      Buffer.concat([...weights.values()].map(w => new Uint8Array(w.buffer))),
    )
    writeFileSync(files.ids, new Uint8Array(ids.buffer))
    const { cell, vocabulary, hidden, layers } = config
    const ask = { cell, vocabulary, hidden, layers, clock: CLOCK, ...rest, ...files }
    const script = fileURLToPath(new URL('torch_train.py', import.meta.url))
    const threads = String(rest.threads)
    this.child = spawn(python, [script, JSON.stringify(ask)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        ...process.env,
        OMP_NUM_THREADS: threads,
        MKL_NUM_THREADS: threads,
        // glibc would hand every large tensor back to the system and fetch it again, page by page.
        MALLOC_TOP_PAD_: '1000000000',
        MALLOC_MMAP_THRESHOLD_: '10000000000',
        MALLOC_TRIM_THRESHOLD_: '20000000000',
      },
    })
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  private async answer<T>(): Promise<T> {
    const { done, value } = await this.lines.next()
    if (done) {
      throw new Error('The PyTorch process ended early; run bench/peers/torch_train.py alone.')
    }
    return JSON.parse(value) as T
  }

  private ask<T>(line: string): Promise<T> {
    this.child.stdin!.write(`${line}\n`)
    return this.answer<T>()
  }

  async start(): Promise<this> {
    const { torch, ways } = await this.answer<{ torch: string; ways: string[] }>()
    this.version = torch
    this.ways = ways
    return this
  }

  peers(): TrainPeer[] {
    return this.ways.map(way => ({
      name: NAMES[way] ?? way,
      losses: async () => {
        const found = await this.ask<Answer>(`${way} losses`)
        return Array.isArray(found) ? found : undefined
      },
      run: async count => {
        const found = await this.ask<Answer>(`${way} ${count}`)
        if (typeof found !== 'number') throw new Error(`PyTorch, ${way}: ${JSON.stringify(found)}`)
        return 1000 * found
      },
    }))
  }

  /** Largest resident memory so far, MiB. */
  peak(): Promise<number> {
    return this.ask<number>('peak')
  }

  close(): void {
    this.child.stdin!.end()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
