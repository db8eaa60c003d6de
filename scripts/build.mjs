// Builds dist/: the kernels, the bundles, the types, the studio.
//
//   node scripts/build.mjs                 everything
//   node scripts/build.mjs library         bundles, command, exported page; about a second
//   node scripts/build.mjs studio          the page only
//   node scripts/build.mjs --if-stale ...  only what is older than its sources
//
// Several builds at once (the tests start the command many times) wait for each other.
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isStale, stampOf } from './stale.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** @param {string} path */
const at = path => join(root, path)
const dist = at('dist')

const wanted = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const ifStale = process.argv.includes('--if-stale')
const whole = wanted.length === 0
/** @param {string} line */
const say = line => process.stderr.write(`${line}\n`)

/** Entry points: the name in dist/ and the source. */
const ENTRIES = {
  index: 'src/index.ts',
  'node/index': 'src/node/index.ts',
  // The program of a sweep's threads, which nobody imports.
  'node/sweep-worker': 'src/node/sweep-worker.ts',
  // Likewise, of training's threads.
  'node/train-worker': 'src/node/train-worker.mjs',
  text: 'src/text/index.ts',
  model: 'src/model/index.ts',
  temperature: 'src/temperature/index.ts',
  generate: 'src/generate/index.ts',
  measure: 'src/measure/index.ts',
  interop: 'src/interop/index.ts',
  'interop/export': 'src/interop/export/index.ts',
  ml5: 'src/ml5/index.ts',
  train: 'src/train/index.ts',
  browser: 'src/browser/index.ts',
  server: 'src/server/index.ts',
  'cli/main': 'src/cli/main.ts',
}

/** The modules that every command loads; none of them belongs to the library. */
const COMMAND = /src\/cli\/(?!commands|inputs|reports)|node_modules\/(picocolors|commander)\//

// --- one build at a time ---

const lock = at('dist/.lock')

/** @param {unknown} error @returns {string | undefined} such as EEXIST */
const codeOf = error => (error instanceof Error && 'code' in error ? String(error.code) : undefined)

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

async function takeLock() {
  mkdirSync(dist, { recursive: true })
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0
      // An empty file: its owner is between creating and writing it; give it a moment.
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if ((holder > 0 && !alive(holder)) || (holder === 0 && age > 5000))
        rmSync(lock, { force: true })
      else await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  process.on('exit', () => rmSync(lock, { force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
}

// --- parts ---

/** @param {'library' | 'studio'} part @param {number} started ms */
function stamp(part, started) {
  // The time at which reading the sources began: a change made during the build counts as later.
  writeFileSync(at(stampOf(part)), new Date(started).toISOString())
  utimesSync(at(stampOf(part)), started / 1000, started / 1000)
}

async function library() {
  const started = Date.now()
  const { rolldown } = await import('rolldown')
  const input = Object.fromEntries(
    Object.entries(ENTRIES).filter(([, source]) => existsSync(at(source))),
  )
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    // The engines are large, native and optional: found at run time, in the user's node_modules.
    external: [/^node:/, /^onnxruntime-/, /^hono/, /^@hono\//, /^@resvg\//],
    // Its build for pages, which needs nothing of Node: pages import the library too.
    resolve: { alias: { jschardet: at('node_modules/jschardet/dist/jschardet.esm.min.js') } },
    treeshake: true,
    // Demanded by includeDependenciesRecursively below; test/exports.test.ts holds the entries' names.
    preserveEntrySignatures: 'allow-extension',
    logLevel: 'warn',
  })
  const { output } = await bundle.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: false,
    // What every command needs in one file: a short command spends a tenth of its time on opening files.
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: 'command', test: COMMAND }],
    },
  })
  await bundle.close()
  // Old chunks go only now: a command that runs meanwhile still finds its own.
  const kept = new Set(output.map(file => file.fileName))
  if (existsSync(join(dist, 'chunks'))) {
    for (const name of readdirSync(join(dist, 'chunks'))) {
      if (!kept.has(`chunks/${name}`)) unlinkSync(join(dist, 'chunks', name))
    }
  }
  await page()
  await script()
  stamp('library', started)
  return `${output.length} files`
}

/** The package's own modules by name, for the program of the exported page. */
function aliases() {
  const modules = ['text', 'model', 'temperature', 'generate', 'measure']
  const named = modules.map(name => [`ondo/${name}`, at(`src/${name}/index.ts`)])
  return { ...Object.fromEntries(named), ondo: at('src/index.ts') }
}

/** What `ondo export page` puts a model into: its style and its program. */
async function page() {
  const { rolldown } = await import('rolldown')
  /** @param {string} path */
  const read = path => readFileSync(at(`studio/${path}`), 'utf8')
  const bundle = await rolldown({
    cwd: root,
    input: 'studio/exported-page/main.ts',
    platform: 'browser',
    resolve: { alias: aliases() },
    logLevel: 'warn',
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  const styles = ['src/styles/paper.css', 'src/styles/controls.css', 'exported-page/page.css']
  const style = styles
    .map(read)
    .join('\n')
    .replaceAll(/\/\*.*?\*\//gs, '')
    .replaceAll(/\s*\n\s*/g, '\n')
  mkdirSync(at('dist/page'), { recursive: true })
  writeFileSync(at('dist/page/page.css'), style.trim())
  writeFileSync(at('dist/page/page.js'), output[0].code)
}

/** charRNN as one script file for pages without modules: `<script src="ondo-ml5.js">`. */
async function script() {
  const { rolldown } = await import('rolldown')
  const { version, license } = JSON.parse(readFileSync(at('package.json'), 'utf8'))
  const bundle = await rolldown({
    cwd: root,
    input: 'src/ml5/script.ts',
    platform: 'browser',
    logLevel: 'warn',
  })
  const { output } = await bundle.generate({ format: 'iife', minify: true })
  await bundle.close()
  if (output.length !== 1) throw new Error('the script for ml5 has more than one file')
  const banner = `/*! Ondo ${version}: charRNN for ml5 and p5.js. ${license} */\n`
  writeFileSync(at('dist/ondo-ml5.js'), banner + output[0].code)
}

function types() {
  rmSync(at('dist/types'), { recursive: true, force: true })
  return run('tsc', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'])
}

async function studio() {
  const started = Date.now()
  const { build } = await import('vite')
  await build({
    root: at('studio'),
    logLevel: 'warn',
    build: { outDir: at('dist/studio'), emptyOutDir: true },
  })
  stamp('studio', started)
}

/** The kernels are in the repository; this holds them equal to their source. */
function kernels() {
  return run('kernels', ['scripts/kernels.mjs', '--check'])
}

/**
 * @param {string} what @param {string[]} args of Node
 * @returns {Promise<void>}
 */
function run(what, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
    child.on('error', reject)
    child.on('close', status => {
      if (status === 0) resolve()
      else reject(new Error(`${what} ended with ${status}`))
    })
  })
}

// --- main ---

const odd = wanted.find(part => !['library', 'studio'].includes(part))
if (odd) {
  say(`There is no part "${odd}"; expected library or studio.`)
  process.exit(2)
}

const hasStudio = existsSync(at('studio/index.html'))
/** @typedef {'library' | 'studio'} Part */
/** @param {Part} part */
const isWanted = part => whole || wanted.includes(part)
/** @param {Part} part */
const isDue = part => isWanted(part) && !(ifStale && !isStale(root, part))

/** @param {string} name @param {() => string | void | Promise<string | void>} build gives a note for the log */
async function step(name, build) {
  const started = performance.now()
  try {
    const note = await build()
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    say(`built ${name} in ${seconds} s${note ? `, ${note}` : ''}`)
  } catch (error) {
    say(`Building the ${name} failed: ${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
}

if (whole || isDue('library') || (hasStudio && isDue('studio'))) {
  await takeLock()
  // Asked again: while this one waited, another build may have done the work.
  if (isDue('library')) await step('library', library)
  await Promise.all([
    hasStudio && isDue('studio') && step('studio', studio),
    whole && step('types', types),
    whole && step('kernels', kernels),
  ])
}
