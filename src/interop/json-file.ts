/** JSON among the files of a model. */
import { quote } from '../errors.js'
import { parseJson } from '../file/json.js'
import type { SourceFile } from './source.js'

/** Several formats ask for the same files; a large one takes seconds to parse. */
const parsed = new WeakMap<Uint8Array, { readonly value: unknown }>()

/** Whether the first character that is no space, after a byte order mark, begins a list or an object. */
function beginsLikeJson(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes.subarray(0, 64))
  return /^\s*[[{]/.test(text)
}

/** The list or object of a JSON file whatever its name; undefined for anything else and for damaged JSON. */
export function jsonIn(file: SourceFile): unknown {
  const known = parsed.get(file.bytes)
  if (known) return known.value
  let value: unknown
  if (beginsLikeJson(file.bytes)) {
    try {
      value = parseJson(new TextDecoder().decode(file.bytes), `The file ${quote(file.name)}`).value
    } catch {
      value = undefined
    }
  }
  parsed.set(file.bytes, { value })
  return value
}
