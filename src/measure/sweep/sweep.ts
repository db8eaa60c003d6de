/**
 * The sweep: a grid of temperatures and seeds, each text written and measured, gathered into curves
 * and the model's three zones. Knows no threads: who has some hands in `run`.
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

/** How each text is written and measured. */
export interface SweepTextOptions {
  /** Characters (code points) of each text. Default 2000. */
  readonly length?: number
  /** What each text goes on from; it is not measured. Default: the model's own. */
  readonly prompt?: string
  /** Samplers between the logits and the draw. Default: temperature alone. */
  readonly chain?: string | readonly SamplerInput[]
  /** What the training text's spelling was. Default: the one in the model file. */
  readonly filter?: SpellingFilter
  /** The training text, indexed: without it novelty is not measured. */
  readonly corpus?: CorpusIndex
  /**
   * Steps at T = 0 after which the search for a proof of the loop is given up and only its firmness
   * is measured. Default 20,000. The text itself still ends at `length`.
   */
  readonly proofSteps?: number
  readonly signal?: AbortSignal
}

export interface SweepOptions extends SweepTextOptions {
  /** 0 to Infinity. Default `0,0.1..3,inf`, see `parseTemperatures`. */
  readonly temperatures?: readonly number[]
  /** How many (1, 2, 3 ...) or which. The same seed has the same luck at every T. Default 8. */
  readonly seeds?: number | readonly Seed[]
  /** What the zones are held against. Default: the corpus's own, in the model file. */
  readonly figures?: CorpusStatistics
  /** Texts of an earlier sweep with the same settings, which need not be written again. */
  readonly done?: readonly SweepText[]
  /** Writes and measures one text somewhere else, such as in a worker. Default: `sweepText` here. */
  readonly run?: (cell: SweepCell) => Promise<SweepText>
  /** How many texts `run` may have in hand at once. Default 1. */
  readonly concurrency?: number
}

export interface SweepResult {
  /** Was every text of the grid measured? False after an interrupt. */
  readonly complete: boolean
  readonly temperatures: readonly number[]
  readonly seeds: readonly Seed[]
  readonly length: number
  readonly prompt: string
  /** By temperature, then seed: the same whatever the number of workers. */
  readonly texts: readonly SweepText[]
  readonly curve: readonly CurvePoint[]
  /** Undefined when the model does not say what is usual for its corpus, or too little is done. */
  readonly zones: Zones | undefined
  readonly figures: CorpusStatistics | undefined
}

export type SweepEvent =
  | {
      readonly type: 'start'
      readonly temperatures: readonly number[]
      readonly seeds: readonly Seed[]
      /** Texts in all, and those that were handed in. */
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

/** An LSTM's cells take some ten thousand steps to come to rest; beyond that nothing new was seen. */
const DEFAULT_PROOF_STEPS = 20_000
/** Symbols a character at most: a byte model takes up to four, and some bytes never make one. */
const MOST_SYMBOLS = 8

/**
 * Writes one text and measures it. A pure function of (model, cell, options): the same in every
 * thread and at every hour. Stop strings are not heeded, so that all texts are equally long.
 * @throws InputError for a temperature, prompt or chain that can't be; the signal's reason
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
  const luck = { seed: cell.seed, chain }
  const writer = await openWriter(model, session, ids, luck, { signal })
  // At T = 0, by temperature alone, the next symbol is a function of the state.
  const prover = T === 0 && (chain === undefined || chain.plain) ? new LoopProver() : undefined
  const { proofSteps = DEFAULT_PROOF_STEPS } = options
  try {
    let text = ''
    let characters = 0
    let proof: LoopProof | undefined
    const cold: number[] = []
    const bytes = model.tokenizer.kind === 'byte' ? ([] as number[]) : undefined
    const surprisals: number[] = []
    const entropies: number[] = []
    const slices = new TimeSlices({ signal })
    const unproved = (step: number): boolean =>
      prover !== undefined && proof === undefined && step < proofSteps
    for (let step = 0; ; step++) {
      const writing = characters < length && step < MOST_SYMBOLS * length
      if (!writing && !unproved(step)) break
      const position = writer.next(T)
      if (writing) {
        text += position.text
        bytes?.push(position.id)
        characters += countCharacters(position.text)
        surprisals.push(position.surprisal)
        entropies.push(position.entropyT)
      }
      if (unproved(step)) {
        cold.push(position.id)
        proof = prover?.push(session.snapshot(), position.id)
      }
      if ((step & 15) === 0 && slices.over) await slices.yield()
    }
    signal?.throwIfAborted()
    if (characters < length) text += writer.flush()
    const firm = prover && !proof ? loopStability(writer, cold, model.config.vocabulary) : undefined
    const found = measured(cell, text, { surprisals, entropies, filter, corpus })
    const kept = bytes && { bytes: encodeBase64(Uint8Array.from(bytes)) }
    return { ...found, ...kept, ...(proof && { proof }), ...(firm && { settled: firm }) }
  } finally {
    writer.dispose()
  }
}

function measured(cell: SweepCell, text: string, options: MeasureOptions): SweepText {
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
 * The cells of a grid, one seed after the other, so that an early end leaves whole curves of fewer
 * texts. T = 0 reads no coin and is written once for all seeds, unless a chain brings its own chance.
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

/** Curves and zones of the texts so far; what `sweep` gives at its end, and may be asked before. */
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

/** The grid of a sweep, checked: which of its texts are done, and which cells are left. @throws InputError */
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
 * Sweeps a model over temperatures and seeds: one event for each text, in the order in which they
 * are done, and the result at the end. Aborting ends it early with what is done; that may be handed
 * to the next sweep as `done`.
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

  // Leaving the loop early, by `break` or an error, ends the texts in hand as well.
  const leaving = new AbortController()
  const run =
    options.run ??
    (cell =>
      sweepText(model, cell, {
        ...options,
        signal: signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal,
      }))
  const inHand = new Map<string, Promise<SweepText>>()
  // Texts too short to give others their turn must not hold them up together.
  const slices = new TimeSlices()
  try {
    while (waiting.length + inHand.size > 0 && !signal?.aborted) {
      while (waiting.length > 0 && inHand.size < concurrency) {
        const cell = waiting.pop()!
        inHand.set(keyOf(cell), run(cell))
      }
      const text = await Promise.race(inHand.values())
      inHand.delete(keyOf(text))
      texts.push(text)
      yield { type: 'text', text, done: texts.length, total }
      if (slices.over) await slices.yield()
    }
  } catch (error) {
    if (!signal?.aborted) throw error
  } finally {
    leaving.abort(new Error('the sweep was left'))
    for (const other of inHand.values()) other.catch(() => {})
  }
  yield { type: 'end', result: sweepResult(model, texts, options) }
}
