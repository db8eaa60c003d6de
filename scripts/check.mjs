// Types, each tsconfig on its own: the core without Node and DOM, everything, the studio. Then exports,
// files and dependencies that nothing uses; with `--production`, those that only tests use.
//
//   node scripts/check.mjs
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const TSC = 'node_modules/typescript/bin/tsc'

/** @returns {{ name: string, args: string[] }[]} what there is to check */
export function staticChecks() {
  const checks = [
    { name: 'types of the core, without Node and DOM', args: [TSC, '-p', 'tsconfig.core.json'] },
    { name: 'types of everything', args: [TSC, '-p', 'tsconfig.json'] },
    { name: 'types with checked index access', args: ['scripts/index-access.mjs'] },
    { name: 'types of the scripts', args: [TSC, '-p', 'tsconfig.scripts.json'] },
  ]
  if (existsSync(`${root}studio/tsconfig.json`)) {
    const svelteCheck = 'node_modules/svelte-check/bin/svelte-check'
    const args = [svelteCheck, '--workspace', 'studio', '--tsconfig', 'tsconfig.json']
    checks.push({
      name: 'types of the studio',
      args: [...args, '--output', 'human', '--fail-on-warnings'],
    })
  }
  const knip = ['node_modules/knip/bin/knip.js', '--no-progress']
  checks.push({ name: 'unused exports, files and dependencies', args: knip })
  checks.push({ name: 'exports that only tests use', args: [...knip, '--production'] })
  return checks
}

/**
 * Runs a check with Node. @param {{ name: string, args: string[] }} check
 * @returns {Promise<boolean>} whether it passed; what it said is printed only when it failed
 */
export function passes({ name, args }) {
  const started = performance.now()
  return new Promise(resolve => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', text => {
        said += text
      })
    }
    child.on('error', error => {
      said += error.message
    })
    child.on('close', code => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      if (code !== 0) process.stdout.write(`${said.trimEnd()}\n`)
      process.stdout.write(`${code === 0 ? 'ok    ' : 'failed'} ${name} (${seconds} s)\n`)
      resolve(code === 0)
    })
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = await Promise.all(staticChecks().map(passes))
  process.exitCode = results.every(Boolean) ? 0 : 1
}
