/**
 * The training engine in a page: ONNX Runtime for the web, loaded only when training starts, from
 * the page's own server. Make it in a worker: a step blocks the thread that asks for it.
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
   * Address of the folder with ONNX Runtime's files, as they lie in onnxruntime-web/dist:
   * ort-wasm-simd-threaded.mjs and .wasm, and for WebGPU the two of .asyncify.
   */
  readonly assets: string | URL
  /** Default `auto`. `webgpu` takes a software adapter too, and fails where there is none. */
  readonly device?: DeviceChoice
  /** Threads of WebAssembly; what suits the processor when left out, 1 without cross-origin isolation. */
  readonly threads?: number
}

export interface BrowserEngine extends Engine {
  readonly device: Device
  /** The GPU's name, where there is one and the browser tells. */
  readonly adapter?: string
}

/** WebGPU promises eight storage buffers a node, no more. */
const WEBGPU_FAN = 8

const FILES: Readonly<Record<Device, string>> = {
  wasm: 'ort-wasm-simd-threaded',
  webgpu: 'ort-wasm-simd-threaded.asyncify',
}

async function gpuAdapter(): Promise<(GPUAdapter & { readonly facts: AdapterFacts }) | undefined> {
  // Not in every browser, nor in a page outside a secure context.
  const gpu = (navigator as { readonly gpu?: GPU }).gpu
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) return undefined
  // Browsers moved the flag from the adapter to its description.
  const { isFallbackAdapter } = adapter as { readonly isFallbackAdapter?: boolean }
  const { vendor, architecture, device, description } = adapter.info
  const told = (adapter.info as AdapterFacts).isFallbackAdapter
  const facts = {
    vendor,
    architecture,
    device,
    description,
    isFallbackAdapter: isFallbackAdapter || told || false,
  }
  return Object.assign(adapter, { facts })
}

/** What the page would train on, without loading anything. */
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
 * Loads ONNX Runtime for the web and makes an engine of it: on the GPU where there is a real one,
 * else on WebAssembly threads, else on one thread. The number of threads is set once a worker.
 * @throws TrainingError when the runtime does not load, or WebGPU was asked for and is not there
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
    ...(onGpu && { maxNodeTensors: WEBGPU_FAN }),
  })
  return { ...engine, ...found }
}
