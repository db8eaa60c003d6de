import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { memoryStore } from '../train/index.js'
import { readSlots, type SyncFile, type SyncFolder, writeSlots } from './atomic-files.js'
import { folderStore } from './opfs.js'

/** A simulated power cut. */
class Outage extends Error {}

/**
 * A folder as a disk has it: what was not flushed may be there, in part or not. After `strength`
 * calls that change something the next one fails, half done.
 */
class FakeFolder implements SyncFolder {
  readonly files = new Map<string, { safe: Uint8Array; now: Uint8Array }>()
  strength = Number.POSITIVE_INFINITY

  private spend(): boolean {
    return this.strength-- > 0
  }

  async open(name: string, make: boolean): Promise<SyncFile | undefined> {
    if (!this.files.has(name)) {
      if (!make) return undefined
      if (!this.spend()) throw new Outage()
      this.files.set(name, { safe: new Uint8Array(), now: new Uint8Array() })
    }
    const file = this.files.get(name)!
    return {
      getSize: () => file.now.length,
      read(into, { at }) {
        const part = file.now.subarray(at, at + into.length)
        into.set(part)
        return part.length
      },
      write: (bytes, { at }) => {
        const whole = this.spend()
        const part = whole ? bytes : bytes.subarray(0, bytes.length >> 1)
        const grown = new Uint8Array(Math.max(file.now.length, at + part.length))
        grown.set(file.now)
        grown.set(part, at)
        file.now = grown
        if (!whole) throw new Outage()
        return part.length
      },
      truncate: size => {
        if (!this.spend()) throw new Outage()
        const cut = new Uint8Array(size)
        cut.set(file.now.subarray(0, size))
        file.now = cut
      },
      flush: () => {
        if (!this.spend()) throw new Outage()
        file.safe = file.now.slice()
      },
      close() {},
    }
  }

  async remove(name: string): Promise<void> {
    if (!this.spend()) throw new Outage()
    this.files.delete(name)
  }

  /** What is found after the outage: of each file what was flushed, or all that was written. */
  after(lucky: boolean): FakeFolder {
    const folder = new FakeFolder()
    for (const [name, { safe, now }] of this.files) {
      const found = (lucky ? now : safe).slice()
      folder.files.set(name, { safe: found, now: found.slice() })
    }
    return folder
  }
}

const bytes = fc.uint8Array({ maxLength: 40 })

describe('two slots', () => {
  it('hold the old bytes or the new ones, wherever a write is interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { minLength: 1, maxLength: 4 }),
        bytes,
        fc.nat(8),
        fc.boolean(),
        async (before, next, strength, lucky) => {
          const folder = new FakeFolder()
          for (const old of before) await writeSlots(folder, 'x', old)
          folder.strength = strength
          const done = await writeSlots(folder, 'x', next).then(
            () => true,
            error => {
              expect(error).toBeInstanceOf(Outage)
              return false
            },
          )
          const found = await readSlots(folder.after(lucky), 'x')
          if (done) expect(found).toEqual(next)
          else expect([before.at(-1), next]).toContainEqual(found)
        },
      ),
    )
  })

  it('do not return damaged bytes', async () => {
    const folder = new FakeFolder()
    await writeSlots(folder, 'x', Uint8Array.of(1, 2, 3))
    await writeSlots(folder, 'x', Uint8Array.of(4, 5, 6))
    const newer = folder.files.get('x.b')!
    newer.now[newer.now.length - 1] ^= 1
    expect(await readSlots(folder, 'x')).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('report a damaged file when neither is whole, and can be written again', async () => {
    const folder = new FakeFolder()
    await writeSlots(folder, 'x', Uint8Array.of(1, 2, 3))
    const only = folder.files.get('x.a')!
    only.now[only.now.length - 1] ^= 1
    await expect(folderStore(folder).read('x')).rejects.toThrow(
      "x is damaged in the browser's storage: nothing can go on from it",
    )
    await writeSlots(folder, 'x', Uint8Array.of(7))
    expect(await readSlots(folder, 'x')).toEqual(Uint8Array.of(7))
  })

  it('with any bits changed give bytes that were written, or none', async () => {
    const slot = fc.constantFrom('x.a', 'x.b')
    const change = fc.tuple(slot, fc.nat(60), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { minLength: 1, maxLength: 4 }),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (written, changes) => {
          const folder = new FakeFolder()
          for (const each of written) await writeSlots(folder, 'x', each)
          for (const [name, at, bits] of changes) {
            const file = folder.files.get(name)
            if (file && at < file.now.length) file.now[at] ^= bits
          }
          const found = await readSlots(folder, 'x').catch(error => {
            expect(error).toBeInstanceOf(FileError)
            return undefined
          })
          if (found) expect(written).toContainEqual(found)
        },
      ),
    )
  })
})

/** A slot as older versions wrote it: magic `ONDO`, number, length, FNV-1a of number and bytes. */
function olderSlot(number: number, bytes: Uint8Array): Uint8Array {
  const file = new Uint8Array(24 + bytes.length)
  const view = new DataView(file.buffer)
  file.set(bytes, 24)
  let sum = 0x811c9dc5n ^ BigInt(number)
  const times = (word: number): void => {
    sum = ((sum ^ BigInt(word)) * 0x01000193n) & 0xffffffffn
  }
  const words = bytes.length >> 2
  for (let i = 0; i < words; i++) times(view.getUint32(24 + 4 * i, true))
  for (const byte of bytes.subarray(4 * words)) times(byte)
  const header = [0x4f4e444f, 0, number, 0, bytes.length, Number(sum)]
  for (const [i, word] of header.entries()) view.setUint32(4 * i, word, true)
  return file
}

describe('slots of the older format', () => {
  const put = (folder: FakeFolder, name: string, file: Uint8Array): void => {
    folder.files.set(name, { safe: file, now: file.slice() })
  }

  it('have the checksum that was written', () => {
    // FNV-1a of four zero bytes as one word, and of one byte: offset basis ^ number, times the prime.
    const sum = (number: number, bytes: Uint8Array): number =>
      new DataView(olderSlot(number, bytes).buffer).getUint32(20, true)
    expect(sum(0, new Uint8Array())).toBe(0x811c9dc5)
    expect(sum(0, Uint8Array.of(0x61))).toBe(0xe40c292c)
  })

  it('are read, the newer of the two first', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, fc.integer({ min: 1, max: 1e6 }), async (old, newer, n) => {
        const folder = new FakeFolder()
        put(folder, 'x.b', olderSlot(n, old))
        expect(await readSlots(folder, 'x')).toEqual(old)
        put(folder, 'x.a', olderSlot(n + 1, newer))
        expect(await readSlots(folder, 'x')).toEqual(newer)
      }),
    )
  })

  it('are replaced by newer bytes, and serve again when those are damaged', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, fc.nat(60), async (old, newer, at) => {
        const folder = new FakeFolder()
        put(folder, 'x.a', olderSlot(7, old))
        await writeSlots(folder, 'x', newer)
        expect(await readSlots(folder, 'x')).toEqual(newer)
        const { now } = folder.files.get('x.b')!
        now[at % now.length] ^= 0x55
        expect(await readSlots(folder, 'x')).toEqual(old)
      }),
    )
  })

  it('are refused when a byte has changed', async () => {
    const damaged = olderSlot(3, Uint8Array.of(1, 2, 3, 4, 5))
    damaged[26] ^= 1
    const folder = new FakeFolder()
    put(folder, 'x.a', damaged)
    await expect(readSlots(folder, 'x')).rejects.toThrow(FileError)
  })
})

type Step =
  | { readonly do: 'write'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly do: 'append'; readonly name: string; readonly text: string }
  | { readonly do: 'remove'; readonly name: string }
  | { readonly do: 'truncate'; readonly name: string; readonly length: number }

const name = fc.constantFrom('a', 'b')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), name, bytes }),
  fc.record({ do: fc.constant('append' as const), name, text: fc.string({ maxLength: 8 }) }),
  fc.record({ do: fc.constant('remove' as const), name }),
  fc.record({ do: fc.constant('truncate' as const), name, length: fc.nat(30) }),
)

describe('the store of a folder', () => {
  it('behaves like the store in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
        const [store, plain] = [folderStore(new FakeFolder()), memoryStore()]
        for (const each of steps) {
          for (const one of [store, plain]) {
            if (each.do === 'write') await one.write(each.name, each.bytes)
            else if (each.do === 'append') await one.append(each.name, each.text)
            else if (each.do === 'remove') await one.remove(each.name)
            else await one.truncate(each.name, each.length)
          }
          for (const name of ['a', 'b']) {
            expect(await store.read(name)).toEqual(await plain.read(name))
          }
        }
      }),
    )
  })

  it('is never left without the old bytes or the new by a cut write, however it was grown', async () => {
    for (let strength = 0; strength < 12; strength++) {
      const folder = new FakeFolder()
      const store = folderStore(folder)
      await store.append('x', 'old')
      folder.strength = strength
      await store.write('x', Uint8Array.of(7)).catch(() => undefined)
      const found = await folderStore(folder.after(true)).read('x')
      expect([new TextEncoder().encode('old'), Uint8Array.of(7)]).toContainEqual(found)
    }
  })
})
