/**
 * Runs training graphs in worker threads, so that several parts of a batch are computed at the same
 * time. Each thread has its own ONNX Runtime session; arrays are exchanged through shared memory.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Compilable, Feed, OrtSessionOptions, Program } from '../train/engine.js'
import { packageRoot } from './files.js'

type WorkerMessage =
  | { readonly outputs: Readonly<Record<string, Float32Array>> }
  | { readonly error: unknown }

/** The path of the worker's program, in the sources or in the build. */
async function workerProgram(): Promise<string> {
  if (import.meta.url.endsWith('.ts')) {
    return fileURLToPath(new URL('./train-worker.mjs', import.meta.url))
  }
  return join(await packageRoot(), 'dist', 'node', 'train-worker.js')
}

function sharedLike(array: Feed): Feed {
  const memory = new SharedArrayBuffer(array.byteLength)
  return array instanceof Int32Array ? new Int32Array(memory) : new Float32Array(memory)
}

const isShared = (array: Feed): boolean => array.buffer instanceof SharedArrayBuffer

/** The outputs in the next message of a thread. Rejects when the thread fails or ends. */
function nextMessage(worker: Worker): Promise<Readonly<Record<string, Float32Array>>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      act()
    }
    const onMessage = (message: WorkerMessage): void =>
      settle(() => ('error' in message ? reject(message.error) : resolve(message.outputs)))
    const onError = (error: Error): void => settle(() => reject(error))
    const onExit = (code: number): void =>
      settle(() => reject(new Error(`A training thread ended with exit code ${code}.`)))
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
  })
}

/**
 * Starts a thread and compiles a graph in it.
 * @param threads number of threads for one operation of the graph
 * @throws Error of ONNX Runtime when the graph is invalid
 */
export async function compileInThread(
  { bytes, inputs }: Compilable,
  threads: number,
): Promise<Program> {
  const options: OrtSessionOptions = {
    intraOpNumThreads: threads,
    // Adds no fusions to those of the graph, and loads in two thirds of the time.
    graphOptimizationLevel: 'basic',
    logSeverityLevel: 3, // errors only: the warnings are about ONNX Runtime's own optimiser
  }
  const worker = new Worker(await workerProgram(), { workerData: { bytes, inputs, options } })
  await nextMessage(worker)
  const bound = new Map<string, Feed>()
  const outputs: Record<string, Float32Array> = {}
  return {
    async run(feeds) {
      const fresh: Record<string, Feed> = {}
      for (const name of inputs.keys()) {
        const feed = feeds[name]!
        const known = bound.get(name)
        if (known === feed) continue
        const shared = isShared(feed) ? feed : (known ?? sharedLike(feed))
        if (shared !== feed) shared.set(feed)
        if (shared !== known) {
          bound.set(name, shared)
          fresh[name] = shared
        }
      }
      worker.postMessage(fresh)
      return Object.assign(outputs, await nextMessage(worker))
    },
    async dispose() {
      const exited = new Promise(resolve => worker.once('exit', resolve))
      worker.postMessage('close')
      await exited
    },
  }
}
