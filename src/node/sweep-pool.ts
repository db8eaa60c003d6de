/** Threads for a sweep: each has the model, and writes and measures texts that it is asked for. */
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

/** What a thread is given when it starts. */
export interface WorkerSetup {
  readonly model: Omit<Model, 'tokenizer'>
  readonly tokenizer: TokenizerJson
  readonly options: Omit<SweepTextOptions, 'filter' | 'corpus' | 'signal'>
  readonly filter?: SpellingFilterJson
  /** The training text; each thread indexes it for itself. */
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
  /** At most; 0 or absent: one for each core. */
  readonly threads?: number
}

/** For `sweep()`: hand in `run` and `concurrency`, and close it afterwards. */
export interface SweepPool {
  readonly run: (cell: SweepCell) => Promise<SweepText>
  readonly concurrency: number
  close(): Promise<void>
}

/** The threads' program; only a build has it. */
async function program(): Promise<string | undefined> {
  const path = join(await packageRoot(), 'dist', 'node', 'sweep-worker.js')
  return import.meta.url.endsWith('.ts') || !existsSync(path) ? undefined : path
}

/** @param texts how many will be asked for: no more threads than that are started */
export async function sweepPool(
  model: Model,
  texts: number,
  options: PoolOptions = {},
): Promise<SweepPool> {
  const { corpusText, threads = 0, filter, signal, ...rest } = options
  const count = Math.max(1, Math.min(texts, threads || availableParallelism()))
  const file = count > 1 ? await program() : undefined
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

interface Waiting {
  readonly worker: Worker
  resolve(text: SweepText): void
  reject(error: unknown): void
}

class ThreadPool implements SweepPool {
  readonly concurrency: number
  private readonly idle: Worker[]
  private readonly workers: readonly Worker[]
  private readonly waiting = new Map<number, Waiting>()
  private next = 0
  /** Why no more texts come: a thread died, perhaps while it had none in hand, or all were aborted. */
  private ended: { readonly reason: unknown } | undefined

  constructor(workers: readonly Worker[], signal: AbortSignal | undefined) {
    this.workers = workers
    this.concurrency = workers.length
    this.idle = [...workers]
    for (const worker of workers) {
      worker.on('message', (answer: SweepAnswer) => this.take(answer))
      worker.on('error', error => this.end(error))
    }
    // A text in hand is let go: the threads end with the pool.
    signal?.addEventListener('abort', () => this.end(signal.reason))
  }

  /** Never called for more than `concurrency` cells at once, so a thread is free. */
  readonly run = (cell: SweepCell): Promise<SweepText> => {
    if (this.ended) return Promise.reject(this.ended.reason)
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

  private take(answer: SweepAnswer): void {
    const waiting = this.waiting.get(answer.number)
    if (!waiting) return
    this.waiting.delete(answer.number)
    this.idle.push(waiting.worker)
    if ('text' in answer) waiting.resolve(answer.text)
    else waiting.reject(answer.error)
  }

  private end(reason: unknown): void {
    this.ended ??= { reason }
    for (const waiting of this.waiting.values()) waiting.reject(reason)
    this.waiting.clear()
  }
}
