/** What the pages say is true of this commit: examples run, links lead somewhere, commands exist. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { blocksOf, commandsOf, isFixed, writtenBy } from './shown.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.md') && !/(^|\/)(node_modules|dist|runs)\//.test(path))
  .map(path => join(root, path))
const read = (name: string): string => readFileSync(join(root, name), 'utf8')

describe.each(['README.md', 'README.ja.md'])('%s', name => {
  // Inside the package, so that `import 'ondo'` is the package itself, as built.
  const file = join(root, 'dist', `example-of-${name}.mjs`)
  afterAll(() => rmSync(file, { force: true }))

  it('has a program that runs, and writes the text that the prompt begins', () => {
    const [program] = blocksOf(read(name), 'ts')
    writeFileSync(file, program.text)
    const text = execFileSync(process.execPath, [file], { encoding: 'utf8', cwd: root })
    expect(Array.from(text)).toHaveLength(200)
    expect(execFileSync(process.execPath, [file], { encoding: 'utf8', cwd: root })).toBe(text)
  })

  it('shows what the commands really write', async () => {
    const shown = commandsOf(read(name)).filter(command => !isFixed(command))
    expect(shown.length).toBeGreaterThanOrEqual(2)
    for (const { args, output } of shown) expect(await writtenBy(args)).toBe(output.text)
  })
})

describe.each(pages.map(path => [relative(root, path), path]))('%s', (_, path) => {
  it('links only to what is there', () => {
    const missing = [...readFileSync(path, 'utf8').matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
      .map(match => match[1])
      .filter(target => !/^[a-z]+:/.test(target))
      .filter(target => !existsSync(join(dirname(path), target)))
    expect(missing).toEqual([])
  })
})
