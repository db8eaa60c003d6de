/** What stands on the terminal: lines that fit, numbers that read well, Japanese that breaks right. */
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FileError } from '../../errors.js'
import type { Bilingual } from '../../knob.js'
import { modelConfig } from '../../model/config.js'
import { formatBytes, formatNetwork, shellQuoted } from './format.js'
import { type Io, jsonLine } from './io.js'
import { languageOf, NO_BREAK, unbroken, width, wrap } from './language.js'
import { bar, formatClock, formatRate, promptProgress, trainingLine } from './progress-line.js'

const progress = {
  epoch: 11.4,
  epochs: 20,
  done: 0.57,
  loss: 1.62139,
  validation: 1.70124,
  symbolsPerSecond: 36_123.4,
  secondsLeft: 725,
}

const ENGLISH = { t: (text: Bilingual) => text.en }
const JAPANESE = { t: (text: Bilingual) => text.ja }

describe('the line of a long prompt', () => {
  afterEach(() => vi.restoreAllMocks())

  /** What a terminal gets while a prompt is read that takes so many milliseconds a slice. */
  function heard(slice: number, live = true): { lines: string[]; abort: AbortController } {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const lines: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation(text => lines.push(String(text)) > 0)
    const abort = new AbortController()
    const io = { ...ENGLISH, live, quiet: false, columns: 80, interrupt: abort.signal }
    const onPrompt = promptProgress(io as unknown as Io)
    for (let read = 1; read <= 10; read++) {
      now += slice
      onPrompt(read * 1000, 10_000)
    }
    return { lines, abort }
  }

  it('is shown when it takes long, fits, and is gone at the end', () => {
    const { lines } = heard(400)
    expect(lines.length).toBeGreaterThan(5)
    expect(lines[0]).toMatch(/^\r█.*░ 2,500\/s 0:0\d left/)
    for (const line of lines.slice(0, -1)) {
      expect(width(line.replace('\r', '').replace('\u001b[K', ''))).toBeLessThan(80)
    }
    expect(lines.at(-1)).toBe('\r\u001b[2K')
  })

  it('is not shown when it takes no time, or where nobody looks', () => {
    expect(heard(10).lines).toEqual([])
    vi.restoreAllMocks()
    expect(heard(400, false).lines).toEqual([])
  })
})

describe('a network in words', () => {
  const textgenrnn = modelConfig({
    ...{ cell: 'lstm', vocabulary: 465, embedding: 100, hidden: 128, layers: 2 },
    ...{ skip: true, attention: true, window: 40, padding: 0, restart: 464, smoothing: 1e-7 },
  })

  it('has what only imported models have', () => {
    expect(formatNetwork(textgenrnn, ENGLISH as unknown as Io)).toBe(
      'LSTM, 2 layers of 128 units, embedding of 100, skip connections, attention, window of 40 symbols, independent texts, probabilities + 1e-7',
    )
    expect(formatNetwork(textgenrnn, JAPANESE as unknown as Io)).toContain('40記号の窓')
    const keras = modelConfig({
      ...{ cell: 'gru', vocabulary: 9, hidden: 5, layers: 1, reset: 'before', gates: 'hard-fifth' },
    })
    expect(formatNetwork(keras, ENGLISH as unknown as Io)).toBe(
      'GRU, 1 layer of 5 units, reset before the product, one-hot input, piecewise linear gates',
    )
  })
})

describe('the line of training', () => {
  it('says all there is to say in 79 columns', () => {
    expect(trainingLine(progress, 79, ENGLISH)).toBe(
      'epoch 12/20 ███████▍░░░░░ loss 1.621 (2.339 bits) val 1.701 36,100/s 12:05 left',
    )
    expect(trainingLine(progress, 79, JAPANESE)).toBe(
      'エポック12/20 ████░░░ 損失1.621 （2.339ビット） 検証1.701 毎秒36,100 残り 12:05',
    )
  })

  it('never is wider than the terminal, whatever the numbers are', () => {
    const anything = fc.record({
      epoch: fc.double({ min: 0, max: 1e5, noNaN: true }),
      epochs: fc.integer({ min: 1, max: 100_000 }),
      done: fc.double({ min: 0, max: 1, noNaN: true }),
      loss: fc.double({ min: 0, max: 1e4, noNaN: true }),
      validation: fc.option(fc.double({ min: 0, max: 1e4, noNaN: true }), { nil: undefined }),
      symbolsPerSecond: fc.double({ min: 0, max: 1e9 }),
      secondsLeft: fc.double({ min: 0, max: 1e9 }),
    })
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 200 }), (at, columns) => {
        for (const [io, word] of [
          [ENGLISH, 'loss'],
          [JAPANESE, '損失'],
        ] as const) {
          const line = trainingLine(at, columns, io)
          expect(width(line)).toBeLessThanOrEqual(columns)
          expect(word.startsWith(line.slice(0, word.length)) || line.includes(word)).toBe(true)
        }
      }),
    )
  })
})

it('draws a bar of exactly the columns asked for', () => {
  expect(bar(0, 8)).toBe('░░░░░░░░')
  expect(bar(1, 8)).toBe('████████')
  expect(bar(0.5, 3)).toBe('█▌░')
  fc.assert(
    fc.property(fc.double(), fc.integer({ min: 0, max: 60 }), (part, columns) => {
      if (!Number.isNaN(part)) expect([...bar(part, columns)]).toHaveLength(columns)
    }),
  )
})

it('writes times, rates and sizes as people read them', () => {
  expect([0, 59.6, 65, 3661, Infinity].map(formatClock)).toEqual([
    '0:00',
    '1:00',
    '1:05',
    '1:01:01',
    '-:--',
  ])
  expect([3.149, 84, 36_123, 999_949, 999_999, 1_234_567].map(formatRate)).toEqual([
    '3.1',
    '84',
    '36,100',
    '1.0M',
    '1.0M',
    '1.2M',
  ])
  expect([999, 1000, 61_324, 1_115_394, 999_999].map(size => formatBytes(size))).toEqual([
    '999 B',
    '1.00 kB',
    '61.3 kB',
    '1.12 MB',
    '1.00 MB',
  ])
})

describe('wrapping', () => {
  it('loses no word and keeps within the columns', () => {
    const words = fc.array(fc.stringMatching(/^[a-z、。（）温度ぬるい]{1,12}$/u), { maxLength: 30 })
    fc.assert(
      fc.property(words, fc.integer({ min: 26, max: 80 }), (list, columns) => {
        const text = list.join(' ')
        const lines = wrap(text, columns)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
        for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns)
      }),
    )
  })

  it('lets no line begin with a closing sign or end with an opening one', () => {
    expect(wrap('ああああ。ああ', 8)).toEqual(['あああ', 'あ。ああ'])
    expect(wrap('あああ（ああ）', 8)).toEqual(['あああ', '（ああ）'])
  })

  it('keeps an unbroken text on one line, Japanese too', () => {
    expect(wrap(`既定の回数 ${unbroken('[0以上; 既定値 テキスト]')}`, 24)).toEqual([
      '既定の回数',
      '[0以上; 既定値 テキスト]',
    ])
    expect(wrap(`あああ ${unbroken('既定値 0.8')}`, 12)).toEqual(['あああ', '既定値 0.8'])
  })

  it('keeps bound words together', () => {
    expect(wrap(`range (0${NO_BREAK}to${NO_BREAK}1)`, 10)).toEqual(['range', '(0 to 1)'])
  })
})

it('takes the language from --lang, then from the locale', () => {
  expect(languageOf([], { LANG: 'ja_JP.UTF-8' })).toBe('ja')
  expect(languageOf([], { LC_ALL: 'en_GB.UTF-8', LANG: 'ja_JP.UTF-8' })).toBe('en')
  expect(languageOf(['sample', '--lang', 'ja'], { LANG: 'C' })).toBe('ja')
  expect(languageOf(['--lang=en'], { LANG: 'ja_JP.UTF-8' })).toBe('en')
  expect(languageOf([], {})).toBe('en')
})

it('quotes a word for a shell when it has to', () => {
  expect(['runs/ts', 'a b', "it's", 'a\nb', ''].map(shellQuoted)).toEqual([
    'runs/ts',
    "'a b'",
    "$'it\\'s'",
    "$'a\\nb'",
    "''",
  ])
})

it('writes infinity in JSON as the command line does', () => {
  expect(jsonLine({ temperature: Infinity, seed: 7n, at: [1, null] })).toBe(
    '{"temperature":"inf","seed":"7","at":[1,null]}\n',
  )
  expect(new FileError('x', 'y').code).toBe('x')
})
