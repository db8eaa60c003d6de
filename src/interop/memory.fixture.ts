/**
 * A process that imports one large sample and prints how far its memory rose above where it was:
 *
 *     node --expose-gc --import tsx src/interop/memory.fixture.ts KIND HIDDEN
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { FIXTURES } from './formats.fixture.js'
import { importModel } from './import.js'

const STATUS = '/proc/self/status'

const [kind, hidden] = process.argv.slice(2)
const fixture = FIXTURES.find(one => one.kind === kind)
if (!fixture) throw new Error(`no fixture of the kind ${kind}`)
const [variant = ''] = fixture.variants
const symbols = ['\n', ...'abcdefghijklmnopqrstuvwxyz ,.']
// Modules, kernels and compiled code are not the file's doing.
const tiny = fixture.write({ variant, symbols, hidden: 8 })
await importModel(tiny.files, tiny.options)
const sample = fixture.write({ variant, symbols, hidden: Number(hidden) })
const size = sample.files.reduce((sum, { bytes }) => sum + bytes.length, 0)
globalThis.gc?.()
const before = process.memoryUsage().rss
// The highest use of memory so far is forgotten.
writeFileSync('/proc/self/clear_refs', '5')
await importModel(sample.files, sample.options)
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(STATUS, 'utf8'))?.[1]
process.stdout.write(JSON.stringify({ size, rise: 1024 * Number(peak) - before }))
