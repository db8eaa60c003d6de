/** What a page has to compute with: a real GPU, threads, or one thread. */

export const DEVICES = ['webgpu', 'wasm'] as const
export type Device = (typeof DEVICES)[number]
/** `auto`: WebGPU where there is a real GPU, else WebAssembly. */
export type DeviceChoice = 'auto' | Device

/** What is used of a WebGPU adapter's description. */
export interface AdapterFacts {
  readonly vendor?: string
  readonly architecture?: string
  readonly device?: string
  readonly description?: string
  readonly isFallbackAdapter?: boolean
}

/** Rasterisers that run on the processor: they are slower at this than WebAssembly is. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i

/** Whether an adapter is a GPU, and not a program that plays one. */
export function isRealGpu(facts: AdapterFacts): boolean {
  if (facts.isFallbackAdapter) return false
  return ![facts.vendor, facts.architecture, facts.device, facts.description].some(
    text => text !== undefined && SOFTWARE.test(text),
  )
}

/** For people: `nvidia ampere`; '' when the browser keeps it to itself. */
export function adapterName({ vendor, architecture, device, description }: AdapterFacts): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ')
}

/** Past this many threads the products of a small network have no rows left to share. */
const MOST_THREADS = 8

/**
 * Threads for a processor that says it runs so many. Half of what a large one says are second
 * threads of the same cores, which a matrix product has no use for; and the page wants to breathe.
 * @param hardware `navigator.hardwareConcurrency`
 * @param isolated `crossOriginIsolated`: without it there is no shared memory
 */
export function threadsFor(hardware: number, isolated: boolean): number {
  if (!isolated || !(hardware > 1)) return 1
  return Math.min(MOST_THREADS, hardware <= 4 ? Math.floor(hardware) : Math.ceil(hardware / 2))
}
