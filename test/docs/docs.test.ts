/** The pages on what a temperature does to a whole text: programs and commands give what they show. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundledModels, findModel, readFileBytes } from '../../src/node/files.js'
import { ondo } from '../support/command.js'
import { factsOf, tableEdits } from './model-tables.js'
import {
  blocksOf,
  commandsOf,
  edited,
  isFixed,
  isSlow,
  printedBy,
  programsOf,
  writtenBy,
} from './shown.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (name: string): string => readFileSync(`${root}docs/${name}`, 'utf8')
/** Every page in English that shows what something prints. */
const PAGES = readdirSync(`${root}docs`)
  .filter(name => name.endsWith('.md') && !name.endsWith('.ja.md'))
  .filter(name => programsOf(read(name)).length + commandsOf(read(name)).length > 0)
  .map(name => name.slice(0, -'.md'.length))
const bundled = await bundledModels()

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
})

it('there are pages that show something', () => {
  expect(PAGES.length).toBeGreaterThan(6)
})

describe.skipIf(!bundled.includes('shakespeare')).each(PAGES)('docs/%s.md', name => {
  const page = read(`${name}.md`)

  it('has programs that print what they say', async () => {
    for (const block of blocksOf(page, 'js')) expect(block.text).toMatch(/console\.log\(.*\) \/\/ /)
    for (const { text, promised } of programsOf(page)) {
      expect(await printedBy(text)).toEqual(promised.map(line => line.text))
    }
  })

  it('shows what commands really print', async () => {
    for (const command of commandsOf(page)) {
      if (isFixed(command) || isSlow(command)) continue
      expect(await writtenBy(command.args)).toBe(command.output.text)
    }
  })

  it('names only commands and options that there are', async () => {
    for (const [, command, rest] of page.matchAll(/^ondo (\w+)(.*)$/gm)) {
      const { code, stdout } = await ondo([command, '--help'])
      expect(code).toBe(0)
      for (const flag of rest.match(/(?<= )--[a-z-]+/g) ?? []) expect(stdout).toContain(`${flag} `)
    }
  })

  it('shows the same programs and commands in Japanese', () => {
    const japanese = read(`${name}.ja.md`)
    // Comments are words for people; what a program prints is not.
    const codeOf = (text: string): string[][] =>
      ['js', 'sh'].map(language =>
        blocksOf(text, language).map(block =>
          block.text
            .replaceAll(/^(?!.*console\.log)(.*?) *(\/\/|# ).*$/gm, '$1')
            .replaceAll(/ +$/gm, ''),
        ),
      )
    expect(codeOf(japanese)).toEqual(codeOf(page))
    const shownOf = (text: string): string[] => commandsOf(text).map(({ output }) => output.text)
    expect(shownOf(japanese)).toEqual(shownOf(page))
  })
})

describe('tables of the bundled models', async () => {
  const models = new Map(
    await Promise.all(
      bundled.map(async name => {
        const facts = await factsOf(await readFileBytes(await findModel(name)))
        return [name, facts] as const
      }),
    ),
  )

  it.each(['models/README.md', 'docs/results.md', 'docs/sweep.md', 'docs/sweep.ja.md'])(
    '%s says what the files say',
    name => {
      const page = readFileSync(`${root}${name}`, 'utf8')
      expect(tableEdits(page, models).map(({ at, text }) => [at.text, text])).toEqual([])
    },
  )

  it('are written anew where they say something else, and nowhere else', () => {
    const page = readFileSync(`${root}models/README.md`, 'utf8')
    const wrong = page.replace(/\*\*1\.\d+\*\* \(/, '**9.9** (').replace(/ \d\.\d\d \|/, ' 7.77 |')
    expect(wrong).not.toBe(page)
    expect(tableEdits(wrong, models).length).toBeGreaterThanOrEqual(2)
    expect(edited(wrong, tableEdits(wrong, models))).toBe(page)
    const sweep = read('sweep.md').replace(/^(\| 0\.5 \|) [\d.]+%/m, '$1 99.9%')
    expect(edited(sweep, tableEdits(sweep, models))).toBe(read('sweep.md'))
    const results = read('results.md')
    const worse = results.replace(/[\d.]+( \(bundled, [^|]*\| )[\d.]+ \w+/, '9.9$17.7 better')
    expect(worse).not.toBe(results)
    expect(edited(worse, tableEdits(worse, models))).toBe(results)
  })
})

describe('what is shown', () => {
  const page = [
    'Words, `$ ondo sample`, and',
    '```',
    '$ npx ondo sample --prompt "a b" -t 0.5',
    'a b',
    '$ 3 is a price',
    '',
    '$ ondo train x.txt',
    'step 1',
    '```',
    '```js',
    "console.log('//') // //",
    'console.log(1, 2) // 1 2',
    '```',
    '```sh',
    '$ npx ondo sample runs/book',
    '```',
    '',
  ].join('\n')

  it('is found with its command, a price is no prompt, and nothing shown is no command', () => {
    const found = commandsOf(page).map(({ args, output }) => [args, output.text])
    expect(found).toEqual([
      [['sample', '--prompt', 'a b', '-t', '0.5'], 'a b\n$ 3 is a price'],
      [['train', 'x.txt'], 'step 1'],
    ])
    expect(commandsOf(page).map(isFixed)).toEqual([false, true])
  })

  it('is where it is said to be, and only that is written anew', async () => {
    const spans = [
      ...commandsOf(page).flatMap(({ line, output }) => [line, output]),
      ...programsOf(page).flatMap(({ promised }) => promised),
    ]
    for (const { start, text } of spans) expect(page.slice(start, start + text.length)).toBe(text)
    expect(spans).toHaveLength(6)
    expect(edited(page, [])).toBe(page)
    const [first] = commandsOf(page)
    const [, second] = programsOf(page)[0].promised
    const changed = edited(page, [
      { at: first.output, text: 'longer\nthan before' },
      { at: second, text: '3' },
    ])
    expect(changed).toBe(
      page.replace('a b\n$ 3 is a price', 'longer\nthan before').replace('// 1 2', '// 3'),
    )
    expect(await printedBy(programsOf(page)[0].text)).toEqual(['//', '1 2'])
  })
})
