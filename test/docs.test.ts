/** The pages on what a temperature does to a whole text: programs and commands give what they show. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundledModels } from '../src/node/files.js'
import * as door from '../src/node/index.js'
import { ondo } from './command.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const PAGES = ['breakpoints', 'replay', 'branches', 'loops', 'schedules', 'sweep', 'calibration']
const bundled = await bundledModels()

const read = (name: string): string => readFileSync(`${root}docs/${name}`, 'utf8')
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(match => match[1])

/** What a program prints, run with the package's door for Node as `ondo`. */
async function run(program: string): Promise<string[]> {
  const printed: string[] = []
  const print = { log: (...values: unknown[]) => printed.push(values.map(String).join(' ')) }
  const body = program.replace(/^import (\{.*?\}) from 'ondo'$/gms, 'const $1 = ondo')
  const Program = Object.getPrototypeOf(async () => {}).constructor
  await new Program('ondo', 'console', body)(door, print)
  return printed
}

/** A command's words, quoted as a shell reads them. */
const words = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(match => match[1] ?? match[2])

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
})

describe.skipIf(!bundled.includes('shakespeare')).each(PAGES)('docs/%s.md', name => {
  const page = read(`${name}.md`)

  it('has programs that print what they say', async () => {
    for (const program of blocks(page, 'js')) {
      const promised = [...program.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(m => m[1])
      expect(promised.length).toBeGreaterThan(0)
      expect(await run(program)).toEqual(promised)
    }
  })

  it('shows what commands really print', async () => {
    for (const block of blocks(page, 'sh').filter(text => text.startsWith('$ '))) {
      const [command, ...shown] = block.trimEnd().split('\n')
      const { stdout, stderr } = await ondo(words(command.replace('$ npx ondo ', '')))
      // The command builds the library when a source is newer, and says so.
      const said = stderr.replace(/^(building|built) .*\n/gm, '').trimEnd()
      expect(`${stdout.trimEnd()}\n${said}`.trim()).toBe(shown.join('\n'))
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
        blocks(text, language).map(block =>
          block
            .replaceAll(/^(?!.*console\.log)(.*?) *(\/\/|# ).*$/gm, '$1')
            .replaceAll(/ +$/gm, ''),
        ),
      )
    expect(codeOf(japanese)).toEqual(codeOf(page))
  })
})
