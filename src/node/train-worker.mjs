/**
 * A thread of `graph-thread.ts`: one graph, one ONNX Runtime session. Plain JavaScript, so that a thread can
 * be started on it from the sources as from a build.
 *
 * Arrays in `shared` are seen by both sides; the session wants memory of its own, so they are copied
 * in before a run and out after it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { loadOnnxRuntime } from './onnx-runtime.mjs'

const { bytes, inputs, options } = workerData
/** The module, once it is loaded. */
let ort

/** By input: the shared array, the session's own, and the tensor around that. */
const feeds = new Map()
/** By output: the shared array and the session's own, which each run fills anew. */
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
  // The first time: what comes out says how large it is.
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
