import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { memoryStore } from '../train/index.js'
import { folderStore } from './opfs.js'
import { readSlots, type SyncFile, type SyncFolder, writeSlots } from './slots.js'

/** The power went out. */
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
  it('hold the old bytes or the new ones, wherever a write is cut off', async () => {
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

  it('take no bytes that were damaged', async () => {
    const folder = new FakeFolder()
    await writeSlots(folder, 'x', Uint8Array.of(1, 2, 3))
    await writeSlots(folder, 'x', Uint8Array.of(4, 5, 6))
    const newer = folder.files.get('x.b')!
    newer.now[newer.now.length - 1] ^= 1
    expect(await readSlots(folder, 'x')).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('say that a file is damaged where neither is whole, and are written again', async () => {
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
  it('does what the store in memory does', async () => {
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
