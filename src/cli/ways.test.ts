/** A refusal says what to do in the words of who shows it: a program, the command line, the page. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ways as onPage } from '../../studio/shared/messages/ways.js'
import { InputError, sentenceOf, WAYS, type Way } from '../errors.js'
import { ADJUSTABLE } from '../train/checkpoint.js'
import type { CommandSpec } from './spec.js'
import { waysOf } from './ways.js'

const source = fileURLToPath(new URL('..', import.meta.url))
const names = Object.keys(WAYS) as Way[]
const flagsIn = (text: string): string[] => text.match(/--[a-z-]+/g) ?? []

async function commands(): Promise<CommandSpec[]> {
  const found: CommandSpec[] = []
  const folder = join(source, 'cli/commands')
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.ts') || file.includes('.test.')) continue
    for (const value of Object.values(await import(join(folder, file)))) {
      const spec = value as Partial<CommandSpec> | null
      if (typeof spec === 'object' && spec?.run && spec.flags) found.push(spec as CommandSpec)
    }
  }
  return found
}

describe('what to do about a refusal', () => {
  it('is told in the words of each', () => {
    const error = new InputError('unknown-symbols', 'The text has x', { way: 'unknown' })
    expect(error.message).toMatch(/^The text has x; change .* unknown "skip" .*symbol\.$/)
    const cli = waysOf({ flags: [{ flags: '--unknown <NAME>', about: { en: '', ja: '' } }] })
    expect(sentenceOf(error, cli)).toMatch(/^The text has x; .* --unknown skip /)
    expect(sentenceOf(error, waysOf(undefined))).toBe('The text has x; change the text.')
    expect(sentenceOf(new InputError('x', 'Whole.'), cli)).toBe('Whole.')
    expect(sentenceOf('thrown', cli)).toBe('thrown')
  })

  it('has flags on the command line only, and there no word of a program', async () => {
    const all = await commands()
    expect(all.length).toBeGreaterThan(10)
    for (const spec of [undefined, ...all]) {
      for (const name of names) {
        const text = waysOf(spec)[name]
        expect(text, name).not.toMatch(/unknown "|tokenizer "|minCount|overwrite|[a-z][A-Z]|null/)
      }
    }
    for (const text of [
      ...Object.values(WAYS),
      ...Object.values(onPage.en),
      ...Object.values(onPage.ja),
    ]) {
      expect(flagsIn(text)).toEqual([])
    }
    for (const text of Object.values(onPage.ja)) expect(text).toMatch(/[\u3041-\u30ff]/)
    for (const table of [WAYS, onPage.en, onPage.ja]) {
      for (const text of Object.values(table)) expect(text).not.toMatch(/[.。]$/)
    }
  })

  it('names no flag that the command lacks, where only some have it', async () => {
    for (const spec of await commands()) {
      const own = spec.flags.flatMap(({ flags }) => flagsIn(flags))
      const { unknown, 'any-file': anyFile, 'smaller-network': smaller } = waysOf(spec)
      for (const flag of [unknown, anyFile, smaller].flatMap(flagsIn)) {
        expect(own, `ondo ${spec.name}`).toContain(flag)
      }
    }
  })

  it('lists what may change when a run is resumed', () => {
    for (const name of ADJUSTABLE) expect(WAYS['resume-as-started']).toContain(name)
  })

  it('stands in no sentence of the core: flags belong to the command line', () => {
    const found: string[] = []
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || !path.endsWith('.ts') || path.includes('.test.')) continue
      if (path.startsWith(join(source, 'cli'))) continue
      const code = readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      // Not a property of CSS, nor a count that goes down.
      for (const [hit] of code.matchAll(
        /(?<!var\(|[;{]\s*)(?<=[ (`'"])--[a-z][a-z-]+(?=[ .,;)`'"])/g,
      )) {
        found.push(`${path}: ${hit}`)
      }
    }
    expect(found).toEqual([])
  })
})
