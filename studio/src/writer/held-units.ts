/**
 * Holds hidden units at a constant value while a text is written, which shows what they contribute.
 * The syntax in links is `2.37:0,1.5:1`: layer and unit, counted from 1, and the value.
 *
 * A unit only affects the matrices that multiply it. To hold it at `v`, its columns in these matrices
 * are set to 0, and v times the columns is added to the biases. The result is a network of the same
 * shape, so it runs at the same speed and gives the same bits on every machine.
 */

import { InputError, type Model, type ModelConfig } from 'ondo'
import { counted } from '../../../src/errors.js'

export interface Held {
  /** Index of the layer, from 0. */
  readonly layer: number
  /** Index of the unit, from 0. */
  readonly unit: number
  readonly value: number
}

const HELD_UNIT = /^(\d{1,3})\.(\d{1,5}):(-?\d+(?:\.\d+)?)$/

/** @returns undefined when the text does not have the syntax above */
export function parseHeld(text: string): Held[] | undefined {
  const found = text.split(',').map(each => HELD_UNIT.exec(each))
  if (found.includes(null)) return undefined
  return found.map(each => ({
    layer: Number(each![1]) - 1,
    unit: Number(each![2]) - 1,
    value: Number(each![3]),
  }))
}

/** Formats held units, sorted by layer and unit; undefined when no unit is held. */
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

/** Whether units can be held at values other than 0. A GRU that resets before the product cannot do it. */
export const holdsAnyValue = ({ cell, reset }: Pick<ModelConfig, 'cell' | 'reset'>): boolean =>
  cell !== 'gru' || reset === 'after'

const heldModels = new WeakMap<Model, Map<string, Model>>()

/**
 * Returns the model with units held. The same text gives the same object, so its network is made once.
 * @throws InputError for units that the model does not have
 */
export function withHeldUnits(model: Model, text: string | undefined): Model {
  if (text === undefined) return model
  const known = heldModels.get(model) ?? new Map<string, Model>()
  heldModels.set(model, known)
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
  const { hidden: H, layers, skip, embedding } = model.config
  const weights = new Map(model.weights)
  const own = (name: string): Float32Array => {
    const copy = weights.get(name)!
    if (copy !== model.weights.get(name)) return copy
    const fresh = copy.slice()
    weights.set(name, fresh)
    return fresh
  }
  for (const { layer, unit, value } of units) {
    const moveToBias = (name: string, biasName: string, column: number): void => {
      const matrix = own(name)
      const bias = own(biasName)
      const width = matrix.length / bias.length
      for (let row = 0; row < bias.length; row++) {
        bias[row] += value * matrix[row * width + column]
        matrix[row * width + column] = 0
      }
    }
    moveToBias(`rnn.weight_hh_l${layer}`, `rnn.bias_hh_l${layer}`, unit)
    if (layer + 1 < layers) {
      moveToBias(`rnn.weight_ih_l${layer + 1}`, `rnn.bias_ih_l${layer + 1}`, unit)
      if (!skip) continue
    }
    const column = skip ? embedding + layer * H + unit : unit
    moveToBias('head.weight', 'head.bias', column)
    // A constant score moves no weight of the average.
    if (weights.has('attention.weight')) own('attention.weight')[column] = 0
  }
  return { ...model, weights }
}
