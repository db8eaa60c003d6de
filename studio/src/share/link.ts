/** A text as a run, and a run as a link: with the model, enough to write the very text again. */
import { decodeRun, encodeRun, formatSchedule, type Run, VERSION } from 'ondo'
import { scheduleOf } from 'ondo/generate'
import type { Studio } from '../app/studio.svelte.js'
import { CHOSEN } from '../writer/protocol.js'
import { LESSONS } from './address.js'

/** What mail and chat programs carry; a longer text goes as a file. */
const LONGEST = 8000

export type Shared = { readonly link: string } | { readonly why: Refusal }
/**
 * `chosen`: hands put symbols there; `chains`: the chain was changed along the text; `long`: the
 * temperature moved too often for a link.
 */
export type Refusal = 'empty' | 'chosen' | 'chains' | 'long'

/** The text shown, as plain data. */
function runOf(studio: Studio): Run | undefined {
  const { records, count, origin, model, draft } = studio
  if (!model) return undefined
  const chain = draft.chains[records.chains[0]]
  return {
    ondo: VERSION,
    model: model.hash,
    tokenizer: model.tokenizer,
    prompt: origin.prompt,
    unknown: origin.unknown,
    seed: origin.seed,
    stream: origin.stream ?? 0,
    temperature: formatSchedule(scheduleOf(Array.from(records.temperatures.subarray(0, count)))),
    ...(chain !== '' && { chain }),
    length: count,
    stop: [],
  }
}

/** What of the view goes along: the tabs, the colours, what stands in the middle. No dot ends it: chats drop that. */
const viewOf = ({ shell, settings }: Studio): string =>
  [shell.tabs.left, shell.tabs.right, settings.tint, shell.view]
    .filter(part => part !== undefined)
    .join('.')

export function shareLink(studio: Studio): Shared {
  const { records, count } = studio
  if (count === 0) return { why: 'empty' }
  if (records.coins.subarray(0, count).includes(CHOSEN)) return { why: 'chosen' }
  if (records.chains.subarray(0, count).some(chain => chain !== records.chains[0])) {
    return { why: 'chains' }
  }
  const run = runOf(studio)
  if (!run) return { why: 'empty' }
  const fields = new URLSearchParams({ run: encodeRun(run), view: viewOf(studio) })
  if (studio.origin.held !== undefined) fields.set('held', studio.origin.held)
  if (studio.shell.hidden.length > 0) fields.set('hide', studio.shell.hidden.join('.'))
  if (studio.shell.lesson !== undefined) fields.set('lesson', LESSONS[studio.shell.lesson])
  const link = `${location.href.replace(/#.*$/, '')}#${fields}`
  return link.length > LONGEST ? { why: 'long' } : { link }
}

/**
 * Lets the page write the text of a run, as if its link had been opened.
 * @param text what it is to be, where that is known: the page says whether it is
 */
export function openRun(studio: Studio, run: Run, text?: string): void {
  studio.vouch.promise(text)
  location.hash = new URLSearchParams({ run: encodeRun(run) }).toString()
}

/** @returns undefined for what is no code */
export function readRunOf(code: string): Run | undefined {
  try {
    return decodeRun(code)
  } catch {
    return undefined
  }
}
