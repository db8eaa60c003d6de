import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { entry, file, one, utf8, zeros } from './damaged.fixture.js'
import { readModelHeader } from './model-file.js'
import { decodeSafetensors, readHeader } from './safetensors.js'

function refusal(bytes: Uint8Array): FileError {
  try {
    decodeSafetensors(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(FileError)
    return error as FileError
  }
  return expect.fail('the file was accepted')
}

/** Each refusal once: the list of threats is the list of tests. Send more. */
describe('a file that is not what it says', () => {
  const attacks: [name: string, bytes: Uint8Array, code: string, sentence: RegExp][] = [
    ['an empty file', new Uint8Array(), 'truncated', /has 0 bytes.*begins with 8/],
    ['seven bytes', new Uint8Array(7), 'truncated', /has 7 bytes/],
    [
      'a header of no bytes',
      new Uint8Array(8),
      'not-safetensors',
      /begins with "" instead of "\{"/,
    ],
    [
      'a header longer than the file',
      file('{}', [], 3n),
      'truncated',
      /3 bytes, but only 2 follow/,
    ],
    [
      'a header of 16,777,217 bytes',
      file('{}', [], 16_777_217n),
      'not-safetensors',
      /at most 16777216/,
    ],
    ['a header of 2^63 bytes', file('{}', [], 1n << 63n), 'not-safetensors', /9223372036854775808/],
    [
      'a header of 2^64 - 1 bytes',
      file('{}', [], (1n << 64n) - 1n),
      'not-safetensors',
      /18446744073709551615/,
    ],
    [
      'a header of 2^32 + 2 bytes',
      file('{}', [], (1n << 32n) + 2n),
      'not-safetensors',
      /4294967298/,
    ],
    [
      'a PyTorch file',
      utf8('PK\u0003\u0004........'),
      'not-safetensors',
      /zip archive, as PyTorch/,
    ],
    ['an HDF5 file', file('', [], 0x0a1a0a0d46444889n), 'not-safetensors', /HDF5 file/],
    ['a web page', utf8('<!doctype html>'), 'not-safetensors', /begins with the text "<!doctyp"/],
    ['bytes that are not UTF-8', file(Uint8Array.of(0x7b, 0xff, 0x7d)), 'header', /not UTF-8/],
    ['a byte order mark', file('\ufeff{}'), 'not-safetensors', /begins with "\ufeff"/],
    ['space before the header', file(' {}'), 'not-safetensors', /begins with " "/],
    ['a JSON array', file('[]'), 'not-safetensors', /begins with "\["/],
    ['broken JSON', file('{"a":'), 'json', /not valid JSON/],
    ['a comma too many', file('{"a":1,}'), 'json', /not valid JSON/],
    ['something after the JSON', file('{}{}'), 'json', /not valid JSON/],
    ['zeros after the JSON', file('{}\0\0'), 'json', /not valid JSON/],
    ['nesting to the sky', file(`{"a":${'['.repeat(1_000_000)}`), 'json', /more than 32 levels/],
    ['a name given twice', file(`{${one},${one}}`, zeros(4)), 'json', /the key "a" twice/],
    [
      'a name given twice, disguised',
      file(`{${one},"\\u0061":${entry('F32', [0], [4, 4])}}`, zeros(4)),
      'json',
      /the key "a" twice/,
    ],
    [
      'a field given twice',
      file(`{"a":{"dtype":"F16","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, zeros(4)),
      'json',
      /the key "dtype" twice/,
    ],
    [
      'metadata given twice',
      file('{"__metadata__":{},"__metadata__":{"a":"b"}}'),
      'json',
      /the key "__metadata__" twice/,
    ],
    ['half a character', file('{"__metadata__":{"a":"\\ud83c"}}'), 'json', /lone surrogate/],
    [
      'half a character in a name',
      file(`{"\\udf21":${entry('F32', [0], [0, 0])}}`),
      'json',
      /lone surrogate/,
    ],
    [
      'metadata that is a list',
      file('{"__metadata__":["a"]}'),
      'metadata',
      /expected an object of strings/,
    ],
    [
      'metadata that is a number',
      file('{"__metadata__":{"n":7}}'),
      'metadata',
      /"n" is 7; expected a string/,
    ],
    [
      'metadata that is nothing',
      file('{"__metadata__":null}'),
      'metadata',
      /is null; expected an object/,
    ],
    ['a tensor that is a number', file('{"a":7}'), 'header', /"a" is 7; expected an object/],
    ['a tensor that is nothing', file('{"a":null}'), 'header', /"a" is null/],
    [
      'a tensor without a dtype',
      file('{"a":{"shape":[1],"data_offsets":[0,4]}}', zeros(4)),
      'dtype',
      /dtype undefined/,
    ],
    [
      'a tensor without a shape',
      file('{"a":{"dtype":"F32","data_offsets":[0,4]}}', zeros(4)),
      'shape',
      /shape undefined/,
    ],
    [
      'a tensor without offsets',
      file('{"a":{"dtype":"F32","shape":[1]}}', zeros(4)),
      'offsets',
      /offsets undefined/,
    ],
    [
      'a field nobody knows',
      file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, zeros(4)),
      'header',
      /a field "x"; expected only dtype/,
    ],
    [
      'an unknown dtype',
      file(`{"a":${entry('F33', [1], [0, 4])}}`, zeros(4)),
      'dtype',
      /"F33"; expected F32, F16, BF16/,
    ],
    [
      'a dtype for other uses',
      file(`{"a":${entry('I64', [1], [0, 8])}}`, zeros(8)),
      'dtype',
      /"I64"/,
    ],
    [
      'a dtype from the prototype',
      file(`{"a":${entry('toString', [1], [0, 4])}}`, zeros(4)),
      'dtype',
      /"toString"/,
    ],
    [
      'a shape that is a string',
      file(`{"a":${entry('F32', '1', [0, 4])}}`, zeros(4)),
      'shape',
      /expected a list of whole numbers/,
    ],
    [
      'a negative shape',
      file(`{"a":${entry('F32', [-1], [0, 4])}}`, zeros(4)),
      'json',
      /"-1" where a whole number/,
    ],
    [
      'two negative shapes',
      file(`{"a":${entry('F32', [-1, -1], [0, 4])}}`, zeros(4)),
      'json',
      /"-1" where a whole number/,
    ],
    [
      'minus zero',
      file(`{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}`),
      'json',
      /"-0" where/,
    ],
    [
      'a broken shape',
      file(`{"a":${entry('F32', [0.5, 2], [0, 4])}}`, zeros(4)),
      'json',
      /"0.5" where/,
    ],
    [
      'a shape written as 1.0',
      file(`{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, zeros(4)),
      'json',
      /"1.0" where/,
    ],
    [
      'a shape written as 1e0',
      file(`{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}`, zeros(4)),
      'json',
      /"1e0" where/,
    ],
    [
      'an infinite shape',
      file(`{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}`, zeros(4)),
      'json',
      /"1e999" where/,
    ],
    [
      'a shape beyond 2^53',
      file(`{"a":{"dtype":"F32","shape":[9007199254740992],"data_offsets":[0,4]}}`, zeros(4)),
      'json',
      /"9007199254740992" where/,
    ],
    [
      'a shape that wraps 64 bits',
      file(`{"a":${entry('F32', [4294967296, 4294967296], [0, 0])}}`),
      'shape',
      /more bytes than can be counted/,
    ],
    [
      'a shape that wraps 32 bits',
      file(`{"a":${entry('F32', [65536, 65536], [0, 0])}}`),
      'size',
      /needs 17179869184/,
    ],
    [
      'a shape that overflows before its zero',
      file(`{"a":${entry('F32', [4294967296, 4294967296, 0], [0, 0])}}`),
      'shape',
      /more bytes than can be counted/,
    ],
    [
      'offsets that are one number',
      file(`{"a":${entry('F32', [1], [4])}}`, zeros(4)),
      'offsets',
      /expected two whole numbers/,
    ],
    [
      'offsets that are three numbers',
      file(`{"a":${entry('F32', [1], [0, 4, 4])}}`, zeros(4)),
      'offsets',
      /expected two whole numbers/,
    ],
    [
      'offsets that run backwards',
      file(`{"a":${entry('F32', [1], [4, 0])}}`, zeros(4)),
      'offsets',
      /ends at byte 0, before it begins at 4/,
    ],
    [
      'offsets past the end',
      file(`{"a":${entry('F32', [2], [0, 8])}}`, zeros(4)),
      'truncated',
      /ends at byte 8 of the data, but there are only 4/,
    ],
    [
      'offsets at 2^53 - 1',
      file(`{"a":${entry('F32', [1], [9007199254740987, 9007199254740991])}}`, zeros(4)),
      'truncated',
      /cut off/,
    ],
    [
      'more bytes than the shape',
      file(`{"a":${entry('F32', [1], [0, 8])}}`, zeros(8)),
      'size',
      /takes 8 bytes; its shape \[1\] in F32 needs 4/,
    ],
    [
      'fewer bytes than the shape',
      file(`{"a":${entry('F32', [2], [0, 4])}}`, zeros(4)),
      'size',
      /takes 4 bytes; its shape \[2\] in F32 needs 8/,
    ],
    [
      'the width of another dtype',
      file(`{"a":${entry('F16', [2], [0, 8])}}`, zeros(8)),
      'size',
      /in F16 needs 4/,
    ],
    [
      'two tensors in one place',
      file(`{${one},"b":${entry('F32', [1], [0, 4])}}`, zeros(4)),
      'overlap',
      /"b" begins at byte 0, inside "a"/,
    ],
    [
      'tensors that share a byte',
      file(`{${one},"b":${entry('F32', [1], [3, 7])}}`, zeros(7)),
      'overlap',
      /"b" begins at byte 3, inside "a"/,
    ],
    [
      'an empty tensor inside another',
      file(`{${one},"b":${entry('F32', [0], [2, 2])}}`, zeros(4)),
      'overlap',
      /"b" begins at byte 2, inside "a"/,
    ],
    [
      'a hole at the start',
      file(`{"a":${entry('F32', [1], [4, 8])}}`, zeros(8)),
      'hole',
      /Bytes 0 to 4 before tensor "a"/,
    ],
    [
      'a hole in the middle',
      file(`{${one},"b":${entry('F32', [1], [5, 9])}}`, zeros(9)),
      'hole',
      /Bytes 4 to 5 before tensor "b"/,
    ],
    ['bytes left over', file(`{${one}}`, zeros(5)), 'trailing', /no tensor has the last 1 byte, /],
    ['bytes and no tensor', file('{}', zeros(5)), 'trailing', /no tensor has the last 5 bytes, /],
    ['a name as long as a book', file(`{"${'x'.repeat(10_000)}":7}`), 'header', /^.{0,300}$/s],
  ]
  it.each(attacks)('refuses %s', (_, bytes, code, sentence) => {
    const error = refusal(bytes)
    expect(error.message).toMatch(sentence)
    expect(error.code).toBe(code)
    expect(error.message.length).toBeLessThan(400)
  })

  it('refuses every attack before it allocates: a promise of 100 TB costs nothing', () => {
    const shape = [1024, 1024, 1024, 1024, 25]
    const bytes = file(`{"a":${entry('F32', shape, [0, 4 * 25 * 1024 ** 4])}}`)
    expect(refusal(bytes).code).toBe('truncated')
  })
})

/** Seconds of the processor and bytes: a busy machine does not change them as it changes the clock. */
function costOf(work: () => void): { seconds: number; bytes: number } {
  const [cpu, memory] = [process.cpuUsage(), process.memoryUsage()]
  work()
  const { user, system } = process.cpuUsage(cpu)
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const bytes = heapUsed - memory.heapUsed + arrayBuffers - memory.arrayBuffers
  return { seconds: (user + system) / 1e6, bytes }
}

const tensors = (count: number): string =>
  Array.from({ length: count }, (_, i) => `"${i}":${entry('F32', [0], [0, 0])}`).join(',')

describe('a file of hostile size', () => {
  it('reads a header of 10,000 tensors', () => {
    expect(readHeader(file(`{${tensors(10_000)}}`)).entries.size).toBe(10_000)
  })

  it('is refused at once when its header has 70 MB and 1.2 million tensors', () => {
    const text = `{"__metadata__":{"format":"ondo"},${tensors(1_200_000)}}`
    expect(text.length).toBeGreaterThan(60e6)
    const bytes = file(text)
    for (const read of [decodeSafetensors, readModelHeader]) {
      let error: unknown
      const cost = costOf(() => {
        try {
          read(bytes)
        } catch (cause) {
          error = cause
        }
      })
      expect(error).toBeInstanceOf(FileError)
      expect((error as FileError).message).toMatch(
        /claim a header of \d+ bytes, and at most 16777216/,
      )
      expect(cost.seconds).toBeLessThan(1)
      expect(cost.bytes).toBeLessThan(5e6)
    }
  })

  const room = 16_700_000
  const filled = (item: string): string =>
    `${`${item},`.repeat(room / (item.length + 1) - 20)}${item}`
  const ondo = '"__metadata__":{"format":"ondo","version":"1"}'
  /** All as large as a header may be. */
  const large: [name: string, text: string, message: RegExp][] = [
    ['tensors', `{${ondo},${tensors(200_000)}}`, /more than 200000 values/],
    ['numbers of a shape', `{${ondo},"a":{"shape":[${filled('0')}]}}`, /more than 200000 values/],
    ['lists', `{${ondo},"a":[${filled('[]')}]}`, /more than 200000 values/],
    ['opened brackets', `{${ondo},"a":${'['.repeat(room)}}`, /nested more than 32 levels/],
    ['digits', `{${ondo},"a":${'1'.repeat(room)}}`, /holds "?1+\.\.\.? where a whole number/],
    ['a name', `{${ondo},"${'n'.repeat(room)}":{}}`, /field|lacks|dtype|not an Ondo model/],
    ['a name that is no model', `{"${'n'.repeat(room)}":{}}`, /nowhere says "format": "ondo"/],
    [
      'a word of metadata',
      `{"__metadata__":{"format":"ondo","version":"${'v'.repeat(room)}"}}`,
      /version "v+\.\.\.;/,
    ],
    ['backslashes', `{${ondo},"${'\\\\'.repeat(room / 2)}":1}`, /Tensor "\\+\.\.\. is 1/],
    [
      'a config',
      `{"__metadata__":{"format":"ondo","version":"1","config":"{\\"vocabulary\\":2,\\"hidden\\":2,\\"layers\\":1,\\"cell\\":\\"${'x'.repeat(room)}\\"}"}}`,
      /cell is "x+\.\.\.; expected/,
    ],
    ['nothing but spaces', `{${' '.repeat(room)}}`, /nowhere says "format": "ondo"/],
  ]
  it.each(large)('is refused for little when its header is full of %s', (_, text, message) => {
    const bytes = file(text)
    let error: unknown
    const { seconds } = costOf(() => {
      try {
        readModelHeader(bytes)
      } catch (cause) {
        error = cause
      }
    })
    expect(error).toBeInstanceOf(FileError)
    expect((error as FileError).message).toMatch(message)
    expect((error as FileError).message.length).toBeLessThan(500)
    expect(seconds).toBeLessThan(10)
  })

  it('lets a vocabulary of all of Unicode and one of 100,000 long graphemes pass', async () => {
    const unicode: string[] = []
    for (let code = 0; code < 0x110000; code++) {
      if (code < 0xd800 || code > 0xdfff) unicode.push(String.fromCodePoint(code))
    }
    const family = (i: number): string =>
      `👩‍👩‍${String.fromCodePoint(0x4e00 + (i % 20_000))}${'̈'.repeat(1 + Math.floor(i / 20_000))}`
    const graphemes = Array.from({ length: 100_000 }, (_, i) => family(i))
    for (const [kind, symbols] of [
      ['character', unicode],
      ['grapheme', graphemes],
    ] as const) {
      const tokenizer = JSON.stringify(JSON.stringify({ kind, symbols }))
      const spelling = `"${'A'.repeat(100_000)}"`
      const text = `{"__metadata__":{"format":"ondo","tokenizer":${tokenizer},"measures":${spelling}}}`
      expect(readHeader(file(text)).metadata.tokenizer.length).toBeGreaterThan(1e6)
    }
  })
})
