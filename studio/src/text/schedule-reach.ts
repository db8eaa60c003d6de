/** Whether the goal of a `surprise` schedule is out of reach for the model and the chain. */
import { parseSchedule } from 'ondo'
import { SurpriseReach } from 'ondo/temperature'
import { CHOSEN } from '../writer/protocol.js'
import type { Records } from './records.js'

/** Symbols at the end of the text that are looked at: what it said long ago is not of interest. */
const WINDOW = 400

export type ReachNote = NonNullable<ReturnType<SurpriseReach['note']>>

/**
 * One sentence where the text misses the goal of its schedule though the temperature is at its bound.
 * @param from the first symbol that was drawn by this schedule
 */
export function reachNote(
  schedule: string | undefined,
  records: Records,
  from: number,
): ReachNote | undefined {
  if (!schedule?.includes('surprise')) return undefined
  const reach = new SurpriseReach(parseSchedule(schedule))
  for (let n = Math.max(from, records.count - WINDOW); n < records.count; n++) {
    // The temperature has no part in what a person chose.
    if (records.coins[n] === CHOSEN) continue
    reach.push({ temperature: records.temperatures[n], surprisal: records.surprisals[n] })
  }
  return reach.note()
}
