/**
 * The page's state in the address after `#`: a link gives the same model, prompt, luck and
 * temperature to somebody else. Only what differs from the model's own is written.
 */
import { readTemperature, writeTemperature } from './scale.js'
import { isSeed } from './seed.js'

export interface Address {
  model?: string
  prompt?: string
  seed?: string
  temperature?: number
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
  const temperature = readTemperature(fields.get('t') ?? '')
  if (temperature !== undefined) address.temperature = temperature
  return address
}

export function writeAddress(address: Address): string {
  const fields = new URLSearchParams()
  if (address.model !== undefined) fields.set('model', address.model)
  if (address.prompt !== undefined) fields.set('prompt', address.prompt)
  if (address.seed !== undefined) fields.set('seed', address.seed)
  if (address.temperature !== undefined) fields.set('t', writeTemperature(address.temperature))
  return `#${fields}`
}
