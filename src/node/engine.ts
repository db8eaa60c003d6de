/** The training engine in Node: ONNX Runtime's native library, loaded only when training starts. */
import { availableParallelism } from 'node:os'
import { TrainingError } from '../errors.js'
import { createEngine, type Engine, type EngineOptions, type OrtLike } from '../train/engine.js'
import { compileInThread } from './graph-thread.js'
import { loadOnnxRuntime, TelemetryError } from './onnx-runtime.mjs'

/**
 * Loads `onnxruntime-node` with its telemetry turned off, and makes an engine.
 * @param options.threads default: the number of cores
 * @throws TrainingError when the package is not installed, or its telemetry can't be turned off
 */
export async function nodeEngine(options: Partial<EngineOptions> = {}): Promise<Engine> {
  let ort: OrtLike
  try {
    ort = await loadOnnxRuntime()
  } catch (cause) {
    if (cause instanceof TelemetryError)
      throw new TrainingError('telemetry', cause.message, { cause })
    const missing =
      cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
    throw new TrainingError(
      'engine-missing',
      missing
        ? 'Training needs the package onnxruntime-node, which is not installed: run `npm install onnxruntime-node` and try again.'
        : `Training needs the package onnxruntime-node, and it does not start on this machine (${cause instanceof Error ? cause.message : cause}): run \`npm install onnxruntime-node\` anew, on a system that it supports.`,
      { cause },
    )
  }
  const engine = createEngine(ort, { threads: availableParallelism(), ...options })
  // Other execution providers parallelise by themselves.
  if (engine.threads === 1 || options.executionProviders !== undefined) return engine
  return { ...engine, compileInThread }
}
