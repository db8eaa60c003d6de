/** A text as a run, and a run as a link: with the model, enough to write the very text again. */
import { decodeRun, encodeRun, formatSchedule, type Run, VERSION } from 'ondo'
import { scheduleOf } from 'ondo/generate'
import type { Layout } from '../layout/layout.svelte.js'
import type { Models } from '../models/models.svelte.js'
import type { Settings } from '../settings/settings.svelte.js'
import type { Editor } from '../text/editor.svelte.js'
import type { Verification } from '../text/verification.svelte.js'
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

/** What a link says of the page. */
export interface LinkedParts {
  readonly settings: Settings
  readonly layout: Layout
  readonly models: Models
  readonly editor: Editor
}

/** The text shown, as plain data. */
function runOf({ models, editor }: LinkedParts): Run | undefined {
  const { records, count, origin, tree } = editor
  const { current: model } = models
  if (!model) return undefined
  const chain = tree.chains[records.chains[0]]
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
const viewOf = ({ layout, settings }: LinkedParts): string =>
  [layout.tabs.left, layout.tabs.right, settings.tint, layout.view]
    .filter(part => part !== undefined)
    .join('.')

export function shareLink(parts: LinkedParts): Shared {
  const { layout, editor } = parts
  const { records, count } = editor
  if (count === 0) return { why: 'empty' }
  if (records.coins.subarray(0, count).includes(CHOSEN)) return { why: 'chosen' }
  if (records.chains.subarray(0, count).some(chain => chain !== records.chains[0])) {
    return { why: 'chains' }
  }
  const run = runOf(parts)
  if (!run) return { why: 'empty' }
  const fields = new URLSearchParams({ run: encodeRun(run), view: viewOf(parts) })
  if (editor.origin.held !== undefined) fields.set('held', editor.origin.held)
  if (layout.hidden.length > 0) fields.set('hide', layout.hidden.join('.'))
  if (layout.lesson !== undefined) fields.set('lesson', LESSONS[layout.lesson])
  const link = `${location.href.replace(/#.*$/, '')}#${fields}`
  return link.length > LONGEST ? { why: 'long' } : { link }
}

/**
 * Lets the page write the text of a run, as if its link had been opened.
 * @param text what it is to be, where that is known: the page says whether it is
 */
export function openRun(verification: Verification, run: Run, text?: string): void {
  verification.promise(text)
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
