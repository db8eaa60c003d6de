/**
 * Starts the system's Firefox for the stories without a download; `ONDO_FIREFOX` names another. It
 * needs no driver, because the opened page runs by itself and posts its result.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SYSTEM = [
  '/usr/bin/firefox',
  '/usr/bin/firefox-esr',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
]

/** Returns the path of Firefox; undefined when there is none, and its tests are skipped. */
export function firefoxPath(): string | undefined {
  const named = process.env.ONDO_FIREFOX
  if (named && !existsSync(named)) throw new Error(`ONDO_FIREFOX names ${named}: no such file.`)
  return named || SYSTEM.find(existsSync)
}

/** Opens a page in a new profile. @returns a function that closes it */
export function openFirefox(address: string): () => Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'ondo-firefox-'))
  const child = execFile(String(firefoxPath()), ['--headless', '--profile', profile, address])
  const closed = new Promise(resolve => child.on('close', resolve))
  return async () => {
    child.kill()
    await closed
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
