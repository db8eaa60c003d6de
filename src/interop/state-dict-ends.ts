/**
 * Embedding and output layer of a state_dict: matrices that belong to no recurrent layer, told apart by
 * shape, then by name. What then is left over is part of a network that cannot be run here.
 */
import { counted, FileError, quote } from '../errors.js'
import type { Found, NamedTensor, StateDict, StateDictHints } from './state-dict.js'

const HEAD_NAMES = /head|decoder|out|fc|linear|dense|proj|h2o|logit|classifier|i2o|hidden2/i
const EMBEDDING_NAMES = /emb|encoder|wte|lookup|word|table/i
const RECURRENT = /(^|\.)weight_(ih|hh|hr)(_l\d+)?$/

export interface Ends {
  readonly head: string
  /** The bias of the head; undefined where it has none. */
  readonly bias: string | undefined
  /** Undefined for one-hot input. */
  readonly embedding: string | undefined
}

const refuse = (file: string, what: string): FileError =>
  new FileError('state-dict', `The model in ${quote(file)} ${what}.`)

function listed(names: readonly string[], dict: StateDict): string {
  const shown = names.slice(0, 4).map(name => `${name} [${dict.get(name)?.shape.join(', ')}]`)
  return names.length > 4 ? `${shown.join(', ')} and ${names.length - 4} more` : shown.join(', ')
}

function isMatrix(tensor: NamedTensor | undefined, rows: number, columns: number): boolean {
  return tensor?.shape.length === 2 && tensor.shape[0] === rows && tensor.shape[1] === columns
}

/** The last part of a name but one: `fc` of `decoder.fc.weight`. */
const partOf = (name: string): string => name.split('.').at(-2) ?? name

/** The one of several candidates whose name says so; a sentence lists them otherwise. */
function choose(
  candidates: readonly string[],
  dict: StateDict,
  what: {
    readonly file: string
    readonly role: string
    readonly names: RegExp
    readonly not: RegExp
  },
): string | undefined {
  if (candidates.length <= 1) return candidates[0]
  // The same numbers under two names: tied weights.
  const [id] = new Set(candidates.map(name => dict.get(name)?.id))
  if (id !== undefined && candidates.every(name => dict.get(name)?.id === id)) return candidates[0]
  for (const text of [partOf, (name: string) => name]) {
    const named = candidates.filter(
      name => what.names.test(text(name)) && !what.not.test(text(name)),
    )
    if (named.length === 1) return named[0]
  }
  throw refuse(
    what.file,
    `has several tensors that may be its ${what.role}: ${listed(candidates, dict)}; rename the others or leave them out of the state_dict`,
  )
}

/** The bias of a head: beside it, or, where the weight is stored only with the embedding, elsewhere. */
function biasOf(head: string, dict: StateDict): string | undefined {
  const V = dict.get(head)?.shape[0]
  const isBias = (name: string): boolean =>
    dict.get(name)?.shape.length === 1 && dict.get(name)?.shape[0] === V
  const own = head.replace(/weight$/, 'bias')
  if (own !== head && isBias(own)) return own
  const others = [...dict.keys()].filter(name => {
    const isOfRecurrent = /bias_(ih|hh)(_l\d+)?$/.test(name)
    return (
      /bias$/.test(name) &&
      !isOfRecurrent &&
      isBias(name) &&
      !dict.has(name.replace(/bias$/, 'weight'))
    )
  })
  return others.length === 1 ? others[0] : undefined
}

/**
 * Head and embedding.
 * @throws FileError when there is none that fits, or when several may be meant
 */
export function endsOf(dict: StateDict, layers: readonly Found[], file: string): Ends {
  const inputs = layers[0]?.inputs ?? 0
  const outputs = layers.at(-1)?.outputs ?? 0
  const free = [...dict.keys()].filter(
    name => dict.get(name)?.shape.length === 2 && !RECURRENT.test(name),
  )
  const tablesFor = (V: number, head: string): string[] =>
    free.filter(name => name !== head && isMatrix(dict.get(name), V, inputs))
  const isTied = (head: string): boolean => EMBEDDING_NAMES.test(head) && inputs === outputs
  const asHead = free.filter(name => dict.get(name)?.shape[1] === outputs)
  const fitting = asHead.filter(head => {
    const V = dict.get(head)?.shape[0] ?? 0
    return V === inputs || isTied(head) || tablesFor(V, head).length > 0
  })
  // A Linear layer has a bias and an Embedding has none; only without any bias names decide.
  const withBias = fitting.filter(
    name => dict.get(name.replace(/weight$/, 'bias'))?.shape.length === 1,
  )
  const heads = withBias.length > 0 ? withBias : fitting
  const head = choose(heads, dict, {
    file,
    role: 'output layer',
    names: HEAD_NAMES,
    not: EMBEDDING_NAMES,
  })
  if (head === undefined) {
    const found = free.length > 0 ? listed(free, dict) : 'none'
    throw refuse(
      file,
      asHead.length === 0
        ? `has no output layer: no matrix has the ${counted(outputs, 'column')} that its last layer gives; it has ${found}`
        : `has no embedding and output layer that fit its layers of ${counted(inputs, 'input')} and ${counted(outputs, 'output')}; expected [V, ${inputs}] or one-hot input of ${counted(inputs, 'symbol')}, and [V, ${outputs}], but it has ${found}`,
    )
  }
  const V = dict.get(head)?.shape[0] ?? 0
  const bias = biasOf(head, dict)
  const table = choose(tablesFor(V, head), dict, {
    file,
    role: 'embedding',
    names: EMBEDDING_NAMES,
    not: HEAD_NAMES,
  })
  if (table !== undefined) return { head, bias, embedding: table }
  return { head, bias, embedding: V === inputs && !isTied(head) ? undefined : head }
}

/** Parts that only training and its measures use. */
const TRAINING =
  /(^|\.)(criterion|\w*loss(_fn|_func)?|\w*(acc|accuracy|metrics?|perplexity|ppl))(\.|$)/i
/** A state that the module keeps: it is of no account where it is zero, as every text begins so. */
const STATE = /(^|[._])(h|c|h_?0|c_?0|hidden|cell|state|init\w*)$/i

/**
 * Refuses a network with parts besides embedding, recurrent layers and head: it would be another
 * network without them.
 * @throws FileError naming the tensors
 */
export function checkRest(
  dict: StateDict,
  layers: readonly Found[],
  { head, bias, embedding }: Ends,
  { file, classes }: StateDictHints,
): void {
  const used = new Set<string | undefined>([head, bias, embedding])
  for (const { prefix, suffix } of layers) {
    for (const kind of ['weight_ih', 'weight_hh', 'weight_hr', 'bias_ih', 'bias_hh']) {
      used.add(`${prefix}${kind}${suffix}`)
    }
  }
  const ids = new Set([...used].map(name => name !== undefined && dict.get(name)?.id))
  const rest = [...dict].filter(([name, tensor]) => {
    if (used.has(name) || TRAINING.test(name)) return false
    if (tensor.id !== undefined && ids.has(tensor.id)) return false
    // Counters, such as a number of batches, are whole numbers.
    if (tensor.dtype !== undefined && /^(u?int|I\d|U\d|bool|BOOL)/.test(tensor.dtype)) return false
    return !(STATE.test(name) && tensor.toFloat32().every(value => value === 0))
  })
  if (rest.length === 0) return
  const names = rest.map(([name]) => name)
  const kinds = new Set(names.map(name => classes?.get(name.replace(/\.[^.]*$/, ''))))
  kinds.delete(undefined)
  const said = kinds.size > 0 ? ` (${[...kinds].map(kind => quote(kind)).join(', ')})` : ''
  throw refuse(
    file,
    `has ${listed(names, dict)}${said}, which are no part of an embedding, recurrent layers and one Linear layer; expected a network of these alone`,
  )
}
