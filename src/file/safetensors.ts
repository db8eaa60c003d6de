/**
 * The safetensors container: 8 bytes header length (little-endian), that many bytes of JSON, then
 * the tensors' bytes, little-endian and row-major. The format is Hugging Face's; docs/file-format.md
 * says what of it Ondo reads.
 *
 * Files are untrusted. The whole header, with every size and offset, is checked before any tensor is
 * allocated, so that a hostile file costs no more memory than its own size.
 */
import { counted, FileError, InputError, quote, withMemory } from '../errors.js'
import { bf16ToF32Bits, f16ToF32Bits, f32ToBf16Bits, f32ToF16Bits } from './half.js'
import { isRecord, isWellFormed, parseJson } from './json.js'

export const DTYPES = ['F32', 'F16', 'BF16'] as const
/** Form of the numbers on disk; in memory they are always float32. */
export type Dtype = (typeof DTYPES)[number]

/** Bytes a number takes on disk. */
export const WIDTH: Record<Dtype | 'I8', number> = { F32: 4, F16: 2, BF16: 2, I8: 1 }

/**
 * Bytes of a header at most, 16 MiB. The largest honest one: a vocabulary of all 1,114,112 code points
 * takes 10 MB, one of 100,000 graphemes of 25 bytes 3.5 MB, a spelling filter 0.1 MB. The format's own
 * reader allows 100,000,000 bytes, which take a minute to be refused.
 */
export const HEADER_LIMIT = 2 ** 24

/** Tensors and their numbers in a header at most: a network of 64 layers has 259 tensors. */
const VALUE_LIMIT = 200_000

export interface Tensor {
  /** I8: the data are whole numbers from -128 to 127. */
  readonly dtype: Dtype | 'I8'
  readonly shape: readonly number[]
  /** Row-major, as many numbers as the shape says. */
  readonly data: Float32Array
}

/** The type, shape and position of a tensor; `begin` and `end` are in bytes from the file's start. */
export interface TensorEntry {
  readonly dtype: Dtype | 'I8'
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  /** The tensors by name, in the order of the header. */
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

export interface Safetensors {
  readonly tensors: Map<string, Tensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** First bytes of other file formats that people may take for a model. */
const OTHER_FORMATS: readonly [bytes: readonly number[], name: string][] = [
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive, as PyTorch writes for .pt files'],
  [[0x89, 0x48, 0x44, 0x46], 'an HDF5 file, as Keras writes'],
  [[0x47, 0x47, 0x55, 0x46], 'a GGUF file'],
  [[0x80, 0x02], 'a Python pickle'],
  [[0x1f, 0x8b], 'a gzip archive'],
]

/** ` It begins like ...`, or nothing: made to be appended to a sentence. */
function otherFormatNote(bytes: Uint8Array): string {
  const found = OTHER_FORMATS.find(([first]) => first.every((byte, i) => bytes[i] === byte))
  if (found) return ` (it begins like ${found[1]})`
  // Eight bytes of printable text: JSON, HTML, a licence, an error page saved as a file.
  const first = bytes.subarray(0, 8)
  const text = first.every(byte => byte === 10 || byte === 13 || (byte >= 32 && byte < 127))
  return text ? ` (it begins with the text ${quote(String.fromCharCode(...first))})` : ''
}

function headerText(bytes: Uint8Array): string {
  if (bytes.length < 8) {
    throw new FileError(
      'truncated',
      `The file has ${counted(bytes.length, 'byte')}; a model begins with 8 that give its header's length, so this one is empty or cut off: get it again.`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const claimed = view.getBigUint64(0, true)
  if (claimed > BigInt(HEADER_LIMIT)) {
    throw new FileError(
      'not-safetensors',
      `The file is not a safetensors file${otherFormatNote(bytes)}: its first 8 bytes claim a header of ${counted(claimed, 'byte')}, and at most ${HEADER_LIMIT} are allowed; give a .safetensors file.`,
    )
  }
  const length = Number(claimed)
  if (length > bytes.length - 8) {
    throw new FileError(
      'truncated',
      `The header should have ${counted(length, 'byte')}, but only ${bytes.length - 8} follow: the file is cut off, get it again.`,
    )
  }
  let text: string
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    text = decoder.decode(bytes.subarray(8, 8 + length))
  } catch (cause) {
    throw new FileError(
      'header',
      'The header is not UTF-8 text: the file is damaged, get it again.',
      { cause },
    )
  }
  if (text[0] !== '{') {
    throw new FileError(
      'not-safetensors',
      `The header begins with ${quote(text.slice(0, 1))} instead of "{": this is not a safetensors file, or it is damaged; give a .safetensors file.`,
    )
  }
  return text
}

function checkedMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value)) {
    throw new FileError(
      'metadata',
      `The header's "__metadata__" is ${quote(value)}; expected an object of strings: the file is not well made, write it again.`,
    )
  }
  const pairs: [string, string][] = []
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new FileError(
        'metadata',
        `The metadata ${quote(key)} is ${quote(text)}; expected a string: the file is not well made, write it again.`,
      )
    }
    pairs.push([key, text])
  }
  return Object.fromEntries(pairs) // and not by assignment: a key may be "__proto__"
}

const wholeNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0)

const FIELDS = ['dtype', 'shape', 'data_offsets']

/** Bytes a number takes in files of other programs. */
const FOREIGN_WIDTH: Readonly<Record<string, number>> = {
  ...WIDTH,
  F64: 8,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
}

/** A tensor of a file of another program: the format's other types of numbers too. */
export type ForeignEntry = Omit<TensorEntry, 'dtype'> & { readonly dtype: string }

/**
 * One tensor of the header; offsets still count from the end of the header.
 * @param widths the types that are allowed, and the bytes that a number takes in each
 */
function checkedEntry(
  name: string,
  value: unknown,
  room: number,
  widths: Readonly<Record<string, number>>,
): ForeignEntry {
  const refuse = (code: string, why: string): FileError =>
    new FileError(code, `Tensor ${quote(name)} ${why}: the file is damaged or not well made.`)
  if (!isRecord(value)) {
    throw refuse('header', `is ${quote(value)}; expected an object with ${FIELDS.join(', ')}`)
  }
  const unknownField = Object.keys(value).find(key => !FIELDS.includes(key))
  if (unknownField !== undefined) {
    throw refuse('header', `has a field ${quote(unknownField)}; expected only ${FIELDS.join(', ')}`)
  }
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(widths, dtype)) {
    throw new FileError(
      'dtype',
      `Tensor ${quote(name)} has the dtype ${quote(dtype)}; expected ${Object.keys(widths).join(', ')}: convert it before saving.`,
    )
  }
  if (!wholeNumbers(shape)) {
    throw refuse('shape', `has the shape ${quote(shape)}; expected a list of whole numbers`)
  }
  let size = widths[dtype] as number
  for (const n of shape) {
    size *= n
    if (!Number.isSafeInteger(size)) {
      throw refuse('shape', `has the shape ${quote(shape)}, more bytes than can be counted`)
    }
  }
  if (!wholeNumbers(offsets) || offsets.length !== 2) {
    throw refuse('offsets', `has the offsets ${quote(offsets)}; expected two whole numbers`)
  }
  const [begin, end] = offsets
  if (begin > end) throw refuse('offsets', `ends at byte ${end}, before it begins at ${begin}`)
  if (end > room) {
    throw new FileError(
      'truncated',
      `Tensor ${quote(name)} ends at byte ${end} of the data, but there are only ${room}: the file is cut off or damaged, get it again.`,
    )
  }
  if (end - begin !== size) {
    throw refuse(
      'size',
      `takes ${counted(end - begin, 'byte')}; its shape ${quote(shape)} in ${dtype} needs ${size}`,
    )
  }
  return { dtype, shape, begin, end }
}

/** The tensors must lie end to end: no byte shared, no byte that belongs to nobody. */
function checkCover(entries: ReadonlyMap<string, ForeignEntry>, room: number): void {
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  let reached = 0
  let before = ''
  for (const [name, { begin, end }] of inOrder) {
    if (begin < reached) {
      throw new FileError(
        'overlap',
        `Tensor ${quote(name)} begins at byte ${begin}, inside ${quote(before)}, which ends at ${reached}: tensors must not overlap, the file is damaged or hostile.`,
      )
    }
    if (begin > reached) {
      throw new FileError(
        'hole',
        `Bytes ${reached} to ${begin} before tensor ${quote(name)} belong to no tensor: the data must be covered without holes, the file is damaged or hostile.`,
      )
    }
    reached = end
    before = name
  }
  if (reached !== room) {
    throw new FileError(
      'trailing',
      `The tensors end at byte ${reached} of the data, but ${room} follow the header: no tensor has the last ${counted(room - reached, 'byte')}, the file is damaged or something was appended.`,
    )
  }
}

/**
 * Reads and checks the whole header; allocates nothing for tensors.
 * @param look sees the header's text before it is parsed, and may refuse it
 * @throws FileError, one sentence for each way in which it can be wrong
 */
export function readHeader(
  bytes: Uint8Array,
  look: (text: string) => void = () => {},
): SafetensorsHeader {
  return checkedHeader(bytes, WIDTH, look) as SafetensorsHeader
}

/** The tensors of a file of another program, of all types. @throws FileError as `readHeader` */
export function readForeignHeader(bytes: Uint8Array): ReadonlyMap<string, ForeignEntry> {
  return checkedHeader(bytes, FOREIGN_WIDTH, () => {}).entries
}

function checkedHeader(
  bytes: Uint8Array,
  widths: Readonly<Record<string, number>>,
  look: (text: string) => void,
): { entries: Map<string, ForeignEntry>; metadata: Record<string, string> } {
  const text = headerText(bytes)
  look(text)
  const { value, keys } = parseJson(text, 'The header', { wholeNumbers: true, most: VALUE_LIMIT })
  if (!isRecord(value)) throw new FileError('header', 'The header is not a JSON object.')
  const start = 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const room = bytes.length - start
  const metadata = Object.hasOwn(value, '__metadata__') ? checkedMetadata(value.__metadata__) : {}
  const entries = new Map<string, ForeignEntry>()
  for (const name of keys) {
    if (name !== '__metadata__') entries.set(name, checkedEntry(name, value[name], room, widths))
  }
  checkCover(entries, room)
  for (const [name, entry] of entries) {
    entries.set(name, { ...entry, begin: entry.begin + start, end: entry.end + start })
  }
  return { entries, metadata }
}

/** The numbers of one tensor as float32. @param entry from `readHeader` of the same bytes */
export function tensorData(bytes: Uint8Array, entry: TensorEntry): Float32Array {
  const { dtype, begin, end } = entry
  const view = new DataView(bytes.buffer, bytes.byteOffset + begin, end - begin)
  const length = (end - begin) / WIDTH[dtype]
  const data = withMemory(
    { en: `A tensor of ${counted(length, 'number')}`, ja: `${length}個の数のテンソル` },
    () => new Float32Array(length),
  )
  // As bits, so that nothing is lost; by DataView, because a file may be unaligned.
  const bits = new Uint32Array(data.buffer)
  if (dtype === 'F32') {
    for (let i = 0; i < bits.length; i++) bits[i] = view.getUint32(4 * i, true)
  } else if (dtype === 'I8') {
    for (let i = 0; i < data.length; i++) data[i] = view.getInt8(i)
  } else {
    const widen = dtype === 'F16' ? f16ToF32Bits : bf16ToF32Bits
    for (let i = 0; i < bits.length; i++) bits[i] = widen(view.getUint16(2 * i, true))
  }
  return data
}

/** Reads a whole file. @throws FileError as `readHeader` */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { entries, metadata } = readHeader(bytes)
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of entries) {
    const { dtype, shape } = entry
    tensors.set(name, { dtype, shape, data: tensorData(bytes, entry) })
  }
  return { tensors, metadata }
}

function checkWritable(name: string, { dtype, shape, data }: Tensor): void {
  const size = shape.reduce((a, b) => a * b, 1)
  if (!Object.hasOwn(WIDTH, dtype) || !wholeNumbers(shape) || size !== data.length) {
    throw new InputError(
      'tensor',
      `Tensor ${quote(name)} is ${quote(dtype)} of shape ${quote(shape)} with ${data.length} numbers; expected ${Object.keys(WIDTH).join(', ')} and as many numbers as the shape says.`,
    )
  }
}

function writeNumbers(view: DataView, offset: number, { dtype, data }: Tensor): void {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length)
  if (dtype === 'F32') {
    for (let i = 0; i < bits.length; i++) view.setUint32(offset + 4 * i, bits[i], true)
  } else if (dtype === 'I8') {
    for (let i = 0; i < data.length; i++) view.setInt8(offset + i, data[i] as number)
  } else {
    const narrow = dtype === 'F16' ? f32ToF16Bits : f32ToBf16Bits
    for (let i = 0; i < bits.length; i++) view.setUint16(offset + 2 * i, narrow(bits[i]), true)
  }
}

/**
 * Writes a file: the same input gives the same bytes. Metadata first, then tensors, both in the
 * order given; the header is padded with spaces to a multiple of 8, so that the data is aligned.
 * Narrowing to F16 or BF16 rounds to nearest, ties to even.
 * @throws InputError when a tensor does not fit its shape, or a name can't be written
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const fields: string[] = []
  const pairs = Object.entries(metadata)
  for (const text of [...pairs.flat(), ...tensors.keys()]) {
    if (typeof text !== 'string' || !isWellFormed(text)) {
      throw new InputError(
        'metadata',
        `A name or metadata text is ${quote(text)}; expected a string of whole characters, without lone surrogates.`,
      )
    }
  }
  if (pairs.length > 0) {
    fields.push(`"__metadata__":${JSON.stringify(metadata)}`)
  }
  let end = 0
  for (const [name, tensor] of tensors) {
    if (name === '__metadata__') {
      throw new InputError('tensor', 'A tensor is named "__metadata__"; call it something else.')
    }
    checkWritable(name, tensor)
    const { dtype, shape, data } = tensor
    const begin = end
    end += data.length * WIDTH[dtype]
    const entry = JSON.stringify({ dtype, shape, data_offsets: [begin, end] })
    // Field by field: JSON.stringify of one object would put names that are numerals first.
    fields.push(`${JSON.stringify(name)}:${entry}`)
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`)
  const length = Math.ceil(json.length / 8) * 8
  if (length > HEADER_LIMIT) {
    throw new InputError(
      'metadata',
      `The header would have ${counted(length, 'byte')}; at most ${HEADER_LIMIT} are allowed: shorten the metadata.`,
    )
  }
  const bytes = withMemory(
    {
      en: `A file of ${counted(8 + length + end, 'byte')}`,
      ja: `${8 + length + end}バイトのファイル`,
    },
    () => new Uint8Array(8 + length + end),
  )
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(length), true)
  bytes.set(json, 8)
  bytes.fill(0x20, 8 + json.length, 8 + length)
  let offset = 8 + length
  for (const tensor of tensors.values()) {
    writeNumbers(view, offset, tensor)
    offset += tensor.data.length * WIDTH[tensor.dtype]
  }
  return bytes
}
