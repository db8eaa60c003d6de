/**
 * Atomic replacement of files that can only be written in place, with two slots for each name. A write
 * goes to the slot that is not in use: first the body, then a flush, then the header, which makes it
 * valid. When the page is closed at any moment, one slot is whole; the one with the higher number is
 * newer. No rename is used, because browsers give different guarantees for it.
 */

import { FileError } from '../errors.js'
import { crc32 } from '../file/crc32.js'

/** The used part of FileSystemSyncAccessHandle. */
export interface SyncFile {
  read(into: Uint8Array, options: { at: number }): number
  write(bytes: Uint8Array, options: { at: number }): number
  truncate(size: number): void
  getSize(): number
  flush(): void
  close(): void
}

export interface SyncFolder {
  /** Opens a file. @returns undefined when it does not exist and `make` is false */
  open(name: string, make: boolean): Promise<SyncFile | undefined>
  remove(name: string): Promise<void>
}

const MAGIC = 0x4f4e_4432 // OND2
/** Older versions of Ondo wrote the same header with the checksum `earlierSum`. */
const EARLIER_MAGIC = 0x4f4e_444f // ONDO
/** Magic, number of the write (two words), bytes (two words), CRC-32 of these four words and the bytes. */
const HEADER = 24
const SLOTS = ['a', 'b'] as const
type Slot = (typeof SLOTS)[number]

/** CRC-32 of a header's number and length, and of the bytes. */
const sumOf = (header: DataView, bytes: Uint8Array): number =>
  crc32(bytes, crc32(new Uint8Array(header.buffer, 4, 16)))

/** FNV-1a over 32-bit words, only for old slots: it does not detect two changes of highest bits. */
function earlierSum(bytes: Uint8Array, start: number): number {
  let sum = (0x811c_9dc5 ^ start) >>> 0
  const whole = bytes.length & ~3
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < whole; i += 4) sum = Math.imul(sum ^ view.getUint32(i, true), 0x0100_0193)
  for (let i = whole; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x0100_0193)
  return sum >>> 0
}

interface SlotContent {
  readonly slot: Slot
  readonly number: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

function readWhole(file: SyncFile, at: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const count = file.read(bytes.subarray(done), { at: at + done })
    if (count <= 0) return bytes.slice(0, done)
    done += count
  }
  return bytes
}

export function writeWhole(file: SyncFile, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = file.write(bytes.subarray(done), { at: at + done })
    if (count <= 0) throw new DOMException('The file took no more bytes.', 'QuotaExceededError')
    done += count
  }
}

export const readAll = (file: SyncFile): Uint8Array<ArrayBuffer> =>
  readWhole(file, 0, file.getSize())

/**
 * Reads a slot. `unfinished` means that no write was completed; `damaged`, that one was completed and
 * its bytes have changed since.
 */
function readSlot(slot: Slot, file: SyncFile): SlotContent | 'unfinished' | 'damaged' {
  if (file.getSize() < HEADER) return 'unfinished'
  const header = new DataView(readWhole(file, 0, HEADER).buffer)
  const word = (i: number): number => header.getUint32(4 * i, true)
  // The header is written last; until then its bytes are zero.
  const magic = word(0)
  if (magic !== MAGIC && magic !== EARLIER_MAGIC) return magic === 0 ? 'unfinished' : 'damaged'
  const number = word(1) * 2 ** 32 + word(2)
  const length = word(3) * 2 ** 32 + word(4)
  if (length > file.getSize() - HEADER) return 'damaged'
  const bytes = readWhole(file, HEADER, length)
  const sum = magic === MAGIC ? sumOf(header, bytes) : earlierSum(bytes, word(2))
  return sum === word(5) ? { slot, number, bytes } : 'damaged'
}

/** Opens a file, runs `work` and closes it. @returns undefined when there is no file */
export async function withFile<Result>(
  folder: SyncFolder,
  name: string,
  make: boolean,
  work: (file: SyncFile) => Result,
): Promise<Result | undefined> {
  const file = await folder.open(name, make)
  if (!file) return undefined
  try {
    return work(file)
  } finally {
    file.close()
  }
}

const slotName = (name: string, slot: Slot): string => `${name}.${slot}`

/** Reads both slots. */
async function slotsOf(
  folder: SyncFolder,
  name: string,
): Promise<{ readonly newest: SlotContent | undefined; readonly damaged: boolean }> {
  const held: SlotContent[] = []
  let damaged = false
  for (const slot of SLOTS) {
    const found = await withFile(folder, slotName(name, slot), false, file => readSlot(slot, file))
    if (typeof found === 'object') held.push(found)
    damaged ||= found === 'damaged'
  }
  return { newest: held.sort((a, b) => b.number - a.number)[0], damaged }
}

const newest = async (folder: SyncFolder, name: string): Promise<SlotContent | undefined> =>
  (await slotsOf(folder, name)).newest

/**
 * The bytes of the last completed write, or of the one before when the last one is damaged.
 * @throws FileError when a slot is damaged and the other one is not whole
 */
export async function readSlots(
  folder: SyncFolder,
  name: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { newest: found, damaged } = await slotsOf(folder, name)
  if (!found && damaged) {
    throw new FileError(
      'storage-damaged',
      `${name} is damaged in the browser's storage: nothing can go on from it; download what is left of the run, and start a new one.`,
    )
  }
  return found?.bytes
}

/** Replaces a file. After a crash at any moment, it has its old bytes or its new ones. */
export async function writeSlots(
  folder: SyncFolder,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const old = await newest(folder, name)
  const slot = old?.slot === 'a' ? 'b' : 'a'
  const number = (old?.number ?? 0) + 1
  await withFile(folder, slotName(name, slot), true, file => {
    file.truncate(0)
    writeWhole(file, bytes, HEADER)
    file.flush()
    const header = new DataView(new ArrayBuffer(HEADER))
    const words = [
      MAGIC,
      Math.floor(number / 2 ** 32),
      number >>> 0,
      Math.floor(bytes.length / 2 ** 32),
      bytes.length >>> 0,
    ]
    for (const [i, word] of words.entries()) header.setUint32(4 * i, word, true)
    header.setUint32(20, sumOf(header, bytes), true)
    writeWhole(file, new Uint8Array(header.buffer), 0)
    file.flush()
  })
}

/** Removes a file. The older slot goes first, so the newest bytes stay until the last moment. */
export async function removeSlots(folder: SyncFolder, name: string): Promise<void> {
  const last = (await newest(folder, name))?.slot ?? 'a'
  for (const slot of [...SLOTS].sort(slot => (slot === last ? 1 : -1))) {
    await folder.remove(slotName(name, slot))
  }
}
