/**
 * The training engine in a page: ONNX Runtime for the web, loaded from the page's own server when
 * training starts. Use it in a worker, because a training step blocks its thread.
 */
import { TrainingError } from '../errors.js'
import { createEngine, type Engine, type OrtLike } from '../train/index.js'
import {
  type AdapterFacts,
  adapterName,
  type Device,
  type DeviceChoice,
  isRealGpu,
  threadsFor,
} from './device.js'

export interface BrowserEngineOptions {
  /**
   * Address of the folder with the files of onnxruntime-web/dist: ort-wasm-simd-threaded.mjs and
   * .wasm, and for WebGPU the two with .asyncify.
   */
  readonly assets: string | URL
  /** Default `auto`. `webgpu` also accepts a software adapter, and fails when there is none. */
  readonly device?: DeviceChoice
  /** Number of WebAssembly threads. Default: `threadsFor`. Without cross-origin isolation always 1. */
  readonly threads?: number
}

export interface BrowserEngine extends Engine {
  readonly device: Device
  /** The name of the GPU, if the browser gives it. */
  readonly adapter?: string
}

/** Number of storage buffers for one node that every WebGPU implementation supports. */
const WEBGPU_BUFFERS = 8

const FILES: Readonly<Record<Device, string>> = {
  wasm: 'ort-wasm-simd-threaded',
  webgpu: 'ort-wasm-simd-threaded.asyncify',
}

async function gpuAdapter(): Promise<(GPUAdapter & { readonly facts: AdapterFacts }) | undefined> {
  // Missing in some browsers, and in pages outside a secure context.
  const gpu = (navigator as { readonly gpu?: GPU }).gpu
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) return undefined
  // Newer browsers have this flag in the description of the adapter.
  const { isFallbackAdapter } = adapter as { readonly isFallbackAdapter?: boolean }
  const { vendor, architecture, device, description } = adapter.info
  const inDescription = (adapter.info as AdapterFacts).isFallbackAdapter
  const facts = {
    vendor,
    architecture,
    device,
    description,
    isFallbackAdapter: isFallbackAdapter || inDescription || false,
  }
  return Object.assign(adapter, { facts })
}

/**
 * Finds the device that training in the page would use, without loading anything.
 * @throws TrainingError for `webgpu` when the browser has none
 */
export async function findDevice(
  choice: DeviceChoice = 'auto',
): Promise<{ readonly device: Device; readonly adapter?: string }> {
  if (choice === 'wasm') return { device: 'wasm' }
  const adapter = await gpuAdapter()
  if (choice === 'webgpu' && !adapter) {
    throw new TrainingError(
      'no-webgpu',
      'WebGPU was asked for, and this browser has none here; choose WebAssembly, or leave the choice to Ondo.',
    )
  }
  if (!adapter || (choice === 'auto' && !isRealGpu(adapter.facts))) return { device: 'wasm' }
  const name = adapterName(adapter.facts)
  return { device: 'webgpu', ...(name && { adapter: name }) }
}

type Ort = typeof import('onnxruntime-web')

async function loadRuntime(device: Device, assets: string | URL): Promise<Ort> {
  let ort: Ort
  try {
    ort = await (device === 'webgpu'
      ? import('onnxruntime-web/webgpu')
      : import('onnxruntime-web/wasm'))
  } catch (cause) {
    throw new TrainingError(
      'engine-missing',
      `Training in a page needs the package onnxruntime-web, and it did not load (${cause instanceof Error ? cause.message : cause}): add it to the page's packages, or reload the page.`,
      { cause },
    )
  }
  const at = (ending: string): string => new URL(`${FILES[device]}${ending}`, assets).href
  ort.env.wasm.wasmPaths = { mjs: at('.mjs'), wasm: at('.wasm') }
  ort.env.logLevel = 'error'
  return ort
}

/**
 * Loads ONNX Runtime for the web and makes an engine: on a real GPU if there is one, else on
 * WebAssembly threads, else on one thread. The number of threads can't change later in a worker.
 * @throws TrainingError when the runtime does not load, or `webgpu` is not available
 */
export async function browserEngine(options: BrowserEngineOptions): Promise<BrowserEngine> {
  const found = await findDevice(options.device)
  const isolated = globalThis.crossOriginIsolated === true
  const most = options.threads ?? threadsFor(navigator.hardwareConcurrency, isolated)
  const onGpu = found.device === 'webgpu'
  const threads = isolated && !onGpu ? most : 1
  const ort = await loadRuntime(found.device, options.assets)
  ort.env.wasm.numThreads = threads
  const engine = createEngine(ort as OrtLike, {
    threads,
    executionProviders: onGpu ? ['webgpu', 'wasm'] : ['wasm'],
    ...(onGpu && { maxNodeTensors: WEBGPU_BUFFERS }),
  })
  return { ...engine, ...found }
}
