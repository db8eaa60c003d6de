/** What the pages say is true of this commit: examples run, links lead somewhere, commands exist. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.md') && !/(^|\/)(node_modules|dist|runs)\//.test(path))
  .map(path => join(root, path))
const read = (name: string): string => readFileSync(join(root, name), 'utf8')

describe.each(['README.md', 'README.ja.md'])('%s', name => {
  // Inside the package, so that `import 'ondo'` is the package itself, as built.
  const file = join(root, 'dist', `example-of-${name}.mjs`)
  afterAll(() => rmSync(file, { force: true }))

  it('has a program that runs, and writes the text that the prompt begins', () => {
    const [, program] = /```ts\n([\s\S]*?)```/.exec(read(name)) ?? []
    writeFileSync(file, program)
    const text = execFileSync(process.execPath, [file], { encoding: 'utf8', cwd: root })
    expect(Array.from(text)).toHaveLength(200)
    expect(execFileSync(process.execPath, [file], { encoding: 'utf8', cwd: root })).toBe(text)
  })

  it('shows what the commands really write', () => {
    // Every `$ npx ondo sample …` with the output under it, up to the end of its block.
    const shown = [...read(name).matchAll(/^\$ npx ondo (sample .*)\n([\s\S]*?)\n```/gm)]
    const withOutput = shown.filter(([, , output]) => !/^(\$|```)/.test(output))
    expect(withOutput.length).toBeGreaterThanOrEqual(2)
    for (const [, command, output] of withOutput) {
      const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(m => m[1] ?? m[2])
      const real = execFileSync(process.execPath, ['bin/ondo.js', ...words], {
        encoding: 'utf8',
        cwd: root,
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      expect(real.trimEnd()).toBe(output)
    }
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
