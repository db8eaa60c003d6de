/**
 * The engine: runs a graph. ONNX Runtime is handed in, so that this room imports no runtime and the
 * same trainer works in Node (onnxruntime-node) and in a page (onnxruntime-web).
 */
import { InputError } from '../errors.js'
import type { InputShape } from './graph/graph.js'

/** What is used of an ONNX Runtime tensor. */
export interface OrtTensor {
  readonly data: unknown
}

/** What is used of an ONNX Runtime session. */
export interface OrtSession {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>
  release(): Promise<void>
}

export interface OrtSessionOptions {
  readonly executionProviders?: readonly string[]
  readonly intraOpNumThreads?: number
  readonly graphOptimizationLevel?: 'basic' | 'all'
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4
}

/** What is used of the module `onnxruntime-node` or `onnxruntime-web`. */
export interface OrtLike {
  readonly Tensor: new (
    type: 'float32' | 'int32',
    data: Float32Array | Int32Array,
    dims: readonly number[],
  ) => OrtTensor
  readonly InferenceSession: {
    create(model: Uint8Array, options: OrtSessionOptions): Promise<OrtSession>
  }
}

export interface EngineOptions {
  /** Threads of one operation. The weights of a run depend on it in their last bits. */
  readonly threads: number
  /** In order of preference; the runtime's own choice when left out. */
  readonly executionProviders?: readonly string[]
  /** The most inputs plus outputs a node may have (WebGPU: 8); any number when left out. */
  readonly maxNodeTensors?: number
}

export type Feed = Float32Array | Int32Array

/** A compiled graph. */
export interface Program {
  /**
   * @param feeds every input of the graph by name
   * @returns every output by name; the next run may write into the same arrays
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Readonly<Record<string, Float32Array>>>
  dispose(): Promise<void>
}

/** What an engine compiles. */
export interface Compilable {
  readonly bytes: Uint8Array
  readonly inputs: ReadonlyMap<string, InputShape>
}

export interface Engine {
  readonly threads: number
  /** What graphs for this engine must keep to. */
  readonly maxNodeTensors?: number
  compile(graph: Compilable): Promise<Program>
  /**
   * Compiles for a thread of its own, beside which others run; missing where there are none. Feeds
   * in shared memory are read where they are.
   * @param threads of one operation
   */
  compileInThread?(graph: Compilable, threads: number): Promise<Program>
}

/**
 * An engine on ONNX Runtime. Who hands in `onnxruntime-node` has loaded it, with its telemetry on unless
 * `ORT_DISABLE_TELEMETRY` was 1; `nodeEngine` of `ondo/node` sees to that.
 * @throws InputError when the number of threads makes no sense
 */
export function createEngine(ort: OrtLike, options: EngineOptions): Engine {
  const { threads } = options
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new InputError(
      'threads',
      `The number of threads is ${threads}; expected a whole number from 1 to 1024.`,
    )
  }
  const settings: OrtSessionOptions = {
    intraOpNumThreads: threads,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3, // errors only: its warnings speak of its own optimiser
    ...(options.executionProviders && { executionProviders: options.executionProviders }),
  }
  return {
    threads,
    ...(options.maxNodeTensors !== undefined && { maxNodeTensors: options.maxNodeTensors }),
    async compile({ bytes, inputs }) {
      const session = await ort.InferenceSession.create(bytes, settings)
      return {
        async run(feeds) {
          const tensors: Record<string, OrtTensor> = {}
          for (const [name, { type, dims }] of inputs) {
            if (type === 'int64') throw new TypeError(`${name}: graphs take no int64 inputs`)
            tensors[name] = new ort.Tensor(type, feeds[name], dims)
          }
          const outputs = await session.run(tensors)
          const arrays: Record<string, Float32Array> = {}
          for (const name of Object.keys(outputs)) arrays[name] = outputs[name].data as Float32Array
          return arrays
        },
        dispose: () => session.release(),
      }
    },
  }
}
