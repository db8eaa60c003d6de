/**
 * The page's state in the address after `#`: a link gives the same model, prompt, luck and
 * temperature to somebody else. Only what differs from the model's own is written.
 */
import { InputError, parseSchedule, writeSchedule } from 'ondo'
import { readTemperature, writeTemperature } from './scale.js'
import { isSeed } from './seed.js'

export interface Address {
  model?: string
  prompt?: string
  seed?: string
  temperature?: number
  /** In its written form, instead of a temperature. */
  schedule?: string
  /** The code of a whole text (share/link.ts), instead of prompt, seed and temperature. */
  run?: string
  /** Tabs, colours and view, as share/link.ts writes them. */
  view?: string
  /** Parts that a teacher hid. */
  hide?: readonly string[]
  /** Hidden units held at a value, in their written form. */
  held?: string
}

/** The one written form, or undefined for what is no schedule. */
export function readSchedule(text: string): string | undefined {
  try {
    return writeSchedule(parseSchedule(text))
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** What is not understood is left out: an old or a mistyped link still opens. */
export function readAddress(hash: string): Address {
  const fields = new URLSearchParams(hash.replace(/^#/, ''))
  const address: Address = {}
  const model = fields.get('model')
  if (model) address.model = model
  const prompt = fields.get('prompt')
  if (prompt !== null) address.prompt = prompt
  const seed = fields.get('seed')
  if (seed !== null && isSeed(seed)) address.seed = seed
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
  const held = fields.get('held')
  if (held) address.held = held
  return address
}

export function writeAddress(address: Address): string {
  const fields = new URLSearchParams()
  if (address.model !== undefined) fields.set('model', address.model)
  if (address.prompt !== undefined) fields.set('prompt', address.prompt)
  if (address.seed !== undefined) fields.set('seed', address.seed)
  if (address.schedule !== undefined) fields.set('t', address.schedule)
  else if (address.temperature !== undefined) fields.set('t', writeTemperature(address.temperature))
  if (address.held !== undefined) fields.set('held', address.held)
  if (address.hide && address.hide.length > 0) fields.set('hide', address.hide.join('.'))
  return `#${fields}`
}
