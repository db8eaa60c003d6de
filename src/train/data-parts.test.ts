import { describe, expect, it } from 'vitest'
import { fitBatch, isPrediction, type SplitKind, splitCorpus } from './batches.js'
import { dataParts, splitHeldOut } from './data-parts.js'

describe('the parts of a text', () => {
  it.each<[SplitKind, number, number]>([
    ['tail', 10_000, 0.1],
    ['tail', 777, 0.3],
    ['striped', 10_000, 0.05],
    ['striped', 2_503, 0.2],
  ])(
    'are exactly the symbols that training and validation use: %s, %d symbols, %d',
    (kind, size, holdout) => {
      const request = { kind, holdout, batch: 5, steps: 7 }
      const split = splitCorpus(size, { ...request, ...fitBatch(size, request) })
      const [read, predicted] = [new Set<number>(), new Set<number>()]
      for (const [part, set] of [
        [split.training, read],
        [split.validation, predicted],
      ] as const) {
        for (let index = 0; index < (part?.batches ?? 0); index++) {
          for (const [b, start] of part!.starts.entries()) {
            for (let t = 0; t < part!.steps && isPrediction(part!, index, b, t); t++) {
              const at = start + index * part!.steps + t
              if (set === read) set.add(at)
              if (at + 1 < size) set.add(at + 1)
            }
          }
        }
      }
      const all = (stretches: readonly { from: number; to: number }[]): number[] =>
        stretches.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))
      const { training, heldOut } = dataParts(size, request)
      const sorted = (set: Set<number>): number[] => [...set].sort((a, b) => a - b)
      expect(all(training)).toEqual(sorted(read))
      expect(all(heldOut)).toEqual(sorted(predicted))
      // One piece each under tail, one a stream under striped.
      expect(heldOut).toHaveLength(kind === 'tail' ? 1 : split.training.batch)
    },
  )

  it('are divided into a part to choose by and a test part behind it', () => {
    const cut = splitHeldOut(
      [
        { from: 10, to: 20 },
        { from: 30, to: 34 },
      ],
      0.5,
    )
    expect(cut.choose).toEqual([
      { from: 10, to: 15 },
      { from: 30, to: 32 },
    ])
    expect(cut.test).toEqual([
      { from: 15, to: 20 },
      { from: 32, to: 34 },
    ])
  })
})
