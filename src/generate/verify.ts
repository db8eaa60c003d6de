/** Writes recorded texts again and finds the first difference from what was recorded. */
import { quote, shorten } from '../errors.js'
import { TimeSlices } from '../event-loop.js'
import type { Model } from '../file/model.js'
import { createChain } from '../temperature/index.js'
import { writableStops } from '../text/input-text.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { type GenerateOptions, generate, promptIds } from './generate.js'
import { type PrefillOptions, SLICE_MS } from './prefill.js'
import { checkModel } from './run/fields.js'
import { optionsOf } from './run/header.js'
import { type RunRecord, type StepJson, toStepJson } from './run/record.js'
import type { StateCache } from './state-cache.js'
import type { Step } from './stop.js'
import type { WriterOptions } from './writer.js'

/** The first difference between a recorded text and the same text written again. */
export interface Difference {
  /** The position, from 0; the length of the text when only the ends of the texts differ. */
  readonly position: number
  /** `symbol`, `end`, `prompt`, `text`, or the field of the record that differs. */
  readonly what: string
  /** The recorded value and the value now, as words or as JSON, at most 80 characters of it. */
  readonly expected: string
  readonly came: string
}

/**
 * Compares two symbols by id.
 * @param expected the recorded id; undefined when the recorded text has ended
 * @param came the id now; undefined when the text has ended
 */
function compareSymbol(
  tokenizer: Tokenizer,
  position: number,
  expected: number | undefined,
  came: number | undefined,
): Difference | undefined {
  if (expected === came) return undefined
  const shown = (id: number | undefined): string =>
    id === undefined ? 'the end' : quote(id < tokenizer.size ? tokenizer.symbol(id) : id)
  return { position, what: 'symbol', expected: shown(expected), came: shown(came) }
}

/** The first position at which two lists of ids differ, also by their length. */
export function compareIds(
  tokenizer: Tokenizer,
  expected: ArrayLike<number>,
  came: ArrayLike<number>,
): Difference | undefined {
  const longest = Math.max(expected.length, came.length)
  for (let n = 0; n < longest; n++) {
    const difference = compareSymbol(tokenizer, n, expected[n], came[n])
    if (difference) return difference
  }
  return undefined
}

/** A text with the settings that wrote each symbol. Index n is the position of the symbol. */
export interface RecordedText {
  readonly ids: ArrayLike<number>
  readonly temperatures: ArrayLike<number>
  /** The syntax of the chain that drew symbol n; undefined for temperature alone. */
  readonly chainOf: (n: number) => string | undefined
  /** Whether a person chose symbol n. */
  readonly isChosen: (n: number) => boolean
  /** The text of the symbols to verify. */
  readonly text: string
}

/**
 * Writes a recorded text again, with its temperatures, chains and choices, and with a turn of the
 * event loop after each 8 ms. Adds the symbols to `written`.
 * @param written the symbols before those to verify
 * @param options.onProgress called with the number of symbols read or written, and their total
 * @returns the first symbol that has another id or another text, if any
 * @throws the signal's reason when it is aborted
 */
export async function findDifference(
  written: StateCache,
  recorded: RecordedText,
  options: Pick<WriterOptions, 'seed' | 'stream'> & PrefillOptions,
): Promise<Difference | undefined> {
  const { ids, temperatures, chainOf, isChosen, text } = recorded
  const { seed, stream, signal, onProgress } = options
  const { tokenizer } = written.model
  await written.prepare(written.ids.length, { signal, onProgress })
  const slices = new TimeSlices({ milliseconds: SLICE_MS, signal })
  let length = 0
  const textDifference = (position: number, came: string): Difference => ({
    ...{ position, what: 'text' },
    expected: quote(text.slice(length, length + Math.max(1, came.length))),
    came: quote(came),
  })
  for (let n = written.ids.length; n < ids.length; ) {
    const syntax = chainOf(n)
    const chain = syntax === undefined ? undefined : createChain(syntax, tokenizer)
    const writer = written.writerAt(n, { seed, stream, chain, watch: true })
    try {
      for (; n < ids.length && chainOf(n) === syntax; n++) {
        const T = temperatures[n]
        const symbol = isChosen(n) ? writer.choose(ids[n], T) : writer.next(T)
        written.add(symbol.id, writer)
        const difference = compareSymbol(tokenizer, n, ids[n], symbol.id)
        if (difference) return difference
        if (!text.startsWith(symbol.text, length)) return textDifference(n, symbol.text)
        length += symbol.text.length
        if (!slices.over) continue
        onProgress?.(n + 1, ids.length)
        await slices.yield()
      }
    } finally {
      writer.dispose()
    }
  }
  return length === text.length ? undefined : textDifference(ids.length - 1, '')
}

/**
 * Writes a run again and compares the symbols, the reason why it ended, the text, and every field of
 * the records that the run contains, to the last bit.
 * @returns the first difference, or undefined when all is equal
 * @throws FileError when the model is another; the signal's reason when it is aborted
 */
export async function verifyRun(
  model: Model,
  record: RunRecord,
  options: Pick<GenerateOptions, 'signal' | 'onPrompt'> = {},
): Promise<Difference | undefined> {
  const { run, ids } = record
  const { tokenizer } = model
  await checkModel(model, run.model, 'The run')
  const prompt = compareIds(tokenizer, run.promptIds, promptIds(model, run.prompt, run.unknown))
  if (prompt) return { ...prompt, what: 'prompt' }
  const interrupted = record.stop === 'interrupted'
  const has = (field: string): boolean =>
    record.steps?.some(step => step?.[field] !== undefined) ?? false
  const request = {
    ...optionsOf(run),
    stop: writableStops(run.stop, tokenizer),
    ...(interrupted && { length: ids.length }),
    ...{ intervals: has('interval'), loops: has('loop') },
    ...options,
  }
  let position = 0
  let text = ''
  let end: Step | undefined
  for await (const step of generate(model, request)) {
    const difference =
      compareSymbol(tokenizer, position, ids[position], step.id) ??
      compareRecord(position, record.steps?.[position], toStepJson(step), interrupted)
    if (difference) return difference
    text += step.text
    end = step
    position++
  }
  options.signal?.throwIfAborted()
  const missing = compareSymbol(tokenizer, position, ids[position], undefined)
  if (missing) return missing
  // An interrupted text may lack the end of a character, and its end does not follow from the run.
  return interrupted ? undefined : compareEnd(record, text, end)
}

/** Compares the record of a step field by field. @param expected undefined: the run has no records */
function compareRecord(
  position: number,
  expected: StepJson | undefined,
  came: StepJson,
  interrupted: boolean,
): Difference | undefined {
  if (expected === undefined) return undefined
  const names = new Set([...Object.keys(expected ?? {}), ...Object.keys(came)])
  for (const what of names) {
    // An interrupted text ends by its length when it is written again.
    if (interrupted && (what === 'stop' || what === 'text')) continue
    const [a, b] = [JSON.stringify(expected?.[what]), JSON.stringify(came[what])]
    // The recorded one may have more fields, such as `temperatureNote`, but not fewer.
    if (a !== b && b !== undefined) {
      return { position, what, expected: shorten(a ?? 'nothing'), came: shorten(b) }
    }
  }
  return undefined
}

/** Compares the reason why a run ended, and its whole text. */
function compareEnd(
  record: RunRecord,
  text: string,
  end: Step | undefined,
): Difference | undefined {
  if ((end?.stop ?? 'length') !== record.stop || end?.stopString !== record.stopString) {
    const words = (stop: string, stopString?: string): string =>
      stopString === undefined ? stop : `${stop} ${quote(stopString)}`
    return {
      position: record.ids.length,
      what: 'end',
      expected: words(record.stop, record.stopString),
      came: words(end?.stop ?? 'length', end?.stopString),
    }
  }
  if (text === record.text) return undefined
  const [expected, came] = [[...record.text], [...text]]
  let position = 0
  while (expected[position] === came[position]) position++
  // Quoted from the difference on, because the beginnings are the same.
  const quoteFrom = (characters: readonly string[]): string =>
    quote(characters.slice(position, position + 80).join(''))
  return { position, what: 'text', expected: quoteFrom(expected), came: quoteFrom(came) }
}
