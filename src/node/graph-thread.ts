/**
 * Programs on threads of their own, beside which others run: several parts of one batch at once.
 * Each has its own ONNX Runtime session; arrays go through shared memory.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Compilable, Feed, OrtSessionOptions, Program } from '../train/engine.js'
import { packageRoot } from './files.js'

type Answer =
  | { readonly outputs: Readonly<Record<string, Float32Array>> }
  | { readonly error: unknown }

/** The thread's program: as it is in the sources, or as the build left it. */
async function program(): Promise<string> {
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

/** The next thing a thread says. */
function answer(worker: Worker): Promise<Readonly<Record<string, Float32Array>>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', heard).off('error', failed).off('exit', left)
      act()
    }
    const heard = (said: Answer): void =>
      settle(() => ('error' in said ? reject(said.error) : resolve(said.outputs)))
    const failed = (error: Error): void => settle(() => reject(error))
    const left = (code: number): void =>
      settle(() => reject(new Error(`A training thread ended with exit code ${code}.`)))
    worker.on('message', heard).on('error', failed).on('exit', left)
  })
}

/**
 * Starts a thread and compiles the graph there.
 * @param threads of one operation
 */
export async function compileInThread(
  { bytes, inputs }: Compilable,
  threads: number,
): Promise<Program> {
  const options: OrtSessionOptions = {
    intraOpNumThreads: threads,
    // Fuses nothing that the graph has not fused itself, and loads in two thirds of the time.
    graphOptimizationLevel: 'basic',
    logSeverityLevel: 3, // errors only: its warnings speak of its own optimiser
  }
  const worker = new Worker(await program(), { workerData: { bytes, inputs, options } })
  await answer(worker)
  const bound = new Map<string, Feed>()
  const outputs: Record<string, Float32Array> = {}
  return {
    async run(feeds) {
      const fresh: Record<string, Feed> = {}
      for (const name of inputs.keys()) {
        const feed = feeds[name]
        const known = bound.get(name)
        if (known === feed) continue
        const seen = isShared(feed) ? feed : (known ?? sharedLike(feed))
        if (seen !== feed) seen.set(feed)
        if (seen !== known) {
          bound.set(name, seen)
          fresh[name] = seen
        }
      }
      worker.postMessage(fresh)
      return Object.assign(outputs, await answer(worker))
    },
    async dispose() {
      const gone = new Promise(resolve => worker.once('exit', resolve))
      worker.postMessage('close')
      await gone
    },
  }
}
