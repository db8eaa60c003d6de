/**
 * SHA-256, the identity of a model file and of a corpus. The platform's own where there is one:
 * pages outside a secure context (plain HTTP to another machine) have no `crypto.subtle`.
 */
import { sha256Plain } from './hash.reference.js'

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) return sha256Plain(bytes)
  // The platform refuses memory that is shared with other threads.
  const own =
    bytes.buffer instanceof ArrayBuffer
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', own))
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
}
