/**
 * Nothing phones home, and no dependency does: what commands and library write and whom they ask,
 * in a home of their own without the variables of a build machine.
 */
import { execFileSync } from 'node:child_process'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BIN, babble, ondo } from './support/command.js'
import { recurrentjsJson } from './support/foreign.js'
import { canTrace, type Watched, watched } from './support/watched.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ondo-telemetry-')))
const TEXT = babble(4000)

beforeAll(() => {
  const build = ['scripts/build.mjs', '--if-stale', 'library', 'studio']
  execFileSync(process.execPath, build, { cwd: root })
  writeFileSync(join(folder, 'text.txt'), TEXT)
  writeFileSync(join(folder, 'foreign.json'), recurrentjsJson('abc '))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Checks that a program left nothing outside its folder; other tests ask what strace saw. */
function leavesNothing({ code, stderr, left }: Watched, expected = 0): void {
  expect(code, stderr).toBe(expected)
  expect(left).toEqual([])
}

const TRAIN = ['--hidden', '16', '--layers', '1', '--seq', '16', '--batch', '32', '--epochs', '1']

/** Every command, with arguments that let it do what it is for; in order, later ones read what earlier ones made. */
const COMMANDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  train: [
    ['text.txt', '--out', 'run', '--threads', '2', ...TRAIN],
    ['text.txt', '--out', 'timed', '--budget', '5s', '--threads', '1'],
    ['--out', 'run', '--resume', '--epochs', '2'],
  ],
  sample: [['run', '-n', '50', '--save', 'saved.json', '--record']],
  eval: [
    ['run', 'text.txt'],
    ['run', 'text.txt', '--dynamic'],
  ],
  baseline: [['text.txt']],
  explain: [['run', '--prompt', 'the c']],
  breakpoints: [['run', '--length', '10']],
  replay: [['saved.json', 'run']],
  verify: [['saved.json', 'run']],
  measure: [['text.txt', '--model', 'run']],
  sweep: [['run', '-T', '0.5,1', '--seeds', '2', '--length', '40', '--out', 'sweep']],
  calibrate: [['run', 'text.txt', '--out', 'figures']],
  aim: [['run', '--surprisal', '2']],
  inspect: [['run']],
  import: [['foreign.json', '--out', 'foreign.safetensors']],
  quantize: [['run', '--out', 'small.safetensors']],
  export: [['page', 'run', '--out', 'page.html']],
}

describe('every command', () => {
  it('is tried here', async () => {
    const { stdout } = await ondo(['--help'])
    const listed = [...stdout.split('Commands\n')[1].matchAll(/^ {2}([a-z]+) {2,}/gm)]
    expect([...Object.keys(COMMANDS), 'studio'].sort()).toEqual(
      listed.map(([, name]) => name).sort(),
    )
  })

  const results = new Map<string, Watched>()
  const calls = Object.entries(COMMANDS).flatMap(([command, ways]) =>
    ways.map(way => [`ondo ${[command, ...way].join(' ')}`, [command, ...way]] as const),
  )

  it.each(calls)('leaves nothing in HOME and in the temporary folder: %s', async (call, args) => {
    const result = await watched([BIN, ...args], { folder })
    results.set(call, result)
    leavesNothing(result)
  })

  it('leaves nothing: ondo studio, with a page and a text asked of it', async () => {
    let asked: Promise<unknown> | undefined
    const result = await watched([BIN, 'studio', '--port', '0', '--no-open'], {
      folder,
      watch(stdout, end) {
        const url = /http:\S+/.exec(stdout)?.[0]
        if (asked || !url) return
        const body = JSON.stringify({ model: 'names', prompt: 'a', length: 5 })
        const headers = { 'Content-Type': 'application/json' }
        asked = (async () => {
          expect(await (await fetch(url)).text()).toContain('<!doctype html>')
          const path = new URL('completions', url)
          const answer = await fetch(path, { method: 'POST', body, headers })
          return [answer.status, await answer.text()]
        })().finally(end)
      },
    })
    expect(await asked).toEqual([200, expect.stringContaining('"text"')])
    results.set('ondo studio', result)
    // It ends by Ctrl-C.
    leavesNothing(result, 130)
  })

  it.skipIf(!canTrace)('writes in the folder that it was given alone, as strace sees it', () => {
    expect(results.size).toBe(calls.length + 1)
    for (const [call, { written }] of results) expect(written, call).toEqual([])
  })

  it.skipIf(!canTrace)('opens no connection and asks no name, as strace sees it', () => {
    expect(results.size).toBe(calls.length + 1)
    for (const [call, { asked }] of results) expect(asked, call).toEqual([])
  })
})

describe('the library', () => {
  const NODE = JSON.stringify(new URL('../dist/node/index.js', import.meta.url).href)
  const TRAINER = JSON.stringify(new URL('../dist/train.js', import.meta.url).href)
  /** A few steps on two threads: in this thread, and in the two that it starts. */
  const training = `
    const { nodeEngine } = await import(${NODE})
    const { train, trainingCorpus, memoryStore, trainSettings } = await import(${TRAINER})
    const { buildTokenizer } = await import(${NODE})
    const text = ${JSON.stringify(TEXT)}
    const { tokenizer } = buildTokenizer('character', text)
    const corpus = await trainingCorpus({ content: text }, tokenizer)
    const settings = { hidden: 16, layers: 1, seq: 16, batch: 32, epochs: 1 }
    let steps = 0
    for await (const event of train({ corpus, settings, engine: await nodeEngine({ threads: 2 }), store: memoryStore() })) {
      if (event.type === 'step') steps++
    }
    console.log('trained', steps > 3)`
  const inWorker = (program: string, options = ''): string =>
    `const { Worker } = await import('node:worker_threads')
    const worker = new Worker(${JSON.stringify(program)}, { eval: true ${options} })
    worker.on('error', error => { console.error(error); process.exitCode = 1 })`
  const asScript = (program: string): string =>
    `(async () => { ${program} })().catch(error => { setImmediate(() => { throw error }) })`

  const ways: Readonly<Record<string, string>> = {
    'on the main thread': training,
    'where the variable had another value': `process.env.ORT_DISABLE_TELEMETRY = '0'; ${training}`,
    'where process.env becomes a copy': `await import(${NODE})
    process.env = { ...process.env }
    ${training}`,
    'in a worker that loads it first': inWorker(asScript(training)),
    'in a worker of a worker': inWorker(asScript(inWorker(asScript(training)))),
    'in a worker with an environment of its own': inWorker(
      asScript(training),
      ", env: { ORT_DISABLE_TELEMETRY: '1' }",
    ),
    'in a worker while the main thread is busy': `${inWorker(asScript(training))}
    await new Promise(resolve => worker.once('online', resolve))
    for (const until = Date.now() + 3000; Date.now() < until;);`,
  }

  it.each(Object.entries(ways))('leaves nothing and asks nobody: %s', async (_, program) => {
    const result = await watched(['--input-type=module', '--eval', program], { folder })
    leavesNothing(result)
    expect(result.stdout).toBe('trained true\n')
    // Without strace these two are empty; the line in HOME is what is always seen.
    expect(result.written).toEqual([])
    expect(result.asked).toEqual([])
  })

  /** Prints the refusal of a thread that asks for the engine. */
  const refused = `const { nodeEngine } = await import(${NODE})
    await nodeEngine().then(
      () => console.log('loaded'),
      ({ name, code, message }) => console.log(name, code, message),
    )`
  const withoutPatience = 'globalThis.setTimeout = (act => later => act(later, 50))(setTimeout)'

  it.each([
    ['process.env was a copy from the start', `process.env = { ...process.env }; ${refused}`],
    [
      'the main thread does not answer',
      `${inWorker(asScript(`${withoutPatience}\n${refused}`))}
      await new Promise(resolve => worker.once('online', resolve))
      const { execFileSync } = await import('node:child_process')
      execFileSync(process.execPath, ['--eval', 'setTimeout(() => {}, 3000)'])`,
    ],
  ])('loads nothing, and says so, where it cannot be turned off: %s', async (_, program) => {
    const result = await watched(['--input-type=module', '--eval', program], { folder })
    leavesNothing(result)
    expect(result.stdout).toBe(
      "TrainingError telemetry ONNX Runtime was not loaded, because its telemetry can't be turned off from this thread: set ORT_DISABLE_TELEMETRY=1 in the environment before Node starts.\n",
    )
  })
})

describe('the watch', () => {
  it('sees a file in HOME', async () => {
    const program = `require('node:fs').writeFileSync(process.env.HOME + '/id', '1')`
    const { left, written } = await watched(['--eval', program], { folder })
    expect(left).toEqual(['home/id'])
    if (canTrace) expect(written).toEqual([expect.stringMatching(/\/home\/id$/)])
  })

  it.skipIf(!canTrace)('sees a connection, a name, and a write that was undone', async () => {
    const server = createServer(socket => socket.end())
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const program = `
      const fs = require('node:fs')
      fs.writeFileSync(process.env.HOME + '/id', '1')
      fs.unlinkSync(process.env.HOME + '/id')
      fs.writeFileSync('here', '1')
      require('node:net').connect(${port}, 'localhost').on('error', () => {}).resume()`
    const { left, written, asked } = await watched(['--eval', program], { folder })
    server.close()
    expect(left).toEqual([])
    expect(written).toEqual([expect.stringMatching(/\/home\/id$/)])
    expect(asked.join('\n')).toContain('/etc/hosts')
    expect(asked.join('\n')).toMatch(/connect\(.*AF_INET/)
  })
})

describe('the sources', () => {
  /** Programs of the repository: what is tracked and could load a module. */
  const programs = ['src', 'bench', 'bin', 'models', 'scripts', 'studio', 'test']
    .flatMap(part =>
      readdirSync(join(root, part), { recursive: true, withFileTypes: true }).map(entry =>
        join(entry.parentPath, entry.name),
      ),
    )
    .filter(path => /\.(ts|mts|js|mjs|svelte)$/.test(path) && !path.endsWith('.d.mts'))

  it('load ONNX Runtime for Node in one place, which turns its telemetry off', () => {
    // Types are no loading.
    const load =
      /(?<!typeof )\b(?:import|require(?:\.resolve)?)\s*\(\s*['"]onnxruntime-node|^(?:import|export)(?! type\b)[^'"]*['"]onnxruntime-node/m
    const places = programs.filter(path => load.test(readFileSync(path, 'utf8')))
    expect(programs.length).toBeGreaterThan(300)
    expect(places.map(path => relative(root, path))).toEqual(['src/node/onnx-runtime.mjs'])
  })

  it('give a page a runtime that knows no host to report to', () => {
    const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'))
    const files = readdirSync(runtime).filter(name => /\.(mjs|js|wasm)$/.test(name))
    expect(files.length).toBeGreaterThan(5)
    for (const name of files) {
      const bytes = readFileSync(join(runtime, name)).toString('latin1')
      expect(bytes.includes('events.data.microsoft') || bytes.includes('OneCollector'), name).toBe(
        false,
      )
    }
  })
})
