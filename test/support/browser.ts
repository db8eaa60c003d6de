/**
 * Starts a real Chromium for the stories without a download: the system's Chromium or Chrome, else the
 * one in the npm package @sparticuz/chromium (Linux on x64; no WebGPU). `ONDO_BROWSER` names another.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

export type BrowserSource = 'system' | 'package'

const SYSTEM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** The sandbox is off, since it does not work in containers and as root. The pages are our own. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']

function systemPath(): string | undefined {
  const named = process.env.ONDO_BROWSER
  if (named && !existsSync(named)) throw new Error(`ONDO_BROWSER names ${named}: no such file.`)
  return named || SYSTEM.find(existsSync)
}

const onLinuxX64 = process.platform === 'linux' && process.arch === 'x64'

/** Returns the browsers that can be started here, the preferred one first. */
export function browserSources(): BrowserSource[] {
  return [...(systemPath() ? ['system' as const] : []), ...(onLinuxX64 ? ['package' as const] : [])]
}

/**
 * Unpacks the packaged browser once for all test processes and returns its folder. It is unpacked
 * into another folder and then renamed, so that no process sees a part of it. The package unpacks to
 * TMPDIR, and adds the libraries that small systems lack (NSS) only if it detects AWS Lambda.
 */
function unpack(): string {
  const require = createRequire(import.meta.url)
  const manifest = join(require.resolve('@sparticuz/chromium'), '../../../package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const folder = join(tmpdir(), `ondo-chromium-${version}`)
  if (existsSync(folder)) return folder
  const unpacked = mkdtempSync(`${folder}-`)
  const program = `await (await import(process.argv[1])).default.executablePath()`
  try {
    execFileSync(
      process.execPath,
      ['--input-type=module', '-e', program, import.meta.resolve('@sparticuz/chromium')],
      { env: { ...process.env, TMPDIR: unpacked, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' } },
    )
    renameSync(unpacked, folder)
  } catch (error) {
    rmSync(unpacked, { recursive: true, force: true })
    // Another process may have unpacked it first; otherwise this is an error.
    if (!existsSync(folder)) throw error
  }
  return folder
}

/**
 * Returns the flags that set the browser's own font size, in percent of the default.
 * `ONDO_TEXT_SIZE=150` runs all stories with this size.
 */
export function textSize(percent = '100'): string[] {
  if (percent === '100') return []
  const [letters, code] = [16, 13].map(size => Math.round((size * Number(percent)) / 100))
  return [`--blink-settings=defaultFontSize=${letters},defaultFixedFontSize=${code}`]
}

async function launchPackaged(options: LaunchOptions): Promise<Browser> {
  const folder = unpack()
  const executablePath = join(folder, 'chromium')
  try {
    return await chromium.launch({ ...options, executablePath })
  } catch {
    const env = { ...options.env, LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') }
    return await chromium.launch({ ...options, executablePath, env })
  }
}

/**
 * Starts a browser; the caller closes it.
 * @param source which browser; the first of `browserSources` when left out
 * @param flags further flags of Chromium, such as `--enable-unsafe-webgpu`
 * @param env variables added to those of this process, such as `FONTCONFIG_FILE`
 */
export async function launchBrowser(
  source: BrowserSource | undefined = browserSources()[0],
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Browser> {
  const options: LaunchOptions = {
    headless: true,
    args: [...FLAGS, ...textSize(process.env.ONDO_TEXT_SIZE), ...flags],
    env: { ...process.env, ...env },
  }
  if (source === 'package') return launchPackaged(options)
  const executablePath = systemPath()
  if (!executablePath) {
    throw new Error(
      'There is no browser for the tests; install Chromium or Chrome, or name one in ONDO_BROWSER.',
    )
  }
  return chromium.launch({ ...options, executablePath })
}
