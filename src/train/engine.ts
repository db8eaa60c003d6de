/**
 * The engine compiles and runs graphs. ONNX Runtime is a parameter, so that src/train imports no runtime
 * and the same trainer works in Node (onnxruntime-node) and in a page (onnxruntime-web).
 */
import { InputError } from '../errors.js'
import type { InputShape } from '../onnx/graph.js'

/** The used part of an ONNX Runtime tensor. */
export interface OrtTensor {
  readonly data: unknown
}

/** The used part of an ONNX Runtime session. */
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

/** The used part of the module `onnxruntime-node` or `onnxruntime-web`. */
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
  /** Threads of one operation. The last bits of trained weights depend on it. */
  readonly threads: number
  /** Execution providers in order of preference; by default, the runtime chooses. */
  readonly executionProviders?: readonly string[]
  /** Inputs plus outputs of a node at most (WebGPU: 8); unlimited by default. */
  readonly maxNodeTensors?: number
}

export type Feed = Float32Array | Int32Array

/** A compiled graph. */
export interface Program {
  /**
   * @param feeds every input of the graph by name
   * @returns every output by name, in arrays that the next run may overwrite
   */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Readonly<Record<string, Float32Array>>>
  dispose(): Promise<void>
}

/** A graph as an engine compiles it. */
export interface Compilable {
  readonly bytes: Uint8Array
  readonly inputs: ReadonlyMap<string, InputShape>
}

export interface Engine {
  readonly threads: number
  /** Inputs plus outputs of a node at most, in graphs for this engine. */
  readonly maxNodeTensors?: number
  compile(graph: Compilable): Promise<Program>
  /**
   * Compiles a graph for a thread of its own; absent where there are no threads. Feeds in shared memory
   * are not copied.
   * @param threads of one operation
   */
  compileInThread?(graph: Compilable, threads: number): Promise<Program>
}

/**
 * Creates an engine on ONNX Runtime. Importing `onnxruntime-node` turns its telemetry on, unless
 * `ORT_DISABLE_TELEMETRY` is 1; `nodeEngine` of `ondo/node` sets that before it imports the package.
 * @throws InputError when the number of threads is not a whole number from 1 to 1024
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
    logSeverityLevel: 3, // errors only: its warnings concern its own optimiser
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
