/**
 * HDF5: jsfive as a witness on honest files, h5py's files where a Python with h5py is found (`python3`,
 * or the one named by ONDO_PYTHON), and files whose addresses and counts are hostile.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Dataset, File } from 'jsfive'
import { afterAll, describe, expect, it } from 'vitest'
import { FileError } from '../errors.js'
import { type Hdf5Tree, writeHdf5 } from './hdf5.fixture.js'
import { type Hdf5Group, openHdf5 } from './hdf5.js'
import { Numbers } from './sample.fixture.js'

const open = (bytes: Uint8Array): Hdf5Group => openHdf5({ name: 'x.h5', bytes })

function treeOf(chunkRows?: number): Hdf5Tree {
  const numbers = new Numbers(3)
  const data = (...shape: number[]) => ({
    shape,
    data: numbers.matrix(shape.reduce((a, b) => a * b, 1)),
    ...(chunkRows !== undefined && { chunkRows }),
  })
  return {
    attributes: { names: ['one', 'of several', '温度'], text: 'ab' },
    groups: {
      a: { datasets: { w: data(7, 5), b: data(7) }, attributes: { empty: '' } },
      b: { groups: { c: { datasets: { cube: data(4, 3, 2) } } } },
    },
  }
}

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    expect(error.message).toMatch(/^The HDF5 file "x\.h5" [^\n]*\.$/)
    return error.message
  }
  return expect.fail('nothing was refused')
}

describe.each([undefined, 3])('a file with chunks of %s rows', chunkRows => {
  const bytes = writeHdf5(treeOf(chunkRows))

  it('reads as jsfive reads it', () => {
    const ours = open(bytes)
    const theirs = new File(bytes.slice().buffer as ArrayBuffer)
    expect(ours.keys).toEqual(theirs.keys)
    const text = (value: unknown): string => String(value).replace(/\0+$/, '')
    expect(ours.text('text')).toBe(text(theirs.attrs.text))
    expect(ours.names('names')).toEqual((theirs.attrs.names as string[]).map(text))
    for (const path of ['a/w', 'a/b', 'b/c/cube']) {
      const dataset = theirs.get(path) as Dataset
      expect(ours.tensor(path)?.shape).toEqual(dataset.shape)
      expect([...(ours.tensor(path)?.toFloat32() ?? [])]).toEqual([...Array.from(dataset.value)])
    }
    expect(ours.tensor('a')).toBeUndefined()
    expect(ours.child('a/w')).toBeUndefined()
    expect(ours.child('none')).toBeUndefined()
    expect(ours.text('names')).toBeUndefined()
  })
})

/** Writes another number wherever 8 aligned bytes hold one. */
function replaceAll(bytes: Uint8Array, value: bigint, by: bigint): void {
  const view = new DataView(bytes.buffer)
  for (let at = 96; at + 8 <= bytes.length; at += 8) {
    if (view.getBigUint64(at, true) === value) view.setBigUint64(at, by, true)
  }
}

/** Walks all groups, as a reader of unknown names does. */
function walk(group: Hdf5Group): void {
  for (const key of group.keys) {
    const below = group.child(key)
    if (below) walk(below)
    else group.tensor(key)?.toFloat32()
  }
}

describe('hostile files', () => {
  /** Processor time of the refusal, seconds. */
  const secondsOf = (work: () => void): number => {
    const { user, system } = process.cpuUsage()
    work()
    const after = process.cpuUsage()
    return (after.user + after.system - user - system) / 1e6
  }

  it('with texts of no length, four thousand million of them, are refused at once', () => {
    const bytes = writeHdf5({ attributes: { names: ['abcdefgh'] } })
    const at = bytes.length - 32
    const view = new DataView(bytes.buffer)
    expect(view.getUint32(at + 4, true)).toBe(8) // the type's size, then the dimension
    view.setUint32(at + 4, 0, true)
    view.setUint32(at + 16, 4_000_000_000, true)
    const seconds = secondsOf(() =>
      expect(refusal(() => open(bytes).names('names'))).toMatch(/damaged/),
    )
    expect(seconds).toBeLessThan(1)
  })

  it('whose groups hold each other end with a sentence', () => {
    const bytes = writeHdf5({ groups: { a: { groups: { b: {}, c: {}, d: {} } } } })
    // The addresses of b, c and d in their symbol node become that of a.
    const view = new DataView(bytes.buffer)
    const root = Number(view.getBigUint64(64, true))
    const a = [...open(bytes).keys]
    expect(a).toEqual(['a'])
    const nodes = [...bytes.keys()].filter(
      i => String.fromCharCode(...bytes.subarray(i, i + 4)) === 'SNOD',
    )
    const full = nodes.find(i => view.getUint16(i + 6, true) === 3) as number
    for (let k = 0; k < 3; k++) view.setBigUint64(full + 16 + 40 * k, BigInt(root), true)
    let message = ''
    expect(secondsOf(() => (message = refusal(() => walk(open(bytes)))))).toBeLessThan(2)
    expect(message).toMatch(/round in circles|nests|damaged/)
  })

  it('whose tree is its own child are refused', () => {
    const bytes = writeHdf5({ groups: { a: {} } })
    const view = new DataView(bytes.buffer)
    const trees = [...bytes.keys()].filter(
      i => String.fromCharCode(...bytes.subarray(i, i + 4)) === 'TREE',
    )
    for (const tree of trees) {
      bytes[tree + 5] = 200 // its level
      view.setUint16(tree + 6, 1, true)
      view.setBigUint64(tree + 32, BigInt(tree), true)
    }
    expect(refusal(() => walk(open(bytes)))).toMatch(/damaged/)
  })

  it('whose header goes on in itself are refused', () => {
    const bytes = writeHdf5({ groups: { a: {} } })
    const view = new DataView(bytes.buffer)
    const root = Number(view.getBigUint64(64, true))
    view.setUint16(root + 2, 60_000, true) // messages
    view.setUint16(root + 16, 0x10, true) // the first one continues at the header itself
    view.setBigUint64(root + 24, BigInt(root + 16), true)
    view.setBigUint64(root + 32, 24n, true)
    expect(refusal(() => walk(open(bytes)))).toMatch(/damaged/)
  })

  it('whose dimensions overflow or exceed the file are refused before memory is taken', () => {
    for (const size of [2n ** 40n, 2n ** 63n, 2n ** 31n, 10n ** 6n]) {
      for (const chunkRows of [undefined, 3]) {
        const bytes = writeHdf5(treeOf(chunkRows))
        replaceAll(bytes, 7n, size) // the rows of the datasets
        const before = process.memoryUsage().arrayBuffers
        expect(refusal(() => walk(open(bytes)))).toMatch(/damaged|expands/)
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4e6)
      }
    }
  })

  it('whose chunks unpack to more than they should are refused', () => {
    const bytes = writeHdf5({
      datasets: { w: { shape: [100_000], data: new Float32Array(100_000), chunkRows: 100_000 } },
    })
    expect(open(bytes).tensor('w')?.toFloat32()).toHaveLength(100_000)
    const large = writeHdf5({
      datasets: { w: { shape: [3_000_000], data: new Float32Array(3e6), chunkRows: 3_000_000 } },
    })
    expect(large.length).toBeLessThan(30_000)
    expect(refusal(() => open(large).tensor('w')?.toFloat32())).toMatch(/expands to more/)
  })

  it('that are cut anywhere give a sentence or the same numbers', () => {
    const bytes = writeHdf5(treeOf(3))
    for (let length = 8; length < bytes.length; length += 13) {
      expect(refusal(() => walk(open(bytes.slice(0, length))))).toMatch(/damaged/)
    }
  })
})

const python = [process.env.ONDO_PYTHON, 'python3'].find(command => {
  if (!command) return false
  try {
    execFileSync(command, ['-c', 'import h5py'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

describe.skipIf(!python)('files that h5py writes', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-h5py-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('read with their numbers and texts', () => {
    const script = fileURLToPath(new URL('../../test/witness/hdf5_files.py', import.meta.url))
    execFileSync(python as string, [script, folder])
    const files = readdirSync(folder)
    expect(files.length).toBeGreaterThan(15)
    for (const file of files) {
      const bytes = new Uint8Array(readFileSync(join(folder, file)))
      const group = open(bytes).child('g') as Hdf5Group
      const names = group.names('names')
      expect(names, file).toEqual([...names.keys()].map(i => `layer ${i}`))
      expect(group.keys, file).toEqual([...names].sort())
      expect(group.text('text')).toBe('温度 of a text')
      if (file === 'latest-gzip.h5') {
        const message = refusal(() => group.tensor('layer 0/w')?.toFloat32())
        expect(message).toMatch(/has chunks in the form of libver='latest', which is not read/)
        continue
      }
      for (const [i, name] of names.entries()) {
        const data = group.tensor(`${name}/w`)?.toFloat32() ?? expect.fail(name)
        const worst = data.reduce(
          (most, value, k) => Math.max(most, Math.abs(value - Math.sin(k) - i)),
          0,
        )
        expect(worst, `${file} ${name}`).toBeLessThan(file === 'half.h5' ? 2e-3 : 2e-4)
      }
    }
  })
})
