/**
 * The page's state in the address after `#`: a link gives the same model, prompt, seed and temperature to
 * somebody else. Only what differs from the model's own is written.
 */

import { formatChain, formatSchedule, InputError, parseChain, parseSchedule } from 'ondo'
import { formatNumber } from 'ondo/temperature'
import { isSeed } from '../../shared/seed.js'
import { readTemperature } from '../../shared/temperature-scale.js'
import type { TextStart } from '../models/models.svelte.js'

/** The names of the lessons, in their order. */
export const LESSONS = ['logit', 'temperature', 'coin', 'surprise', 'branch', 'loop'] as const

export interface Address extends TextStart {
  model?: string
  /** The code of a whole text (share/link.ts), instead of prompt, seed and temperature. */
  run?: string
  /** Tabs, colours and view, as share/link.ts writes them. */
  view?: string
  /** Parts that a teacher hid. */
  hide?: readonly string[]
  /** The lesson that is open: its place in LESSONS. */
  lesson?: number
}

/** The canonical written form of a schedule; undefined if the text is none. */
export const readSchedule = (text: string): string | undefined =>
  read(text, each => formatSchedule(parseSchedule(each)))

/** The canonical written form of a chain; undefined if the text is none. */
export const readChain = (text: string): string | undefined =>
  read(text, each => formatChain(parseChain(each)))

function read(text: string, written: (text: string) => string): string | undefined {
  try {
    return written(text)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** A lesson by its number, from 1, or by its name. */
function readLesson(text: string): number | undefined {
  const named = (LESSONS as readonly string[]).indexOf(text.toLowerCase())
  const at = named < 0 ? Number(text || Number.NaN) - 1 : named
  return at in LESSONS ? at : undefined
}

/**
 * Leaves out what cannot be read, so that an old or a mistyped link still opens.
 * @param search a lesson is also found behind `?`, where a school's own page may have put it
 */
export function readAddress(hash: string, search = ''): Address {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const address: Address = {}
  const model = fields.get('model')
  if (model) address.model = model
  const prompt = fields.get('prompt')
  if (prompt !== null) address.prompt = prompt
  const seed = fields.get('seed')
  if (seed !== null && isSeed(seed)) address.seed = seed
  const stream = Number(fields.get('stream') ?? 0)
  if (Number.isSafeInteger(stream) && stream > 0) address.stream = stream
  const run = fields.get('run')
  if (run) address.run = run
  const view = fields.get('view')
  if (view) address.view = view
  const hide = fields.get('hide')
  if (hide) address.hide = hide.split('.').filter(part => /^[a-z]+$/.test(part))
  const t = fields.get('t') ?? ''
  const temperature = readTemperature(t)
  if (temperature !== undefined) address.temperature = temperature
  else {
    const schedule = readSchedule(t)
    if (schedule !== undefined) address.schedule = schedule
  }
  const chain = readChain(fields.get('chain') ?? '')
  if (chain !== undefined && fields.has('chain')) address.chain = chain
  const held = fields.get('held')
  if (held) address.held = held
  const lesson = readLesson(fields.get('lesson') ?? new URLSearchParams(search).get('lesson') ?? '')
  if (lesson !== undefined) address.lesson = lesson
  return address
}

export function writeAddress(address: Address): string {
  const fields = new URLSearchParams()
  if (address.model !== undefined) fields.set('model', address.model)
  if (address.prompt !== undefined) fields.set('prompt', address.prompt)
  if (address.seed !== undefined) fields.set('seed', address.seed)
  if (address.stream !== undefined) fields.set('stream', String(address.stream))
  if (address.schedule !== undefined) fields.set('t', address.schedule)
  else if (address.temperature !== undefined) fields.set('t', formatNumber(address.temperature))
  if (address.chain !== undefined) fields.set('chain', address.chain)
  if (address.held !== undefined) fields.set('held', address.held)
  if (address.hide && address.hide.length > 0) fields.set('hide', address.hide.join('.'))
  if (address.lesson !== undefined) fields.set('lesson', LESSONS[address.lesson])
  return `#${fields}`
}
