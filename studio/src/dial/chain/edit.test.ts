import fc from 'fast-check'
import { createChain, parseChain, writeChain } from 'ondo'
import { LINKS, type LinkName, type LinkSpec } from 'ondo/temperature'
import { describe, expect, it } from 'vitest'
import {
  addLink,
  argumentsOf,
  canRemove,
  kindOf,
  linksOf,
  moveLink,
  removeLink,
  withArguments,
  withSetting,
  withSymbols,
} from './edit.js'

const LETTERS = [...'\n abcdefghij.']
const symbols = { size: LETTERS.length, symbol: (id: number) => LETTERS[id] }
const NAMES = LINKS.map(({ link }) => link)

describe('a chain under the hand', () => {
  it('is, whatever is done, a chain that reads back as it is written', () => {
    const doing = fc.oneof(
      fc.record({ add: fc.constantFrom(...NAMES) }),
      fc.record({ move: fc.nat(), by: fc.constantFrom<1 | -1>(1, -1) }),
      fc.record({ remove: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 12 }), all => {
        let links = linksOf(undefined)
        for (const each of all) {
          if ('add' in each) ({ links } = addLink(links, each.add as LinkName, symbols))
          else if ('move' in each) ({ links } = moveLink(links, each.move % links.length, each.by))
          else if (canRemove(links, each.remove % links.length))
            links = removeLink(links, each.remove % links.length)
          const written = writeChain(links)
          expect(createChain(written, symbols).toString()).toBe(written)
          expect(parseChain(written)).toEqual(links)
        }
      }),
    )
  })

  it('begins every link with something that can act', () => {
    for (const name of NAMES) {
      if (name === 'temperature') continue
      const { links, at } = addLink(linksOf(undefined), name as LinkName, symbols)
      expect(links[at].link).toBe(name)
      const logits = Float32Array.from(LETTERS, (_, id) => (id * 7) % 5)
      const history = [1, 2, 3, 1, 2, 3, 1, 2]
      const chain = createChain(writeChain(links), symbols)
      const step = { history, text: 'abcabcab', temperature: 1, luck: () => 0.1 }
      const after = chain.apply(logits, step).candidates(LETTERS.length).top
      const plain = createChain('', symbols).apply(logits, step).candidates(LETTERS.length).top
      // top-k 40 keeps all of these few letters.
      if (name !== 'top-k') expect(after.map(({ pT }) => pT)).not.toEqual(plain.map(({ pT }) => pT))
    }
  })

  it('puts what means the model’s own logits before the temperature, what truncates behind', () => {
    let links: readonly LinkSpec[] = linksOf('min-p 0.1')
    expect(writeChain(links)).toBe('temperature, min-p 0.1')
    ;({ links } = addLink(links, 'dry', symbols))
    ;({ links } = addLink(links, 'top-k', symbols))
    expect(writeChain(links)).toBe('dry 0.8, temperature, min-p 0.1, top-k 40')
    expect(writeChain(moveLink(links, 2, -1).links)).toBe(
      'dry 0.8, min-p 0.1, temperature, top-k 40',
    )
    expect(moveLink(links, 0, -1)).toEqual({ links, at: 0 })
    expect(canRemove(links, 1)).toBe(false)
  })

  it('changes a setting, and what stands in quotes, and refuses what cannot be read', () => {
    const links = linksOf('temperature, ban "a", top-k 5')
    expect(writeChain(withSetting(links, 2, 'k', 3))).toBe('temperature, ban "a", top-k 3')
    expect(argumentsOf(links[1])).toBe('"a"')
    expect(writeChain(withArguments(links, 1, '"b" /[cd]/'))).toBe(
      'temperature, ban "b" /[cd]/, top-k 5',
    )
    const [dry] = linksOf('dry 1, temperature')
    const [list] = kindOf('dry').lists!
    expect(writeChain(withSymbols([dry], 0, list, '"." "a"'))).toBe('dry 1 breakers="." "a"')
    expect(writeChain(withSymbols([dry], 0, list, ' '))).toBe('dry 1 breakers=none')
    expect(() => withArguments(links, 1, '"b" oops')).toThrow(/at character 9/)
    expect(
      writeChain(withSetting(linksOf('temperature 2, top-k 3'), 0, 'temperature', undefined)),
    ).toBe('temperature, top-k 3')
  })
})
