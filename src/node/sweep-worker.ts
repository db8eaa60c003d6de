/** The worker of `sweep-pool.ts`: writes and measures one text at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Model } from '../file/model.js'
import { CorpusIndex, SpellingFilter, type SweepTextOptions, sweepText } from '../measure/index.js'
import { tokenizerFrom } from '../text/index.js'
import type { SweepAnswer, SweepTask, WorkerSetup } from './sweep-pool.js'

const outfit = workerData as WorkerSetup
const model: Model = { ...outfit.model, tokenizer: tokenizerFrom(outfit.tokenizer) }
const options: SweepTextOptions = {
  ...outfit.options,
  ...(outfit.filter !== undefined && { filter: SpellingFilter.fromJSON(outfit.filter) }),
  ...(outfit.corpus !== undefined && { corpus: new CorpusIndex(outfit.corpus) }),
}

parentPort?.on('message', async ({ number, cell }: SweepTask) => {
  let answer: SweepAnswer
  try {
    answer = { number, text: await sweepText(model, cell, options) }
  } catch (error) {
    answer = { number, error }
  }
  parentPort?.postMessage(answer)
})
