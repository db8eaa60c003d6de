/** HDF5 files by jsfive: groups, attributes and float datasets, with every failure as one sentence. */
import { Dataset, File, type Group } from 'jsfive'
import { FileError, quote } from '../errors.js'
import type { SourceFile } from './source.js'
import type { NamedTensor } from './state-dict.js'

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

export const isHdf5 = ({ bytes }: Pick<SourceFile, 'bytes'>): boolean =>
  SIGNATURE.every((byte, i) => bytes[i] === byte)

/** Strings of a fixed length come padded with NUL. */
const unpadded = (text: string): string => text.replace(/\0+$/, '')

/** A group of an HDF5 file; paths are relative to it. */
export class Hdf5Group {
  private readonly group: Group
  private readonly file: string

  constructor(group: Group, file: string) {
    this.group = group
    this.file = file
  }

  get keys(): string[] {
    return this.guard(() => [...(this.group.keys ?? [])])
  }

  /** The group at a path; undefined when there is none. */
  child(path: string): Hdf5Group | undefined {
    const found = this.at(path)
    return found && !(found instanceof Dataset) ? new Hdf5Group(found, this.file) : undefined
  }

  /** An attribute as text; undefined when there is none. */
  text(name: string): string | undefined {
    const value = this.guard(() => this.group.attrs[name])
    return typeof value === 'string' ? unpadded(value) : undefined
  }

  /** An attribute that lists names; empty when there is none. */
  names(name: string): string[] {
    const value = this.guard(() => this.group.attrs[name])
    return Array.isArray(value)
      ? value.filter(one => typeof one === 'string').map(one => unpadded(one as string))
      : []
  }

  /** The dataset at a path; undefined when there is none. */
  tensor(path: string): NamedTensor | undefined {
    const found = this.at(path)
    if (!(found instanceof Dataset)) return undefined
    if (!/f/.test(String(found.dtype))) {
      throw this.refuse(`keeps ${quote(path)} as ${quote(String(found.dtype))}; expected numbers`)
    }
    return {
      shape: [...found.shape],
      toFloat32: () => this.guard(() => Float32Array.from(found.value)),
    }
  }

  refuse(what: string): FileError {
    return new FileError('hdf5', `The HDF5 file ${quote(this.file)} ${what}.`)
  }

  private at(path: string): Group | Dataset | undefined {
    let at: Group | Dataset = this.group
    // Weight names hold slashes of their own; each part is a group.
    for (const part of path.split('/').filter(Boolean)) {
      const group: Group = at as Group
      if (at instanceof Dataset || !this.guard(() => (group.keys ?? []).includes(part))) {
        return undefined
      }
      at = this.guard(() => group.get(part))
    }
    return at
  }

  /** jsfive throws whatever it meets in a damaged file. */
  private guard<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof FileError) throw error
      throw this.refuse('is damaged or uses a feature that is not read; save or download it again')
    }
  }
}

/** @throws FileError when the file is no HDF5 that can be read */
export function openHdf5({ name, bytes }: SourceFile): Hdf5Group {
  try {
    const buffer = bytes.slice().buffer as ArrayBuffer
    return new Hdf5Group(new File(buffer, name), name)
  } catch {
    throw new FileError(
      'hdf5',
      `The HDF5 file ${quote(name)} is damaged or cut short; save or download it again.`,
    )
  }
}
