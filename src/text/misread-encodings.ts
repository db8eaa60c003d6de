/** Encodes text to the bytes that it may have been decoded from, to detect a wrong encoding. */

/** Encodings often used by mistake, and how many characters must be recovered to be sure. */
const READ_AS: readonly (readonly [encoding: string, wide: boolean, needed: number])[] = [
  ['windows-1252', false, 2],
  ['windows-1251', false, 3],
  ['windows-1250', false, 3],
  ['windows-1254', false, 3],
  ['macintosh', false, 3],
  ['ibm866', false, 3],
  ['koi8-r', false, 3],
  ['gbk', true, 4],
  ['shift_jis', true, 4],
  ['euc-kr', true, 4],
  ['big5', true, 4],
]

const tables = new Map<string, ReadonlyMap<string, readonly number[]>>()

/** Every character of an encoding with its bytes, found by asking TextDecoder what they mean. */
function tableOf(encoding: string, wide: boolean): ReadonlyMap<string, readonly number[]> {
  const known = tables.get(encoding)
  if (known !== undefined) return known
  const table = new Map<string, readonly number[]>()
  const decoder = new TextDecoder(encoding)
  const put = (...bytes: number[]): void => {
    const text = decoder.decode(Uint8Array.from(bytes))
    const [character] = text
    if (character === undefined || character === '\ufffd' || character !== text) return
    if (!table.has(character)) table.set(character, bytes)
  }
  for (let byte = 0; byte < 0x100; byte++) put(byte)
  if (wide) {
    for (let lead = 0x81; lead < 0xff; lead++) {
      for (let trail = 0x40; trail < 0xff; trail++) put(lead, trail)
    }
  } else if (encoding === 'windows-1252') {
    // ISO-8859-1 proper has controls there.
    for (let byte = 0x80; byte < 0xa0; byte++) table.set(String.fromCharCode(byte), [byte])
  }
  tables.set(encoding, table)
  return table
}

export interface Encoder {
  readonly encoding: string
  /** How many characters must be recovered. */
  readonly needed: number
  /** The bytes of a text; undefined when the encoding lacks a character of it. */
  encode(text: string): Uint8Array | undefined
}

/** Share of characters that may be lost on the way: some were replaced by U+FFFD or `?`. */
const LOST = 0.1

function bytesIn(
  text: string,
  table: ReadonlyMap<string, readonly number[]>,
): Uint8Array | undefined {
  const bytes: number[] = []
  let lost = 0
  let beyond = 0
  for (const character of text) {
    if (character > '\x7f') beyond++
    const found = table.get(character)
    if (found === undefined) lost++
    else bytes.push(...found)
  }
  return lost <= beyond * LOST ? Uint8Array.from(bytes) : undefined
}

/** Encodings in which the text may have been read by mistake: those that have its letters at all. */
export function* encodersOf(text: string): Generator<Encoder> {
  const isWide = /[\u2e80-\uffef]/u.test(text)
  for (const [encoding, wide, needed] of READ_AS) {
    if (wide !== isWide) continue
    const table = tableOf(encoding, wide)
    yield { encoding, needed, encode: line => bytesIn(line, table) }
  }
}
