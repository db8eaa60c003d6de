/** Worker threads for a sweep. Each has the model, and writes and measures one text at a time. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Model } from '../file/model.js'
import {
  CorpusIndex,
  type SpellingFilterJson,
  type SweepCell,
  type SweepText,
  type SweepTextOptions,
  sweepText,
} from '../measure/index.js'
import type { TokenizerJson } from '../text/index.js'
import { packageRoot } from './files.js'

/** The data that a thread gets when it starts. */
export interface WorkerSetup {
  readonly model: Omit<Model, 'tokenizer'>
  readonly tokenizer: TokenizerJson
  readonly options: Omit<SweepTextOptions, 'filter' | 'corpus' | 'signal'>
  readonly filter?: SpellingFilterJson
  /** The training text. Each thread makes its own index. */
  readonly corpus?: string
}

export interface SweepTask {
  readonly number: number
  readonly cell: SweepCell
}

export type SweepAnswer =
  | { readonly number: number; readonly text: SweepText }
  | { readonly number: number; readonly error: unknown }

export interface PoolOptions extends Omit<SweepTextOptions, 'corpus'> {
  /** The training text, for novelty. */
  readonly corpusText?: string
  /** Maximum number of threads. Default: one for each core, also for 0. */
  readonly threads?: number
}

/** Pass `run` and `concurrency` to `sweep()`, and call `close` afterwards. */
export interface SweepPool {
  readonly run: (cell: SweepCell) => Promise<SweepText>
  readonly concurrency: number
  close(): Promise<void>
}

/** The path of the worker's program; undefined in the sources, which have none. */
async function workerProgram(): Promise<string | undefined> {
  const path = join(await packageRoot(), 'dist', 'node', 'sweep-worker.js')
  return import.meta.url.endsWith('.ts') || !existsSync(path) ? undefined : path
}

/** Starts the threads. @param texts number of texts, which limits the number of threads */
export async function sweepPool(
  model: Model,
  texts: number,
  options: PoolOptions = {},
): Promise<SweepPool> {
  const { corpusText, threads = 0, filter, signal, ...rest } = options
  const count = Math.max(1, Math.min(texts, threads || availableParallelism()))
  const file = count > 1 ? await workerProgram() : undefined
  if (file === undefined) {
    const corpus = corpusText === undefined ? undefined : new CorpusIndex(corpusText)
    const here = { ...rest, filter, signal, corpus }
    return { run: cell => sweepText(model, cell, here), concurrency: 1, close: async () => {} }
  }
  const { tokenizer, ...others } = model
  const outfit: WorkerSetup = {
    model: others,
    tokenizer: tokenizer.toJSON(),
    options: rest,
    ...(filter && { filter: filter.toJSON() }),
    ...(corpusText !== undefined && { corpus: corpusText }),
  }
  return new ThreadPool(
    Array.from({ length: count }, () => new Worker(file, { workerData: outfit })),
    signal,
  )
}

interface PendingText {
  readonly worker: Worker
  resolve(text: SweepText): void
  reject(error: unknown): void
}

class ThreadPool implements SweepPool {
  readonly concurrency: number
  private readonly idle: Worker[]
  private readonly workers: readonly Worker[]
  private readonly waiting = new Map<number, PendingText>()
  private next = 0
  /** Set when no more texts can be written: a thread failed, or the sweep was aborted. */
  private failed: { readonly reason: unknown } | undefined

  constructor(workers: readonly Worker[], signal: AbortSignal | undefined) {
    this.workers = workers
    this.concurrency = workers.length
    this.idle = [...workers]
    for (const worker of workers) {
      worker.on('message', (answer: SweepAnswer) => this.receive(answer))
      worker.on('error', error => this.fail(error))
    }
    // Unfinished texts are dropped; `close` ends the threads.
    signal?.addEventListener('abort', () => this.fail(signal.reason))
  }

  /** The caller never has more than `concurrency` texts open, so a thread is always idle. */
  readonly run = (cell: SweepCell): Promise<SweepText> => {
    if (this.failed) return Promise.reject(this.failed.reason)
    const worker = this.idle.pop()
    if (!worker) throw new Error('More texts were asked for at once than there are threads.')
    const number = this.next++
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { worker, resolve, reject })
      worker.postMessage({ number, cell } satisfies SweepTask)
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map(worker => worker.terminate()))
  }

  private receive(answer: SweepAnswer): void {
    const waiting = this.waiting.get(answer.number)
    if (!waiting) return
    this.waiting.delete(answer.number)
    this.idle.push(waiting.worker)
    if ('text' in answer) waiting.resolve(answer.text)
    else waiting.reject(answer.error)
  }

  private fail(reason: unknown): void {
    this.failed ??= { reason }
    for (const waiting of this.waiting.values()) waiting.reject(reason)
    this.waiting.clear()
  }
}
