/**
 * Dynamic evaluation (Mikolov et al. 2010; Krause et al. 2018, "Dynamic evaluation of neural
 * sequence models"): the model continues to learn from the text that it scores. Each stretch of T
 * symbols is predicted first and learned from afterwards, so no symbol is predicted by weights that
 * were trained on it.
 *
 *   w' = w - rate g / (s + m / 10) + min(1, pull s / m) (w0 - w)
 *
 * g is the gradient of the stretch's mean loss; s is the root mean square of g over a known text, for
 * each weight; m is the mean of s over all weights; w0 are the trained weights, to which weights with
 * large gradients are pulled back most strongly.
 *
 * The known text need not be the training text, which a model file does not contain: over text that
 * the model generates itself at T = 1, s² is the diagonal of the Fisher information.
 */
import { counted, InputError } from '../errors.js'
import { type Bilingual, type NumberKnob, readKnob } from '../knob.js'
import type { ModelConfig, Weights } from '../model/config.js'
import { copyTensors } from './average.js'
import type { IdSource } from './batches.js'
import { LOSSES, networkGraph, nextState } from './cells/network.js'
import type { Engine, Feed, Program } from './engine.js'
import { type Tensors, zerosLike } from './optimizer/optimizer.js'

const about = (en: string, ja: string): Bilingual => ({ en, ja })

/** The reason for a default is on its line; the measurements are in docs/results.md. */
export const DYNAMIC_KNOBS = {
  rate: {
    name: 'rate',
    kind: 'number',
    min: 0,
    max: 1,
    // 3e-4: the best of a row on the first fifth of Shakespeare's held-out text.
    default: 3e-4,
    about: about(
      'dynamic evaluation: how far a weight moves when its gradient is as large as usual',
      '動的評価の学習率。勾配が普段の大きさのとき、重みが動く量',
    ),
  },
  seq: {
    name: 'seq',
    kind: 'whole',
    min: 1,
    max: 10_000,
    // 20: Krause et al.'s for characters.
    default: 20,
    about: about(
      'dynamic evaluation: symbols read between two updates',
      '動的評価で、更新と更新の間に読む文字数',
    ),
  },
  pull: {
    name: 'pull',
    kind: 'number',
    min: 0,
    max: 1,
    // 0.001: what was learned from the text lasts some ten thousand symbols.
    default: 1e-3,
    about: about(
      'dynamic evaluation: how strongly weights are drawn back to the trained ones at each update',
      '動的評価で、更新のたびに学習済みの重みへ引き戻す強さ',
    ),
  },
} as const satisfies Record<string, NumberKnob>

export type DynamicSettings = { readonly [Name in keyof typeof DYNAMIC_KNOBS]: number }

/** Checks settings and fills in defaults. @throws InputError naming the setting, its value and range */
export function dynamicSettings(given: Readonly<Record<string, unknown>> = {}): DynamicSettings {
  const { rate, seq, pull } = DYNAMIC_KNOBS
  return {
    rate: readKnob(rate, given.rate ?? rate.default),
    seq: readKnob(seq, given.seq ?? seq.default),
    pull: readKnob(pull, given.pull ?? pull.default),
  }
}

/** This fraction of the mean root is added to every root, so that unused weights do not move far. */
const DAMPING = 0.1

/** Number of stretches before the scored text that warm the state up without learning. */
const WARM_UP_STRETCHES = 10

export interface DynamicModel {
  readonly config: ModelConfig
  readonly weights: Weights
}

export interface ReadOptions {
  /** Called after each stretch with the number of predictions made. */
  readonly onProgress?: (done: number, total: number) => void
  /** Aborts; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface DynamicReader {
  /** The current weights; `score` changes them in place. */
  readonly weights: Tensors
  /**
   * Measures the usual size of each weight's gradient, which determines the size of its steps.
   * @param known ids of a text that the model predicts well, such as its own output at T = 1
   * @throws InputError when it is shorter than one stretch
   */
  calibrate(known: IdSource, options?: ReadOptions): Promise<void>
  /**
   * Scores a part of a text and learns from it. The state is warmed up on the symbols before the part;
   * the weights continue from the last call.
   * @returns -ln p, nats, of ids[from] .. ids[to - 1]; of ids[1] on when `from` is 0
   */
  score(
    ids: IdSource,
    part: { readonly from: number; readonly to: number },
    options?: ReadOptions,
  ): Promise<Float32Array>
  dispose(): Promise<void>
}

/** Creates a reader with a copy of the weights. Before `calibrate`, every weight's root is 1. */
export async function dynamicReader(
  engine: Engine,
  { config, weights: trained }: DynamicModel,
  settings: DynamicSettings,
): Promise<DynamicReader> {
  const { seq: T } = settings
  const graph = networkGraph(config, {
    batch: 1,
    steps: T,
    training: true,
    maxNodeTensors: engine.maxNodeTensors,
  })
  const program: Program = await engine.compile(graph)
  const weights = copyTensors(trained)
  let steps = stepSizes(
    mapTensors(trained, () => 1),
    settings,
  )
  const x = new Int32Array(T)
  const y = new Int32Array(T)
  let state: Record<string, Feed> = {}

  const begin = (): void => {
    state = {}
    for (const name of graph.state) state[name] = new Float32Array(config.hidden)
  }
  /** Runs ids[at .. at + count - 1], padded to T, as inputs, with the next ids as targets. */
  const runStretch = async (ids: IdSource, at: number, count: number) => {
    const given = ids.subarray(at, at + count + 1)
    for (let t = 0; t < T; t++) {
      x[t] = t < count ? given[t] : 0
      y[t] = t < count ? given[t + 1] : 0
    }
    const out = await program.run({ x, y, ...Object.fromEntries(weights), ...state })
    // Copied, because the next run may write into the same arrays.
    for (const name of graph.state) state[name] = out[nextState(name)].slice()
    return out
  }

  return {
    weights,
    async calibrate(known, { onProgress, signal } = {}) {
      const squares = zerosLike(trained)
      const stretches = Math.floor((known.length - 1) / T)
      if (stretches < 1) {
        throw new InputError(
          'text-too-short',
          `The text to calibrate on has ${counted(known.length, 'symbol')}; expected at least ${T + 1}, a stretch and the symbol behind it.`,
        )
      }
      begin()
      for (let i = 0; i < stretches; i++) {
        signal?.throwIfAborted()
        const out = await runStretch(known, i * T, T)
        addSquares(squares, graph.gradients(out, x))
        onProgress?.((i + 1) * T, stretches * T)
      }
      const root = (sum: number): number => Math.sqrt(sum / stretches)
      steps = stepSizes(mapTensors(squares, root), settings)
    },
    async score(ids, part, { onProgress, signal } = {}) {
      const from = Math.max(1, part.from)
      const surprisals = new Float32Array(part.to - from)
      begin()
      const warm = Math.min(WARM_UP_STRETCHES, Math.floor((from - 1) / T))
      for (let i = warm; i > 0; i--) await runStretch(ids, from - 1 - i * T, T)
      for (let done = 0; done < surprisals.length; done += T) {
        signal?.throwIfAborted()
        const count = Math.min(T, surprisals.length - done)
        const out = await runStretch(ids, from - 1 + done, count)
        surprisals.set(out[LOSSES].subarray(0, count), done)
        // A shorter stretch is the last one, and no prediction follows that could improve.
        if (count === T) learn(weights, trained, graph.gradients(out, x), steps)
        onProgress?.(done + count, surprisals.length)
      }
      return surprisals
    },
    dispose: () => program.dispose(),
  }
}

const mapTensors = (tensors: Tensors, change: (value: number) => number): Tensors =>
  new Map(Array.from(tensors, ([name, data]) => [name, data.map(change)]))

function addSquares(sums: Tensors, gradients: Tensors): void {
  for (const [name, g] of gradients) {
    const sum = sums.get(name)!
    for (let j = 0; j < g.length; j++) sum[j] += g[j] * g[j]
  }
}

/** Factors of each weight's update. */
interface StepSizes {
  /** Factor of the gradient. */
  readonly gradient: Tensors
  /** Factor of the difference from the trained weight. */
  readonly pull: Tensors
}

/** @param roots root mean square of each weight's gradient */
function stepSizes(roots: Tensors, { rate, pull }: DynamicSettings): StepSizes {
  let sum = 0
  let count = 0
  for (const data of roots.values()) {
    for (const root of data) sum += root
    count += data.length
  }
  // When all gradients are zero, no weight moves, whatever the mean.
  const mean = sum / count || 1
  return {
    gradient: mapTensors(roots, root => rate / (root + DAMPING * mean)),
    pull: mapTensors(roots, root => Math.min(1, (pull * root) / mean)),
  }
}

/** Updates the weights in place. */
function learn(
  weights: Tensors,
  trained: Tensors,
  gradients: Tensors,
  { gradient, pull }: StepSizes,
): void {
  for (const [name, w] of weights) {
    const w0 = trained.get(name)!
    const g = gradients.get(name)!
    const towards = pull.get(name)!
    const size = gradient.get(name)!
    for (let i = 0; i < w.length; i++) w[i] += towards[i] * (w0[i] - w[i]) - size[i] * g[i]
  }
}
