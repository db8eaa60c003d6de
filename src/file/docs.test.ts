import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const here = new URL('./', import.meta.url)
// Reading from somewhere, and the text form of a page, are no part of the format.
const OTHERS = ['load.ts', 'printable-bytes.ts']
const source = readdirSync(here)
  .filter(name => name.endsWith('.ts') && !name.includes('.test.') && !OTHERS.includes(name))
  .map(name => readFileSync(new URL(name, here), 'utf8'))
  .join('\n')

/** Every code with which this room refuses a file. */
const codes = new Set(
  [/FileError\(\s*'([a-z-]+)'/g, /refuse\(\s*'([a-z-]+)'/g, /inFile\('([a-z-]+)'/g]
    .flatMap(pattern => [...source.matchAll(pattern)])
    .map(match => match[1])
    .concat('training'),
)

describe.each(['file-format.md', 'file-format.ja.md'])('docs/%s', name => {
  const text = readFileSync(new URL(`../../docs/${name}`, here), 'utf8')
  const table = text.slice(text.indexOf('`truncated`'), text.indexOf('safetensors.attacks.test'))

  it('lists every refusal there is, and none that is not', () => {
    const listed = [...table.matchAll(/^\|? ?(`[^|]+) \|/gm)]
      .flatMap(([, cell]) => [...cell.matchAll(/`([a-z-]+)`/g)])
      .map(match => match[1])
    expect(new Set(listed)).toEqual(codes)
  })
})
