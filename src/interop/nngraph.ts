/**
 * The graph of an `nn.gModule` (Torch7's nngraph): which module reads what. A node's `data` names its
 * module and, in `mapindex`, the data of the nodes that it reads, in order.
 *
 * Source: torch/nngraph's gmodule.lua and node.lua.
 */
import { LuaObject, LuaTable, type LuaValue } from './torch7.js'

export interface GraphNode {
  /** Undefined for a node that only passes on or selects. */
  readonly module: LuaObject | undefined
  /** The name that the program gave it: `i2h_1`. */
  readonly name: string | undefined
  /** Which part of a table it selects, counted from 1. */
  readonly select: number | undefined
  readonly reads: GraphNode[]
  readonly readBy: GraphNode[]
}

/** Modules that give what they read, perhaps in another shape. */
const PASSES = /^(nn\.(Identity|Dropout|Copy|Contiguous|View|Reshape)|nngraph\.JustElement)$/

const objectsIn = (value: LuaValue | undefined): LuaObject[] =>
  value instanceof LuaTable ? value.list.filter(one => one instanceof LuaObject) : []

const tablesIn = (value: LuaValue | undefined): LuaTable[] =>
  value instanceof LuaTable ? value.list.filter(one => one instanceof LuaTable) : []

function nodeOf(data: LuaTable): GraphNode {
  const module = data.fields.get('module')
  const select = data.fields.get('selectindex')
  const annotations = data.fields.get('annotations')
  const name = annotations instanceof LuaTable ? annotations.fields.get('name') : undefined
  return {
    module: module instanceof LuaObject ? module : undefined,
    name: typeof name === 'string' ? name : undefined,
    select: typeof select === 'number' ? select : undefined,
    reads: [],
    readBy: [],
  }
}

function connect(from: GraphNode | undefined, to: GraphNode): void {
  if (!from || to.reads.includes(from)) return
  to.reads.push(from)
  from.readBy.push(to)
}

/** All nodes in the order in which they are evaluated; empty where the object holds no graph. */
export function graphOf(network: LuaObject): GraphNode[] {
  const forward = network.field('fg')
  const listed = objectsIn(network.field('forwardnodes'))
  const nodes =
    listed.length > 0
      ? listed
      : objectsIn(forward instanceof LuaObject ? forward.field('nodes') : undefined)
  // Graphs in both directions have nodes of their own, but share the data.
  const byData = new Map<LuaValue, GraphNode>()
  for (const node of nodes) {
    const data = node.field('data')
    if (data instanceof LuaTable && !byData.has(data)) byData.set(data, nodeOf(data))
  }
  for (const [data, node] of byData) {
    for (const read of tablesIn((data as LuaTable).fields.get('mapindex'))) {
      connect(byData.get(read), node)
    }
  }
  for (const node of nodes) {
    const from = byData.get(node.field('data') ?? null)
    for (const child of objectsIn(node.field('children'))) {
      const to = byData.get(child.field('data') ?? null)
      if (to) connect(from, to)
    }
  }
  return [...byData.values()]
}

/** All modules of a network in order, containers opened, each once. */
export function modulesOf(network: LuaObject): LuaObject[] {
  const found = new Set<LuaObject>()
  const open = [network]
  for (let module = open.pop(); module; module = open.pop()) {
    if (found.has(module)) continue
    found.add(module)
    for (const part of objectsIn(module.field('modules')).reverse()) open.push(part)
  }
  return [...found]
}

const passesOn = ({ module, select, reads }: GraphNode): boolean =>
  select === undefined && reads.length > 0 && (module === undefined || PASSES.test(module.type))

/** What a node reads, beyond nodes that only pass it on. */
export function sourcesOf({ reads }: GraphNode): GraphNode[] {
  return reads.map(read => {
    const passed = new Set<GraphNode>()
    let at = read
    while (passesOn(at) && !passed.has(at)) {
      passed.add(at)
      at = at.reads[0] as GraphNode
    }
    return at
  })
}

/** The nodes that read a node, beyond nodes that only pass it on. */
export function readersOf(node: GraphNode): GraphNode[] {
  const found = new Set(node.readBy)
  // A set gives what is added to it while it is walked through.
  for (const one of found) if (passesOn(one)) for (const reader of one.readBy) found.add(reader)
  return [...found].filter(one => !passesOn(one))
}

/** The number of the network's input that a node reads, counted from 1; undefined for other nodes. */
export function inputNumber(node: GraphNode): number | undefined {
  const [source] = sourcesOf(node)
  if (source?.select === undefined) return undefined
  // The node that is split is the network's own input: it has no module and reads nothing.
  const [split] = sourcesOf(source)
  return split && !split.module && split.reads.length === 0 ? source.select : undefined
}
