/**
 * The sweep: generates and measures a text for each temperature and seed of a grid, and computes
 * curves over T and the model's three zones. To use threads, pass a `run` function.
 */

import { InputError, quote } from '../../errors.js'
import { TimeSlices } from '../../event-loop.js'
import type { Model } from '../../file/model.js'
import { networkOf, openWriter, promptIds } from '../../generate/index.js'
import { type NumberKnob, readKnob } from '../../knob.js'
import { readSeed, type Seed } from '../../random.js'
import {
  checkTemperature,
  createChain,
  LENGTH,
  type SamplerInput,
} from '../../temperature/index.js'
import { encodeBase64 } from '../../text/index.js'
import { countCharacters } from '../text/characters.js'
import { type MeasureOptions, measureText } from '../text/measures.js'
import type { CorpusIndex } from '../text/novelty.js'
import type { SpellingFilter } from '../text/spelling-filter.js'
import { corpusStatisticsAt } from './corpus-profile.js'
import {
  type CurvePoint,
  curve,
  type SweepCell,
  type SweepMeasure,
  type SweepText,
  sortTexts,
  zonePoints,
} from './curve.js'
import { type LoopProof, LoopProver } from './loop-proof.js'
import { loopStability } from './loop-stability.js'
import { storedMeasures } from './stored-measures.js'
import { DEFAULT_TEMPERATURES, parseTemperatures } from './temperature-list.js'
import { type CorpusStatistics, findZones, type Zones } from './zones.js'

/** How each text is generated and measured. */
export interface SweepTextOptions {
  /** Characters (code points) of each text. Default 2000. */
  readonly length?: number
  /** The prompt of each text; it is not measured. Default: the model's own. */
  readonly prompt?: string
  /** Samplers between the logits and the draw. Default: temperature alone. */
  readonly chain?: string | readonly SamplerInput[]
  /** Spelling filter of the training text. Default: the one in the model file. */
  readonly filter?: SpellingFilter
  /** Index of the training text. Without it novelty is not measured. */
  readonly corpus?: CorpusIndex
  /**
   * Steps at T = 0 after which the search for a loop proof ends and only the loop's stability is
   * measured. Default 20,000. The text itself still ends at `length`.
   */
  readonly proofSteps?: number
  readonly signal?: AbortSignal
}

export interface SweepOptions extends SweepTextOptions {
  /** 0 to Infinity. Default `0,0.1..3,inf`, see `parseTemperatures`. */
  readonly temperatures?: readonly number[]
  /** A count (seeds 1, 2, 3 ...) or a list. A seed gives the same random numbers at every T. Default 8. */
  readonly seeds?: number | readonly Seed[]
  /** Statistics of the corpus that the zones are compared with. Default: those in the model file. */
  readonly figures?: CorpusStatistics
  /** Texts of an earlier sweep with the same settings, which are not generated again. */
  readonly done?: readonly SweepText[]
  /** Generates and measures one text elsewhere, such as in a worker. Default: `sweepText` here. */
  readonly run?: (cell: SweepCell) => Promise<SweepText>
  /** How many texts `run` generates at the same time. Default 1. */
  readonly concurrency?: number
}

export interface SweepResult {
  /** Whether every text of the grid was measured; false after an abort. */
  readonly complete: boolean
  readonly temperatures: readonly number[]
  readonly seeds: readonly Seed[]
  readonly length: number
  readonly prompt: string
  /** Sorted by temperature, then seed, so the order does not depend on the number of workers. */
  readonly texts: readonly SweepText[]
  readonly curve: readonly CurvePoint[]
  /** Undefined without statistics of the corpus, or with fewer than two temperatures done. */
  readonly zones: Zones | undefined
  readonly figures: CorpusStatistics | undefined
}

export type SweepEvent =
  | {
      readonly type: 'start'
      readonly temperatures: readonly number[]
      readonly seeds: readonly Seed[]
      /** `total` is the number of texts of the grid, `done` of those passed in `options.done`. */
      readonly total: number
      readonly done: number
    }
  | {
      readonly type: 'text'
      readonly text: SweepText
      readonly done: number
      readonly total: number
    }
  | { readonly type: 'end'; readonly result: SweepResult }

/** Characters of each text of a sweep. */
export const SWEEP_LENGTH: NumberKnob = {
  ...LENGTH,
  min: 1,
  max: 10_000_000,
  default: 2000,
  about: { en: 'characters of each text', ja: '文章1本の文字数' },
}

/** Seeds of a sweep. */
export const SWEEP_SEEDS: NumberKnob = {
  name: 'seeds',
  kind: 'whole',
  min: 1,
  max: 10_000,
  default: 8,
  about: {
    en: 'how many texts to write at each temperature, with the seeds 1, 2, 3 ...',
    ja: '各温度で書く文章の本数。シードは1、2、3…',
  },
}

/** An LSTM's state needs about ten thousand steps to converge; longer runs found no more proofs. */
const DEFAULT_PROOF_STEPS = 20_000
/** Limit of symbols per character: a byte model needs up to four, and some bytes form no character. */
const MOST_SYMBOLS = 8

/**
 * Generates one text and measures it. A pure function of (model, cell, options), so every thread
 * gives the same result. Stop strings are ignored, so that all texts have the same length.
 * @throws InputError for an invalid temperature, prompt or chain; the signal's reason
 */
export async function sweepText(
  model: Model,
  cell: SweepCell,
  options: SweepTextOptions = {},
): Promise<SweepText> {
  const { prompt = model.prompt ?? '', signal, corpus } = options
  const T = checkTemperature(cell.temperature)
  const length = readKnob(SWEEP_LENGTH, options.length ?? SWEEP_LENGTH.default)
  const filter = options.filter ?? storedMeasures(model).filter
  const chain =
    options.chain === undefined ? undefined : createChain(options.chain, model.tokenizer)
  const ids = promptIds(model, prompt)
  const session = (await networkOf(model)).session()
  const writer = await openWriter(model, session, ids, { seed: cell.seed, chain }, { signal })
  // Only at T = 0 without other samplers is the next symbol a function of the state.
  const prover = T === 0 && (chain === undefined || chain.plain) ? new LoopProver() : undefined
  const { proofSteps = DEFAULT_PROOF_STEPS } = options
  try {
    let text = ''
    let characters = 0
    let proof: LoopProof | undefined
    const greedyIds: number[] = []
    const bytes = model.tokenizer.kind === 'byte' ? ([] as number[]) : undefined
    const surprisals: number[] = []
    const entropies: number[] = []
    const slices = new TimeSlices({ signal })
    const needsProof = (step: number): boolean =>
      prover !== undefined && proof === undefined && step < proofSteps
    for (let step = 0; ; step++) {
      const writing = characters < length && step < MOST_SYMBOLS * length
      if (!writing && !needsProof(step)) break
      const record = writer.next(T)
      if (writing) {
        text += record.text
        bytes?.push(record.id)
        characters += countCharacters(record.text)
        surprisals.push(record.surprisal)
        entropies.push(record.entropyT)
      }
      if (needsProof(step)) {
        greedyIds.push(record.id)
        proof = prover?.push(session.snapshot(), record.id)
      }
      if ((step & 15) === 0 && slices.over) await slices.yield()
    }
    signal?.throwIfAborted()
    if (characters < length) text += writer.flush()
    const stability =
      prover && !proof ? loopStability(writer, greedyIds, model.config.vocabulary) : undefined
    const found = measureCell(cell, text, { surprisals, entropies, filter, corpus })
    const kept = bytes && { bytes: encodeBase64(Uint8Array.from(bytes)) }
    return { ...found, ...kept, ...(proof && { proof }), ...(stability && { settled: stability }) }
  } finally {
    writer.dispose()
  }
}

function measureCell(cell: SweepCell, text: string, options: MeasureOptions): SweepText {
  const all = measureText(text, options)
  const found: Record<SweepMeasure, number | undefined> = {
    surprisal: all.surprisal,
    entropy: all.entropy,
    repetition: all.repetition,
    looping: all.looping,
    spelling: all.spelling?.rate,
    copied: all.novelty?.copied,
    longest: all.novelty && (all.novelty.longest?.length ?? 0),
    distinct1: all.distinct[0],
    distinct2: all.distinct[1],
    distinct3: all.distinct[2],
    distinct4: all.distinct[3],
    open: all.balance.open,
    stray: all.balance.stray,
  }
  const values = Object.fromEntries(
    Object.entries(found).filter(([, value]) => value !== undefined),
  ) as SweepText['values']
  return {
    temperature: cell.temperature,
    seed: cell.seed,
    text,
    symbols: options.surprisals?.length ?? 0,
    characters: all.characters,
    words: all.words,
    values,
    ...(all.loop && { loop: all.loop }),
  }
}

function readSeeds(seeds: number | readonly Seed[] = SWEEP_SEEDS.default): Seed[] {
  if (typeof seeds !== 'number') {
    if (!Array.isArray(seeds)) {
      throw new InputError(
        'seeds',
        `The seeds are ${quote(seeds)}; expected how many, or a list of them.`,
      )
    }
    if (seeds.length === 0) {
      throw new InputError('seeds', 'There are no seeds; expected at least one.')
    }
    return [...new Set(seeds.map(seed => readSeed(seed)))]
  }
  const count = readKnob(SWEEP_SEEDS, seeds)
  return Array.from({ length: count }, (_, i) => i + 1)
}

const keyOf = ({ temperature, seed }: SweepCell): string => `${temperature} ${seed}`

/**
 * The cells of a grid, seed by seed, so that an early end leaves complete curves of fewer texts.
 * T = 0 uses no random number and is generated once for all seeds, unless the chain draws its own.
 */
function cellsOf(
  temperatures: readonly number[],
  seeds: readonly Seed[],
  once: boolean,
): SweepCell[] {
  return seeds.flatMap((seed, i) =>
    temperatures
      .filter(temperature => i === 0 || temperature !== 0 || !once)
      .map(temperature => ({ temperature, seed })),
  )
}

/** Curves and zones of the texts so far. `sweep` returns the same at its end. */
export function sweepResult(
  model: Model,
  texts: readonly SweepText[],
  options: SweepOptions = {},
): SweepResult {
  const { temperatures, seeds, length, prompt, cells } = planSweep(model, options)
  const done = new Set(texts.map(keyOf))
  const { corpus: profile } = storedMeasures(model)
  const figures = options.figures ?? (profile && corpusStatisticsAt(profile, length))
  const points = zonePoints(texts)
  return {
    complete: cells.every(cell => done.has(keyOf(cell))),
    temperatures,
    seeds,
    length,
    prompt,
    texts: sortTexts(texts),
    curve: curve(texts),
    zones: figures && points.length >= 2 ? findZones(points, figures) : undefined,
    figures,
  }
}

/**
 * The grid of a sweep after validation: the texts that are done, and the cells that are left.
 * @throws InputError for settings out of range
 */
export function planSweep(model: Model, options: SweepOptions = {}) {
  const list = options.temperatures ?? parseTemperatures(DEFAULT_TEMPERATURES)
  if (!Array.isArray(list)) {
    throw new InputError(
      'temperatures',
      `The temperatures are ${quote(list)}; expected a list of numbers.`,
    )
  }
  const temperatures = [...new Set(list.map(checkTemperature))].sort((a, b) => a - b)
  if (temperatures.length === 0) {
    throw new InputError('temperatures', 'There are no temperatures; expected at least one.')
  }
  const seeds = readSeeds(options.seeds)
  const length = readKnob(SWEEP_LENGTH, options.length ?? SWEEP_LENGTH.default)
  const prompt = options.prompt ?? model.prompt ?? ''
  promptIds(model, prompt)
  const { chain } = options
  const plain = chain === undefined || createChain(chain, model.tokenizer).plain
  const cells = cellsOf(temperatures, seeds, plain)
  const wanted = new Set(cells.map(keyOf))
  const done = (options.done ?? []).filter(text => wanted.has(keyOf(text)))
  const have = new Set(done.map(keyOf))
  const left = cells.filter(cell => !have.has(keyOf(cell)))
  return { temperatures, seeds, length, prompt, cells, done, left }
}

/**
 * Sweeps a model over temperatures and seeds. Yields one event per text, in the order of completion,
 * and the result at the end. An abort ends the sweep early with the texts so far, which the next
 * sweep accepts as `done`.
 *
 * @example
 * for await (const event of sweep(model, { temperatures: [0, 0.5, 1, 2], seeds: 4, length: 1000 }))
 *   if (event.type === 'end') console.log(event.result.zones)
 * @throws InputError before the first text, for settings out of range
 */
export async function* sweep(
  model: Model,
  options: SweepOptions = {},
): AsyncGenerator<SweepEvent, void, void> {
  const { temperatures, seeds, cells, done, left } = planSweep(model, options)
  const { concurrency = 1, signal } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new InputError(
      'concurrency',
      `The concurrency is ${concurrency}; expected a whole number of texts at once, 1 or more.`,
    )
  }
  const texts = [...done]
  const waiting = [...left].reverse()
  const total = cells.length
  yield { type: 'start', temperatures, seeds, total, done: texts.length }

  // When the consumer leaves the loop early, by `break` or an error, running texts are aborted.
  const leaving = new AbortController()
  const run =
    options.run ??
    (cell =>
      sweepText(model, cell, {
        ...options,
        signal: signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal,
      }))
  const running = new Map<string, Promise<SweepText>>()
  // A text shorter than a time slice does not yield by itself, so the loop over texts does.
  const slices = new TimeSlices()
  try {
    while (waiting.length + running.size > 0 && !signal?.aborted) {
      while (waiting.length > 0 && running.size < concurrency) {
        const cell = waiting.pop()!
        running.set(keyOf(cell), run(cell))
      }
      const text = await Promise.race(running.values())
      running.delete(keyOf(text))
      texts.push(text)
      yield { type: 'text', text, done: texts.length, total }
      if (slices.over) await slices.yield()
    }
  } catch (error) {
    if (!signal?.aborted) throw error
  } finally {
    leaving.abort(new Error('the sweep was left'))
    for (const other of running.values()) other.catch(() => {})
  }
  yield { type: 'end', result: sweepResult(model, texts, options) }
}
