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
  return `#${fields}`
}
