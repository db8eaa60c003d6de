/** `ondo studio`: served, found, stopped. What the page does is tested in a browser elsewhere. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { ondo } from '../support/command.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

describe.skipIf(!existsSync(`${root}studio/index.html`))('ondo studio', () => {
  beforeAll(() => {
    const build = ['scripts/build.mjs', '--if-stale', 'library', 'studio']
    execFileSync(process.execPath, build, { cwd: root })
  })

  it('prints its address, serves the page, takes another port when one is taken, ends at Ctrl-C', async () => {
    let first: Promise<void> | undefined
    let second: Promise<unknown> | undefined
    const run = (
      port: string,
      visit: (url: string) => Promise<void>,
    ): Promise<{ code: number | null; stderr: string }> => {
      let visited = false
      return ondo(['studio', '--port', port], {
        env: { CI: '1' },
        watch: (child, _, stdout) => {
          const url = /http:\S+/.exec(stdout)?.[0]
          if (visited || !url) return
          visited = true
          void visit(url).finally(() => child.kill('SIGINT'))
        },
      })
    }
    const served = await run('0', async url => {
      first = (async () => {
        const page = await fetch(url)
        expect(page.status).toBe(200)
        expect(page.headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin')
        expect(page.headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp')
        expect(await page.text()).toContain('<!doctype html>')
        const { port } = new URL(url)
        second = run(port, async other => {
          expect(new URL(other).port).not.toBe(port)
          expect((await fetch(other)).status).toBe(200)
        }).then(result => {
          expect(result.code).toBe(130)
          expect(result.stderr).toContain(`port ${port} is taken`)
        })
        await second
      })()
      await first
    })
    await first
    expect(served.code).toBe(130)
    expect(served.stderr).toContain('Ctrl-C')
  })

  it('answers, and hears SIGTERM, while it reads a long prompt and meets an expression that means harm', async () => {
    let asked: Promise<void> | undefined
    let visited = false
    const { code, signal } = await ondo(['studio', '--port', '0'], {
      env: { CI: '1' },
      watch: (child, _, stdout) => {
        const url = /http:\S+/.exec(stdout)?.[0]
        if (visited || !url) return
        visited = true
        const post = (body: object) =>
          fetch(new URL('completions', url), {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
          })
        asked = (async () => {
          const chain = 'allow /[a-z](?<!^(a+)+.)/, temperature'
          const prompt = `b${'a'.repeat(28)}`
          const harm = await post({ model: 'names', prompt, length: 1, chain })
          expect(harm.status).toBe(200)
          const long = post({ model: 'shakespeare', prompt: 'To be or not '.repeat(7500) })
          const health = await fetch(new URL('health', url))
          expect(health.status).toBe(200)
          child.kill('SIGTERM')
          await long.catch(() => {})
        })()
        asked.catch(() => child.kill('SIGKILL'))
      },
    })
    await asked
    // It ended by itself: no signal had to end it.
    expect(signal).toBeNull()
    expect([0, 143]).toContain(code)
  })

  it('refuses a port that is none', async () => {
    const { code, stderr } = await ondo(['studio', '--port', '99999'])
    expect(code).toBe(2)
    expect(stderr).toContain('The port is "99999"; expected a whole number from 0 to 65535.')
  })
})
