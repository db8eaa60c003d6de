/**
 * Keras' description of a model (`model_config`, `config.json`) as a list of layers from the input up:
 * models within models and wrapped layers are laid flat.
 */
import { isRecord } from '../file/json.js'

/** A name in a config; a damaged one is empty. */
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')

type Json = Readonly<Record<string, unknown>>

/** A layer as its config describes it. */
export interface KerasDescription {
  /** Its class, of what is inside where it is wrapped: `LSTM`. */
  readonly type: string
  readonly name: string
  readonly config: Json
  /** Its group in Keras 3's files of weights: `layers/sequential/layers/lstm_1`. */
  readonly group: string
  /** The names of the models that it is in, from the outside. */
  readonly within: readonly string[]
}

/** Layers that hold another layer, whose config is the one that counts. */
const WRAPPERS = /^TimeDistributed$/

const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()

/** The layers of a Sequential or Functional config in all its forms; undefined for anything else. */
function listOf(config: unknown): Json[] | undefined {
  const list = Array.isArray(config) ? config : isRecord(config) ? config.layers : undefined
  return Array.isArray(list) ? list.filter(isRecord) : undefined
}

/** A model may hold models; a hostile file holds many. */
const DEEPEST = 16

function flatten(
  list: readonly Json[],
  path: string,
  within: readonly string[],
): KerasDescription[] {
  const counts = new Map<string, number>()
  return list.flatMap(layer => {
    const own = isRecord(layer.config) ? layer.config : {}
    const outer = textIn(layer.class_name)
    // Groups are named after classes, counted in the order of the layers.
    const base = snakeCase(outer)
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    const group = `${path}layers/${count === 0 ? base : `${base}_${count}`}`
    const inside = listOf(layer.config)
    const name = textIn(own.name ?? layer.name)
    if (inside && within.length < DEEPEST) return flatten(inside, `${group}/`, [...within, name])
    const inner = WRAPPERS.test(outer) && isRecord(own.layer) ? own.layer : layer
    const innerConfig = isRecord(inner.config) ? inner.config : {}
    return [
      {
        type: textIn(inner.class_name),
        // Keras 3 gives the name of a wrapper to its weights.
        name: textIn(own.name ?? innerConfig.name ?? layer.name),
        config: innerConfig,
        ...{ group, within },
      },
    ]
  })
}

/** The layers of a model from the input up; undefined where the config lists none. */
export function layersOf(model: Json | undefined): KerasDescription[] | undefined {
  const list = listOf(model?.config)
  return list && flatten(list, '', [])
}

/** The cells of an RNN of cells, each as the layer of that cell: `RNN([LSTMCell(9), LSTMCell(9)])`. */
export function cellsOf<T extends Pick<KerasDescription, 'type' | 'name' | 'config'>>(
  layer: T,
): T[] | undefined {
  const { type, config } = layer
  if (type !== 'RNN' || !isRecord(config.cell)) return undefined
  const { class_name: kind, config: own } = config.cell
  const stack = kind === 'StackedRNNCells' && isRecord(own) ? own.cells : undefined
  const cells: unknown[] = Array.isArray(stack) ? stack : [config.cell]
  return cells.filter(isRecord).map(cell => {
    const inner = isRecord(cell.config) ? cell.config : {}
    return {
      ...layer,
      type: textIn(cell.class_name).replace(/Cell$/, ''),
      name: textIn(inner.name),
      config: { ...inner, go_backwards: config.go_backwards },
    }
  })
}

/** How many tensors a layer has, by its class; 0 for classes without, and for those not known. */
export function tensorsIn({ type, config }: Pick<KerasDescription, 'type' | 'config'>): number {
  const bias = config.use_bias === false ? 0 : 1
  if (/^(CuDNN)?(LSTM|GRU|SimpleRNN)$/.test(type)) return 2 + bias
  return { Embedding: 1, Dense: 1 + bias }[type] ?? 0
}
