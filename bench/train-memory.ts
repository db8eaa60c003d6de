/**
 * Trains in a process of its own and reports its memory: `train-memory.ts H B T STEPS`.
 * Prints one line of JSON, a `MemoryReport`.
 */
import { modelConfig } from '../src/model/config.js'
import { nodeEngine } from '../src/node/index.js'
import type { MemoryReport } from './train.js'
import { learnerOf } from './train-learner.js'

const [hidden, batch, steps, count] = process.argv.slice(2).map(Number)
const config = modelConfig({ cell: 'lstm', vocabulary: 65, hidden, layers: 2 })
const engine = await nodeEngine()
const learner = await learnerOf(engine, config, { batch, steps })
const resident: number[] = []
for (let step = 1; step <= count; step++) {
  await learner.step(step, () => undefined)
  if (step % (count / 10) === 0) resident.push(process.memoryUsage.rss() / 2 ** 20)
}
await learner.dispose()
// maxRSS is KiB everywhere that Node runs.
const report: MemoryReport = { steps: count, resident, peak: process.resourceUsage().maxRSS / 1024 }
console.log(JSON.stringify(report))
