/** Opens what was saved as a file: a session, or a run of the command line. */
import { readRun } from 'ondo'
import type { Verification } from '../text/verification.svelte.js'
import { openRun } from './link.js'
import { readSession, type Session } from './session.js'

/** @returns false when it is neither, or damaged */
export async function openSaved(
  json: string,
  verification: Verification,
  openSession: (session: Session) => Promise<boolean>,
): Promise<boolean> {
  const session = readSession(json)
  if (session) {
    await openSession(session)
    return true
  }
  const record = await readRun(json).catch(() => undefined)
  if (record) openRun(verification, record.run, record.text)
  return record !== undefined
}
