/** Damages the files of samples: bits, fields, splices, and what each kind of container invites. */
import { unzipSync, zipSync } from 'fflate'
import { join, type Numbers, type SampleFile, utf8 } from './sample.fixture.js'

export interface Mutation {
  readonly what: string
  readonly files: readonly SampleFile[]
}

/** Files of any sample, to splice from. */
export type Donor = () => Uint8Array

const of = <T>(numbers: Numbers, list: readonly T[]): T => list[numbers.below(list.length)] as T

/** Numbers at which counts, sizes and offsets go wrong. */
const LIMITS: readonly bigint[] = [
  0n,
  1n,
  2n,
  255n,
  65_535n,
  2n ** 16n,
  2n ** 24n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
]

type Mutator = (bytes: Uint8Array, numbers: Numbers, donor: Donor) => Uint8Array

function flip(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const copy = bytes.slice()
  for (let n = 1 + numbers.below(6); n > 0; n--) {
    const at = numbers.below(copy.length)
    copy[at] = (copy[at] as number) ^ (1 << numbers.below(8))
  }
  return copy
}

/** Damages near the beginning, where headers are. */
function flipHeader(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const head = Math.min(bytes.length, 64)
  return join(flip(bytes.subarray(0, head), numbers), bytes.subarray(head))
}

/** Overwrites a field of 1 to 8 bytes, in either byte order, aligned or not. */
function field(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const copy = bytes.slice()
  const width = of(numbers, [1, 2, 4, 8])
  let at = numbers.below(Math.max(1, copy.length - width))
  if (numbers.below(2) === 0) at -= at % width
  let value = of(numbers, [
    ...LIMITS,
    BigInt(bytes.length),
    BigInt(numbers.below(bytes.length + 9)),
  ])
  if (numbers.below(4) === 0) value = BigInt(copy[at] ?? 0) + (numbers.below(2) === 0 ? 1n : -1n)
  for (let i = 0; i < width && at + i < copy.length; i++, value >>= 8n) {
    copy[at + i] = Number(BigInt.asUintN(8, value))
  }
  return copy
}

const truncate: Mutator = (bytes, numbers) => bytes.slice(0, numbers.below(bytes.length))

const append: Mutator = (bytes, numbers) =>
  join(
    bytes,
    Uint8Array.from({ length: 1 + numbers.below(40) }, () => numbers.below(256)),
  )

function remove(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const at = numbers.below(bytes.length)
  return join(bytes.subarray(0, at), bytes.subarray(at + 1 + numbers.below(32)))
}

function repeat(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const at = numbers.below(bytes.length)
  const piece = bytes.subarray(at, at + 1 + numbers.below(64))
  const times = of(numbers, [1, 2, 50])
  return join(bytes.subarray(0, at), ...new Array(times).fill(piece), bytes.subarray(at))
}

/** Bytes of another file, over or between those of this one. */
function splice(bytes: Uint8Array, numbers: Numbers, donor: Donor): Uint8Array {
  const other = donor()
  const from = numbers.below(other.length)
  const piece = other.subarray(from, from + 1 + numbers.below(other.length - from))
  const at = numbers.below(bytes.length)
  const rest = numbers.below(2) === 0 ? at : at + piece.length
  return join(bytes.subarray(0, at), piece, bytes.subarray(rest))
}

const BYTES: readonly (readonly [string, Mutator])[] = [
  ['bits', flip],
  ['bits of the header', flipHeader],
  ['a field', field],
  ['a field', field],
  ['two fields', (bytes, numbers) => field(field(bytes, numbers), numbers)],
  ['cut', truncate],
  ['appended', append],
  ['removed', remove],
  ['repeated', repeat],
  ['spliced', splice],
  ['emptied', () => new Uint8Array()],
]

/** JSON in place of a value: wrong types, depth, names of JavaScript, numbers beyond. */
const JSON_VALUES: readonly string[] = [
  'null',
  'true',
  '[]',
  '{}',
  '""',
  '"a"',
  '-1',
  '0',
  '0.5',
  '1e308',
  '1e999',
  '-0',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '[[[[[[[[1]]]]]]]]',
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
  '{"__proto__": {"length": 4}, "constructor": {"prototype": 1}}',
  '"\\ud800"',
  `"${'x'.repeat(5000)}"`,
  '[0,1,2,3]',
  '{"0": 1, "1": 2}',
]
const JSON_KEYS = ['__proto__', 'constructor', 'length', 'toString', '0', '4294967294', '']

function json(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const text = new TextDecoder().decode(bytes)
  const places = [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*:|"(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|\[|\{/g)]
  const place = of(numbers, places)
  if (!place) return bytes
  const [found] = place
  const isKey = found.endsWith(':')
  const by = isKey ? `${JSON.stringify(of(numbers, JSON_KEYS))}:` : of(numbers, JSON_VALUES)
  return utf8(text.slice(0, place.index) + by + text.slice(place.index + found.length))
}

/** Instructions of a pickle: what a hostile one is made of. */
const PICKLES: readonly Uint8Array[] = [
  utf8('cos\nsystem\n(S"echo"\ntR'),
  utf8('c__builtin__\neval\n(X\x03\0\0\x001+1tR'),
  utf8('ctorch\nload\n)R'),
  utf8('(lp99\n(g99\na'), // a list that holds itself
  utf8('}q\x63h\x63h\x63s'), // a dict that holds itself
  Uint8Array.of(0x72, 255, 255, 255, 255), // LONG_BINPUT
  Uint8Array.of(0x6a, 255, 255, 255, 255), // LONG_BINGET
  Uint8Array.of(0x8b, 255, 255, 255, 127), // LONG4
  Uint8Array.of(0x58, 255, 255, 255, 255), // BINUNICODE
  Uint8Array.of(0x8e, 255, 255, 255, 255, 255, 255, 255, 255), // BINBYTES8
  utf8('X\x09\0\0\0__proto__'),
  utf8('X\x0b\0\0\0constructor'),
  utf8('}X\x09\0\0\0__proto__}s'),
  utf8('('.repeat(2000)),
  utf8(']'.repeat(2000)),
  utf8(')\x85'.repeat(1) + '\x85'.repeat(3000)),
  utf8('2'.repeat(500)),
  utf8(`I${'9'.repeat(3000)}\n`),
  Uint8Array.of(0x80, 9),
  ...[0x30, 0x31, 0x61, 0x62, 0x64, 0x65, 0x6c, 0x6f, 0x73, 0x74, 0x75, 0x52, 0x81, 0x92, 0x93].map(
    code => Uint8Array.of(code),
  ),
]

function pickle(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const at = numbers.below(bytes.length)
  return join(bytes.subarray(0, at), of(numbers, PICKLES), bytes.subarray(at))
}

/** Numbers of a text, as in Torch7's ASCII form. */
function digits(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const text = String.fromCharCode(...bytes.subarray(0, 60_000))
  const places = [...text.matchAll(/-?\d+/g)]
  const place = of(numbers, places)
  if (!place) return bytes
  const by = utf8(String(of(numbers, [...LIMITS, -1n, 3n, 4n])))
  return join(bytes.subarray(0, place.index), by, bytes.subarray(place.index + place[0].length))
}

/** One entry of a zip damaged and packed again, so that its checksum is right; or a hostile entry more. */
function zip(bytes: Uint8Array, numbers: Numbers, donor: Donor): Uint8Array {
  let entries: Record<string, Uint8Array>
  try {
    entries = unzipSync(bytes)
  } catch {
    return field(bytes, numbers)
  }
  const names = Object.keys(entries)
  const name = of(numbers, names)
  if (name === undefined) return bytes
  const level = numbers.below(2) === 0 ? 0 : 6
  const inner = entries[name] as Uint8Array
  const kind = numbers.below(10)
  if (kind < 6) {
    const [, mutate] = of(numbers, mutatorsOf(inner, name))
    return zipSync({ ...entries, [name]: mutate(inner, numbers, donor) }, { level })
  }
  if (kind === 6) {
    const { [name]: _, ...rest } = entries
    return zipSync(rest, { level })
  }
  if (kind === 7) {
    return zipSync(
      { ...entries, [name]: new Uint8Array(2 ** (10 + numbers.below(13))) },
      { level: 9 },
    )
  }
  if (kind === 8) {
    const evil = of(numbers, ['../x', '/x', 'C:\\x', `a${'/a'.repeat(200)}`, 'data.pkl', 'x\0y'])
    return zipSync({ [evil]: inner, ...entries }, { level })
  }
  // Two entries of one name, wherever the name stands.
  const packed = zipSync(entries, { level })
  const other = of(numbers, names)
  return other?.length === name.length ? renamed(packed, utf8(other), utf8(name)) : packed
}

function renamed(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  for (let at = 0; at + from.length <= copy.length; at++) {
    if (from.every((byte, i) => copy[at + i] === byte)) copy.set(to, at)
  }
  return copy
}

/** The mutators that fit what a file is. */
function mutatorsOf(bytes: Uint8Array, name: string): readonly (readonly [string, Mutator])[] {
  if (bytes.length === 0) return [['appended', append]]
  const first = bytes[0]
  const isZip = first === 0x50 && bytes[1] === 0x4b
  const isJson = first === 0x7b || first === 0x5b
  const isPickle = first === 0x80 || name.endsWith('.pkl')
  const isText = first === 0x33 || first === 0x34
  return [
    ...BYTES,
    ...(isZip ? Array.from({ length: 8 }, () => ['an entry', zip] as const) : []),
    ...(isJson ? Array.from({ length: 8 }, () => ['JSON', json] as const) : []),
    ...(isPickle ? Array.from({ length: 6 }, () => ['instructions', pickle] as const) : []),
    ...(isText ? Array.from({ length: 6 }, () => ['digits', digits] as const) : []),
    ...(bytes[8] === 0x7b ? [['JSON of the header', header] as const] : []),
  ]
}

/** The JSON header of a safetensors file, with its length told truly. */
function header(bytes: Uint8Array, numbers: Numbers): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const changed = json(bytes.subarray(8, 8 + length), numbers)
  const head = new Uint8Array(8)
  new DataView(head.buffer).setUint32(0, changed.length, true)
  return join(head, changed, bytes.subarray(8 + length))
}

/** One to three of a sample's files damaged, lost, doubled or exchanged. */
export function mutated(files: readonly SampleFile[], numbers: Numbers, donor: Donor): Mutation {
  const at = numbers.below(files.length)
  const file = files[at] as SampleFile
  const kind = numbers.below(40)
  if (kind === 0 && files.length > 1) {
    return { what: `${file.name} lost`, files: files.toSpliced(at, 1) }
  }
  if (kind === 1) return { what: `${file.name} twice`, files: [...files, file] }
  if (kind === 2) {
    const bytes = donor()
    return { what: `${file.name} exchanged`, files: files.with(at, { ...file, bytes }) }
  }
  if (kind === 3) {
    const other = { name: `x ${file.name}`, bytes: donor() }
    return { what: 'a foreign file beside', files: [other, ...files] }
  }
  let changed = files
  const what: string[] = []
  for (let n = of(numbers, [1, 1, 1, 2, 3]); n > 0; n--) {
    const place = numbers.below(files.length)
    const { bytes, name, ...rest } = changed[place] as SampleFile
    const [label, mutate] = of(numbers, mutatorsOf(bytes, name))
    what.push(`${name}: ${label}`)
    changed = changed.with(place, { ...rest, name, bytes: mutate(bytes, numbers, donor) })
  }
  return { what: what.join('; '), files: changed }
}
