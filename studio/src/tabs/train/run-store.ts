/**
 * What a run leaves in the browser's storage besides the trainer's own files: the text, so that a
 * reopened page can go on; the facts to show; the samples. Everything is written before the first
 * checkpoint and the first checkpoint makes it count.
 */
import type { Tokenizer } from 'ondo'
import { tokenizerFrom } from 'ondo/text'
import { type CheckpointStore, FILES, type Run, readCheckpoint } from 'ondo/train'
import { Curve } from './loss-curve.js'
import type { RunFacts, Sample, Saved } from './protocol.js'

const NAMES = { corpus: 'corpus', facts: 'facts.json', samples: 'samples.jsonl' } as const

export interface Corpus {
  readonly name: string
  readonly content: string | Uint8Array
  readonly tokenizer: Tokenizer
}

const decode = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

/** Lines of JSON up to the first damaged one; the last may have been cut short by a crash. */
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

/** Of metrics.jsonl. */
interface Metric {
  readonly step: number
  readonly loss?: number
  readonly validation?: number
}

export class Keep {
  private readonly store: CheckpointStore

  constructor(store: CheckpointStore) {
    this.store = store
  }

  /** Makes room for a new run: from here on there is none until its first checkpoint. */
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

  /** The run that is kept, or undefined when there is none. */
  async saved(): Promise<Saved | undefined> {
    const known = await this.known()
    if (!known) return undefined
    const { run, facts } = known
    const metrics = lines<Metric>(await this.store.read(FILES.metrics))
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

  /** The text and tokenizer of the run that is kept. */
  async corpus(): Promise<Corpus | undefined> {
    const known = await this.known()
    const bytes = await this.store.read(NAMES.corpus)
    if (!known || !bytes) return undefined
    const tokenizer = tokenizerFrom(JSON.parse(known.run.tokenizer))
    const content = tokenizer.kind === 'byte' ? bytes : decode(bytes)
    return { name: known.facts.name, content, tokenizer }
  }

  /** Samples of steps that will be taken again go. */
  async goOn(step: number): Promise<void> {
    const kept = (await this.samples(step)).map(sample => `${JSON.stringify(sample)}\n`).join('')
    await this.store.remove(NAMES.samples)
    if (kept) await this.store.append(NAMES.samples, kept)
  }

  /** The model with the best validation so far, else the latest; undefined before the first. */
  async model(): Promise<Uint8Array | undefined> {
    return (await this.store.read(FILES.best)) ?? (await this.store.read(FILES.model))
  }

  async discard(): Promise<void> {
    // The checkpoint first: without it the rest is no run.
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
