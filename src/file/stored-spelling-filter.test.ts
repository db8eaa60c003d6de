import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { modelConfig } from '../model/config.js'
import { tokenizerFrom } from '../text/index.js'
import { edited, sampleWeights } from './damaged.fixture.js'
import { decodeModel, encodeModel } from './model-file.js'
import { filterChecksum, type SpellingFilterJson } from './stored-spelling-filter.js'

/** A filter as files keep it: 5 entries of 3 bits are 2 bytes. */
const set = { total: 7, minimumCount: 1, keys: 3, bits: 3, seed: 2, segmentLength: 1, segments: 3 }
const filter: SpellingFilterJson = {
  version: 1,
  unit: 'words',
  gramLength: 4,
  words: { ...set, table: 'abA=' },
  grams: { ...set, table: 'xyQ=' },
}
const whole = { ...filter, sum: filterChecksum(filter) }

const tokenizer = tokenizerFrom({ kind: 'character', symbols: ['a', 'b'] })
const config = modelConfig({ cell: 'rnn', vocabulary: 2, hidden: 2, layers: 1 })
const weights = sampleWeights(config)
const withFilter = (spelling: unknown): Uint8Array =>
  edited(encodeModel({ config, tokenizer, weights }), header => {
    header.__metadata__.measures = JSON.stringify({ spelling })
  })

describe('a spelling filter in a model file', () => {
  it('is read when it is whole, and without a checksum as older files have it', async () => {
    for (const good of [whole, filter]) {
      expect((await decodeModel(withFilter(good))).measures).toEqual({ spelling: good })
    }
  })

  it('is refused when the file is read, for any change of a letter of it', async () => {
    const text = JSON.stringify(whole)
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.integer({ min: 32, max: 126 }),
        async (at, code) => {
          const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1)
          let spelling: unknown
          try {
            spelling = JSON.parse(changed)
          } catch {
            return
          }
          // Another name of the checksum is a field that older files lack.
          if (changed === text || !changed.includes('"sum":')) return
          refused++
          const error = await decodeModel(withFilter(spelling)).catch(cause => cause)
          expect(error).toBeInstanceOf(FileError)
          // A digit that becomes an `e` may make a number beyond all JSON.
          if (error.code === 'json') return
          expect(error).toMatchObject({ code: 'filter' })
          expect(error.message).toMatch(
            /^The spelling filter .*: build it again from the training text\.$/,
          )
        },
      ),
      { numRuns: 1000 },
    )
    expect(refused).toBeGreaterThan(100)
  })

  it.each([
    [null],
    ['words'],
    [{ ...filter, words: undefined }],
    [{ ...filter, words: { ...set, table: 'ab' } }],
    [{ ...filter, words: { ...set, table: 'abAAAA==' } }],
    [{ ...filter, grams: { ...set, table: 'a%A=' } }],
    [{ ...filter, grams: { ...set, keys: 8, table: 'abA=' } }],
    [{ ...filter, grams: { ...set, segments: 2 ** 21, table: 'abA=' } }],
    [{ ...filter, gramLength: 0 }],
    [{ ...filter, version: 2 }],
  ])('is refused without a checksum too: %j', async spelling => {
    await expect(decodeModel(withFilter(spelling))).rejects.toMatchObject({ code: 'filter' })
  })
})
