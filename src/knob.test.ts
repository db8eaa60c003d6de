import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ChoiceKnob,
  commaHint,
  flagName,
  formatNumber,
  type NumberKnob,
  rangeOf,
  readKnob,
  readNumber,
  toJson,
} from './knob.js'

const about = { en: '', ja: '' }
const heat: NumberKnob = {
  name: 'temperature',
  kind: 'number',
  min: 0,
  max: Infinity,
  default: 1,
  about,
}
const size: NumberKnob = { name: 'batchSize', kind: 'whole', min: 1, max: 64, default: 50, about }
const rate: NumberKnob = {
  name: 'rate',
  kind: 'number',
  min: 0,
  max: 1,
  above: true,
  default: 0.1,
  about,
}
const cell: ChoiceKnob = {
  name: 'cell',
  kind: 'choice',
  choices: ['rnn', 'gru', 'lstm'],
  default: 'lstm',
  about,
}

describe('a number', () => {
  it('that is written reads back as the same double, infinity included', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), x => {
        expect(readNumber(formatNumber(x))).toBe(x)
      }),
    )
    expect(formatNumber(Infinity, x => x.toFixed(3))).toBe('inf')
    expect(formatNumber(1 / 3, x => x.toFixed(3))).toBe('0.333')
  })

  it('in JSON is never null: infinity is "inf", a bigint its digits, at every depth', () => {
    expect(toJson({ a: [Infinity, { b: 2n ** 64n - 1n }], c: 0.5 })).toBe(
      '{"a":["inf",{"b":"18446744073709551615"}],"c":0.5}',
    )
    expect(toJson([Infinity], 2)).toBe('[\n  "inf"\n]')
  })
})

it('reads a number, and what is none, in linear time', () => {
  const before = process.cpuUsage()
  const digits = '1'.repeat(1_000_000)
  for (const text of [
    `${digits}x`,
    `${digits}.${digits}x`,
    `1e${digits}x`,
    `${' '.repeat(1e6)}x`,
  ]) {
    expect(readNumber(text)).toBeNaN()
  }
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5)
  expect(['1', '1.', '1.5', '.5', '1e3', '1.e-3', '-2', '+inf'].map(readNumber)).toEqual([
    1,
    1,
    1.5,
    0.5,
    1000,
    0.001,
    -2,
    Infinity,
  ])
})

describe('readKnob', () => {
  it('takes what a command line, a JSON body or a call gives', () => {
    expect(readKnob(heat, '0.8')).toBe(0.8)
    expect(readKnob(heat, 0)).toBe(0)
    expect(readKnob(heat, 'inf')).toBe(Number.POSITIVE_INFINITY)
    expect(readKnob(heat, '∞')).toBe(Number.POSITIVE_INFINITY)
    expect(readKnob(size, '64')).toBe(64)
    expect(readKnob(cell, 'gru')).toBe('gru')
  })

  it.each([
    [heat, '-1', 'The temperature is "-1"; expected a number from 0 to inf.'],
    [heat, Number.NaN, 'The temperature is NaN; expected a number from 0 to inf.'],
    [heat, '', 'The temperature is ""; expected a number from 0 to inf.'],
    [heat, '0x10', 'The temperature is "0x10"; expected a number from 0 to inf.'],
    [size, 65, 'The batch size is 65; expected a whole number from 1 to 64.'],
    [size, '1.5', 'The batch size is "1.5"; expected a whole number from 1 to 64.'],
    [rate, 0, 'The rate is 0; expected a number above 0 to 1.'],
    [cell, 'lsmt', 'The cell is "lsmt"; expected rnn | gru | lstm. Did you mean "lstm"?'],
    [cell, null, 'The cell is null; expected rnn | gru | lstm.'],
  ])('refuses %o = %o in one sentence', (knob, value, sentence) => {
    expect(() => readKnob(knob, value)).toThrow(sentence)
  })
})

it('writes names as flags and ranges as words', () => {
  expect(flagName('batchSize')).toBe('batch-size')
  expect(rangeOf(size)).toBe('a whole number from 1 to 64')
  expect(readNumber('1e-3')).toBe(0.001)
  expect(readNumber('one')).toBeNaN()
})

describe('a number as people write it', () => {
  it.each([
    ['.5', 0.5],
    ['+0.5', 0.5],
    ['1e-1', 0.1],
    ['5.', 5],
    ['０．７', 0.7],
    ['１ｅ－１', 0.1],
    ['＋１．５', 1.5],
    ['−1', -1],
    [' inf ', Infinity],
    ['+inf', Infinity],
    ['ｉｎｆ', Infinity],
    ['∞', Infinity],
  ])('%s', (text, value) => {
    expect(readNumber(text)).toBe(value)
  })

  it.each(['0,7', '０，７', '1.2.3', '0x10', '', '１２a', '七'])('is not %s', text => {
    expect(readNumber(text)).toBeNaN()
  })

  it('has no comma, and the refusal says what to write', () => {
    for (const [text, use] of [
      ['0,7', '0.7'],
      [',5', '0.5'],
      ['０，７', '0.7'],
      ['-1,25', '-1.25'],
      ['1,5e-1', '1.5e-1'],
    ]) {
      expect(commaHint(text)).toBe(` Decimals take a point: use ${use}.`)
      expect(() => readKnob(rate, text)).toThrow(`use ${use}.`)
    }
    expect(() => readKnob(size, '1,000')).toThrow('Thousands take no comma: use 1000.')
    for (const text of ['abc', '1,2,3', 'a,5', ',', '0.7']) expect(commaHint(text)).toBe('')
  })
})
