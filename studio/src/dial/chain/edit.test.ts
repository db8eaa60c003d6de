import fc from 'fast-check'
import { createChain, formatChain, parseChain } from 'ondo'
import { SAMPLERS, type SamplerName, type SamplerSpec } from 'ondo/temperature'
import { describe, expect, it } from 'vitest'
import {
  addSampler,
  argumentsOf,
  canRemove,
  kindOf,
  moveSampler,
  removeSampler,
  samplersOf,
  withArguments,
  withSetting,
  withSymbols,
} from './edit.js'

const LETTERS = [...'\n abcdefghij.']
const symbols = { size: LETTERS.length, symbol: (id: number) => LETTERS[id] }
const NAMES = SAMPLERS.map(({ sampler }) => sampler)

describe('editing a chain', () => {
  it('gives a chain that parses back to the same after any sequence of edits', () => {
    const doing = fc.oneof(
      fc.record({ add: fc.constantFrom(...NAMES) }),
      fc.record({ move: fc.nat(), by: fc.constantFrom<1 | -1>(1, -1) }),
      fc.record({ remove: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 12 }), all => {
        let samplers = samplersOf(undefined)
        for (const each of all) {
          if ('add' in each) ({ samplers } = addSampler(samplers, each.add as SamplerName, symbols))
          else if ('move' in each)
            ({ samplers } = moveSampler(samplers, each.move % samplers.length, each.by))
          else if (canRemove(samplers, each.remove % samplers.length))
            samplers = removeSampler(samplers, each.remove % samplers.length)
          const written = formatChain(samplers)
          expect(createChain(written, symbols).toString()).toBe(written)
          expect(parseChain(written)).toEqual(samplers)
        }
      }),
    )
  })

  it('gives every new sampler settings with an effect', () => {
    for (const name of NAMES) {
      if (name === 'temperature') continue
      const { samplers, at } = addSampler(samplersOf(undefined), name as SamplerName, symbols)
      expect(samplers[at].sampler).toBe(name)
      const logits = Float32Array.from(LETTERS, (_, id) => (id * 7) % 5)
      const history = [1, 2, 3, 1, 2, 3, 1, 2]
      const chain = createChain(formatChain(samplers), symbols)
      const step = { history, text: 'abcabcab', temperature: 1, secondCoin: () => 0.1 }
      const after = chain.apply(logits, step).candidates(LETTERS.length).top
      const plain = createChain('', symbols).apply(logits, step).candidates(LETTERS.length).top
      // top-k 40 keeps all of these few letters.
      if (name !== 'top-k') expect(after.map(({ pT }) => pT)).not.toEqual(plain.map(({ pT }) => pT))
    }
  })

  it('puts samplers of the model’s own logits before the temperature, truncating ones after it', () => {
    let samplers: readonly SamplerSpec[] = samplersOf('min-p 0.1')
    expect(formatChain(samplers)).toBe('temperature, min-p 0.1')
    ;({ samplers } = addSampler(samplers, 'dry', symbols))
    ;({ samplers } = addSampler(samplers, 'top-k', symbols))
    expect(formatChain(samplers)).toBe('dry 0.8, temperature, min-p 0.1, top-k 40')
    expect(formatChain(moveSampler(samplers, 2, -1).samplers)).toBe(
      'dry 0.8, min-p 0.1, temperature, top-k 40',
    )
    expect(moveSampler(samplers, 0, -1)).toEqual({ samplers, at: 0 })
    expect(canRemove(samplers, 1)).toBe(false)
  })

  it('changes settings and quoted symbols, and refuses what cannot be parsed', () => {
    const samplers = samplersOf('temperature, ban "a", top-k 5')
    expect(formatChain(withSetting(samplers, 2, 'k', 3))).toBe('temperature, ban "a", top-k 3')
    expect(argumentsOf(samplers[1])).toBe('"a"')
    expect(formatChain(withArguments(samplers, 1, '"b" /[cd]/'))).toBe(
      'temperature, ban "b" /[cd]/, top-k 5',
    )
    const [dry] = samplersOf('dry 1, temperature')
    const [list] = kindOf('dry').lists!
    expect(formatChain(withSymbols([dry], 0, list, '"." "a"'))).toBe('dry 1 breakers="." "a"')
    expect(formatChain(withSymbols([dry], 0, list, ' '))).toBe('dry 1 breakers=none')
    expect(() => withArguments(samplers, 1, '"b" oops')).toThrow(/at character 9/)
    expect(
      formatChain(withSetting(samplersOf('temperature 2, top-k 3'), 0, 'temperature', undefined)),
    ).toBe('temperature, top-k 3')
  })
})
