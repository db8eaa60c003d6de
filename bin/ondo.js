#!/usr/bin/env node
// The command. The published package holds dist/; in a clone it is built here when it is missing or
// older than the sources, so that `npx ondo` works right after `npm ci`.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

function build(part) {
  process.stderr.write(`building the ${part} once ...\n`)
  const { status } = spawnSync(process.execPath, [`${root}scripts/build.mjs`, '--if-stale', part], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) process.exit(status === null ? 130 : 1)
}

if (existsSync(`${root}src/cli/main.ts`) && !process.env.ONDO_BUILT) {
  const { isStale } = await import('../scripts/stale.mjs')
  if (isStale(root, 'library')) build('library')
  const studio = process.argv.slice(2).find(word => !word.startsWith('-')) === 'studio'
  const help = process.argv.some(word => word === '--help' || word === '-h')
  if (studio && !help && existsSync(`${root}studio/index.html`) && isStale(root, 'studio')) {
    build('studio')
  }
}
const { main } = await import('../dist/cli/main.js')
process.exitCode = await main(process.argv.slice(2))
