/** A PyTorch process that stays up, so that its rounds can be interleaved with ours. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ModelConfig, Weights } from '../../src/model/config.js'
import { type Candidate, CLOCK } from '../harness.js'

/** A Python that can import torch: the one that `ONDO_PYTHON` names, else `python3`. */
export function findTorch(): { python: string } | { missing: string } {
  const python = process.env.ONDO_PYTHON || 'python3'
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' })
    return { python }
  } catch {
    return { missing: `${python} has no torch; name one in ONDO_PYTHON` }
  }
}

/** Three ways to step in PyTorch; the fastest differs by version and size, so all take part. */
const WAYS = {
  whole: 'PyTorch nn.',
  plain: 'PyTorch, oneDNN off',
  cells: 'PyTorch cells',
} as const
type Way = keyof typeof WAYS

export interface TorchPeer extends Candidate {
  /** Logits after ids 1, 2, 3. */
  logits(): Promise<number[]>
}

export class TorchProcess {
  version = ''
  private readonly cell: string
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private readonly folder: string

  constructor(python: string, config: ModelConfig, weights: Weights) {
    this.folder = mkdtempSync(join(tmpdir(), 'ondo-bench-'))
    const file = join(this.folder, 'weights.f32')
    writeFileSync(file, Buffer.concat([...weights.values()].map(w => new Uint8Array(w.buffer))))
    const { cell, vocabulary, hidden, layers } = config
    this.cell = cell
    const script = fileURLToPath(new URL('torch_step.py', import.meta.url))
    const sizes = [vocabulary, hidden, layers].map(String)
    this.child = spawn(python, [script, cell, ...sizes, file, CLOCK], {
      stdio: ['pipe', 'pipe', 'ignore'],
      // Read at start by OpenMP and MKL; torch.set_num_threads alone leaves their pools behind.
      env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
    })
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  private async answer<T>(): Promise<T> {
    const { done, value } = await this.lines.next()
    if (done)
      throw new Error('The PyTorch process ended early; run bench/peers/torch_step.py alone.')
    return JSON.parse(value) as T
  }

  private ask<T>(line: string): Promise<T> {
    this.child.stdin!.write(`${line}\n`)
    return this.answer<T>()
  }

  async start(): Promise<this> {
    this.version = (await this.answer<{ torch: string }>()).torch
    return this
  }

  peers(): TorchPeer[] {
    return (Object.keys(WAYS) as Way[]).map(way => ({
      name: way === 'whole' ? WAYS.whole + this.cell.toUpperCase() : WAYS[way],
      logits: () => this.ask<number[]>(`${way} logits`),
      run: async count => 1000 * (await this.ask<number>(`${way} ${count}`)),
    }))
  }

  close(): void {
    this.child.stdin!.end()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
