/** A text as a run, and a run as a link, from which the model writes the same text again. */
import { decodeRun, encodeRun, formatSchedule, type Run, VERSION } from 'ondo'
import { scheduleOf } from 'ondo/generate'
import type { Layout } from '../layout/layout.svelte.js'
import type { Models } from '../models/models.svelte.js'
import type { Settings } from '../settings/settings.svelte.js'
import type { Editor } from '../text/editor.svelte.js'
import type { Verification } from '../text/verification.svelte.js'
import { CHOSEN } from '../writer/protocol.js'
import { LESSONS } from './address.js'

/** The longest link that mail and chat programs accept, characters. */
const LONGEST = 8000

export type Shared = { readonly link: string } | { readonly why: Refusal }
/**
 * `chosen`: the reader chose symbols; `chains`: the chain was changed along the text; `long`: the
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

/** Tabs, colours and view, for a link. It does not end with a dot, which chat programs would drop. */
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
 * @param text the text that the run should give, if known; the page says whether it does
 */
export function openRun(verification: Verification, run: Run, text?: string): void {
  verification.expect(text)
  location.hash = new URLSearchParams({ run: encodeRun(run) }).toString()
}

/** @returns undefined if it is not the code of a run */
export function readRunOf(code: string): Run | undefined {
  try {
    return decodeRun(code)
  } catch {
    return undefined
  }
}
