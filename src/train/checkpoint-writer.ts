/** Writes a run down: metrics as they come, checkpoints in the order that survives a crash. */
import { crc32 } from '../file/crc32.js'
import { type Checkpoint, encodeCheckpoint, FILES, type Run } from './checkpoint.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { WarningEvent } from './events.js'
import type { Progress } from './progress.js'
import { checkBest, cutMetrics, mendModel, weightsHash } from './saved-files.js'

/** Milliseconds between writes of metrics.jsonl. */
const METRICS_EVERY = 1000

export class Journal {
  /** Step of the last checkpoint. */
  saved: number
  private readonly store: CheckpointStore | undefined
  private readonly progress: Progress
  private readonly modelBytes: () => Uint8Array
  private readonly holds: () => Omit<Checkpoint, 'run' | 'checked'>
  /** Of metrics.jsonl as it is: length in bytes, and their CRC-32. */
  private metrics = { length: 0, sum: 0 }
  private pending = ''
  private flushed = performance.now()

  constructor(
    store: CheckpointStore | undefined,
    from: {
      readonly progress: Progress
      readonly modelBytes: () => Uint8Array
      readonly holds: () => Omit<Checkpoint, 'run' | 'checked'>
    },
  ) {
    this.store = store
    this.progress = from.progress
    this.modelBytes = from.modelBytes
    this.holds = from.holds
    this.saved = from.progress.step
  }

  get keeps(): boolean {
    return this.store !== undefined
  }

  /** A new run: nothing of an older one stays beside it. */
  async begin(): Promise<void> {
    for (const name of Object.values(FILES)) await this.store?.remove(name)
    await this.save()
  }

  /**
   * A resumed run: lines of steps that will be taken again go, and what stands beside the checkpoint
   * is compared with it.
   * @returns what was found damaged
   */
  async goOn(run: Run): Promise<readonly WarningEvent[]> {
    const { store, progress, modelBytes } = this
    if (!store) return []
    const { warnings, ...metrics } = await cutMetrics(store, run)
    this.metrics = metrics
    const best = await checkBest(store, run, modelBytes)
    if (!best.kept) progress.forgetBest()
    return [...warnings, ...best.warnings, ...(await mendModel(store, run, modelBytes))]
  }

  /** One line of metrics.jsonl. */
  async note(line: Readonly<Record<string, number>>): Promise<void> {
    if (!this.store) return
    this.pending += `${JSON.stringify(line)}\n`
    if (performance.now() - this.flushed > METRICS_EVERY) await this.flush()
  }

  async flush(): Promise<void> {
    if (!this.store || this.pending === '') return
    const text = this.pending
    this.pending = ''
    this.flushed = performance.now()
    const bytes = new TextEncoder().encode(text)
    await this.store.append(FILES.metrics, text)
    const { length, sum } = this.metrics
    this.metrics = { length: length + bytes.length, sum: crc32(bytes, sum) }
  }

  async saveBest(): Promise<void> {
    const bytes = this.modelBytes()
    await this.store?.write(FILES.best, bytes)
    this.progress.bestHash = await weightsHash(bytes)
  }

  /** A checkpoint of this moment. */
  async save(): Promise<void> {
    const { store, progress } = this
    if (!store) return
    await this.flush()
    const run = progress.run(this.metrics)
    if (run.step > 0) await store.write(FILES.model, this.modelBytes())
    await store.write(FILES.run, new TextEncoder().encode(`${JSON.stringify(run, null, 2)}\n`))
    // Last, and enough alone: what was written before it is written again when it is not reached.
    await store.write(FILES.resume, await encodeCheckpoint({ run, ...this.holds() }))
    this.saved = run.step
  }
}
