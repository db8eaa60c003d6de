/**
 * PyTorch checkpoints: a state_dict, a dict with one somewhere inside, or a whole pickled module; and
 * safetensors files with PyTorch's names. Vocabulary fields are found by the names that people give.
 */
import { FileError, quote } from '../errors.js'
import { decodeSafetensors } from '../file/safetensors.js'
import { PyObject, type PyValue } from './pickle-values.js'
import type { Format, Imported, ImportOptions, SourceFile, Vocabulary } from './source.js'
import { fromStateDict, type NamedTensor, type StateDict } from './state-dict.js'
import { isTorchFile, readTorchFile, TorchTensor } from './torch-file.js'
import { tokenizerOf } from './vocabulary.js'

/** Depth to which a checkpoint is searched. */
const DEEPEST = 12
const HAS_LAYER = /(^|\.)weight_ih(_l\d+)?$/
/** A file with several state_dicts: the first of these names is taken. */
const PREFERRED = ['model_state_dict', 'state_dict', 'model', 'net', 'network', 'rnn']
/** Fields that hold a vocabulary, in the order in which they are asked. */
const VOCABULARY =
  /^(itos|idx2char|idx_to_char|ix_to_char|int2char|int_to_char|id2char|idx2token|idx_to_token|index_to_char|stoi|char2idx|char_to_idx|char_to_ix|char2int|char_to_int|char2id|token2idx|token_to_idx|char_to_index|chars|vocab|vocabulary|tokens|letters|alphabet|characters|all_characters|all_chars|symbols|charset)$/i

interface Candidate {
  readonly path: string
  readonly dict: Map<string, NamedTensor>
  readonly relu: boolean
}

/** Fields of a dict or of an object's state, by string keys. */
function fieldsOf(value: PyValue): [string, PyValue][] {
  const state = value instanceof PyObject ? value.state : value
  const maps = Array.isArray(state) ? state : [state]
  const own = value instanceof PyObject ? [...value.entries] : []
  const fields = maps.flatMap(map => (map instanceof Map ? [...map] : []))
  return [...own, ...fields].filter(
    (pair): pair is [string, PyValue] => typeof pair[0] === 'string',
  )
}

/** A module's parameters by dotted names, as its `state_dict()` gives them. */
function moduleTensors(module: PyObject, prefix = '', depth = 0): [string, TorchTensor][] {
  if (depth > DEEPEST) return []
  const tensors: [string, TorchTensor][] = []
  for (const part of ['_parameters', '_buffers']) {
    for (const [name, value] of fieldsOf(module.field(part) ?? null)) {
      if (value instanceof TorchTensor) tensors.push([prefix + name, value])
    }
  }
  for (const [name, child] of fieldsOf(module.field('_modules') ?? null)) {
    if (child instanceof PyObject)
      tensors.push(...moduleTensors(child, `${prefix}${name}.`, depth + 1))
  }
  return tensors
}

/** Whether a module inside is an nn.RNN with relu. */
function usesRelu(module: PyObject, depth = 0): boolean {
  if (module.field('mode') === 'RNN_RELU' || module.field('nonlinearity') === 'relu') return true
  return (
    depth < DEEPEST &&
    fieldsOf(module.field('_modules') ?? null).some(
      ([, child]) => child instanceof PyObject && usesRelu(child, depth + 1),
    )
  )
}

/** Walks a checkpoint once and gathers state_dicts and vocabulary fields. */
class Search {
  readonly candidates: Candidate[] = []
  readonly vocabularies: [name: string, value: PyValue][] = []
  private readonly seen = new Set<PyValue>()

  visit(value: PyValue, path: string, depth = 0): void {
    if (depth > DEEPEST || typeof value !== 'object' || value === null || this.seen.has(value))
      return
    this.seen.add(value)
    if (value instanceof PyObject && value.field('_modules') !== undefined) {
      this.offer(path, moduleTensors(value), usesRelu(value))
      // A module of its own class may hold the vocabulary as attributes; its parts are done.
      for (const [name, field] of fieldsOf(value)) this.note(name, field)
      return
    }
    const fields = fieldsOf(value)
    const tensors = fields.filter(
      (pair): pair is [string, TorchTensor] => pair[1] instanceof TorchTensor,
    )
    this.offer(path, tensors, false)
    for (const [name, field] of fields) {
      this.note(name, field)
      this.visit(field, path === '' ? name : `${path}.${name}`, depth + 1)
    }
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) this.visit(item, `${path}[${i}]`, depth + 1)
    }
  }

  private note(name: string, value: PyValue): void {
    if (VOCABULARY.test(name)) this.vocabularies.push([name, value])
  }

  private offer(path: string, tensors: readonly [string, TorchTensor][], relu: boolean): void {
    if (!tensors.some(([name]) => HAS_LAYER.test(name))) return
    this.candidates.push({ path, dict: new Map(tensors), relu })
  }
}

/** The list of symbols that a field means, if it means one of V symbols. */
function symbolsOf(value: PyValue, V: number): (string | undefined)[] | undefined {
  if (typeof value === 'string') {
    const symbols = [...value]
    return symbols.length === V ? symbols : undefined
  }
  if (Array.isArray(value) || value instanceof Set) {
    const symbols = [...value]
    return symbols.length === V && symbols.every(symbol => typeof symbol === 'string')
      ? (symbols as string[])
      : undefined
  }
  if (!(value instanceof Map) || value.size > V) return undefined
  const symbols: (string | undefined)[] = new Array(V).fill(undefined)
  for (const [key, other] of value) {
    const [symbol, id] = typeof key === 'string' ? [key, other] : [other, key]
    if (typeof symbol !== 'string' || typeof id !== 'number' || !(id >= 0 && id < V))
      return undefined
    symbols[id] = symbol
  }
  return symbols
}

function vocabularyIn(found: Search['vocabularies'], V: number): Vocabulary | undefined {
  for (const [, value] of found) {
    // A class of the user's own (`Vocab`, `Corpus`) keeps the list in a field of its own.
    const nested = value instanceof PyObject ? fieldsOf(value).map(([, field]) => field) : []
    for (const one of [value, ...nested]) {
      // A Python set has no order that could be known.
      const symbols = one instanceof Set ? undefined : symbolsOf(one, V)
      if (symbols) return { symbols }
    }
  }
  return undefined
}

function pick(candidates: readonly Candidate[], file: string): Candidate {
  const [only, ...others] = candidates
  if (!only) {
    throw new FileError(
      'pytorch',
      `The PyTorch file ${quote(file)} holds no recurrent network: no tensor is named like weight_ih_l0. Give a file with the state_dict of a model with nn.LSTM, nn.GRU or nn.RNN.`,
    )
  }
  if (others.length === 0) return only
  const named = PREFERRED.map(name =>
    candidates.find(({ path }) => path === name || path.endsWith(`.${name}`)),
  ).find(found => found !== undefined)
  if (named) return named
  throw new FileError(
    'pytorch',
    `The PyTorch file ${quote(file)} holds several networks: ${candidates.map(({ path }) => quote(path)).join(', ')}; save one of them by itself.`,
  )
}

function imported(
  dict: StateDict,
  { name: file }: SourceFile,
  extra: { readonly relu: boolean; readonly vocabularies: Search['vocabularies'] },
  options: ImportOptions,
): Imported {
  const network = fromStateDict(dict, { file, ...(extra.relu && { activation: 'relu' }) })
  const V = network.config.vocabulary
  const vocabulary = options.vocabulary ?? vocabularyIn(extra.vocabularies, V)
  return { ...network, tokenizer: tokenizerOf(vocabulary, V), notes: [] }
}

export const pytorch: Format = {
  kind: 'pytorch',
  about: { en: 'PyTorch (.pt, .pth, .bin)', ja: 'PyTorch（.pt、.pth、.bin）' },

  recognises: files => files.some(isTorchFile),

  read(files, options) {
    const file = files.find(isTorchFile) as SourceFile
    const search = new Search()
    search.visit(readTorchFile(file), '')
    const { dict, relu } = pick(search.candidates, file.name)
    return imported(dict, file, { relu, vocabularies: search.vocabularies }, options)
  },
}

const isSafetensors = ({ bytes }: SourceFile): boolean =>
  bytes.length > 9 && bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0

export const safetensors: Format = {
  kind: 'safetensors',
  about: {
    en: "safetensors with PyTorch's names",
    ja: 'PyTorchの名前によるsafetensors',
  },

  recognises: files => files.some(isSafetensors),

  read(files, options) {
    const file = files.find(isSafetensors) as SourceFile
    const { tensors } = decodeSafetensors(file.bytes)
    const dict = new Map(
      [...tensors].map(([name, { shape, data }]) => [name, { shape, toFloat32: () => data }]),
    )
    return imported(dict, file, { relu: false, vocabularies: [] }, options)
  },
}
