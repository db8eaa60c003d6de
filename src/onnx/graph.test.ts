import { describe, expect, it } from 'vitest'
import { loadOnnxRuntime } from '../node/onnx-runtime.mjs'
import { createEngine } from '../train/engine.js'
import { Graph } from './graph.js'
import { bytesField, floatField, integerField, stringField } from './protobuf.js'

const ort = await loadOnnxRuntime()

describe('the wire format', () => {
  // The examples of protobuf.dev, "Encoding".
  it.each([
    [integerField(1, 150), [0x08, 0x96, 0x01]],
    [stringField(2, 'testing'), [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]],
    [bytesField(3, integerField(1, 150)), [0x1a, 0x03, 0x08, 0x96, 0x01]],
    [integerField(1, -2), [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    [floatField(2, 1), [0x15, 0x00, 0x00, 0x80, 0x3f]],
    [integerField(16, 2 ** 40), [0x80, 0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]],
  ])('writes %o', (bytes, expected) => {
    expect([...bytes]).toEqual(expected)
  })
})

describe('a graph', () => {
  const engine = createEngine(ort, { threads: 1 })

  it('leaves out nodes on which no output depends, and keeps those that a loop reads', async () => {
    const g = new Graph()
    const x = g.input('x', 'float32', [3, 2])
    const offset = g.multiply(x, g.float32s([2]))
    const unused = g.add(offset, x)
    g.multiply(unused, unused)
    const [first] = g.split(g.add(offset, g.float32s([1])), [1, 2], 0)
    // Only the body of the loop reads `first`.
    const { states } = g.scan({
      states: [g.float32s([0, 0], [1, 2])],
      sequences: [{ value: g.reshape(x, [3, 1, 2]), type: 'float32' }],
      axis: 0,
      step: (body, [sum], [slice]) => {
        body.multiply(sum, sum)
        return { states: [body.add(sum, body.add(slice, first))], outputs: [] }
      },
    })
    g.output('sum', states[0], [1, 2])
    // A product, a sum, a split, a reshaping, the loop, the output; not the sum and square of `unused`.
    expect(g.nodeCount).toBe(6)
    const program = await engine.compile({ bytes: g.build(), inputs: g.inputs })
    const out = await program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) })
    expect([...out.sum]).toEqual([9 + 9, 12 + 15])
    await program.dispose()
  })

  it.each([Number.POSITIVE_INFINITY, 8, 4])(
    'splits and joins to the same tensor with at most %d inputs and outputs a node',
    async maxNodeTensors => {
      const g = new Graph({ maxNodeTensors })
      const x = g.input('x', 'float32', [23, 2])
      const parts = g.split(x, Array(23).fill(1), 0)
      expect(parts.length).toBe(23)
      g.output('back', g.concat(parts, 0), [23, 2])
      g.output('turned', g.concat(parts.toReversed(), 0), [23, 2])
      const program = await engine.compile({ bytes: g.build(), inputs: g.inputs })
      const data = Float32Array.from({ length: 46 }, (_, i) => i)
      const out = await program.run({ x: data })
      expect(out.back).toEqual(data)
      expect([...out.turned].slice(0, 4)).toEqual([44, 45, 42, 43])
      await program.dispose()
    },
  )

  it('leaves out nodes that no output needs, but not those whose values are kept', () => {
    const g = new Graph()
    const x = g.input('x', 'float32', [2])
    g.output('y', g.op('Tanh', [x]), [2])
    const needed = g.nodeCount
    const unused = g.op('Sigmoid', [g.op('Neg', [x])])
    expect(g.nodeCount).toBe(needed)
    g.keep([unused])
    expect(g.nodeCount).toBe(needed + 2)
  })

  it('stores equal constants once, unless their types or shapes differ', () => {
    const g = new Graph()
    expect(g.int64s([1, 2])).toBe(g.int64s([1, 2]))
    expect(g.float32s([1, 2])).not.toBe(g.int64s([1, 2]))
    expect(g.float32s([1], [])).not.toBe(g.float32s([1], [1]))
  })
})

it('an engine refuses 0 threads', () => {
  expect(() => createEngine(ort, { threads: 0 })).toThrow('The number of threads is 0')
})
