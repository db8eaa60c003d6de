import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../file/index.js'
import { type ByteSource, buildTokenizer, encodeContent, joinFiles, LargeCorpus } from './index.js'
import type { NamedBytes, SourceOptions } from './join-files.js'
import { encodeLegacy } from './legacy.fixture.js'
import { TOKENIZERS, type TokenizerKind } from './tokenizer.js'

const DATA = new URL('../../../shared/data/', import.meta.url)
const hasData = existsSync(DATA)

const utf8 = (text: string) => new TextEncoder().encode(text)

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(text.length * 2))
  for (let i = 0; i < text.length; i++) bytes.setUint16(i * 2, text.charCodeAt(i), littleEndian)
  return new Uint8Array(bytes.buffer)
}

/** Chunks of the sizes given, again and again, in memory that is overwritten after each. */
function source({ name, bytes, found }: NamedBytes, sizes: readonly number[]): ByteSource {
  return {
    name,
    size: bytes.length,
    found,
    async *chunks() {
      const room = new Uint8Array(Math.max(...sizes))
      for (let at = 0, k = 0; at < bytes.length; k++) {
        const chunk = bytes.subarray(at, at + sizes[k % sizes.length])
        room.set(chunk)
        yield room.subarray(0, chunk.length)
        room.fill(0xaa)
        at += chunk.length
      }
    },
  }
}

interface Outcome {
  readonly refused?: string
  readonly told?: unknown
  readonly tokenizer?: string
  readonly counts?: unknown
  readonly ids?: number[]
  readonly hash?: string
}

async function orRefused(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    return { refused: String(error) }
  }
}

/** Reads the corpus as a small one, whole. */
const inMemory = (files: readonly NamedBytes[], kind: TokenizerKind, options: SourceOptions) =>
  orRefused(async () => {
    const { content, ...told } = joinFiles(files, { ...options, tokenizerKind: kind })
    const { tokenizer, report } = buildTokenizer(kind, content)
    const bytes = typeof content === 'string' ? utf8(content) : content
    return {
      told,
      tokenizer: JSON.stringify(tokenizer),
      counts: report,
      ids: [...encodeContent(tokenizer, content, 'skip').ids],
      hash: await sha256(bytes),
    }
  })

const streamed = (
  files: readonly NamedBytes[],
  kind: TokenizerKind,
  options: SourceOptions,
  sizes: readonly number[],
) =>
  orRefused(async () => {
    const corpus = await LargeCorpus.of(
      files.map(file => source(file, sizes)),
      { ...options, tokenizerKind: kind },
    )
    const { name, files: read, skipped, joined } = corpus
    const { tokenizer, report } = await corpus.build(kind)
    const ids: number[] = []
    const bytes: number[] = []
    for await (const piece of corpus.encode(tokenizer)) {
      for (const id of piece.ids) ids.push(id)
      for (const byte of piece.bytes) bytes.push(byte)
    }
    return {
      told: { name, files: read, skipped, joined },
      tokenizer: JSON.stringify(tokenizer),
      counts: report,
      ids,
      hash: await sha256(Uint8Array.from(bytes)),
    }
  })

async function same(
  files: readonly NamedBytes[],
  kind: TokenizerKind,
  options: SourceOptions,
  sizes: readonly number[],
): Promise<Outcome> {
  const whole = await inMemory(files, kind, options)
  const pieces = await streamed(files, kind, options, sizes)
  expect(pieces.refused).toBe(whole.refused)
  expect(pieces.told).toEqual(whole.told)
  expect(pieces.tokenizer).toBe(whole.tokenizer)
  expect(pieces.counts).toEqual(whole.counts)
  expect(pieces.hash).toBe(whole.hash)
  // Not toEqual: a difference of a hundred thousand numbers helps nobody.
  expect(String(pieces.ids) === String(whole.ids)).toBe(true)
  return whole
}

const chunkSizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })

/** What is hard to cut: pairs, marks, line ends, replacement characters, escapes, controls. */
const hardText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['a', 'b c', '\n', '\r', '\r\n', '\n\r', 'あ', '漢字', 'か\u3099', 'ﾊﾟ', '\u0301', 'é'],
        ...[
          '👩‍👩‍👧',
          '🇯🇵',
          '🇫',
          '\ufeff',
          '\ufffd',
          '\u{10ffff}',
          '\0',
          '\x1b',
          '각',
          'क्षि',
          '“q”',
        ],
      ),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    ),
    { maxLength: 30 },
  )
  .map(parts => parts.join(''))

const bytesOfText = fc
  .tuple(hardText, fc.constantFrom('utf-8', 'utf-8 mark', 'utf-16le', 'utf-16le mark', 'utf-16be'))
  .map(([text, how]) => {
    const marked = how.endsWith('mark') ? `\ufeff${text}` : text
    return how.startsWith('utf-8') ? utf8(marked) : utf16(marked, how.startsWith('utf-16le'))
  })

const anyBytes = fc.oneof(
  bytesOfText,
  bytesOfText.map(bytes => bytes.subarray(0, -1)), // cut in mid-character
  fc.tuple(bytesOfText, fc.uint8Array({ maxLength: 3 })).map(([a, b]) => Uint8Array.of(...a, ...b)),
  fc.uint8Array({ maxLength: 40 }),
)

describe.each(TOKENIZERS)('a corpus read in pieces for the %s tokenizer', kind => {
  it('has the ids, the vocabulary, the hash and the refusals of one read whole', async () => {
    const refused = { yes: 0, no: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyBytes, fc.boolean()), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(undefined, 'utf-8', 'shift_jis', 'windows-1252', 'euc-jp', 'utf-16le'),
        fc.boolean(),
        chunkSizes,
        async (files, encoding, raw, sizes) => {
          const named = files.map(([bytes, found], i) => ({ name: `dir/${9 - i}`, bytes, found }))
          const { refused: no } = await same(named, kind, { encoding, raw }, sizes)
          refused[no === undefined ? 'no' : 'yes']++
        },
      ),
      { numRuns: 250 },
    )
    expect(refused.no).toBeGreaterThan(100)
  })

  const JAPANESE = 'これは日本語の文章です。カタカナ、ひらがな、漢字と ASCII を含む。\r\n'
  it.each(['shift_jis', 'euc-jp'] as const)('recognises and reads %s', async encoding => {
    const bytes = encodeLegacy(JAPANESE.repeat(3), encoding)
    for (const sizes of [[1], [2], [3, 1, 5], [1000]]) {
      const { told } = await same([{ name: 'a', bytes }], kind, {}, sizes)
      if (kind !== 'byte') expect(told).toMatchObject({ files: [{ encoding, lineEnds: 'crlf' }] })
    }
  })

  it.each([
    ['ISO-2022-JP', utf8('\x1b$B$3$l$O\x1b(B ok\n'), 'iso-2022-jp'],
    ['UTF-16LE without a mark', utf16(`é${JAPANESE}`, true), 'utf-16le'],
    ['UTF-16BE with a mark', utf16(`\ufeff${JAPANESE}\ufffd\ud800`, false), 'utf-16be'],
    ['UTF-8 with damage', Uint8Array.of(...utf8(JAPANESE), 0xff, ...utf8(JAPANESE)), 'utf-8'],
    [
      'Japanese behind much ASCII',
      encodeLegacy(`${'x\n'.repeat(35_000)}あいう`, 'euc-jp'),
      'euc-jp',
    ],
  ])('recognises %s', async (_, bytes, encoding) => {
    const { told } = await same([{ name: 'a', bytes }], kind, {}, [3, 4, 1])
    if (kind !== 'byte') expect(told).toMatchObject({ files: [{ encoding }] })
  })

  it.skipIf(!hasData)('reads the edge cases and the novels as they are read whole', async () => {
    const edge = readdirSync(new URL('edge-cases/', DATA)).map(name => `edge-cases/${name}`)
    const names = [...edge, 'soseki-kokoro.txt', 'irish-tunes.abc']
    const files = names.map(name => ({ name, bytes: readFileSync(new URL(name, DATA)) }))
    for (const file of files.slice(0, edge.length)) {
      await same([file], kind, {}, [4096, 1, 17])
      await same([file], kind, { raw: true }, [333])
    }
    await same(files, kind, {}, [65_536])
  })
})

describe('a corpus read in pieces', () => {
  const files = [source({ name: 'a', bytes: utf8('ab\r\ncaé') }, [2])]

  it('leaves out what the vocabulary lacks, as the whole one does', async () => {
    const corpus = await LargeCorpus.of(files)
    const { tokenizer, report } = await corpus.build('character', { minCount: 2 })
    expect(report.dropped.map(one => one.symbol)).toEqual(['\n', 'b', 'c', 'é'])
    const ids: number[] = []
    for await (const piece of corpus.encode(tokenizer)) ids.push(...piece.ids)
    expect(ids).toEqual([0, 0])
  })

  it('tells how far it is, up to the end of each pass', async () => {
    const told: [number, number][] = []
    const corpus = await LargeCorpus.of(files, { onProgress: (...at) => told.push(at) })
    expect(told.at(-1)).toEqual([8, 8])
    told.length = 0
    const { tokenizer } = await corpus.build('character')
    for await (const _ of corpus.encode(tokenizer));
    expect(told).toEqual([2, 4, 6, 8].map(done => [done, 8]))
  })

  it('refuses a tokenizer that it was not read for', async () => {
    const corpus = await LargeCorpus.of(files)
    await expect(corpus.build('byte')).rejects.toThrow(/read for the tokenizer "character"/)
  })
})
