/**
 * An expression as a list of instructions for a simulation that goes over a text once and keeps all
 * states it may be in: Thompson, "Regular expression search algorithm" (1968); Cox, "Regular
 * expression matching: the virtual machine approach" (2009).
 */
import type { Node, Place } from './parse.js'

export const TAKE = 0
export const SPLIT = 1
export const ASSERT = 2
export const LOOK = 3
export const MATCH = 4

const PLACES: readonly Place[] = ['start', 'end', 'boundary', 'inside']

/** Instructions by their number: what to do, and where to go on. */
export interface Program {
  readonly ops: Uint8Array
  /** TAKE: the leaf. ASSERT: the number of the place. LOOK: the number of the look. SPLIT: a second way. */
  readonly args: Int32Array
  /** The next instruction. */
  readonly next: Int32Array
  readonly start: number
}

/** @param backwards for a text that is read from its end: what a lookahead does */
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
  /** Instructions for a node that go on at `to`. @returns where they begin */
  const build = (node: Node, to: number): number => {
    switch (node.kind) {
      case 'one':
        return emit(TAKE, node.leaf, to)
      case 'assert':
        return emit(ASSERT, PLACES.indexOf(node.place), to)
      case 'look':
        return emit(LOOK, node.look, to)
      case 'sequence': {
        // Built from its end: each part goes on at the one that is read after it.
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
