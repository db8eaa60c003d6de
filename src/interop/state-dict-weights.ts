/**
 * The plain weights of a state_dict whose weights are computed from others: weight_norm of both kinds,
 * and the WeightDropout of AWD-LSTM.
 */
import { FileError, quote } from '../errors.js'
import type { NamedTensor, StateDict } from './state-dict.js'

/** w = g v / |v| (Salimans and Kingma 2016); the norm is over all dimensions in which g has one number. */
function weightNorm(g: NamedTensor, v: NamedTensor): NamedTensor | undefined {
  const [rows = 1, columns = 1] = v.shape
  const [gRows = 1, gColumns = 1] = g.shape
  const fits =
    v.shape.length <= 2 &&
    (g.shape.length === v.shape.length || g.shape.length === 0) &&
    (gRows === rows || gRows === 1) &&
    (gColumns === columns || gColumns === 1)
  if (!fits) return undefined
  return {
    shape: v.shape,
    toFloat32() {
      const values = v.toFloat32()
      const lengths = g.toFloat32()
      const at = (i: number): number => {
        const row = gRows === rows ? Math.floor(i / columns) : 0
        return gColumns === columns ? row * gColumns + (i % columns) : row
      }
      const squares = new Float64Array(lengths.length)
      for (const [i, value] of values.entries()) {
        squares[at(i)] = (squares[at(i)] as number) + value * value
      }
      return values.map((value, i) => {
        return (value * (lengths[at(i)] as number)) / Math.sqrt(squares[at(i)] as number)
      })
    },
  }
}

/** Names of a computed weight: from `torch.nn.utils` (old and new) and what it is called without. */
const COMPUTED: readonly {
  readonly g: RegExp
  readonly v: (name: string) => string
  readonly plain: (name: string) => string
}[] = [
  { g: /_g$/, v: name => name.replace(/g$/, 'v'), plain: name => name.slice(0, -2) },
  {
    g: /(^|\.)parametrizations\.[^.]+\.original0$/,
    v: name => name.replace(/0$/, '1'),
    plain: name => name.replace(/parametrizations\.([^.]+)\.original0$/, '$1'),
  },
]

/** Weights that a state_dict keeps in a form that is not known here. */
const UNKNOWN_FORM =
  /(^|\.)parametrizations\.|weight(_(ih|hh|hr)(_l\d+)?)?_(orig|mask|u|v|g)$|_packed_params/

/**
 * A state_dict with plain weights under their own names.
 * @param file for refusals
 * @throws FileError for weights in a form that cannot be computed here
 */
export function plainWeights(dict: StateDict, file: string): Map<string, NamedTensor> {
  const plain = new Map(dict)
  for (const name of dict.keys()) {
    for (const kind of COMPUTED) {
      if (!kind.g.test(name)) continue
      const [g, v] = [dict.get(name) as NamedTensor, dict.get(kind.v(name))]
      const weight = v && weightNorm(g, v)
      if (!weight) continue
      plain.delete(name)
      plain.delete(kind.v(name))
      plain.set(kind.plain(name), weight)
    }
  }
  const unknown = [...plain.keys()].find(name => UNKNOWN_FORM.test(name))
  if (unknown !== undefined) {
    const isQuantized = unknown.includes('_packed_params')
    throw new FileError(
      'state-dict',
      `The model in ${quote(file)} keeps ${quote(unknown)}, which ${isQuantized ? 'is quantized' : 'computes a weight in a way that is not known here'}; ${isQuantized ? 'save the model before it was quantized' : 'remove the parametrization (torch.nn.utils.parametrize.remove_parametrizations) and save the state_dict again'}.`,
    )
  }
  return withoutDropout(plain)
}

/** `lstm.weight_hh_l0_raw` beside `lstm.module.weight_ih_l0`: the raw weight is the true one. */
function withoutDropout(dict: Map<string, NamedTensor>): Map<string, NamedTensor> {
  const raw = [...dict.keys()].filter(name => /weight_\w+_raw$/.test(name))
  for (const name of raw) {
    const prefix = name.slice(0, name.lastIndexOf('.') + 1)
    const inner = `${prefix}module.`
    for (const [other, tensor] of [...dict]) {
      if (!other.startsWith(inner)) continue
      dict.delete(other)
      const outer = prefix + other.slice(inner.length)
      if (!dict.has(`${outer}_raw`)) dict.set(outer, tensor)
    }
    dict.set(name.replace(/_raw$/, ''), dict.get(name) as NamedTensor)
    dict.delete(name)
  }
  return dict
}
