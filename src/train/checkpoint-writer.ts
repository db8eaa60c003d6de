/** Saves a run: metrics as they come, and checkpoints in an order that survives a crash at any moment. */
import { crc32 } from '../file/crc32.js'
import { type CheckpointTensors, encodeCheckpoint, FILES, type Run } from './checkpoint.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { WarningEvent } from './events.js'
import type { Progress } from './progress.js'
import { checkBest, repairModel, truncateMetrics, weightsHash } from './saved-files.js'

/** Milliseconds between writes of metrics.jsonl. */
const METRICS_EVERY = 1000

export interface CheckpointSource {
  readonly progress: Progress
  /** The model file of the current weights. */
  readonly modelBytes: () => Uint8Array
  readonly tensors: () => CheckpointTensors
}

export class CheckpointWriter {
  /** Step of the last checkpoint. */
  savedStep: number
  private readonly store: CheckpointStore | undefined
  private readonly source: CheckpointSource
  /** Length of metrics.jsonl in bytes, and the CRC-32 of those bytes. */
  private metrics = { length: 0, sum: 0 }
  private pending = ''
  private flushed = performance.now()

  /** @param store without one, nothing is written */
  constructor(store: CheckpointStore | undefined, source: CheckpointSource) {
    this.store = store
    this.source = source
    this.savedStep = source.progress.step
  }

  get enabled(): boolean {
    return this.store !== undefined
  }

  /** Starts a new run: removes the files of an older one and saves the first checkpoint. */
  async startRun(): Promise<void> {
    for (const name of Object.values(FILES)) await this.store?.remove(name)
    await this.saveCheckpoint()
  }

  /**
   * Resumes a run: removes the metrics of steps that will be taken again, and compares the files
   * beside the checkpoint with it.
   * @returns warnings about damaged files
   */
  async resumeRun(run: Run): Promise<readonly WarningEvent[]> {
    const { store } = this
    const { progress, modelBytes } = this.source
    if (!store) return []
    const { warnings, ...metrics } = await truncateMetrics(store, run)
    this.metrics = metrics
    const best = await checkBest(store, run, modelBytes)
    if (!best.kept) progress.forgetBest()
    return [...warnings, ...best.warnings, ...(await repairModel(store, run, modelBytes))]
  }

  /** Appends one line to metrics.jsonl, within a second. */
  async writeMetrics(line: Readonly<Record<string, number>>): Promise<void> {
    if (!this.store) return
    this.pending += `${JSON.stringify(line)}\n`
    if (performance.now() - this.flushed > METRICS_EVERY) await this.flushMetrics()
  }

  private async flushMetrics(): Promise<void> {
    if (!this.store || this.pending === '') return
    const text = this.pending
    this.pending = ''
    this.flushed = performance.now()
    const bytes = new TextEncoder().encode(text)
    await this.store.append(FILES.metrics, text)
    const { length, sum } = this.metrics
    this.metrics = { length: length + bytes.length, sum: crc32(bytes, sum) }
  }

  async saveBestModel(): Promise<void> {
    const bytes = this.source.modelBytes()
    await this.store?.write(FILES.best, bytes)
    this.source.progress.bestHash = await weightsHash(bytes)
  }

  /** Saves a checkpoint of the current step. */
  async saveCheckpoint(): Promise<void> {
    const { store } = this
    const { progress, modelBytes, tensors } = this.source
    if (!store) return
    await this.flushMetrics()
    const run = progress.run(this.metrics)
    if (run.step > 0) await store.write(FILES.model, modelBytes())
    await store.write(FILES.run, new TextEncoder().encode(`${JSON.stringify(run, null, 2)}\n`))
    // This file comes last and is enough by itself: after a crash before it, the run goes on from the
    // checkpoint before, and the files above are written again.
    await store.write(FILES.resume, await encodeCheckpoint({ run, ...tensors() }))
    this.savedStep = run.step
  }
}
