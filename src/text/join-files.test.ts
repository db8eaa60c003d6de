import { describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { buildTokenizer, encodeContent, joinFiles, vocabularyReport } from './index.js'

const file = (name: string, text: string) => ({ name, bytes: new TextEncoder().encode(text) })
const binary = { name: 'picture.png', bytes: Uint8Array.of(0x89, 0x50, 0xff, 0, 1, 2, 3, 0xfe) }

describe('joinFiles', () => {
  it('joins in sorted order, with a newline where a file does not end in one', () => {
    const corpus = joinFiles([file('c', 'three'), file('b', 'two\n'), file('a', 'one')])
    expect(corpus.content).toBe('one\ntwo\nthree')
    expect(corpus.joined).toBe('3 files joined in sorted order, a newline added after 1 of them.')
    expect(corpus.files.map(part => part.name)).toEqual(['a', 'b', 'c'])
    expect(corpus.name).toBe('a and 2 more')
  })

  it('says when nothing was added, and nothing for a single file', () => {
    const two = joinFiles([file('a', 'x\n'), file('b', 'y')])
    expect(two.joined).toBe('2 files joined in sorted order, nothing added between them.')
    const one = joinFiles([file('some/folder/a.txt', 'x')])
    expect([one.joined, one.name, one.content]).toEqual(['', 'a.txt', 'x'])
  })

  it('tells of each file how it was read', () => {
    const { files } = joinFiles([file('a', '\ufeffone\r\n'), file('b', 'é')])
    expect(files).toEqual([
      { name: 'a', bytes: 8, encoding: 'utf-8', bom: true, lineEnds: 'crlf', replaced: 0 },
      { name: 'b', bytes: 2, encoding: 'utf-8', bom: false, lineEnds: 'none', replaced: 0 },
    ])
  })

  it('leaves bytes as they are for the byte tokenizer', () => {
    const corpus = joinFiles([binary, file('a', 'x\r\n')], { tokenizerKind: 'byte' })
    expect(corpus.content).toEqual(Uint8Array.of(0x78, 0x0d, 0x0a, ...binary.bytes))
    expect(corpus.joined).toBe('2 files joined in sorted order, byte after byte.')
    expect(joinFiles([binary], { tokenizerKind: 'byte' }).content).toBe(binary.bytes)
  })

  it('refuses a file that is no text when asked for, and leaves it out when found', () => {
    expect(() => joinFiles([file('a', 'x'), binary])).toThrow(/^picture\.png is not recognised/)
    const corpus = joinFiles([file('a', 'x'), { ...binary, found: true }, file('b', '')])
    expect(corpus.content).toBe('x')
    expect(corpus.skipped).toEqual([
      { name: 'b', reason: 'empty' },
      { name: 'picture.png', reason: 'not text' },
    ])
  })

  it('refuses emptiness in any form', () => {
    const refused = (...args: Parameters<typeof joinFiles>) => {
      expect(() => joinFiles(...args)).toThrow(FileError)
      return expect(() => joinFiles(...args))
    }
    refused([file('a', '')]).toThrow('a is empty; expected a file with some text in it.')
    refused([file('a', ' \n\u3000\t')]).toThrow(/^a is empty but for white space; /)
    refused([file('a', '\ufeff')]).toThrow(/^a is empty/)
    refused([file('a', ''), file('b', '')]).toThrow(/^The corpus of 2 files is empty; /)
    refused([file('a', ''), file('b', '\n')]).toThrow(/^The corpus of 2 files is empty but for/)
    refused([{ ...binary, found: true }]).toThrow(/1 left out because/)
    refused([file('a', '')], { tokenizerKind: 'byte' }).toThrow(/is empty/)
    refused([file('a', '\n \r')], { tokenizerKind: 'byte' }).toThrow(/is empty but for white space/)
  })
})

describe('encodeContent', () => {
  it('gives bytes to the byte tokenizer as they are, text to any', () => {
    const byte = buildTokenizer('byte', 'x').tokenizer
    const bytes = Uint8Array.of(255, 0)
    expect(encodeContent(byte, bytes)).toEqual({ ids: bytes, unknown: [] })
    expect([...encodeContent(byte, 'é').ids]).toEqual([0xc3, 0xa9])
    const { tokenizer } = buildTokenizer('character', 'ab')
    expect([...encodeContent(tokenizer, 'axb', 'skip').ids]).toEqual([0, 1])
    expect(() => encodeContent(tokenizer, 'axb')).toThrow(InputError)
    expect(() => encodeContent(tokenizer, bytes)).toThrow(/bytes and the tokenizer is "character"/)
  })
})

describe('vocabularyReport', () => {
  it('counts, finds the rarest and names the invisible', () => {
    const text = 'aaa\u3000bb\n\n\n\u00a0c d d  '
    const { tokenizer, report } = buildTokenizer('character', text)
    const vocabulary = vocabularyReport(tokenizer, report.counts)
    expect(vocabulary.size).toBe(8)
    expect(vocabulary.total).toBe(text.length)
    expect(vocabulary.rarest.map(one => `${one.printable} ${one.count}`)).toEqual([
      'c 1',
      'U+00A0 1',
      'U+3000 1',
      'b 2',
      'd 2',
      '↵ 3',
      'a 3',
      '␣ 4',
    ])
    expect(vocabulary.invisible.map(one => [one.code, one.name, one.count])).toEqual([
      ['U+000A', 'LINE FEED', 3],
      ['U+0020', 'SPACE', 4],
      ['U+00A0', 'NO-BREAK SPACE', 1],
      ['U+3000', 'IDEOGRAPHIC SPACE', 1],
    ])
  })

  it('leaves out what does not occur, and lists ten at most', () => {
    const { tokenizer, report } = buildTokenizer('byte', 'hello')
    expect(vocabularyReport(tokenizer, report.counts)).toMatchObject({ size: 256, total: 5 })
    expect(vocabularyReport(tokenizer, report.counts).rarest).toHaveLength(4)
    const many = buildTokenizer('character', 'abcdefghijklmnop')
    expect(vocabularyReport(many.tokenizer, many.report.counts).rarest).toHaveLength(10)
  })
})
