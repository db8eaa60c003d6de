/** Creates a learner for benchmarks: seeded ids, AdamW, constant rate. */
import type { ModelConfig } from '../src/model/config.js'
import { CharacterTokenizer } from '../src/text/index.js'
import type { Engine } from '../src/train/engine.js'
import { createLearner, type Learner } from '../src/train/learner.js'
import { planRun } from '../src/train/plan.js'
import { seededIds } from '../test/support/seeded.js'

/** Batches in an epoch. */
export const BATCHES = 60
export const ADAMW = { rate: 1e-3, beta1: 0.9, beta2: 0.99, weightDecay: 0.01, clip: 1 } as const
export const SEED = 42

export async function learnerOf(
  engine: Engine,
  config: ModelConfig,
  {
    batch,
    steps,
    settings,
  }: {
    readonly batch: number
    readonly steps: number
    readonly settings?: Readonly<Record<string, unknown>>
  },
): Promise<Learner> {
  const { vocabulary: V, cell, hidden, layers } = config
  const tokenizer = new CharacterTokenizer(
    Array.from({ length: V }, (_, i) => String.fromCodePoint(48 + i)),
  )
  const ids = Uint8Array.from(seededIds(batch * BATCHES * steps + 1, V))
  const plan = await planRun({
    corpus: { ids, tokenizer, hash: '' },
    threads: engine.threads,
    settings: {
      ...ADAMW,
      ...{ cell, hidden, layers, batch, seq: steps, seed: SEED },
      ...{ holdout: 0, embedding: 0, schedule: 'constant', warmup: 0, dropout: 0 },
      ...{ optimizer: 'adamw', clipBy: 'norm', init: 'scaled', forgetBias: 1, average: 0 },
      // By default an LSTM has a penalty, which the peers do not have.
      ...{ ar: 0, tar: 0 },
      ...settings,
    },
  })
  return createLearner(engine, plan, ids)
}
