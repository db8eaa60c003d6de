/**
 * Object headers of HDF5, the links of groups, and attributes that hold text.
 *
 * Source: HDF5 File Format Specification, version 3.0, sections III and IV.A.
 */
import { managedObjects } from './hdf5-heap.js'
import type { Hdf5Input } from './hdf5-input.js'

/** One message of an object header. */
export interface Message {
  readonly type: number
  /** Where its body begins, and how many bytes it has. */
  readonly at: number
  readonly size: number
}

export const DATASPACE = 0x01
const LINK_INFO = 0x02
export const DATATYPE = 0x03
const LINK = 0x06
export const LAYOUT = 0x08
export const FILTERS = 0x0b
const ATTRIBUTE = 0x0c
const CONTINUATION = 0x10
const SYMBOL_TABLE = 0x11
const ATTRIBUTE_INFO = 0x15

/** A message in another object, such as a datatype that was given a name. */
const SHARED = 2
/** B-trees of version 2: names of links, names of attributes. */
const LINK_NAMES = 5
const ATTRIBUTE_NAMES = 8

const padded = (size: number): number => Math.ceil(size / 8) * 8

/** The messages of the object header at an address. */
export function messagesAt(input: Hdf5Input, address: number): Message[] {
  const isNew = input.u8(address) === 0x4f
  if (isNew) input.signature(address, 'OHDR')
  else if (input.u8(address) !== 1) throw input.damaged()
  return isNew ? newMessages(input, address) : oldMessages(input, address)
}

/** Adds the block that a continuation message names; each is read once. */
function addBlock(input: Hdf5Input, blocks: [at: number, size: number][], at: number): void {
  const block: [number, number] = [input.u64(at), input.u64(at + 8)]
  input.check(...block)
  if (blocks.some(([known]) => known === block[0])) throw input.damaged()
  input.spend(blocks.length)
  blocks.push(block)
}

function oldMessages(input: Hdf5Input, address: number): Message[] {
  const count = input.u16(address + 2)
  const blocks: [at: number, size: number][] = [[address + 16, input.u32(address + 8)]]
  const messages: Message[] = []
  for (const [start, length] of blocks) {
    for (let at = start; at + 8 <= start + length && messages.length < count; ) {
      input.spend(1)
      const message = { type: input.u16(at), at: at + 8, size: input.u16(at + 2) }
      input.check(message.at, message.size)
      if (message.type === CONTINUATION) addBlock(input, blocks, message.at)
      if ((input.u8(at + 4) & SHARED) !== 0 && message.type === DATATYPE) {
        throw input.unknown('a named datatype')
      }
      messages.push(message)
      at += 8 + message.size
    }
  }
  return messages
}

function newMessages(input: Hdf5Input, address: number): Message[] {
  const flags = input.u8(address + 5)
  const width = 2 ** (flags & 3)
  // Four times and two limits of attributes stand there if the flags say so.
  const size = address + 6 + ((flags & 0x20) !== 0 ? 16 : 0) + ((flags & 0x10) !== 0 ? 4 : 0)
  const order = (flags & 4) !== 0 ? 2 : 0
  const blocks: [at: number, size: number][] = [[size + width, input.uint(size, width)]]
  const messages: Message[] = []
  for (const [k, [start, length]] of blocks.entries()) {
    if (k > 0) input.signature(start, 'OCHK')
    const from = k > 0 ? start + 4 : start
    // A continuation block counts its signature and its checksum, the first block neither.
    const end = k > 0 ? start + length - 4 : start + length
    for (let at = from; at + 4 + order <= end; ) {
      input.spend(1)
      const message = { type: input.u8(at), at: at + 4 + order, size: input.u16(at + 1) }
      input.check(message.at, message.size)
      if (message.type === CONTINUATION) addBlock(input, blocks, message.at)
      if ((input.u8(at + 3) & SHARED) !== 0 && message.type === DATATYPE) {
        throw input.unknown('a named datatype')
      }
      messages.push(message)
      at += 4 + order + message.size
    }
  }
  return messages
}

/** Names of a group's objects, sorted, and the addresses of their headers. Soft links are left out. */
export function linksOf(
  input: Hdf5Input,
  messages: readonly Message[],
): ReadonlyMap<string, number> {
  const links: [string, number][] = []
  for (const { type, at } of messages) {
    // One by one: a call takes no more than some hundred thousand arguments.
    if (type === SYMBOL_TABLE) for (const link of symbolTable(input, at)) links.push(link)
    else if (type === LINK) links.push(...linkAt(input, at))
    else if (type === LINK_INFO) {
      const start = at + ((input.u8(at + 1) & 1) !== 0 ? 10 : 2)
      for (const object of managedObjects(input, start, LINK_NAMES)) {
        links.push(...linkAt(input, object))
      }
    }
  }
  // No file has such names, and a path with an empty part would lead a group to itself.
  if (links.some(([name]) => name === '' || name.includes('/'))) throw input.damaged()
  return new Map(links.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A B-tree of version 1 with symbol nodes, and a heap with the names. */
function symbolTable(input: Hdf5Input, at: number): [string, number][] {
  const tree = input.address(at)
  const heap = input.address(at + 8)
  if (tree === undefined || heap === undefined) throw input.damaged()
  input.signature(heap, 'HEAP')
  const size = input.u64(heap + 8)
  const names = input.u64(heap + 24)
  input.check(names, size)
  const links: [string, number][] = []
  for (const node of treeChildren(input, tree, 0, 8)) {
    input.signature(node.child, 'SNOD')
    const count = input.u16(node.child + 6)
    input.spend(count)
    for (let i = 0; i < count; i++) {
      const entry = node.child + 8 + 40 * i
      const offset = input.u64(entry)
      if (!(offset < size)) throw input.damaged()
      const length = size - offset
      // A soft link has a path instead of an address.
      if (input.u32(entry + 16) === 2) continue
      const header = input.u64(entry + 8)
      links.push([nameAt(input, names + offset, length), header])
    }
  }
  return links
}

/** A name of at most 1,024 bytes that ends with NUL. */
function nameAt(input: Hdf5Input, at: number, most: number): string {
  return input.text(at, Math.min(most, 1024))
}

/**
 * The children of the leaves of a B-tree of version 1.
 * @param type 0 for groups, 1 for chunks @param keySize bytes of a key
 */
export function* treeChildren(
  input: Hdf5Input,
  address: number,
  type: 0 | 1,
  keySize: number,
  level?: number,
): Generator<{ readonly key: number; readonly child: number }> {
  input.signature(address, 'TREE')
  const own = input.u8(address + 5)
  // Levels fall by one from node to node, so that no tree can be its own child.
  if (input.u8(address + 4) !== type || (level !== undefined && own !== level)) {
    throw input.damaged()
  }
  const count = input.u16(address + 6)
  input.spend(count + 1)
  for (let i = 0; i < count; i++) {
    const key = address + 24 + i * (keySize + 8)
    const child = input.address(key + keySize)
    if (child === undefined) throw input.damaged()
    if (own > 0) yield* treeChildren(input, child, type, keySize, own - 1)
    else yield { key, child }
  }
}

/** A link message: none for a soft link. */
function linkAt(input: Hdf5Input, start: number): [string, number][] {
  input.spend(1)
  const flags = input.u8(start + 1)
  if (input.u8(start) !== 1) throw input.damaged()
  let at = start + 2
  const type = (flags & 8) !== 0 ? input.u8(at++) : 0
  if ((flags & 4) !== 0) at += 8 // the order in which it was made
  if ((flags & 16) !== 0) at += 1 // the character set
  const width = 2 ** (flags & 3)
  const length = input.uint(at, width)
  at += width
  if (type !== 0) return []
  const name = input.text(at, length)
  const header = input.address(at + length)
  if (header === undefined) throw input.damaged()
  return [[name, header]]
}

/** Attributes that hold text or a list of texts; others are left out. */
export function textsOf(
  input: Hdf5Input,
  messages: readonly Message[],
): ReadonlyMap<string, string | string[]> {
  const texts = new Map<string, string | string[]>()
  const add = (at: number, size?: number): void => {
    const found = attributeAt(input, at, size)
    if (found) texts.set(...found)
  }
  for (const { type, at, size } of messages) {
    if (type === ATTRIBUTE) add(at, size)
    else if (type === ATTRIBUTE_INFO) {
      const start = at + ((input.u8(at + 1) & 1) !== 0 ? 4 : 2)
      for (const object of managedObjects(input, start, ATTRIBUTE_NAMES)) add(object)
    }
  }
  return texts
}

function attributeAt(
  input: Hdf5Input,
  start: number,
  size = input.bytes.length - start,
): [string, string | string[]] | undefined {
  input.spend(1)
  const version = input.u8(start)
  if (version < 1 || version > 3) throw input.damaged()
  if (version > 1 && (input.u8(start + 1) & 1) !== 0) return undefined // its type has a name
  const pad = version === 1 ? padded : (length: number): number => length
  const [nameSize, typeSize, spaceSize] = [2, 4, 6].map(at => input.u16(start + at)) as [
    number,
    number,
    number,
  ]
  const nameAt = start + (version === 3 ? 9 : 8)
  const name = input.text(nameAt, nameSize)
  const typeAt = nameAt + pad(nameSize)
  const spaceAt = typeAt + pad(typeSize)
  const dataAt = spaceAt + pad(spaceSize)
  const shape = shapeAt(input, spaceAt)
  const kind = input.u8(typeAt) & 15
  const isVariable = kind === 9 && (input.u8(typeAt + 1) & 15) === 1
  if (kind !== 3 && !isVariable) return undefined
  const width = isVariable ? 16 : input.u32(typeAt + 4)
  const count = shape.reduce((a, b) => a * b, 1)
  if (!(width > 0 && dataAt + count * width <= start + size)) throw input.damaged()
  const texts: string[] = []
  for (let i = 0; i < count; i++) {
    const at = dataAt + i * width
    texts.push(isVariable ? variableText(input, at) : input.text(at, width))
    input.spend(width)
  }
  return [name, shape.length === 0 ? (texts[0] ?? '') : texts]
}

/** A string of its own length in a global heap: length, address of the heap, index. */
function variableText(input: Hdf5Input, at: number): string {
  const length = input.u32(at)
  const heap = input.address(at + 4)
  const index = input.u32(at + 12)
  if (length === 0 || heap === undefined) return ''
  input.signature(heap, 'GCOL')
  const end = heap + input.u64(heap + 8)
  input.check(heap, end - heap)
  for (let object = heap + 16; object + 16 <= end; ) {
    input.spend(1)
    const own = input.u16(object)
    const size = input.u64(object + 8)
    if (own === 0) break
    if (own === index) {
      if (length > size) throw input.damaged()
      input.spend(length)
      return input.text(object + 16, length)
    }
    object += 16 + padded(size)
  }
  throw input.damaged()
}

/** Most dimensions of a dataset, as in HDF5. */
const MOST_DIMENSIONS = 32

/** The dimensions of a dataspace message; none for a single value. */
export function shapeAt(input: Hdf5Input, at: number): number[] {
  const version = input.u8(at)
  const rank = input.u8(at + 1)
  if (version < 1 || version > 2 || rank > MOST_DIMENSIONS) throw input.damaged()
  if (version === 2 && input.u8(at + 3) === 2) return [0] // a space without elements
  const start = at + (version === 1 ? 8 : 4)
  const shape = Array.from({ length: rank }, (_, d) => input.u64(start + 8 * d))
  if (!Number.isSafeInteger(shape.reduce((a, b) => a * b, 8))) throw input.damaged()
  return shape
}
