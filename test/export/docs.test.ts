/** docs/export.md: its commands exist, and both languages show the same programs. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { EXPORT_FORMS } from '../../src/interop/export/index.js'
import { blocksOf } from '../docs/shown.js'
import { ondo } from '../support/command.js'

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

it('shows the same programs and commands in both languages', () => {
  const codeOf = (page: string): string[][] =>
    blocksOf(page).map(({ language, text }) => [language, text.replaceAll(/ *\/\/ .*$/gm, '')])
  expect(codeOf(read('export.ja.md'))).toEqual(codeOf(read('export.md')))
})

it('names every form, and no flag that the command lacks', async () => {
  const page = read('export.md')
  for (const { kind } of EXPORT_FORMS) expect(page).toContain(`ondo export ${kind}`)
  const { stdout } = await ondo(['export', '--help'])
  const flags = [...page.matchAll(/^ondo export (\w+) .*$/gm)].flatMap(([line]) =>
    Array.from(line.matchAll(/ (--?[a-z]+)/g), ([, flag]) => flag as string),
  )
  expect(flags.length).toBeGreaterThan(4)
  for (const flag of flags) expect(stdout).toContain(`${flag}`)
})
