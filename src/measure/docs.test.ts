import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as loops from '../text/loop-detector.js'
import * as measures from './index.js'

/** What the pages may import, of what `ondo` exports. */
const measure = { ...loops, ...measures }

/** The examples of a page: each line `expression // result`, after the `const` lines above it. */
function examplesOf(page: string): { expression: string; setup: string; result: string }[] {
  const source = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  return Array.from(source.matchAll(/```ts\n(.*?)```/gs)).flatMap(([, block]) => {
    let setup = ''
    return block.split('\n').flatMap(line => {
      if (line.startsWith('const ')) setup += `${line}\n`
      const [, expression, result] = /^(?!const |import )(.+?) \/\/ (.+)$/.exec(line) ?? []
      return expression ? [{ expression, setup, result }] : []
    })
  })
}

function evaluate(setup: string, expression: string): unknown {
  const names = Object.keys(measure)
  const body = `${setup}\nreturn (${expression})`
  return new Function(...names, body)(...Object.values(measure))
}

/** Numbers to 12 digits: the pages write 4 / 7. */
function rounded(value: unknown): unknown {
  const text = JSON.stringify(value, (_, x) => (typeof x === 'number' ? Number(x.toFixed(12)) : x))
  return text === undefined ? undefined : JSON.parse(text)
}

describe.each(['measures.md', 'measures.ja.md'])('the examples of docs/%s', page => {
  const examples = examplesOf(page)

  it('are there', () => {
    expect(examples.length).toBeGreaterThan(15)
  })

  it.each(examples)('$expression', ({ expression, setup, result }) => {
    expect(rounded(evaluate(setup, expression))).toEqual(rounded(evaluate('', result)))
  })

  it('import only what there is', () => {
    const source = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
    for (const [, names] of source.matchAll(
      /import \{ (.*?) \} from 'ondo(?:\/measure|\/text)?'/g,
    )) {
      for (const name of names.split(', ')) expect(Object.keys(measure)).toContain(name)
    }
  })
})
