/**
 * Writes anew, in place, what the pages show of commands, programs and bundled models: after a model
 * was replaced, or an output changed on purpose. What is found and run is what the tests compare
 * (test/docs/shown.ts, test/docs/model-tables.ts). At the end: the prose that a person has to see to.
 *
 *   npm run record                       every page
 *   npm run record -- docs/loops.md      these only
 *   npm run record -- --check            differences only; ends with 1 where there are any
 *   npm run record -- --corpora DIR      docs/calibration.md too: the texts of the bundled models
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DEFAULT_MODEL } from '../src/cli/inputs/open-model.js'
import { decodeRun, encodeRun, looksLikeCode } from '../src/generate/index.js'
import { bundledModels, findModel, readFileBytes, writeFileAtomic } from '../src/node/files.js'
import { loadModel } from '../src/node/index.js'
import { VERSION } from '../src/version.js'
import { factsOf, pageFactsOf, tableEdits } from '../test/docs/model-tables.js'
import {
  type Command,
  commandsOf,
  type Edit,
  edited,
  isFixed,
  type Program,
  printedBy,
  programsOf,
  type Span,
  writtenBy,
} from '../test/docs/shown.js'
import { measured } from './record-measured.js'
import { checklist } from './record-prose.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false }, corpora: { type: 'string' } },
})

const say = (line: string): boolean => process.stderr.write(`${line}\n`)
let failures = 0
let differences = 0

/** Pages of both languages show the same: each is run once. */
const known = new Map<string, Promise<string[]>>()
function once(key: string, run: () => Promise<string[]>): Promise<string[]> {
  const found = known.get(key) ?? run()
  known.set(key, found)
  return found
}

/** A code names its model by hash: the same run of the model that is bundled now. */
async function renewed(word: string, hashes: ReadonlyMap<string, string>): Promise<string> {
  if (!looksLikeCode(word)) return word
  const run = decodeRun(word)
  const isHere = [...hashes.values()].includes(run.model) && run.ondo === VERSION
  const model = hashes.get(DEFAULT_MODEL)
  return isHere || model === undefined ? word : encodeRun({ ...run, model, ondo: VERSION })
}

async function editsOfCommand(
  { line, output }: Command,
  hashes: ReadonlyMap<string, string>,
): Promise<Edit[]> {
  const raw = await Promise.all(line.text.split(' ').map(word => renewed(word, hashes)))
  const text = raw.join(' ')
  const [{ args }] = commandsOf(`\`\`\`\n$ ${text}\n${output.text}\n\`\`\`\n`)
  const [written] = await once(`$ ${text}`, async () => [await writtenBy(args)])
  if (written === '') throw new Error(`"${text}" prints nothing`)
  if (/^```/m.test(written)) throw new Error(`what "${text}" prints would end its block`)
  return [
    { at: line, text },
    { at: output, text: written },
  ]
}

async function editsOfProgram({ text, promised }: Program): Promise<Edit[]> {
  // Comments are in the page's language, and what it prints is what is asked.
  const code = text.replaceAll(/^(.*console\.log\(.*\)) \/\/ .*$|^(.*?) *\/\/ .*$/gm, '$1$2')
  const printed = await once(code, () => printedBy(text))
  if (printed.length !== promised.length) {
    throw new Error(`prints ${printed.length} lines, and the page shows ${promised.length}`)
  }
  const odd = printed.find(line => line.includes('\n') || line === '')
  if (odd !== undefined) throw new Error(`prints ${JSON.stringify(odd)}, which fits no line`)
  return promised.map((at, i) => ({ at, text: printed[i] }))
}

const lineOf = (page: string, { start }: Span): number => page.slice(0, start).split('\n').length

/** Every change of a page; what fails is said with its place and left as it is. */
async function editsOf(
  name: string,
  page: string,
  models: Map<string, Map<string, string>>,
  hashes: ReadonlyMap<string, string>,
): Promise<Edit[]> {
  const edits = tableEdits(page, models)
  const attempt = async (at: Span, work: Promise<Edit[]>): Promise<void> => {
    try {
      edits.push(...(await work))
    } catch (error) {
      failures++
      const why = error instanceof Error ? error.message : String(error)
      say(`${name}:${lineOf(page, at)}: ${why}`)
    }
  }
  for (const command of commandsOf(page)) {
    if (!isFixed(command)) await attempt(command.line, editsOfCommand(command, hashes))
  }
  for (const program of programsOf(page)) await attempt(program, editsOfProgram(program))
  return edits.filter(({ at, text }) => at.text !== text)
}

function show(name: string, page: string, { at, text }: Edit): void {
  say(`${name}:${lineOf(page, at)}`)
  for (const line of at.text.split('\n')) say(`- ${line}`)
  for (const line of text.split('\n')) say(`+ ${line}`)
}

async function main(): Promise<void> {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  const models = new Map<string, Map<string, string>>()
  const hashes = new Map<string, string>()
  const corpora: { name: string; corpusHash: string | undefined }[] = []
  for (const name of await bundledModels()) {
    const bytes = await readFileBytes(await findModel(name))
    models.set(name, new Map([...(await factsOf(bytes)), ...(await pageFactsOf(bytes))]))
    const { hash, training } = await loadModel(bytes)
    hashes.set(name, hash)
    corpora.push({ name, corpusHash: training.corpusHash })
  }
  if (values.corpora !== undefined) {
    for (const [name, facts] of await measured(values.corpora, corpora)) {
      for (const [key, value] of facts) models.get(name)?.set(key, value)
    }
  }
  const all = [
    ...readdirSync(root).filter(name => name.endsWith('.md')),
    ...readdirSync(`${root}docs`)
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`),
    'models/README.md',
  ]
  const absent = positionals.filter(name => !existsSync(`${root}${name}`))
  if (absent.length > 0) throw new Error(`There is no page ${absent.join(', ')}.`)
  for (const name of positionals.length > 0 ? positionals : all) {
    const page = readFileSync(`${root}${name}`, 'utf8')
    const edits = await editsOf(name, page, models, hashes)
    for (const edit of edits) show(name, page, edit)
    differences += edits.length
    if (edits.length > 0 && !values.check) {
      await writeFileAtomic(`${root}${name}`, edited(page, edits))
    }
  }
  say(
    `${differences} ${values.check ? 'differ' : 'written anew'}, ${failures} could not be run${failures > 0 ? ': see above' : ''}`,
  )
  console.log(checklist(root))
}

await main()
process.exitCode = failures > 0 || (values.check && differences > 0) ? 1 : 0
