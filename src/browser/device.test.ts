import { describe, expect, it } from 'vitest'
import { adapterName, isRealGpu, threadsFor } from './device.js'

describe('a real GPU', () => {
  it('is neither a fallback adapter nor a known software rasteriser', () => {
    expect(isRealGpu({ vendor: 'nvidia', architecture: 'ampere' })).toBe(true)
    expect(isRealGpu({ vendor: 'apple', architecture: 'metal-3' })).toBe(true)
    // Many browsers tell nothing of a GPU.
    expect(isRealGpu({})).toBe(true)
    expect(isRealGpu({ vendor: 'intel', isFallbackAdapter: true })).toBe(false)
    expect(isRealGpu({ vendor: 'google', architecture: 'swiftshader' })).toBe(false)
    expect(isRealGpu({ description: 'llvmpipe (LLVM 15.0.7, 256 bits)' })).toBe(false)
    expect(isRealGpu({ description: 'Microsoft Basic Render Driver' })).toBe(false)
  })

  it('has a name when the browser gives one', () => {
    expect(adapterName({ vendor: 'nvidia', architecture: 'ampere', device: '' })).toBe(
      'nvidia ampere',
    )
    expect(adapterName({ vendor: 'x', description: 'NVIDIA GeForce' })).toBe('NVIDIA GeForce')
    expect(adapterName({})).toBe('')
  })
})

describe('threads', () => {
  it('are limited to one without shared memory', () => {
    expect(threadsFor(16, false)).toBe(1)
  })

  it('are all of a small processor, half of a large one, and at most eight', () => {
    expect([1, 2, 4, 6, 8, 12, 16, 64].map(cores => threadsFor(cores, true))).toEqual([
      1, 2, 4, 3, 4, 6, 8, 8,
    ])
    expect(threadsFor(Number.NaN, true)).toBe(1)
  })
})
