/** The examples of docs/chain.md and docs/chain.ja.md run, and print what they say they print. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { blocksOf, printedBy, programsOf } from '../../../test/docs/shown.js'
import * as ondo from '../index.js'
import { SAMPLER_NAMES } from './samplers.js'

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

const pages = ['chain.md', 'chain.ja.md'].map(name => ({ name, text: read(name) }))
const blocks = (text: string, language: string): string[] =>
  blocksOf(text, language).map(block => block.text)

describe.each(pages)('docs/$name', ({ text }) => {
  it('shows what every program prints', () => {
    expect(programsOf(text)).toHaveLength(blocksOf(text, 'js').length)
  })

  it.each(programsOf(text))('runs\n$text', async ({ text: program, promised }) => {
    expect(await printedBy(program)).toEqual(promised.map(line => line.text))
  })

  it('has chains that can be read, in the form in which they are written', () => {
    const chains = [
      ...[...text.matchAll(/--chain '(.*?)'/g)].map(match => match[1]),
      ...blocks(text, 'text').flatMap(block => block.trim().split('\n')),
    ]
    expect(chains.length).toBeGreaterThan(3)
    for (const chain of chains) expect(() => ondo.parseChain(chain), chain).not.toThrow()
  })

  it('has every sampler and knob with its default', () => {
    for (const { sampler, knobs } of ondo.SAMPLERS) {
      const row = text.split('\n').find(line => line.startsWith(`| \`${sampler}`))
      expect(row, sampler).toBeDefined()
      for (const knob of knobs) {
        if (sampler === 'temperature') continue
        expect(row, `${sampler} ${knob.name}`).toMatch(new RegExp(`\\b${knob.name}\\b`))
        expect(row, `${sampler} ${knob.name}`).toContain(String(knob.default))
      }
    }
    expect(SAMPLER_NAMES.length).toBe(ondo.SAMPLERS.length)
  })
})

it('the two pages show the same code', () => {
  const [english, japanese] = pages.map(({ text }) =>
    ['js', 'text', 'sh'].map(language => blocks(text, language)),
  )
  expect(japanese).toEqual(english)
})
