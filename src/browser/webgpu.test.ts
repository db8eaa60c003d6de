/** WebGPU guarantees eight storage buffers for a shader: no node of our graphs may use more. */
import { describe, expect, it } from 'vitest'
import { CELLS, modelConfig } from '../model/config.js'
import { networkGraph } from '../train/cells/network.js'

interface Field {
  readonly number: number
  readonly bytes: Uint8Array
}

/** The fields of a protobuf message; those that hold no bytes come empty. */
function fields(message: Uint8Array): Field[] {
  const found: Field[] = []
  let at = 0
  const whole = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++]
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const key = whole()
    const kind = key & 7
    let bytes = new Uint8Array()
    if (kind === 0) whole()
    else if (kind === 5) at += 4
    else {
      const length = whole()
      bytes = message.slice(at, at + length)
      at += length
    }
    found.push({ number: key >>> 3, bytes })
  }
  return found
}

const only = (message: Uint8Array, number: number): Uint8Array[] =>
  fields(message)
    .filter(field => field.number === number)
    .map(({ bytes }) => bytes)

/** Inputs and outputs of every node (ModelProto.graph 7, GraphProto.node 1, input 1, output 2). */
function buffersOf(model: Uint8Array): number[] {
  const [graph] = only(model, 7)
  return only(graph, 1).map(node => only(node, 1).length + only(node, 2).length)
}

describe.each(CELLS)('the graph of a %s', cell => {
  const config = modelConfig({ cell, vocabulary: 65, hidden: 16, layers: 2, embedding: 8 })

  it('binds at most eight buffers a node for WebGPU, at any number of steps', () => {
    for (const steps of [1, 7, 64]) {
      for (const training of [true, false]) {
        const graph = networkGraph(config, {
          batch: 2,
          steps,
          training,
          maxNodeTensors: 8,
          masked: [0],
        })
        const buffers = buffersOf(graph.bytes)
        expect(buffers).toHaveLength(graph.nodes)
        expect(Math.max(...buffers)).toBeLessThanOrEqual(8)
      }
    }
  })

  it('binds more where it may, so that the limit is one', () => {
    const graph = networkGraph(config, { batch: 2, steps: 64, training: true })
    expect(Math.max(...buffersOf(graph.bytes))).toBeGreaterThan(8)
  })
})
