/**
 * HDF5 files: groups, attributes that hold text, and datasets of floating-point numbers. A reader of our
 * own, because the one on npm (jsfive) follows any address and count: a file of 296 bytes keeps it busy
 * for minutes. Here the work is bounded by the file's size. hdf5.test.ts compares the two.
 */
import { FileError, quote } from '../errors.js'
import { datasetOf, isDataset } from './hdf5-data.js'
import { Hdf5Input } from './hdf5-input.js'
import { linksOf, type Message, messagesAt, textsOf } from './hdf5-objects.js'
import type { SourceFile } from './source.js'
import type { NamedTensor } from './state-dict.js'

/** Groups within groups, more than any model has. */
const DEEPEST = 64

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

export const isHdf5 = ({ bytes }: Pick<SourceFile, 'bytes'>): boolean =>
  SIGNATURE.every((byte, i) => bytes[i] === byte)

/** An object of the file; what it holds is read when it is asked for, once. */
class Hdf5Object {
  readonly messages: readonly Message[]
  private readonly input: Hdf5Input
  private foundLinks: ReadonlyMap<string, number> | undefined
  private foundTexts: ReadonlyMap<string, string | string[]> | undefined

  constructor(input: Hdf5Input, address: number) {
    this.input = input
    this.messages = messagesAt(input, address)
  }

  get links(): ReadonlyMap<string, number> {
    this.foundLinks ??= linksOf(this.input, this.messages)
    return this.foundLinks
  }

  get texts(): ReadonlyMap<string, string | string[]> {
    this.foundTexts ??= textsOf(this.input, this.messages)
    return this.foundTexts
  }
}

class Hdf5Objects {
  readonly input: Hdf5Input
  private readonly known = new Map<number, Hdf5Object>()

  constructor(input: Hdf5Input) {
    this.input = input
  }

  at(address: number): Hdf5Object {
    // A link may lead to a group above it; whoever walks the groups must come to an end.
    this.input.spend(16)
    const known = this.known.get(address) ?? new Hdf5Object(this.input, address)
    this.known.set(address, known)
    return known
  }
}

/** A group of an HDF5 file; paths are relative to it. */
export class Hdf5Group {
  private readonly objects: Hdf5Objects
  private readonly object: Hdf5Object

  private readonly depth: number

  constructor(objects: Hdf5Objects, address: number, depth = 0) {
    if (depth > DEEPEST) throw objects.input.refuse('nests its groups too deeply')
    this.depth = depth
    this.objects = objects
    this.object = objects.at(address)
  }

  get keys(): string[] {
    return [...this.object.links.keys()]
  }

  /** The group at a path; undefined when there is none. */
  child(path: string): Hdf5Group | undefined {
    const found = this.at(path)
    return found && !isDataset(found.object.messages) ? found : undefined
  }

  /** An attribute as text; undefined when there is none. */
  text(name: string): string | undefined {
    const value = this.object.texts.get(name)
    return typeof value === 'string' ? value : undefined
  }

  /** An attribute that lists names; empty when there is none. */
  names(name: string): string[] {
    const value = this.object.texts.get(name)
    return Array.isArray(value) ? [...value] : []
  }

  /** The dataset at a path; undefined when there is none. */
  tensor(path: string): NamedTensor | undefined {
    const found = this.at(path)
    if (!found || !isDataset(found.object.messages)) return undefined
    const { input } = this.objects
    const { shape, float, numbers } = datasetOf(input, found.object.messages)
    if (!float) throw input.refuse(`keeps ${quote(path)} as no floating-point numbers`)
    return { shape, dtype: float, toFloat32: numbers }
  }

  private at(path: string): Hdf5Group | undefined {
    let at: Hdf5Group = this
    // Weight names hold slashes of their own; each part is a group.
    for (const part of path.split('/').filter(Boolean)) {
      const address = isDataset(at.object.messages) ? undefined : at.object.links.get(part)
      if (address === undefined) return undefined
      at = new Hdf5Group(this.objects, address, at.depth + 1)
    }
    return at
  }
}

/** Where the header of the root group is. */
function rootOf(input: Hdf5Input): number {
  const version = input.u8(8)
  if (version > 3) throw input.unknown(`a superblock of version ${version}`)
  const isOld = version < 2
  const sizes = isOld ? 13 : 9
  if (input.u8(sizes) !== 8 || input.u8(sizes + 1) !== 8) {
    throw input.unknown('addresses of other than 8 bytes')
  }
  // Base address, free space or extension, end of the file.
  const addresses = isOld ? (version === 0 ? 24 : 28) : 12
  if (input.u64(addresses) !== 0 || input.u64(addresses + 16) > input.bytes.length) {
    throw input.damaged()
  }
  return input.u64(isOld ? addresses + 40 : addresses + 24)
}

/** @throws FileError when the file is no HDF5 that can be read */
export function openHdf5({ name, bytes }: SourceFile): Hdf5Group {
  const input = new Hdf5Input(bytes, name)
  if (!isHdf5({ bytes })) {
    throw new FileError(
      'hdf5',
      `The file ${quote(name)} is no HDF5 file; save or download it again.`,
    )
  }
  return new Hdf5Group(new Hdf5Objects(input), rootOf(input))
}
