/**
 * The process that resume.test.ts kills: trains a small model into a folder.
 * Arguments: folder, the largest number of steps (0: no limit), resume.
 */

import { buildTokenizer } from '../text/index.js'
import { train, trainingCorpus } from '../train/index.js'
import { checkpointFolder } from './checkpoint-folder.js'
import { nodeEngine } from './engine.js'

const [, , folder = '', limit = '0', resume] = process.argv
let taken = 0
const content = Array.from({ length: 8000 }, (_, i) => 'abcdefgh '[(i * i + (i >> 3)) % 9]).join('')
const { tokenizer } = buildTokenizer('character', content)
const settings = {
  hidden: 24,
  batch: 8,
  seq: 16,
  epochs: 12,
  dropout: 0.1,
  warmup: 10,
  checkpointEvery: 7,
}
for await (const event of train({
  corpus: await trainingCorpus({ content }, tokenizer),
  engine: await nodeEngine({ threads: 1 }),
  store: await checkpointFolder(folder),
  settings,
  resume: resume === 'resume',
})) {
  if (event.type !== 'step') continue
  process.stdout.write(`${event.step}\n`)
  // On a busy machine the kill may come late: without this wait the training could end before it.
  if (++taken === Number(limit)) await new Promise(resolve => setTimeout(resolve, 300_000))
}
