/** Finds what a page can compute with: a real GPU, several threads, or one thread. */

export const DEVICES = ['webgpu', 'wasm'] as const
export type Device = (typeof DEVICES)[number]
/** `auto` means WebGPU when there is a real GPU, else WebAssembly. */
export type DeviceChoice = 'auto' | Device

/** The used part of the description of a WebGPU adapter. */
export interface AdapterFacts {
  readonly vendor?: string
  readonly architecture?: string
  readonly device?: string
  readonly description?: string
  readonly isFallbackAdapter?: boolean
}

/** Software rasterisers. They run on the CPU and are slower than WebAssembly. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i

/** Whether an adapter is a GPU and not a software rasteriser. */
export function isRealGpu(facts: AdapterFacts): boolean {
  if (facts.isFallbackAdapter) return false
  return ![facts.vendor, facts.architecture, facts.device, facts.description].some(
    text => text !== undefined && SOFTWARE.test(text),
  )
}

/** The name of an adapter for display, such as `nvidia ampere`; '' when the browser gives none. */
export function adapterName({ vendor, architecture, device, description }: AdapterFacts): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ')
}

/** Maximum number of threads. A small network has too few rows to share among more. */
const MOST_THREADS = 8

/**
 * The number of threads to train with. On a large processor, half of the reported threads share a
 * core with another one, which does not speed up matrix products; and the page needs a thread.
 * @param hardware `navigator.hardwareConcurrency`
 * @param isolated `crossOriginIsolated`; without it there is no shared memory, and the result is 1
 */
export function threadsFor(hardware: number, isolated: boolean): number {
  if (!isolated || !(hardware > 1)) return 1
  return Math.min(MOST_THREADS, hardware <= 4 ? Math.floor(hardware) : Math.ceil(hardware / 2))
}
