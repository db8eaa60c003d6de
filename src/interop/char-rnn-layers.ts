/**
 * Which `nn.Linear` of a char-rnn network is which: by the graph where the file holds it, else by the
 * order in which char-rnn makes them, checked by shape.
 *
 * Source: char-rnn's model/LSTM.lua, GRU.lua and RNN.lua.
 */
import type { CellKind } from '../model/config.js'
import { type GraphNode, graphOf, inputNumber, modulesOf, readersOf, sourcesOf } from './nngraph.js'
import { type LuaObject, LuaTensor } from './torch7.js'

/** Two layers whose outputs are added: one reads x, one reads h (or for a GRU's candidate, r h). */
export interface Sum {
  readonly input: LuaObject
  readonly recurrent: LuaObject
}

export interface CharRnnLayers {
  readonly cell: CellKind
  /** For each layer its sums: one for LSTM and RNN; update, reset and candidate for a GRU. */
  readonly layers: readonly (readonly Sum[])[]
  readonly decoder: LuaObject
  /** An `nn.LookupTable` [V, E] in front, which some forks have; undefined for one-hot input. */
  readonly embedding?: LuaObject
}

const isLinear = (module: LuaObject | undefined): module is LuaObject =>
  module?.type === 'nn.Linear' || module?.type === 'nn.LinearNoBackprop'

/** Outputs and inputs of a Linear. */
export function sizeOf(linear: LuaObject): [outputs: number, inputs: number] {
  const weight = linear.field('weight')
  const [outputs = 0, inputs = 0] = weight instanceof LuaTensor ? weight.shape : []
  return [outputs, inputs]
}

const isOfType = (node: GraphNode | undefined, type: string): boolean => node?.module?.type === type

/** The sum that a Linear goes into, with the other Linear there. */
function sumWith(recurrent: GraphNode): { sum: Sum; node: GraphNode } | undefined {
  const node = readersOf(recurrent).find(one => isOfType(one, 'nn.CAddTable'))
  const other = node && sourcesOf(node).find(one => one !== recurrent && isLinear(one.module))
  if (!node || !other?.module || !recurrent.module) return undefined
  return { node, sum: { input: other.module, recurrent: recurrent.module } }
}

/** The Linear that reads what a reset gate left of h: the product of the gate with h goes into it. */
function candidateBehind(sum: GraphNode): GraphNode | undefined {
  return readersOf(sum)
    .filter(one => isOfType(one, 'nn.Sigmoid'))
    .flatMap(readersOf)
    .filter(one => isOfType(one, 'nn.CMulTable'))
    .flatMap(readersOf)
    .find(({ module }) => isLinear(module))
}

/** The sums of one layer, from the Linears that read its h; undefined for another network. */
function sumsOf(readers: readonly GraphNode[]): readonly Sum[] | undefined {
  const sums = readers.flatMap(reader => sumWith(reader) ?? [])
  if (sums.length === 1) return sums.map(({ sum }) => sum)
  const reset = sums.find(({ node }) => candidateBehind(node))
  const update = sums.find(({ node }) => !candidateBehind(node))
  const behind = reset && candidateBehind(reset.node)
  const candidate = behind && sumWith(behind)
  if (sums.length !== 2 || !reset || !update || !candidate) return undefined
  return [update.sum, reset.sum, candidate.sum]
}

/** By the graph: layers in the order of the states that they read. */
function byGraph(nodes: readonly GraphNode[]): CharRnnLayers | undefined {
  const linears = nodes.filter(({ module }) => isLinear(module))
  const byState = new Map<number, GraphNode[]>()
  for (const linear of linears) {
    const number = inputNumber(linear)
    // Input 1 is x; the states follow.
    if (number !== undefined && number > 1) {
      byState.set(number, [...(byState.get(number) ?? []), linear])
    }
  }
  const states = [...byState].sort(([a], [b]) => a - b)
  const layers = states.flatMap(([, readers]) => {
    const sums = sumsOf(readers)
    return sums ? [sums] : []
  })
  const used = new Set(layers.flat().flatMap(({ input, recurrent }) => [input, recurrent]))
  const [decoder, ...others] = linears.flatMap(({ module }) =>
    module && !used.has(module) ? [module] : [],
  )
  const [first] = layers
  const complete = layers.length === states.length && others.length === 0
  if (!first || !decoder || !complete) return undefined
  return { cell: cellOf(first), layers, decoder }
}

function cellOf(sums: readonly Sum[]): CellKind {
  if (sums.length === 3) return 'gru'
  const [rows, H] = sizeOf((sums[0] as Sum).recurrent)
  return rows === 4 * H ? 'lstm' : 'rnn'
}

/**
 * Orders in which a layer's Linears stand: z update, r reset, n candidate or the only sum; a small
 * letter reads x, a capital reads h. The first is that of nngraph's modules, which are sorted from the
 * outputs back; the next is that in which char-rnn makes them.
 */
const ORDERS = { gru: ['zZnrRN', 'zZrRNn', 'zZrRnN'], other: ['nN', 'Nn'] }

const readsX = (letter: string): boolean => letter === letter.toLowerCase()

/** The order that the shapes of the first layer allow: H columns for h, one number of columns for x. */
function orderOf(
  first: readonly LuaObject[],
  orders: readonly string[],
  H: number,
): string | undefined {
  const columns = first.map(linear => sizeOf(linear)[1])
  return orders.find(order => {
    const letters = [...order]
    const K = columns[letters.findIndex(readsX)]
    return letters.every((letter, i) => columns[i] === (readsX(letter) ? K : H))
  })
}

/** By order: the Linears of layer after layer, the decoder last. */
function byOrder(
  linears: readonly LuaObject[],
  model: string | undefined,
): CharRnnLayers | undefined {
  const decoder = linears.at(-1)
  const rest = linears.slice(0, -1)
  if (!decoder || rest.length === 0) return undefined
  const H = sizeOf(decoder)[1]
  const isLstm = rest.every(linear => sizeOf(linear)[0] === 4 * H)
  const kinds: readonly CellKind[] = isLstm
    ? ['lstm']
    : model === 'gru' || model === 'rnn'
      ? [model]
      : ['gru', 'rnn']
  for (const cell of kinds) {
    const orders = cell === 'gru' ? ORDERS.gru : ORDERS.other
    const count = cell === 'gru' ? 6 : 2
    const order = orderOf(rest.slice(0, count), orders, H)
    if (rest.length % count !== 0 || order === undefined) continue
    // Above the first layer all matrices have one shape; they stand as those of the first.
    const layers = Array.from({ length: rest.length / count }, (_, k) => {
      const at = (letter: string): LuaObject => rest[k * count + order.indexOf(letter)] as LuaObject
      const sums = cell === 'gru' ? ['z', 'r', 'n'] : ['n']
      return sums.map((sum): Sum => ({ input: at(sum), recurrent: at(sum.toUpperCase()) }))
    })
    return { cell, layers, decoder }
  }
  return undefined
}

/**
 * @param model `opt.model`, where the file has it
 * @returns undefined when the Linears do not make a network of char-rnn
 */
export function charRnnLayers(
  network: LuaObject,
  model: string | undefined,
): CharRnnLayers | undefined {
  const nodes = graphOf(network)
  const inGraph = nodes.flatMap(({ module }) => module ?? [])
  const modules = inGraph.length > 0 ? inGraph : modulesOf(network)
  const found = byGraph(nodes) ?? byOrder(modules.filter(isLinear), model)
  const embedding = modules.find(({ type }) => type === 'nn.LookupTable')
  return found && { ...found, ...(embedding && { embedding }) }
}
