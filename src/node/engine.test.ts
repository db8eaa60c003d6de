import { afterEach, describe, expect, it, vi } from 'vitest'
import { Graph } from '../onnx/graph.js'
import { nodeEngine } from './engine.js'

afterEach(() => {
  vi.doUnmock('onnxruntime-node')
  vi.resetModules()
})

/** `nodeEngine` of a process in which importing onnxruntime-node ends in this error. */
async function engineWithout(error: Error): Promise<typeof nodeEngine> {
  vi.resetModules()
  vi.doMock('onnxruntime-node', () => {
    throw error
  })
  return (await import('./engine.js')).nodeEngine
}

describe('the engine in Node', () => {
  it('runs a graph', async () => {
    const engine = await nodeEngine({ threads: 1 })
    const g = new Graph()
    const x = g.input('x', 'float32', [2])
    g.output('sum', g.add(x, x), [2])
    const program = await engine.compile({ bytes: g.build(), inputs: g.inputs })
    expect(await program.run({ x: Float32Array.of(1, 2) })).toEqual({ sum: Float32Array.of(2, 4) })
    await program.dispose()
  })

  it('uses all cores by default', async () => {
    expect((await nodeEngine()).threads).toBeGreaterThanOrEqual(1)
    expect((await nodeEngine({ threads: 3 })).threads).toBe(3)
  })

  it('reports in one sentence what to do when the package is missing', async () => {
    const engine = await engineWithout(new Error('no such package'))
    await expect(engine()).rejects.toThrow('run `npm install onnxruntime-node`')
  })
})
