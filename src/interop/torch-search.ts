/** Walks the value of a checkpoint and gathers its networks and vocabularies. */

import { FileError, quote } from '../errors.js'
import { PyObject, type PyValue } from './pickle-values.js'
import { pickledSymbols } from './pickled-symbols.js'
import type { Vocabulary } from './source.js'
import type { NamedTensor } from './state-dict.js'
import { type Candidate, hasLayer, type ModuleFacts, networksIn } from './state-dict-networks.js'
import { plainWeights } from './state-dict-weights.js'
import { TorchTensor } from './torch-file.js'

/** Depth to which a checkpoint is searched. */
const DEEPEST = 12
/** Modules and tensors in one network: far above any recurrent one; a module may hold itself. */
const MOST_PARTS = 2048
/** Fields that may be a vocabulary, and fields of an object among them. */
const MOST_VOCABULARIES = 64
/** Fields that hold a vocabulary, in the order in which they are asked. */
const VOCABULARY =
  /^(itos|idx2char|idx_to_char|ix_to_char|int2char|int_to_char|id2char|idx2token|idx_to_token|index_to_char|stoi|char2idx|char_to_idx|char_to_ix|char2int|char_to_int|char2id|token2idx|token_to_idx|char_to_index|chars|vocab|vocabulary|tokens|letters|alphabet|characters|all_characters|all_chars|symbols|charset)$/i
/** Fields that say which function a plain RNN has. */
const FUNCTION =
  /^(nonlinearity|activation|mode|model|model_type|rnn|rnn_type|cell|cell_type|type)$/i

/** Fields of a dict or of an object's state, by string keys. */
function fieldsOf(value: PyValue): [string, PyValue][] {
  const maps =
    value instanceof PyObject
      ? [value.entries, ...(Array.isArray(value.state) ? value.state : [value.state])]
      : [value]
  const fields = maps.flatMap(map => (map instanceof Map ? [...map] : []))
  return fields.filter((pair): pair is [string, PyValue] => typeof pair[0] === 'string')
}

const isModule = (value: PyValue): value is PyObject =>
  value instanceof PyObject &&
  (value.field('_modules') !== undefined || value.type.module.startsWith('__torch__'))

/** Parts of a module by name: `_modules`, or in TorchScript plain fields. */
function partsOf(module: PyObject): [string, PyObject][] {
  const fields = fieldsOf(module.field('_modules') ?? module)
  return fields.filter(
    (pair): pair is [string, PyObject] => pair[1] instanceof PyObject && isModule(pair[1]),
  )
}

/** What one module adds: its parameters by dotted names, as `state_dict()` gives them; its class. */
function walkModule(
  module: PyObject,
  found: { tensors: Map<string, NamedTensor>; classes: Map<string, string>; modes: string[] },
  prefix = '',
  depth = 0,
): void {
  if (depth > DEEPEST || found.classes.size + found.tensors.size > MOST_PARTS) return
  const owners = ['_parameters', '_buffers'].map(part => module.field(part) ?? null)
  for (const owner of module.field('_modules') === undefined ? [module] : owners) {
    for (const [name, value] of fieldsOf(owner)) {
      if (value instanceof TorchTensor) found.tensors.set(prefix + name, value)
    }
  }
  found.classes.set(prefix.slice(0, -1), module.type.name)
  for (const field of ['mode', 'nonlinearity']) {
    const mode = module.field(field)
    if (typeof mode === 'string') found.modes.push(mode)
  }
  for (const [name, part] of partsOf(module))
    walkModule(part, found, `${prefix}${name}.`, depth + 1)
}

/** Modules without weights that change what passes through; Softmax behind the head does not matter. */
const CHANGES =
  /^(ReLU6?|LeakyReLU|P?ReLU|ELU|SELU|CELU|GELU|SiLU|Mish|Tanh|Sigmoid|Softplus|Softsign|Hard\w+|Tanhshrink|GLU|LogSigmoid|(Max|Avg)Pool\w*|Adaptive\w+|Upsample)$/

export class TorchSearch {
  readonly candidates: Candidate[] = []
  private readonly vocabularies: PyValue[] = []
  private readonly file: string
  private readonly seen = new Set<PyValue>()
  /** What fields outside of modules say of the function of a plain RNN. */
  private said: 'tanh' | 'relu' | undefined

  /** @param file for refusals */
  constructor(file: string) {
    this.file = file
  }

  visit(value: PyValue, path = '', depth = 0): void {
    if (depth > DEEPEST || typeof value !== 'object' || value === null || this.seen.has(value)) {
      return
    }
    this.seen.add(value)
    if (isModule(value)) {
      this.module(value, path)
      // A module of its own class may hold the vocabulary as attributes; its parts are done.
      for (const [name, field] of fieldsOf(value)) this.note(name, field)
      return
    }
    const fields = fieldsOf(value)
    const tensors = fields.filter(
      (pair): pair is [string, TorchTensor] => pair[1] instanceof TorchTensor,
    )
    this.offer({ path, dict: new Map(tensors) })
    for (const [name, field] of fields) {
      this.note(name, field)
      this.visit(field, path === '' ? name : `${path}.${name}`, depth + 1)
    }
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) this.visit(item, `${path}[${i}]`, depth + 1)
    }
  }

  /** The function of a plain RNN; undefined where nothing says it. */
  functionOf({ module }: Candidate): 'tanh' | 'relu' | undefined {
    return module?.activation ?? this.said
  }

  /** The symbols of V ids, if a field of a common name holds them. */
  vocabulary(V: number): Vocabulary | undefined {
    for (const value of this.vocabularies) {
      // A class of the user's own (`Vocab`, `Corpus`) keeps the list in a field of its own.
      const fields = value instanceof PyObject ? fieldsOf(value) : []
      const nested = fields.slice(0, MOST_VOCABULARIES).map(([, field]) => field)
      for (const one of [value, ...nested]) {
        const symbols = pickledSymbols(one, V)
        if (symbols) return { symbols }
      }
    }
    return undefined
  }

  private note(name: string, value: PyValue): void {
    if (VOCABULARY.test(name) && this.vocabularies.length < MOST_VOCABULARIES) {
      this.vocabularies.push(value)
    }
    if (typeof value === 'string' && FUNCTION.test(name)) {
      const mode = /relu|tanh/i.exec(value)?.[0].toLowerCase()
      if (mode !== undefined) this.said = mode as 'tanh' | 'relu'
    }
  }

  private module(module: PyObject, path: string): void {
    const found = {
      tensors: new Map<string, NamedTensor>(),
      classes: new Map<string, string>(),
      modes: [] as string[],
    }
    walkModule(module, found)
    if (found.classes.size > MOST_PARTS) throw this.tooMany(path)
    if (!this.offer({ path, dict: found.tensors, module: factsOf(found) })) return
    const change = [...found.classes].find(([, type]) => CHANGES.test(type))
    if (change) {
      throw new FileError(
        'pytorch',
        `The model in ${quote(this.file)} has the module ${quote(change[0])}, a ${change[1]}, and a file does not say where its forward() uses it; expected an embedding, recurrent layers and one Linear layer. Save the state_dict if forward() does not use it.`,
      )
    }
  }

  private tooMany(path: string): FileError {
    return new FileError(
      'pytorch',
      `The model ${quote(path)} in ${quote(this.file)} has more than ${MOST_PARTS} parts; expected a recurrent network.`,
    )
  }

  /** @returns whether a network is among the tensors */
  private offer(candidate: Candidate): boolean {
    const names = [...candidate.dict.keys()]
    if (!names.some(name => name.includes('weight_ih'))) return false
    if (names.length > MOST_PARTS) throw this.tooMany(candidate.path)
    const dict = plainWeights(candidate.dict, this.file)
    if (!hasLayer(dict.keys())) return false
    this.candidates.push(...networksIn({ ...candidate, dict }))
    return true
  }
}

function factsOf({
  classes,
  modes,
}: {
  readonly classes: Map<string, string>
  readonly modes: readonly string[]
}): ModuleFacts {
  const said = modes.map(mode => /relu|tanh/i.exec(mode)?.[0].toLowerCase()).filter(Boolean)
  return { classes, activation: said[0] as 'tanh' | 'relu' | undefined }
}
