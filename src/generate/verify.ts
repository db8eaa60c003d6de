/** Writes a recorded text again, symbol by symbol: does it come out the same? */
import { TimeSlices } from '../event-loop.js'
import { createChain } from '../temperature/index.js'
import { type PrefillOptions, SLICE } from './prefill.js'
import type { StateCache } from './state-cache.js'
import type { WriterOptions } from './writer.js'

/** How each symbol of a text was written; index n is the symbol's position. */
export interface RecordedText {
  readonly ids: ArrayLike<number>
  readonly temperatures: ArrayLike<number>
  /** The chain that drew symbol n, in its written form; undefined for temperature alone. */
  readonly chainOf: (n: number) => string | undefined
  /** True where a person put symbol n there. */
  readonly isChosen: (n: number) => boolean
  /** The text of the symbols that are verified. */
  readonly text: string
}

/**
 * Writes on from the end of a text through the recorded temperatures, chains and choices, with a
 * turn of the event loop after each 8 ms. The symbols that came are added to `written`.
 * @param written what stands before the symbols to verify
 * @param options.onProgress is given the symbols read or written so far, and their total
 * @returns the position of the first symbol that is another, or says another text; undefined when
 *   none is
 * @throws the signal's reason when it is aborted
 */
export async function findDifference(
  written: StateCache,
  recorded: RecordedText,
  options: Pick<WriterOptions, 'seed' | 'stream'> & PrefillOptions,
): Promise<number | undefined> {
  const { ids, temperatures, chainOf, isChosen, text } = recorded
  const { seed, stream, signal, onProgress } = options
  const { tokenizer } = written.model
  await written.prepare(written.ids.length, { signal, onProgress })
  const slices = new TimeSlices({ milliseconds: SLICE, signal })
  let came = 0
  for (let n = written.ids.length; n < ids.length; ) {
    const syntax = chainOf(n)
    const chain = syntax === undefined ? undefined : createChain(syntax, tokenizer)
    const writer = written.writerAt(n, { seed, stream, chain, watch: true })
    try {
      for (; n < ids.length && chainOf(n) === syntax; n++) {
        const T = temperatures[n]
        const symbol = isChosen(n) ? writer.choose(ids[n], T) : writer.next(T)
        written.add(symbol.id, writer)
        if (symbol.id !== ids[n] || !text.startsWith(symbol.text, came)) return n
        came += symbol.text.length
        if (!slices.over) continue
        onProgress?.(n + 1, ids.length)
        await slices.yield()
      }
    } finally {
      writer.dispose()
    }
  }
  return came === text.length ? undefined : ids.length - 1
}
