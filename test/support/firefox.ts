/**
 * A real Firefox for the stories, never a download: the system's; `ONDO_FIREFOX` names another. It
 * needs no driver: a page that works by itself and posts its answer need only be opened.
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

/** Where Firefox is; undefined where there is none: its tests are then skipped. */
export function firefoxPath(): string | undefined {
  const named = process.env.ONDO_FIREFOX
  if (named && !existsSync(named)) throw new Error(`ONDO_FIREFOX names ${named}: no such file.`)
  return named || SYSTEM.find(existsSync)
}

/** Opens a page in a profile of its own. @returns what closes it */
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
