/** UTF-8 walked byte by byte, without making strings: what a large corpus is counted and cut with. */

const CODE_POINTS = 0x110000
const PAGE = 8

/** Bytes at the end that begin a character whose rest is still to come: 0 to 3. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return length > back ? back : 0
  }
  return 0
}

/** The same bytes in pieces that end where characters end; only the last may not. */
export async function* wholeCharacters(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let open = new Uint8Array(0)
  for await (const chunk of chunks) {
    let piece = chunk
    if (open.length > 0) {
      piece = new Uint8Array(open.length + chunk.length)
      piece.set(open)
      piece.set(chunk, open.length)
    }
    const end = piece.length - incompleteTail(piece)
    open = piece.slice(end) // a copy: the reader may use the chunk's memory again
    if (end > 0) yield piece.subarray(0, end)
  }
  if (open.length > 0) yield open
}

/** Counts code points, and CR before LF, of UTF-8 that comes in pieces of whole characters. */
export class Utf8Counter {
  /** CR that an LF follows. */
  crlf = 0
  /** Bytes taken. */
  size = 0
  /** The last byte taken. */
  last: number | undefined
  private readonly counts = new Float64Array(CODE_POINTS)
  private readonly touched = new Uint8Array(CODE_POINTS >> PAGE)

  /** @returns false, for good until `clear`, when this is not UTF-8: the same bytes that TextDecoder refuses */
  push(bytes: Uint8Array): boolean {
    const n = bytes.length
    if (n === 0) return true
    this.countCrlf(bytes)
    this.size += n
    this.last = bytes[n - 1]
    return this.count(bytes) === n
  }

  of(code: number): number {
    return this.counts[code]
  }

  /** Code points that occur with their counts, in their order. */
  *entries(): Generator<[code: number, count: number], void, undefined> {
    for (let page = 0; page < this.touched.length; page++) {
      if (page > 0 && this.touched[page] === 0) continue
      for (let code = page << PAGE; code < (page + 1) << PAGE; code++) {
        if (this.counts[code] > 0) yield [code, this.counts[code]]
      }
    }
  }

  add(code: number, count: number): void {
    this.touched[code >> PAGE] = 1
    this.counts[code] += count
  }

  clear(): void {
    for (let page = 0; page < this.touched.length; page++) {
      if (page > 0 && this.touched[page] === 0) continue
      this.counts.fill(0, page << PAGE, (page + 1) << PAGE)
    }
    this.touched.fill(0)
    this.crlf = 0
    this.size = 0
    this.last = undefined
  }

  private countCrlf(bytes: Uint8Array): void {
    if (this.last === 0x0d && bytes[0] === 0x0a) this.crlf++
    for (let i = bytes.indexOf(0x0d); i >= 0; i = bytes.indexOf(0x0d, i + 1)) {
      if (bytes[i + 1] === 0x0a) this.crlf++
    }
  }

  /** @returns how many bytes were UTF-8: past the end, a byte is undefined and fits nowhere */
  private count(bytes: Uint8Array): number {
    const { counts, touched } = this
    const n = bytes.length
    let i = 0
    while (i < n) {
      const lead = bytes[i]
      if (lead < 0x80) {
        counts[lead]++
        i++
        continue
      }
      let code: number
      let length: number
      if (lead < 0xe0) {
        if (lead < 0xc2) return i
        code = ((lead & 0x1f) << 6) | (bytes[i + 1] & 0x3f)
        length = 2
      } else if (lead < 0xf0) {
        code = ((lead & 0x0f) << 12) | ((bytes[i + 1] & 0x3f) << 6) | (bytes[i + 2] & 0x3f)
        if (code < 0x800 || (code & 0xf800) === 0xd800) return i
        if ((bytes[i + 2] & 0xc0) !== 0x80) return i
        length = 3
      } else {
        code =
          ((lead & 0x07) << 18) |
          ((bytes[i + 1] & 0x3f) << 12) |
          ((bytes[i + 2] & 0x3f) << 6) |
          (bytes[i + 3] & 0x3f)
        if (lead > 0xf4 || code < 0x10000 || code >= CODE_POINTS) return i
        if ((bytes[i + 2] & 0xc0) !== 0x80 || (bytes[i + 3] & 0xc0) !== 0x80) return i
        length = 4
      }
      if ((bytes[i + 1] & 0xc0) !== 0x80) return i
      touched[code >> PAGE] = 1
      counts[code]++
      i += length
    }
    return n
  }
}

/** CR and CRLF become LF in UTF-8 that comes in pieces. */
export class UnixLines {
  private afterCr = false

  push(bytes: Uint8Array): Uint8Array {
    const first = bytes.indexOf(0x0d)
    if (first < 0 && !this.afterCr) return bytes
    const lines = new Uint8Array(bytes.length)
    let at = 0
    let { afterCr } = this
    for (const byte of bytes) {
      if (byte === 0x0d) lines[at++] = 0x0a
      else if (byte !== 0x0a || !afterCr) lines[at++] = byte
      afterCr = byte === 0x0d
    }
    this.afterCr = afterCr
    return lines.subarray(0, at)
  }
}

/** [1,114,112] the id of each code point, or -1. */
export function codePointTable(symbols: readonly string[]): Int32Array {
  const table = new Int32Array(CODE_POINTS).fill(-1)
  symbols.forEach((symbol, id) => {
    table[symbol.codePointAt(0) ?? 0] = id
  })
  return table
}

/**
 * Ids of the code points of valid UTF-8 in whole characters; what the table lacks is left out.
 * @param ids room for as many ids as there are bytes
 * @returns ids written
 */
export function encodeUtf8(
  bytes: Uint8Array,
  table: Int32Array,
  ids: Uint8Array | Uint16Array | Uint32Array,
): number {
  const n = bytes.length
  let at = 0
  let i = 0
  while (i < n) {
    const lead = bytes[i]
    let code = lead
    if (lead < 0x80) {
      i++
    } else if (lead < 0xe0) {
      code = ((lead & 0x1f) << 6) | (bytes[i + 1] & 0x3f)
      i += 2
    } else if (lead < 0xf0) {
      code = ((lead & 0x0f) << 12) | ((bytes[i + 1] & 0x3f) << 6) | (bytes[i + 2] & 0x3f)
      i += 3
    } else {
      code =
        ((lead & 0x07) << 18) |
        ((bytes[i + 1] & 0x3f) << 12) |
        ((bytes[i + 2] & 0x3f) << 6) |
        (bytes[i + 3] & 0x3f)
      i += 4
    }
    const id = table[code]
    if (id >= 0) ids[at++] = id
  }
  return at
}
