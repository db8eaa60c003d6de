/** Which network of a checkpoint is meant: several in one state_dict, copies, moments of an optimiser. */
import { FileError, quote } from '../errors.js'
import type { NamedTensor } from './state-dict.js'

/** One network of a file. */
export interface Candidate {
  /** Where it is: keys of dicts and parts of names, joined by dots; empty for the whole file. */
  readonly path: string
  readonly dict: ReadonlyMap<string, NamedTensor>
  /** What a pickled module says besides its weights. */
  readonly module?: ModuleFacts
}

export interface ModuleFacts {
  readonly activation: 'tanh' | 'relu' | undefined
  /** Classes of its parts by their names: `between` is a `LayerNorm`. */
  readonly classes: ReadonlyMap<string, string>
}

const LAYER = /^(.*?)weight_ih(?:_l\d+)?$/
const RECURRENT = /(?:^|\.)(weight|bias)_(ih|hh|hr)(_l\d+)?(_reverse)?$/

export const hasLayer = (names: Iterable<string>): boolean =>
  [...names].some(name => LAYER.test(name))

/**
 * The networks of one state_dict. Parts with recurrent layers that also have matrices of their own are
 * networks of their own (`model` beside `model_ema`); parts with recurrent layers alone are one stack.
 */
export function networksIn({ path, dict, ...rest }: Candidate): Candidate[] {
  const names = [...dict.keys()]
  const prefixes = [...new Set(names.flatMap(name => LAYER.exec(name)?.[1] ?? []))].map(prefix =>
    prefix.split('.').filter(Boolean),
  )
  const [first = []] = prefixes
  let depth = 0
  while (depth < first.length && prefixes.every(parts => parts[depth] === first[depth])) depth++
  const roots = [...new Set(prefixes.map(parts => parts.slice(0, depth + 1).join('.')))]
  const below = (root: string): string[] => names.filter(name => name.startsWith(`${root}.`))
  const isNetwork = (root: string): boolean =>
    below(root).some(name => dict.get(name)?.shape.length === 2 && !RECURRENT.test(name))
  if (prefixes.length < 2 || roots.filter(isNetwork).length < 2) return [{ path, dict, ...rest }]
  return roots.map(root => ({
    path: path === '' ? root : `${path}.${root}`,
    dict: new Map(below(root).map(name => [name, dict.get(name) as NamedTensor])),
    ...rest,
  }))
}

/** Parts of names that say that weights are a copy, an average or an optimiser's moments. */
const COPIES =
  /(^|[._])(ema|target|teacher|swa|avg|average|averaged|shadow|copy|exp_avg|exp_avg_sq|moments?|momentum|grads?|gradients?|optim|optimizer)($|[._\d])/i
/** Names under which the network is kept, where a file holds others beside it. */
const PREFERRED = /(^|\.)(model_state_dict|model_state|state_dict|model|net|network)$/

/** The same tensors: a module and its state_dict in one checkpoint. */
function signature({ dict }: Candidate): string | undefined {
  const ids: string[] = []
  for (const [name, { id }] of dict) {
    if (!RECURRENT.test(name)) continue
    if (id === undefined) return undefined
    ids.push(id)
  }
  return ids.sort().join()
}

/**
 * The network that is meant.
 * @param what how the sentence calls the file: `The PyTorch file "x.pt"`
 * @throws FileError when there is none, or when there are several that may be meant
 */
export function pickNetwork(candidates: readonly Candidate[], what: string): Candidate {
  if (candidates.length === 0) {
    throw new FileError(
      'pytorch',
      `${what} holds no recurrent network: no tensor is named like weight_ih_l0. Give a file with the state_dict of a model with nn.LSTM, nn.GRU or nn.RNN.`,
    )
  }
  const seen = new Set<string>()
  const different = candidates.filter(candidate => {
    const id = signature(candidate)
    if (id === undefined) return true
    if (seen.has(id)) return false
    seen.add(id)
    return true
  })
  const originals = different.filter(({ path }) => !COPIES.test(path))
  const left = originals.length > 0 ? originals : different
  const preferred = left.filter(({ path }) => PREFERRED.test(path))
  const [only] = left.length === 1 ? left : preferred.length === 1 ? preferred : []
  if (only) return only
  const listed = left.slice(0, 4).map(({ path }) => quote(path))
  const more = left.length > 4 ? ` and ${left.length - 4} more` : ''
  throw new FileError(
    'pytorch',
    `${what} holds several networks: ${listed.join(', ')}${more}; save the one that writes text by itself, as torch.save(its state_dict, "model.pt").`,
  )
}
