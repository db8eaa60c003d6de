/** Bytes: 256 symbols, any file in any script; the id of a byte is the byte. */
import { knownSymbol } from './input-text.js'
import type {
  Encoded,
  StreamDecoder,
  Tokenizer,
  TokenizerJson,
  UnknownPolicy,
  UnknownSymbol,
} from './tokenizer.js'
import { loneSurrogates, REPLACEMENT, unknownId } from './vocabulary.js'

const SIZE = 256

function checkByte(id: number): number {
  if (!(Number.isInteger(id) && id >= 0 && id < SIZE)) throw unknownId(id, SIZE)
  return id
}

/**
 * UTF-8 a byte at a time: the Encoding Standard's decoder (§8.1.1), so a broken sequence becomes
 * U+FFFD exactly where TextDecoder puts it. Ours because it is the same in every engine, has no
 * call into the platform per byte, and never swallows a byte order mark.
 */
class Utf8Decoder implements StreamDecoder {
  private code = 0
  /** Continuation bytes still to come. */
  private needed = 0
  /** The range of the next continuation byte, which is narrower after E0, ED, F0, F4. */
  private lower = 0x80
  private upper = 0xbf

  push(id: number): string {
    const byte = checkByte(id)
    if (this.needed === 0) return this.start(byte)
    if (byte < this.lower || byte > this.upper) {
      this.reset()
      return REPLACEMENT + this.start(byte)
    }
    this.lower = 0x80
    this.upper = 0xbf
    this.code = (this.code << 6) | (byte & 0x3f)
    this.needed--
    return this.needed === 0 ? String.fromCodePoint(this.code) : ''
  }

  flush(): string {
    const incomplete = this.needed > 0
    this.reset()
    return incomplete ? REPLACEMENT : ''
  }

  private reset(): void {
    this.needed = 0
    this.lower = 0x80
    this.upper = 0xbf
  }

  private start(byte: number): string {
    if (byte < 0x80) return String.fromCharCode(byte)
    if (byte < 0xc2 || byte > 0xf4) return REPLACEMENT
    if (byte < 0xe0) {
      this.needed = 1
      this.code = byte & 0x1f
    } else if (byte < 0xf0) {
      this.needed = 2
      this.code = byte & 0xf
      if (byte === 0xe0) this.lower = 0xa0 // shorter forms exist below
      if (byte === 0xed) this.upper = 0x9f // surrogates above
    } else {
      this.needed = 3
      this.code = byte & 0x7
      if (byte === 0xf0) this.lower = 0x90
      if (byte === 0xf4) this.upper = 0x8f // beyond U+10FFFF above
    }
    return ''
  }
}

/** What a byte is called: its character, or `\xE3`. */
export function byteName(byte: number): string {
  return byte < 0x80
    ? String.fromCharCode(byte)
    : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

export class ByteTokenizer implements Tokenizer {
  readonly kind = 'byte'
  readonly size = SIZE

  /** UTF-8. No symbol is unknown; lone surrogates are reported, at their byte, whatever the policy. */
  encode(text: string, _unknown?: UnknownPolicy): Encoded {
    const encoder = new TextEncoder()
    const ids = encoder.encode(text)
    const unknown: UnknownSymbol[] = []
    let position = 0
    let from = 0
    for (const offset of loneSurrogates(text)) {
      position += encoder.encode(text.slice(from, offset)).length
      from = offset
      unknown.push({ symbol: text[offset], position, replacement: REPLACEMENT })
    }
    return { ids, unknown }
  }

  /** A file's bytes as ids: the very same memory, since the id of a byte is the byte. */
  encodeBytes(bytes: Uint8Array): Uint8Array {
    return bytes
  }

  /** Bytes that are not UTF-8 become U+FFFD; a byte order mark stays. */
  decode(ids: ArrayLike<number>): string {
    const bytes = ids instanceof Uint8Array ? ids : Uint8Array.from(ids, checkByte)
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  }

  decoder(): StreamDecoder {
    return new Utf8Decoder()
  }

  symbol(id: number): string {
    return byteName(checkByte(id))
  }

  known(text: string): string | undefined {
    return knownSymbol(text, this)
  }

  toJSON(): TokenizerJson {
    return { kind: this.kind }
  }
}
