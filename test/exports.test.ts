/** package.json, the sources and the version say the same; what is built can be imported. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundleSize } from '../scripts/bundle-size.js'
import { VERSION } from '../src/version.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string): string => readFileSync(root + path, 'utf8')
const pkg = JSON.parse(read('package.json'))

/** `./dist/train.js` is made from `src/train/index.ts`, `./dist/index.js` from `src/index.ts`. */
function sourceOf(built: string): string {
  const name = built.replace(/^\.\/dist\/(types\/)?/, '').replace(/\.(d\.ts|js)$/, '')
  const source = `src/${name}.ts`
  return existsSync(root + source) ? source : `src/${name}/index.ts`
}

describe('package.json', () => {
  it('has the version of src/version.ts and of the lock file', () => {
    expect(pkg.version).toBe(VERSION)
    const lock = JSON.parse(read('package-lock.json'))
    expect(lock.version).toBe(VERSION)
    expect(lock.packages[''].version).toBe(VERSION)
  })

  it('names a source for every entry point', () => {
    for (const [entry, targets] of Object.entries<Record<string, string>>(pkg.exports)) {
      for (const built of Object.values(targets)) {
        expect(existsSync(root + sourceOf(built)), `${entry}: ${built}`).toBe(true)
      }
    }
  })

  it('ships what its entry points and its command need', () => {
    for (const folder of ['bin', 'dist', 'models']) expect(pkg.files).toContain(folder)
    expect(pkg.bin.ondo).toBe('bin/ondo.js')
    // npx runs it as a program.
    expect(statSync(`${root}bin/ondo.js`).mode & 0o111).not.toBe(0)
  })

  it('keeps the main entry small: what fewer programs need is behind another', () => {
    const main = read('src/index.ts')
    expect(main).not.toMatch(/export \*/)
    const names = [...main.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) =>
      list.split(',').filter(name => name.trim() !== ''),
    )
    expect(names.length).toBeGreaterThan(50)
    expect(names.length).toBeLessThan(75)
  })

  it('gives by each built entry the names of its source and no other', async () => {
    for (const [entry, targets] of Object.entries<Record<string, string>>(pkg.exports)) {
      const { types: _, ...built } = targets
      for (const path of Object.values(built)) {
        const [made, written] = await Promise.all([
          import(/* @vite-ignore */ new URL(path, `file://${root}`).href),
          import(/* @vite-ignore */ new URL(sourceOf(path), `file://${root}`).href),
        ])
        expect(Object.keys(made).sort(), `${entry}: ${path}`).toEqual(Object.keys(written).sort())
      }
    }
  })

  it('pins every dependency, as the lock file does', () => {
    const lock = JSON.parse(read('package-lock.json')).packages
    for (const [name, range] of Object.entries({ ...pkg.dependencies, ...pkg.devDependencies })) {
      expect(range, name).toMatch(/^\d+\.\d+\.\d+$/)
      expect(lock[`node_modules/${name}`].version, name).toBe(range)
    }
  })

  it('has scripts that exist', () => {
    for (const command of Object.values<string>(pkg.scripts)) {
      const file = /\b(?:scripts|bin|bench)\/[\w/.-]+/.exec(command)?.[0]
      if (file) expect(existsSync(root + file), command).toBe(true)
    }
  })

  it('locks what other platforms need, so that npm ci works there', () => {
    const { packages } = JSON.parse(read('package-lock.json'))
    for (const [path, entry] of Object.entries<Record<string, Record<string, string>>>(packages)) {
      for (const name of Object.keys(entry.optionalDependencies ?? {})) {
        const locked = packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`]
        expect(locked, `${path} may need ${name}`).toBeDefined()
      }
    }
  })
})

describe('what is built', () => {
  const entries = Object.values<{ default: string }>(pkg.exports).map(target => target.default)

  beforeAll(() => {
    execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale', 'library'], { cwd: root })
  })

  it.each(entries)('%s can be imported by Node', entry => {
    const script = `const module = await import(${JSON.stringify(root + entry.slice(2))}); if (Object.keys(module).length === 0) throw new Error('empty')`
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root })
  })

  it('adds to a page what the READMEs say, and nothing of training', async () => {
    const { packed, modules } = await bundleSize()
    for (const file of ['README.md', 'README.ja.md']) {
      const said = /(\d+) KB[^\n]*bundle-size/.exec(read(file))?.[1]
      expect(Math.abs(Number(said) - packed / 1000), `${file}: ${packed} bytes`).toBeLessThan(1.5)
    }
    expect(modules).toContain('src/generate/writer.ts')
    expect(modules.filter(path => /src\/(train|browser|node|cli|server)\//.test(path))).toEqual([])
  })

  it('has charRNN for pages in one small script file, which is no module and loads nothing', () => {
    const script = read('dist/ondo-ml5.js')
    const { length } = gzipSync(script)
    for (const file of ['docs/ml5.md', 'docs/ml5.ja.md']) {
      const said = Number(/(\d+) KB/.exec(read(file))?.[1])
      expect(length, file).toBeLessThan(said * 1000)
      expect(said, file).toBeLessThanOrEqual(50)
    }
    expect(script).toMatch(/^\/\*! Ondo \d+\.\d+\.\d+: .* MIT \*\/\n/)
    // A classic script; `new Script` refuses import and export.
    expect(() => new Script(script)).not.toThrow()
    expect(script).not.toMatch(/\bimport\s*\(|import\.meta|\bWorker\b|SharedArrayBuffer|\beval\b/)
  })

  it('needs nothing of Node in the entry point for pages', () => {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      const text = readFileSync(file, 'utf8')
      for (const [, what] of text.matchAll(
        /(?<!["'\w])(?:from|import)\s*\(?\s*["']([^"']+)["']/g,
      )) {
        expect(what, file).toMatch(/^\.\.?\//)
        visit(fileURLToPath(new URL(what, `file://${file}`)))
      }
    }
    visit(`${root}dist/index.js`)
    expect(readdirSync(`${root}dist`)).toContain('index.js')
  })
})
