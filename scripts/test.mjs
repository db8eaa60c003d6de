// Everything that can fail: lint, types, then vitest with unit, property, story and browser tests.
// The last line sums up: `N passed, M failed`, and `K skipped` where something is not on this
// machine. Lint and each type check count as one test.
//
//   npm test                      everything
//   npm test -- src/text          these files only, without lint and types
//   npm test -- -t 'same seed'    any argument of vitest
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { passes, root, staticChecks } from './check.mjs'

const chosen = process.argv.slice(2)
let passed = 0
let failed = 0
let skipped = 0

if (chosen.length === 0) {
  const lint = {
    name: 'lint and format',
    args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'],
  }
  const checks = [lint, ...staticChecks()]
  // Two at a time: more would only compete for the processor.
  for (let i = 0; i < checks.length; i += 2) {
    for (const ok of await Promise.all(checks.slice(i, i + 2).map(passes))) ok ? passed++ : failed++
  }
}

// The stories start the command; it is built before them, once.
const build = spawnSync(
  process.execPath,
  ['scripts/build.mjs', '--if-stale', 'library', 'studio'],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  },
)
if (build.status !== 0) failed++

/** @param {{ status: string }} test */
const isFailed = test => test.status === 'failed'

const folder = mkdtempSync(join(tmpdir(), 'ondo-test-'))
const report = join(folder, 'report.json')
const vitest = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...chosen,
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
try {
  const results = JSON.parse(readFileSync(report, 'utf8'))
  passed += results.numPassedTests
  failed += results.numFailedTests
  skipped += results.numPendingTests + results.numTodoTests
  // A file that could not even be loaded has no tests that could fail.
  for (const file of results.testResults) {
    if (file.status === 'failed' && !file.assertionResults.some(isFailed)) {
      process.stdout.write(`${file.name}: ${file.message}\n`)
      failed++
    }
  }
} catch (error) {
  process.stdout.write(`vitest left no report: ${error}\n`)
  failed++
}
rmSync(folder, { recursive: true, force: true })
// An unhandled rejection fails vitest without failing a test.
if (vitest.status !== 0 && failed === 0) failed++

process.stdout.write(
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
)
process.exitCode = failed === 0 ? 0 : 1
