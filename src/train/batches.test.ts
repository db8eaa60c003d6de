import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  fillBatch,
  fitBatch,
  isPrediction,
  MIN_BATCHES,
  MIN_SYMBOLS,
  type Split,
  type Streams,
  splitCorpus,
} from './batches.js'

/** A corpus whose ids are their own places, so that every id read says where it was read. */
const places = (size: number): Uint32Array => Uint32Array.from({ length: size }, (_, i) => i)

/** Every prediction of a pass: [from, to], in the order of batches, streams, steps. */
function predictions(part: Streams, size: number): [number, number][] {
  const { batch: B, steps: T } = part
  const x = new Int32Array(B * T)
  const y = new Int32Array(B * T)
  const found: [number, number][] = []
  for (let index = 0; index < part.batches; index++) {
    fillBatch(places(size), part, index, x, y)
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) {
        if (isPrediction(part, index, b, t)) found.push([x[t * B + b], y[t * B + b]])
      }
    }
  }
  return found
}

const requests = fc.record({
  kind: fc.constantFrom('tail' as const, 'striped' as const),
  holdout: fc.double({ min: 0, max: 0.5, noNaN: true }),
  batch: fc.integer({ min: 1, max: 12 }),
  steps: fc.integer({ min: 1, max: 20 }),
})
const sizes = fc.integer({ min: MIN_SYMBOLS, max: 3000 })

function fitted(size: number, request: Parameters<typeof splitCorpus>[1]): Split {
  return splitCorpus(size, { ...request, ...fitBatch(size, request) })
}

describe('every split', () => {
  it('has the next symbol as target, and continues each stream from batch to batch', () => {
    fc.assert(
      fc.property(sizes, requests, (size, request) => {
        const { training, validation } = fitted(size, request)
        for (const part of validation ? [training, validation] : [training]) {
          const found = predictions(part, size)
          expect(found.length).toBe(part.predictions)
          // The last symbol of a striped corpus is followed by its first.
          expect(found.filter(([from, to]) => to !== (from + 1) % size)).toEqual([])
        }
      }),
      { numRuns: 60 },
    )
  })

  it('uses no symbol twice, and none in both parts', () => {
    fc.assert(
      fc.property(sizes, requests, (size, request) => {
        const { training, validation } = fitted(size, request)
        const trained = predictions(training, size).map(([from]) => from)
        const held = validation ? predictions(validation, size).map(([from]) => from) : []
        expect(new Set([...trained, ...held]).size).toBe(trained.length + held.length)
      }),
      { numRuns: 60 },
    )
  })

  it('trains on whole batches, and on at least a few', () => {
    fc.assert(
      fc.property(sizes, requests, (size, request) => {
        const { training } = fitted(size, request)
        expect(training.batches).toBeGreaterThanOrEqual(1)
        expect(training.predictions).toBe(training.batches * training.batch * training.steps)
      }),
      { numRuns: 60 },
    )
  })
})

describe('tail', () => {
  it('validates on every held-out symbol but the first, and trains on none of them', () => {
    fc.assert(
      fc.property(sizes, requests, (size, request) => {
        const { training, validation } = fitted(size, { ...request, kind: 'tail' })
        const first = size - Math.floor(size * request.holdout)
        expect(predictions(training, size).filter(([, to]) => to >= first)).toEqual([])
        if (!validation) return
        const targets = predictions(validation, size).map(([, to]) => to)
        expect(targets.sort((a, b) => a - b)).toEqual(
          Array.from({ length: size - first - 1 }, (_, i) => first + 1 + i),
        )
      }),
      { numRuns: 60 },
    )
  })
})

describe('striped', () => {
  it('splits tiny-shakespeare as char-rnn does: 423 training and 23 validation batches', () => {
    const { training, validation } = splitCorpus(1_115_394, {
      kind: 'striped',
      holdout: 0.05,
      batch: 50,
      steps: 50,
    })
    expect(training.batches).toBe(423)
    expect(validation?.batches).toBe(23)
    expect(training.starts[1]).toBe(446 * 50)
    expect(validation?.starts[0]).toBe(423 * 50)
  })
})

describe('small corpora', () => {
  it('keep B and T when an epoch has enough batches', () => {
    const request = { kind: 'tail' as const, holdout: 0.1, batch: 50, steps: 50 }
    expect(fitBatch(1_000_000, request)).toEqual({ batch: 50, steps: 50 })
  })

  it('get fewer streams first, then fewer steps', () => {
    const request = { kind: 'tail' as const, holdout: 0.1, batch: 50, steps: 50 }
    expect(fitBatch(43_000, request)).toEqual({ batch: 15, steps: 50 })
    expect(fitBatch(1000, request)).toEqual({ batch: 1, steps: 17 })
    for (const size of [64, 100, 1000, 5000, 20_000]) {
      const { training } = fitted(size, request)
      // Below 8 steps there is no batch to speak of: the shortest texts get fewer batches.
      expect(training.batches).toBeGreaterThanOrEqual(size < 500 ? 7 : MIN_BATCHES)
    }
  })
})
