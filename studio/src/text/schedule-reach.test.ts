import { expect, it } from 'vitest'
import { CHOSEN } from '../writer/protocol.js'
import { Records } from './records.js'
import { reachNote } from './schedule-reach.js'
import { pieceOf } from './text.fixture.js'

/** Symbols of these temperatures and surprisals. */
function written(count: number, temperature: number, surprisal: number, coin = 0.5): Records {
  const records = new Records()
  add(records, count, temperature, surprisal, coin)
  return records
}

function add(records: Records, count: number, temperature: number, surprisal: number, coin = 0.5) {
  const { text, columns } = pieceOf('a'.repeat(count), temperature)
  columns.surprisals.fill(surprisal)
  columns.coins.fill(coin)
  records.append(text, columns)
}

it('says that a goal is out of reach, above and below, also behind an escape', () => {
  expect(reachNote('surprise 9', written(200, 10, 5), 0)).toMatchObject({
    en: expect.stringContaining('surprise 9 was not reached: the text has 5.00 bits'),
    ja: expect.stringContaining('5.00'),
  })
  expect(reachNote('surprise 1', written(200, 0.05, 2), 0)?.en).toContain('0.05')
  expect(reachNote('escape surprise 9', written(200, 10, 5), 0)?.en).toContain('surprise 9')
})

it.each([
  ['no schedule', undefined, written(200, 10, 5), 0],
  ['another schedule', '0.2@0 10@100', written(200, 10, 5), 0],
  ['a goal that is met', 'surprise 5', written(200, 10, 5), 0],
  ['a temperature on its way', 'surprise 9', written(200, 3, 5), 0],
  ['too few symbols', 'surprise 9', written(98, 10, 5), 0],
  ['symbols that the schedule did not draw', 'surprise 9', written(200, 10, 5), 150],
  ['symbols that a person chose', 'surprise 9', written(200, 10, 5, CHOSEN), 0],
] as const)('says nothing of %s', (_, schedule, records, from) => {
  expect(reachNote(schedule, records, from)).toBeUndefined()
})

it('forgets what the text said long ago', () => {
  const records = written(5000, 10, 5)
  add(records, 400, 3, 9)
  expect(reachNote('surprise 9', records, 0)).toBeUndefined()
})
