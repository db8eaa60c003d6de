import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CELL_VARIANTS, seededWeights } from '../../../test/support/seeded.js'
import { modelConfig } from '../../model/config.js'
import { loadNetwork } from '../../runtime/network.js'
import { LoopDetector } from '../../text/loop-detector.js'
import { type LoopProof, LoopProver } from './loop-proof.js'

/** A machine with some states: state s is followed by next[s]; its bits are made up. */
function run(next: number[], prover: LoopProver, steps = 300): LoopProof | undefined {
  let s = 0
  for (let i = 0; i < steps; i++) {
    const proof = prover.push(Float32Array.of(Math.fround(s / 7), -s), s % 3)
    if (proof) return proof
    s = next[s]
  }
  return undefined
}

/** Finds the cycle of a walk by storing all visited states. */
function cycleOf(next: number[]): { start: number; period: number } {
  const way: number[] = []
  let s = 0
  while (!way.includes(s)) {
    way.push(s)
    s = next[s]
  }
  const start = way.indexOf(s)
  return { start, period: way.length - start }
}

class BadHash extends LoopProver {
  protected override hash(): number {
    return 7
  }
}

const machine = fc
  .integer({ min: 1, max: 40 })
  .chain(n => fc.array(fc.nat(n - 1), { minLength: n, maxLength: n }))

describe('the proof that a loop never ends', () => {
  it('finds the first return of a state, start and period exact', () => {
    fc.assert(
      fc.property(machine, next => {
        const want = { ...cycleOf(next), earliest: true }
        expect(run(next, new LoopProver())).toEqual(want)
        // The hash only points; the bits decide.
        expect(run(next, new BadHash())).toEqual(want)
      }),
    )
  })

  it('still proves the period when no state may be kept', () => {
    fc.assert(
      fc.property(machine, next => {
        const { start, period } = cycleOf(next)
        for (const prover of [new LoopProver({ memory: 0 }), new LoopProver({ memory: 50 })]) {
          const proof = run(next, prover)!
          expect(proof.period).toBe(period)
          expect(proof.start).toBeGreaterThanOrEqual(start)
          expect(proof.start).toBeLessThanOrEqual(start + period)
          if (proof.earliest) expect(proof.start).toBe(start)
        }
      }),
    )
  })

  it.each([new LoopProver(), new BadHash()])(
    'goes by bits: 0 is not -0, a NaN is itself, and the id counts',
    prover => {
      expect(prover.push(Float32Array.of(0), 1)).toBeUndefined()
      expect(prover.push(Float32Array.of(-0), 1)).toBeUndefined()
      expect(prover.push(Float32Array.of(0), 2)).toBeUndefined()
      expect(prover.push(Float32Array.of(Number.NaN), 1)).toBeUndefined()
      const proof = prover.push(Float32Array.of(Number.NaN), 1)
      expect(proof).toEqual({ start: 3, period: 1, earliest: true })
    },
  )

  it('copies the state, which the caller may overwrite', () => {
    const prover = new LoopProver()
    const state = Float32Array.of(1)
    prover.push(state, 0)
    state[0] = 2
    expect(prover.push(state, 0)).toBeUndefined()
    expect(prover.length).toBe(2)
  })

  it.each(Object.keys(CELL_VARIANTS) as (keyof typeof CELL_VARIANTS)[])(
    'holds for a network at T = 0: %s',
    async variant => {
      const V = 11
      // Weights that let a network wander for a while; relu has no ceiling and would run away.
      const scale = variant === 'rnn relu' ? 0.3 : 0.7
      const config = modelConfig({ ...CELL_VARIANTS[variant], vocabulary: V, hidden: 9, layers: 2 })
      const session = (await loadNetwork(config, seededWeights(config, 3, scale))).session()
      const mostLikely = (logits: Float32Array): number => logits.indexOf(Math.max(...logits))
      const prover = new LoopProver()
      const frugal = new LoopProver({ memory: 0 })
      const detector = new LoopDetector()
      const ids: number[] = []
      let proof: LoopProof | undefined
      let late: LoopProof | undefined
      let id = 0
      for (let i = 0; i < 50_000 && !late; i++) {
        proof ??= prover.push(session.snapshot(), id)
        late ??= frugal.push(session.snapshot(), id)
        ids.push(id)
        detector.push(id)
        id = mostLikely(session.step(id))
      }
      const { start, period } = proof!
      expect(late).toMatchObject({ period })
      expect(late!.start).toBeGreaterThanOrEqual(start)
      // What was proved comes true, and the loop one sees divides the one that is proved.
      for (let i = 0; i < 5 * period + 20; i++) {
        ids.push(id)
        detector.push(id)
        id = mostLikely(session.step(id))
      }
      for (let i = start; i + period < ids.length; i++) expect(ids[i + period]).toBe(ids[i])
      expect(period % detector.longestLoop!.period).toBe(0)
      expect(detector.longestLoop!.start).toBeLessThanOrEqual(start)
      session.dispose()
    },
  )
})
