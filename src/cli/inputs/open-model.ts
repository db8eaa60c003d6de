/** A model as the command line names it. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { decodeModel, type Model, type ModelHeader, readModelHeader } from '../../file/index.js'
import { fileError, findModel, readFileBytes } from '../../node/files.js'
import { loadModel } from '../../node/load.js'

/** The model of a command that names none. */
export const DEFAULT_MODEL = 'shakespeare'

/** All of standard input, or a file. */
export function readInput(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path === '-' ? 0 : path))
  } catch (error) {
    throw fileError(error, path === '-' ? 'standard input' : path, 'read')
  }
}

/** @param name bundled name, path, training folder, address; `-` reads standard input */
export function openModel(name: unknown): Promise<Model> {
  return name === '-'
    ? decodeModel(readInput('-'))
    : loadModel(typeof name === 'string' ? name : DEFAULT_MODEL)
}

/** What a figure calls a model: its own name, else that of its file or folder. */
export const modelTitle = (model: Model, name: unknown): string =>
  model.name ??
  basename(typeof name === 'string' ? name : DEFAULT_MODEL).replace(/\.safetensors$/, '')

export interface OpenedModelFile {
  readonly model: Model
  readonly header: ModelHeader
  readonly path: string
  readonly bytes: number
}

/** A model with its file. */
export async function openModelFile(name: unknown): Promise<OpenedModelFile> {
  const path = name === '-' ? '-' : await findModel(typeof name === 'string' ? name : DEFAULT_MODEL)
  const bytes = path === '-' ? readInput(path) : await readFileBytes(path)
  return {
    model: name === '-' ? await decodeModel(bytes) : await loadModel(path),
    header: readModelHeader(bytes),
    path,
    bytes: bytes.length,
  }
}
