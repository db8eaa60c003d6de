/**
 * Compiles an expression into instructions. A simulation reads a text once and keeps all states that
 * the expression may be in. Sources: Thompson, "Regular expression search algorithm" (1968); Cox,
 * "Regular expression matching: the virtual machine approach" (2009).
 */
import type { Node, Place } from './parse.js'

export const TAKE = 0
export const SPLIT = 1
export const ASSERT = 2
export const LOOK = 3
export const MATCH = 4

const PLACES: readonly Place[] = ['start', 'end', 'boundary', 'inside']

/** Instructions by number: an operation, its argument and the next instruction. */
export interface Program {
  readonly ops: Uint8Array
  /** TAKE: the leaf. ASSERT: the number of the place. LOOK: the number of the look. SPLIT: the other next. */
  readonly args: Int32Array
  /** The next instruction. */
  readonly next: Int32Array
  readonly start: number
}

/** @param backwards whether the program reads the text from its end, as that of a lookahead does */
export function compileProgram(root: Node, backwards: boolean): Program {
  const ops: number[] = []
  const args: number[] = []
  const next: number[] = []
  const emit = (op: number, arg: number, to: number): number => {
    ops.push(op)
    args.push(arg)
    next.push(to)
    return ops.length - 1
  }
  /** Emits instructions for a node, followed by `to`. @returns the first of them */
  const build = (node: Node, to: number): number => {
    switch (node.kind) {
      case 'one':
        return emit(TAKE, node.leaf, to)
      case 'assert':
        return emit(ASSERT, PLACES.indexOf(node.place), to)
      case 'look':
        return emit(LOOK, node.look, to)
      case 'sequence': {
        // The last part that is read comes first, because each part needs the next one's address.
        const parts = backwards ? node.parts : [...node.parts].reverse()
        return parts.reduce((after, part) => build(part, after), to)
      }
      case 'choice':
        return node.parts
          .map(part => build(part, to))
          .reduce((other, way) => emit(SPLIT, other, way))
      case 'repeat': {
        const { body, min, max } = node
        let begin = to
        if (max === Number.POSITIVE_INFINITY) {
          const loop = emit(SPLIT, to, -1)
          next[loop] = build(body, loop)
          begin = loop
        } else {
          for (let n = min; n < max; n++) begin = emit(SPLIT, to, build(body, begin))
        }
        for (let n = 0; n < min; n++) begin = build(body, begin)
        return begin
      }
    }
  }
  const start = build(root, emit(MATCH, 0, 0))
  return {
    ops: Uint8Array.from(ops),
    args: Int32Array.from(args),
    next: Int32Array.from(next),
    start,
  }
}
