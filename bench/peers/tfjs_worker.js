// TensorFlow.js in a worker of the bench's page: tf.layers' LSTM of the same size, its own Adam,
// whole batches, timed here. Served beside the scripts that ONDO_TFJS names.
let model
let tensors

async function begin({ backend, sizes, ids, scripts }) {
  for (const script of scripts) importScripts(script)
  const { vocabulary: V, hidden, layers, batch: B, seq: T } = sizes
  if (backend === 'wasm') tf.wasm.setWasmPaths('/tfjs-wasm/')
  if (!(await tf.setBackend(backend))) throw new Error(`there is no backend ${backend} here`)
  await tf.ready()
  model = tf.sequential()
  for (let layer = 0; layer < layers; layer++) {
    const inputShape = layer === 0 ? { inputShape: [T, V] } : {}
    model.add(tf.layers.lstm({ units: hidden, returnSequences: true, ...inputShape }))
  }
  model.add(tf.layers.dense({ units: V, activation: 'softmax' }))
  model.compile({ optimizer: tf.train.adam(0.004), loss: 'categoricalCrossentropy' })
  const rows = from => Array.from({ length: B * T }, (_, i) => ids[(from + i) % ids.length])
  const hot = from => tf.oneHot(tf.tensor2d(rows(from), [B, T], 'int32'), V).toFloat()
  tensors = { x: hot(0), y: hot(1) }
}

addEventListener('message', async ({ data: request }) => {
  try {
    if (request.type === 'begin') await begin(request)
    const start = performance.now()
    let loss = Number.NaN
    const count = request.type === 'begin' ? 1 : request.count
    for (let i = 0; i < count; i++) loss = await model.trainOnBatch(tensors.x, tensors.y)
    postMessage({ milliseconds: performance.now() - start, loss })
  } catch (error) {
    postMessage({ error: String(error) })
  }
})
