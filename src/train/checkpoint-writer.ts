/** Writes a run down: metrics as they come, checkpoints in the order that survives a crash. */
import { type Checkpoint, encodeCheckpoint, FILES } from './checkpoint.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { Progress } from './progress.js'

/** Milliseconds between writes of metrics.jsonl. */
const METRICS_EVERY = 1000

export class Journal {
  /** Step of the last checkpoint. */
  saved: number
  private readonly store: CheckpointStore | undefined
  private readonly progress: Progress
  private readonly modelBytes: () => Uint8Array
  private readonly holds: () => Omit<Checkpoint, 'run'>
  private metricsBytes: number
  private pending = ''
  private flushed = performance.now()

  constructor(
    store: CheckpointStore | undefined,
    from: {
      readonly progress: Progress
      readonly modelBytes: () => Uint8Array
      readonly holds: () => Omit<Checkpoint, 'run'>
      /** Length of the metrics at the checkpoint that is resumed. */
      readonly metricsBytes: number
    },
  ) {
    this.store = store
    this.progress = from.progress
    this.modelBytes = from.modelBytes
    this.holds = from.holds
    this.metricsBytes = from.metricsBytes
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
   * A resumed run: lines of steps that will be taken again go. Lines are not forced to the disk as
   * checkpoints are, so a power cut may have taken the last of them: then the file ends earlier.
   */
  async goOn(): Promise<void> {
    const { store } = this
    if (!store) return
    await store.truncate(FILES.metrics, this.metricsBytes)
    const lines = (await store.read(FILES.metrics)) ?? new Uint8Array()
    this.metricsBytes = lines.lastIndexOf(0x0a) + 1
    await store.truncate(FILES.metrics, this.metricsBytes)
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
    await this.store.append(FILES.metrics, text)
    this.metricsBytes += text.length // names and numbers in JSON: a byte a character
  }

  async saveBest(): Promise<void> {
    await this.store?.write(FILES.best, this.modelBytes())
  }

  /** A checkpoint of this moment. */
  async save(): Promise<void> {
    const { store, progress } = this
    if (!store) return
    await this.flush()
    const run = progress.run(this.metricsBytes)
    if (run.step > 0) await store.write(FILES.model, this.modelBytes())
    await store.write(FILES.run, new TextEncoder().encode(`${JSON.stringify(run, null, 2)}\n`))
    // Last, and enough alone: what was written before it is written again when it is not reached.
    await store.write(FILES.resume, encodeCheckpoint({ run, ...this.holds() }))
    this.saved = run.step
  }
}
