/** Bytes as readable text, and as base64. */
import { byteName } from './byte-tokenizer.js'

/** Controls other than tab and line end: a terminal would obey them instead of showing them. */
const CONTROL = /[^\P{Cc}\n\t]/u

/**
 * Bytes as text that can be looked at: UTF-8 is shown as its characters, every other byte and every
 * control but tab and line end as an escape, `\xE3`. For display only: a backslash stays a backslash.
 */
export function readableBytes(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let shown = ''
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes[at])
    const piece = bytes.subarray(at, at + length)
    const character = length > 0 && decoded(decoder, piece)
    if (character && !CONTROL.test(character)) {
      shown += character
      at += length
    } else {
      const escaped = character ? length : 1
      for (let i = 0; i < escaped; i++) shown += escapedByte(bytes[at + i])
      at += escaped
    }
  }
  return shown
}

const escapedByte = (byte: number): string =>
  byte < 0x80 ? `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}` : byteName(byte)

/** Length of the UTF-8 character that a byte begins; 0 for a byte that begins none. */
const characterLength = (byte: number): number =>
  byte < 0x80 ? 1 : byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0

function decoded(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Base64 (RFC 4648, section 4): how JSON carries bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  // In pieces: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  }
  return btoa(text)
}

/** The bytes in base64. */
export const decodeBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
