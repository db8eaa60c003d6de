/**
 * The worker of `graph-thread.ts`: one graph in one ONNX Runtime session. Plain JavaScript, so that a
 * thread can start it from the sources and from a build.
 *
 * Both threads see the arrays in `shared`. The session needs arrays of its own, so inputs are copied
 * before a run and outputs after it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { loadOnnxRuntime } from './onnx-runtime.mjs'

const { bytes, inputs, options } = workerData
/** The module, once it is loaded. */
let ort

/** For each input: the shared array and the session's own. */
const feeds = new Map()
/** For each output: the shared array and the session's own. */
const outputs = new Map()
const tensors = {}
const fetches = {}

function bind(given) {
  for (const [name, shared] of Object.entries(given)) {
    const own = new shared.constructor(shared.length)
    const { type, dims } = inputs.get(name)
    feeds.set(name, { shared, own })
    tensors[name] = new ort.Tensor(type, own, dims)
  }
}

async function run(session) {
  for (const { shared, own } of feeds.values()) own.set(shared)
  if (outputs.size > 0) {
    await session.run(tensors, fetches)
    for (const { shared, own } of outputs.values()) shared.set(own)
    return {}
  }
  // The first run shows the sizes of the outputs.
  const fresh = {}
  for (const [name, { data, dims }] of Object.entries(await session.run(tensors))) {
    const shared = new Float32Array(new SharedArrayBuffer(data.byteLength))
    const own = new Float32Array(data)
    shared.set(own)
    outputs.set(name, { shared, own })
    fetches[name] = new ort.Tensor('float32', own, dims)
    fresh[name] = shared
  }
  return fresh
}

try {
  ort = await loadOnnxRuntime()
  const session = await ort.InferenceSession.create(bytes, options)
  parentPort.on('message', async message => {
    try {
      if (message === 'close') {
        await session.release()
        parentPort.close()
        return
      }
      bind(message)
      parentPort.postMessage({ outputs: await run(session) })
    } catch (error) {
      parentPort.postMessage({ error })
    }
  })
  parentPort.postMessage({ outputs: {} })
} catch (error) {
  parentPort.postMessage({ error })
}
