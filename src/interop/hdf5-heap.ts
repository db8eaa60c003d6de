/**
 * Links and attributes of HDF5 that do not fit into an object header: a fractal heap with the objects and
 * a B-tree of version 2 with their places. h5py does so for groups of more than eight objects whose
 * order is kept, as Keras 3 asks for.
 *
 * Source: HDF5 File Format Specification, version 3.0, sections III.A.2 and III.G.
 */
import type { Hdf5Input } from './hdf5-input.js'

interface Heap {
  readonly idSize: number
  /** Bytes of an offset and of a length in an id. */
  readonly offsetSize: number
  readonly lengthSize: number
  readonly width: number
  readonly startSize: number
  /** Rows whose blocks hold objects themselves. */
  readonly directRows: number
  readonly root: number
  /** Rows of the root block; 0 where it holds the objects itself. */
  readonly rows: number
}

const log2 = (value: number): number => Math.floor(Math.log2(value))
const bytesFor = (value: number): number => Math.floor(log2(Math.max(1, value)) / 8) + 1

function heapAt(input: Hdf5Input, at: number): Heap | undefined {
  input.signature(at, 'FRHP')
  if (input.u16(at + 7) > 0) throw input.unknown('packed links')
  const root = input.address(at + 132)
  if (root === undefined) return undefined
  const width = input.u16(at + 110)
  const startSize = input.u64(at + 112)
  const directSize = input.u64(at + 120)
  const bits = input.u16(at + 128)
  const isPower = (value: number): boolean => value > 0 && 2 ** log2(value) === value
  if (!isPower(width) || !isPower(startSize) || !isPower(directSize) || bits > 64) {
    throw input.damaged()
  }
  return {
    idSize: input.u16(at + 5),
    offsetSize: Math.ceil(bits / 8),
    lengthSize: bytesFor(Math.min(directSize, input.u32(at + 10))),
    width,
    startSize,
    directRows: log2(directSize) - log2(startSize) + 2,
    root,
    rows: input.u16(at + 140),
  }
}

/** Where a byte of the heap's space lies in the file. */
function locate(input: Hdf5Input, heap: Heap, offset: number): number {
  if (heap.rows === 0) return heap.root + offset
  let [block, rows, rest] = [heap.root, heap.rows, offset]
  for (let depth = 0; depth < 64; depth++) {
    input.signature(block, 'FHIB')
    const entries = block + 13 + heap.offsetSize
    let row = 0
    let size = heap.startSize
    while (row < rows && rest >= heap.width * size) {
      rest -= heap.width * size
      row++
      if (row > 1) size *= 2
    }
    input.spend(row + 1)
    if (row >= rows) break
    const column = Math.floor(rest / size)
    rest -= column * size
    const child = input.address(entries + 8 * (row * heap.width + column))
    if (child === undefined) break
    if (row < heap.directRows) return child + rest
    block = child
    rows = log2(size) - log2(heap.startSize * heap.width) + 1
  }
  throw input.damaged()
}

/** Records of a B-tree of version 2, by their addresses. */
function* recordsOf(
  input: Hdf5Input,
  at: number,
  type: number,
): Generator<{ readonly record: number }> {
  input.signature(at, 'BTHD')
  const nodeSize = input.u32(at + 6)
  const recordSize = input.u16(at + 10)
  const depth = input.u16(at + 12)
  if (input.u8(at + 5) !== type || recordSize === 0 || depth > 16) throw input.damaged()
  // Bytes of the numbers of records in pointers to children follow from what a node can hold.
  const most = [Math.floor((nodeSize - 10) / recordSize)]
  const total = [most[0] as number]
  const countSize = bytesFor(most[0] as number)
  const pointerSize = (level: number): number =>
    8 + countSize + (level > 1 ? bytesFor(total[level - 1] as number) : 0)
  for (let level = 1; level <= depth; level++) {
    const pointer = pointerSize(level)
    const own = Math.floor((nodeSize - 10 - pointer) / (recordSize + pointer))
    most.push(own)
    total.push((own + 1) * (total[level - 1] as number) + own)
  }
  const root = input.address(at + 16)
  if (root === undefined) return
  function* node(
    address: number,
    count: number,
    level: number,
  ): Generator<{ readonly record: number }> {
    input.signature(address, level > 0 ? 'BTIN' : 'BTLF')
    input.spend(count + 1)
    const records = address + 6
    for (let i = 0; i < count; i++) yield { record: records + i * recordSize }
    if (level === 0) return
    for (let i = 0; i <= count; i++) {
      const pointer = records + count * recordSize + i * pointerSize(level)
      const child = input.address(pointer)
      if (child === undefined) throw input.damaged()
      yield* node(child, input.uint(pointer + 8, countSize), level - 1)
    }
  }
  yield* node(root, input.u16(at + 24), depth)
}

/**
 * Addresses of the objects in a heap.
 * @param at where the addresses of the heap and of the tree by names stand
 * @param type of the tree: 5 for links, 8 for attributes
 */
export function* managedObjects(input: Hdf5Input, at: number, type: 5 | 8): Generator<number> {
  const heapAddress = input.address(at)
  const tree = input.address(at + 8)
  if (heapAddress === undefined || tree === undefined) return
  const heap = heapAt(input, heapAddress)
  if (!heap) return
  for (const { record } of recordsOf(input, tree, type)) {
    // The hash of a link's name stands before the id.
    const id = type === 5 ? record + 4 : record
    // Bits 4 and 5: 0 for an object in the heap's blocks.
    if ((input.u8(id) & 0x30) !== 0) throw input.unknown('very long or very short names')
    const offset = input.uint(id + 1, heap.offsetSize)
    yield locate(input, heap, offset)
  }
}
