// Types with `noUncheckedIndexedAccess` in the folders that read input and index small lists. The
// numeric folders index typed arrays by loop counters in most lines; an assertion in each would hide
// more than it finds.
import { spawnSync } from 'node:child_process'

const FOLDERS = ['interop', 'ml5', 'cli', 'server', 'browser', 'node']
const OPTIONS = ['--noUncheckedIndexedAccess', '--noEmit', '--pretty', 'false']
const BUILD_INFO = ['--tsBuildInfoFile', 'node_modules/.cache/ondo/index-access.tsbuildinfo']

const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', ...OPTIONS, ...BUILD_INFO]
const { status, stdout } = spawnSync(process.execPath, tsc, {
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
})
const checked = new RegExp(`^src/(?:${FOLDERS.join('|')})/(?!.*\\.(?:test|fixture)\\.ts)`)
const errors = stdout.split('\n').filter(line => checked.test(line))
for (const line of errors) process.stdout.write(`${line}\n`)
// Errors in other folders are expected; without any the compiler must have ended well.
const compiled = status === 0 || stdout.includes(': error TS')
process.exitCode = errors.length === 0 && compiled ? 0 : 1
