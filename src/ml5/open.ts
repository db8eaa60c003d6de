/**
 * Opens a model for charRNN: the address of a folder that ml5 0.x read, the address of an Ondo file, or
 * files that the reader chose.
 */
import { FileError, quote, shortPath } from '../errors.js'
import { parseJson } from '../file/json.js'
import { fetchBytes, loadWith } from '../file/load.js'
import type { Model } from '../file/model.js'
import { decodeModel, encodeModel } from '../file/model-file.js'
import { ml5, tensorFiles } from '../interop/ml5.js'
import { asSymbols, sizeMismatch } from '../interop/model-symbols.js'
import type { SourceFile, Vocabulary } from '../interop/source.js'
import { checkStability } from '../interop/stability.js'

/** One file of a folder, as a page or a program has it. */
export type ChosenFile = File | SourceFile

/** What charRNN opens; a list is the files of one folder. */
export type CharRNNSource =
  | string
  | URL
  | Model
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Iterable<ChosenFile>

export interface OpenOptions {
  /** The characters of an ml5 folder whose vocab.json is missing or damaged. */
  readonly vocabulary?: Vocabulary
}

const MANIFEST = 'manifest.json'
const ONDO_FILE = /\.safetensors$/i
/** Formats that `ondo import` reads. Their addresses are no folders. */
const OTHER_FILE = /\.(t7|pth?|bin|h5|hdf5|keras|npz|npy|ckpt|zip|onnx)$/i

/** @throws FileError naming the address, what came, what was expected */
export async function openModel(source: CharRNNSource, options: OpenOptions): Promise<Model> {
  if (typeof source === 'string' || source instanceof URL) {
    return openAddress(addressOf(source), options)
  }
  if (typeof source !== 'object' || source === null) throw refusedSource(source)
  if (isBinary(source)) return loadWith(nowhere, source)
  if (isModel(source)) return source
  if (isIterable(source)) {
    const files = await Promise.all([...source].map(readChosen))
    const [only] = files
    return only && files.length === 1 ? loadWith(nowhere, only.bytes) : openFolder(files, options)
  }
  throw refusedSource(source)
}

const refusedSource = (source: unknown): FileError =>
  new FileError(
    'source',
    `A model can't be loaded from ${quote(source)}; expected the address of a folder or of a .safetensors file.`,
  )

const isBinary = (source: object): source is Uint8Array | ArrayBuffer | Blob =>
  source instanceof Uint8Array || source instanceof ArrayBuffer || source instanceof Blob

const isModel = (source: object): source is Model => 'weights' in source && 'tokenizer' in source

const isIterable = (source: object): source is Iterable<ChosenFile> => Symbol.iterator in source

/** Strings and addresses never reach `loadWith` here. */
const nowhere = (): never => {
  throw new FileError('source', 'There is no address to load from.')
}

async function readChosen(file: ChosenFile): Promise<SourceFile> {
  if (!(file instanceof Blob)) return file
  return {
    name: file.webkitRelativePath || file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }
}

/** The address of a path as the page writes it. */
function addressOf(path: string | URL): URL {
  if (path instanceof URL) return path
  const page = globalThis as { document?: { baseURI?: string }; location?: { href?: string } }
  try {
    return new URL(path, page.document?.baseURI ?? page.location?.href)
  } catch (cause) {
    throw new FileError(
      'address',
      `The path ${quote(path)} is no address; expected that of a folder with manifest.json, or of a .safetensors file.`,
      { cause },
    )
  }
}

async function openAddress(url: URL, options: OpenOptions): Promise<Model> {
  if (ONDO_FILE.test(url.pathname) || /^(blob|data):$/.test(url.protocol)) {
    return loadWith(async () => url, url)
  }
  if (OTHER_FILE.test(url.pathname)) {
    throw new FileError(
      'format',
      `${shortPath(url.href)} is neither a folder of ml5's charRNN nor an Ondo file; make an Ondo file of it with "ondo import".`,
    )
  }
  const folder = new URL(url)
  // ml5 also took the address of the manifest.
  folder.pathname = folder.pathname.replace(/\/[^/]*\.json$/i, '/').replace(/\/?$/, '/')
  folder.hash = ''
  const manifest = await fetchFile(folder, MANIFEST)
  const names = [...filesOf(manifest, shortPath(folder.href)), 'vocab.json']
  const wanted = options.vocabulary ? names.slice(0, -1) : names
  const files = await Promise.all(wanted.map(name => fetchFile(folder, name)))
  return openFolder([manifest, ...files], options)
}

async function openFolder(
  files: readonly SourceFile[],
  { vocabulary: given }: OpenOptions,
): Promise<Model> {
  const manifest = files.find(({ name }) => name.split('/').at(-1) === MANIFEST)
  if (!manifest) {
    const names = files.slice(0, 3).map(({ name }) => quote(name))
    throw new FileError(
      'manifest',
      `The files ${names.join(', ') || 'chosen (none)'} lack manifest.json; choose all files of the folder.`,
    )
  }
  filesOf(manifest, 'The folder')
  const read = await ml5.read(files, given ? { vocabulary: () => given } : {})
  const { config, notes } = read
  const vocabulary = given ?? read.vocabulary
  if (!vocabulary) {
    throw new FileError('vocabulary', 'The folder has no vocab.json; copy all its files.')
  }
  if (vocabulary.symbols.length !== config.vocabulary) {
    throw sizeMismatch(vocabulary.symbols.length, config.vocabulary)
  }
  // Not `importModel`: its search for symbols in other files is a quarter of the script.
  const { weights, tokenizer } = asSymbols(read, vocabulary, 'character')
  await checkStability(config, weights)
  const conversions = notes.map(({ en, ja }) => ({ en, ja }))
  const training = { imported: { from: ml5.kind, files: [], conversions } }
  return decodeModel(encodeModel({ config, weights, tokenizer, training }))
}

/** The files that a manifest names for a network. @param folder for errors, the subject of a sentence */
function filesOf(manifest: SourceFile, folder: string): readonly string[] {
  // A file that is no JSON is an error here with its name; `tensorFiles` only says that it is not ml5's.
  parseJson(new TextDecoder().decode(manifest.bytes), `The file ${quote(manifest.name)}`)
  const names = tensorFiles(manifest)
  if (names) return names
  throw new FileError(
    'manifest',
    `${folder} holds no charRNN: its manifest.json names no tensor such as "rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell/kernel"; choose the folder of a charRNN model.`,
  )
}

/** Fetches a file of a folder. @throws FileError that says what came instead */
async function fetchFile(folder: URL, name: string): Promise<SourceFile> {
  const parts = name.split('/')
  if (parts.some(part => part === '' || part === '.' || part === '..')) {
    throw new FileError(
      'manifest',
      `manifest.json names the file ${quote(name)}, which is not in the folder; get the model again.`,
    )
  }
  const url = new URL(folder)
  url.pathname += parts.map(encodeURIComponent).join('/')
  const bytes = await fetchBytes(url, {
    what: `${quote(name)} of an ml5 model`,
    advice:
      name === MANIFEST
        ? 'check the path of the folder'
        : 'the folder is incomplete, copy all its files',
  })
  if (isWebPage(bytes)) {
    throw new FileError(
      'html',
      `${shortPath(url.href)} is a web page (HTML), not ${quote(name)} of an ml5 model: the folder is not at this address; check the path.`,
    )
  }
  return { name, bytes }
}

/** Some servers answer any address with a page. No JSON and no tensor that was seen begins like one. */
function isWebPage(bytes: Uint8Array): boolean {
  const beginning = new TextDecoder().decode(bytes.subarray(0, 200))
  return /^\ufeff?\s*<(!doctype|!--|html|head|body|\?xml)/i.test(beginning)
}
