/**
 * Hidden units held at a value while a text is written: what would the network say without them?
 * The written form, for a link: `2.37:0,1.5:1`, layer and unit from 1, and the value.
 *
 * Nobody but a unit's readers knows of it. So that it is `v` to all of them, its columns in their
 * matrices become 0 and v times those columns joins their biases: a network of the same shape, which
 * runs as fast and to the same bits everywhere.
 */

import { InputError, type Model, type ModelConfig } from 'ondo'
import { counted } from '../../../src/errors.js'

export interface Held {
  /** From 0. */
  readonly layer: number
  /** From 0. */
  readonly unit: number
  readonly value: number
}

const ONE = /^(\d{1,3})\.(\d{1,5}):(-?\d+(?:\.\d+)?)$/

/** @returns undefined for what is no written form */
export function parseHeld(text: string): Held[] | undefined {
  const found = text.split(',').map(each => ONE.exec(each))
  if (found.includes(null)) return undefined
  return found.map(each => ({
    layer: Number(each![1]) - 1,
    unit: Number(each![2]) - 1,
    value: Number(each![3]),
  }))
}

/** The one written form; undefined for none. */
export function writeHeld(held: readonly Held[]): string | undefined {
  if (held.length === 0) return undefined
  const order = [...held].sort((a, b) => a.layer - b.layer || a.unit - b.unit)
  return order.map(({ layer, unit, value }) => `${layer + 1}.${unit + 1}:${value}`).join(',')
}

type Sizes = Pick<ModelConfig, 'layers' | 'hidden'>

export function fitsHeld(text: string, { layers, hidden }: Sizes): boolean {
  const held = parseHeld(text)
  const inside = ({ layer, unit }: Held): boolean =>
    layer >= 0 && layer < layers && unit >= 0 && unit < hidden
  return held?.every(inside) ?? false
}

/** Whether units can be held at other values than 0: a reset gate inside the product forbids it. */
export const holdsAnyValue = ({ cell, reset }: Pick<ModelConfig, 'cell' | 'reset'>): boolean =>
  cell !== 'gru' || reset === 'after'

const made = new WeakMap<Model, Map<string, Model>>()

/**
 * The model with units held; the same value for the same words, so that its network is made once.
 * @throws InputError for units that the model does not have
 */
export function holding(model: Model, text: string | undefined): Model {
  if (text === undefined) return model
  const known = made.get(model) ?? new Map<string, Model>()
  made.set(model, known)
  let held = known.get(text)
  if (!held) {
    const units = fitsHeld(text, model.config) ? parseHeld(text) : undefined
    if (!units || (!holdsAnyValue(model.config) && units.some(({ value }) => value !== 0))) {
      throw new InputError(
        'held',
        `The held units are "${text}"; expected layer.unit:value, separated by commas, of ${counted(model.config.layers, 'layer')} of ${counted(model.config.hidden, 'unit')}.`,
      )
    }
    held = hold(model, units)
    known.set(text, held)
  }
  return held
}

function hold(model: Model, units: readonly Held[]): Model {
  const { hidden: H, layers } = model.config
  const weights = new Map(model.weights)
  const own = (name: string): Float32Array => {
    const copy = weights.get(name)!
    if (copy !== model.weights.get(name)) return copy
    const fresh = copy.slice()
    weights.set(name, fresh)
    return fresh
  }
  for (const { layer, unit, value } of units) {
    const above =
      layer + 1 < layers
        ? [`rnn.weight_ih_l${layer + 1}`, `rnn.bias_ih_l${layer + 1}`]
        : ['head.weight', 'head.bias']
    for (const [name, biasName] of [[`rnn.weight_hh_l${layer}`, `rnn.bias_hh_l${layer}`], above]) {
      const matrix = own(name)
      const bias = own(biasName)
      for (let row = 0; row < bias.length; row++) {
        bias[row] += value * matrix[row * H + unit]
        matrix[row * H + unit] = 0
      }
    }
  }
  return { ...model, weights }
}
