/**
 * Stores what a reopened page needs besides the files of the trainer: the text, the facts and the
 * samples. They are written before the first checkpoint; a run exists from its first checkpoint on.
 */
import type { Model, Tokenizer } from 'ondo'
import { tokenizerFrom } from 'ondo/text'
import { type CheckpointStore, FILES, type Run, readCheckpoint } from 'ondo/train'
import { Curve } from './loss-curve.js'
import type { RunFacts, Sample, Saved } from './protocol.js'

const NAMES = { corpus: 'corpus', facts: 'facts.json', samples: 'samples.jsonl' } as const

export interface Corpus {
  readonly name: string
  readonly content: string | Uint8Array
  readonly tokenizer: Tokenizer
  /** The model to go on from. */
  readonly base?: Model
}

const decode = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

/** Parses lines of JSON up to the first damaged one: a crash may have cut the last line. */
function lines<Line>(bytes: Uint8Array | undefined): Line[] {
  const whole: Line[] = []
  if (!bytes) return whole
  for (const line of decode(bytes).split('\n').slice(0, -1)) {
    try {
      whole.push(JSON.parse(line) as Line)
    } catch {
      break
    }
  }
  return whole
}

/** A line of metrics.jsonl. */
interface MetricLine {
  readonly step: number
  readonly loss?: number
  readonly validation?: number
}

export class RunStore {
  private readonly store: CheckpointStore

  constructor(store: CheckpointStore) {
    this.store = store
  }

  /** Deletes the stored run and writes the text of the new one, which exists from its first checkpoint on. */
  async begin({ content }: Corpus): Promise<void> {
    await this.discard()
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    await this.store.write(NAMES.corpus, bytes)
  }

  async facts(facts: RunFacts): Promise<void> {
    await this.store.write(NAMES.facts, new TextEncoder().encode(JSON.stringify(facts)))
  }

  async sample(sample: Sample): Promise<void> {
    await this.store.append(NAMES.samples, `${JSON.stringify(sample)}\n`)
  }

  /** Returns the stored run, or undefined when there is none. */
  async saved(): Promise<Saved | undefined> {
    const readRun = await this.known()
    if (!readRun) return undefined
    const { run, facts } = readRun
    const metrics = lines<MetricLine>(await this.store.read(FILES.metrics))
    const training = new Curve()
    const validation = { steps: [] as number[], losses: [] as number[] }
    for (const { step, loss, validation: scored } of metrics) {
      if (step > run.step) break
      if (loss !== undefined) training.add(step, loss)
      if (scored === undefined) continue
      validation.steps.push(step)
      validation.losses.push(scored)
    }
    return {
      facts,
      standing: {
        step: run.step,
        epoch: run.step / facts.stepsPerEpoch,
        ...(run.smoothedLoss !== undefined && { loss: run.smoothedLoss }),
        seconds: run.seconds,
      },
      training: training.points(),
      validation,
      samples: await this.samples(run.step),
    }
  }

  /** Returns the text and the tokenizer of the stored run. */
  async corpus(): Promise<Corpus | undefined> {
    const known = await this.known()
    const bytes = await this.store.read(NAMES.corpus)
    if (!known || !bytes) return undefined
    const tokenizer = tokenizerFrom(JSON.parse(known.run.tokenizer))
    const content = tokenizer.kind === 'byte' ? bytes : decode(bytes)
    return { name: known.facts.name, content, tokenizer }
  }

  /** Removes samples after this step, because these steps will be repeated. */
  async discardSamplesAfter(step: number): Promise<void> {
    const kept = (await this.samples(step)).map(sample => `${JSON.stringify(sample)}\n`).join('')
    await this.store.remove(NAMES.samples)
    if (kept) await this.store.append(NAMES.samples, kept)
  }

  /** Returns the model with the lowest validation loss, else the latest one; undefined before the first. */
  async model(): Promise<Uint8Array | undefined> {
    return (await this.store.read(FILES.best)) ?? (await this.store.read(FILES.model))
  }

  async discard(): Promise<void> {
    // The checkpoint is removed first: without it, the other files do not count as a run.
    await this.store.remove(FILES.resume)
    for (const name of [...Object.values(FILES), ...Object.values(NAMES)]) {
      await this.store.remove(name)
    }
  }

  private async known(): Promise<{ run: Run; facts: RunFacts } | undefined> {
    if ((await this.store.read(FILES.resume)) === undefined) return undefined
    const facts = await this.store.read(NAMES.facts)
    if (!facts) return undefined
    const { run } = await readCheckpoint(this.store)
    return { run, facts: JSON.parse(decode(facts)) as RunFacts }
  }

  private async samples(step: number): Promise<Sample[]> {
    const all = lines<Sample>(await this.store.read(NAMES.samples))
    return all.filter(sample => sample.step <= step)
  }
}
