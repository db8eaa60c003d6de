/** A text as a run, and a run as a link: with the model, enough to write the very text again. */
import { decodeRun, encodeRun, type Run, scheduleOf, VERSION, writeSchedule } from 'ondo'
import { CHOSEN } from '../protocol.js'
import type { Studio } from '../studio.svelte.js'

/** What mail and chat programs carry; a longer text goes as a file. */
const LONGEST = 8000

export type Shared = { readonly link: string } | { readonly why: Refusal }
/** `chosen`: hands put symbols there; `long`: the temperature moved too often for a link. */
export type Refusal = 'empty' | 'chosen' | 'long'

/** The text shown, as plain data. */
function runOf(studio: Studio): Run | undefined {
  const { records, count, origin, model } = studio
  if (!model || count === 0 || records.coins.subarray(0, count).includes(CHOSEN)) return undefined
  return {
    ondo: VERSION,
    model: model.hash,
    tokenizer: model.tokenizer,
    prompt: origin.prompt,
    unknown: origin.unknown,
    seed: origin.seed,
    stream: 0,
    temperature: writeSchedule(scheduleOf(Array.from(records.temperatures.subarray(0, count)))),
    length: count,
    stop: [],
  }
}

/** What of the view goes along: the tabs, the colours, what stands in the middle. */
const viewOf = ({ shell, settings }: Studio): string =>
  [shell.tabs.left, shell.tabs.right, settings.tint, shell.view ?? ''].join('.')

export function shareLink(studio: Studio): Shared {
  if (studio.count === 0) return { why: 'empty' }
  const run = runOf(studio)
  if (!run) return { why: 'chosen' }
  const fields = new URLSearchParams({ run: encodeRun(run), view: viewOf(studio) })
  if (studio.origin.held !== undefined) fields.set('held', studio.origin.held)
  if (studio.shell.hidden.length > 0) fields.set('hide', studio.shell.hidden.join('.'))
  const link = `${location.href.replace(/#.*$/, '')}#${fields}`
  return link.length > LONGEST ? { why: 'long' } : { link }
}

/** @returns `run` for what is no code, `beyond` for one that asks for what the page can't do */
export function readRunOf(code: string): Run | 'run' | 'beyond' {
  try {
    const run = decodeRun(code)
    const within = run.chain === undefined && run.stream === 0 && run.length !== 'inf'
    return within ? run : 'beyond'
  } catch {
    return 'run'
  }
}
