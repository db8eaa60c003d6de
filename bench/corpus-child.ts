/** Trains a few steps on a file in a process of its own, and reports times and memory. */
import { mkdirSync } from 'node:fs'
import { checkpointFolder } from '../src/node/checkpoint-folder.js'
import { nodeEngine } from '../src/node/engine.js'
import { openCorpus } from '../src/node/open-corpus.js'
import { train } from '../src/train/index.js'

const [, , path, folder, steps] = process.argv
const began = performance.now()
const since = (): number => (performance.now() - began) / 1000
mkdirSync(folder)
const text = await openCorpus([path], { tempFolder: async () => folder })
const { tokenizer } = await text.build('character')
const counted = since()
const corpus = await text.encode(tokenizer)
const encoded = since()
let first = 0
for await (const event of train({
  corpus,
  engine: await nodeEngine(),
  store: await checkpointFolder(folder),
  // No validation, because on a tenth of 500 MB it takes longer than everything measured here.
  settings: { steps: Number(steps), holdout: 0 },
})) {
  if (event.type === 'step') first ||= since()
}
text.close()
// maxRSS is in KiB on every system.
const peak = process.resourceUsage().maxRSS * 1024
console.log(JSON.stringify({ symbols: corpus.ids.length, counted, encoded, first, peak }))
