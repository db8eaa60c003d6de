/**
 * The stairs go one way: a room imports only rooms below it. The table is the law of
 * ARCHITECTURE.md; type-only imports count, because a type from above is a dependency all the same.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))

/** The floor: what these files give, every room may use. */
const FLOOR = ['errors', 'event-loop', 'random', 'numeric', 'knob', 'version']

/** Which rooms a room may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  'event-loop': [],
  version: [],
  numeric: [],
  random: ['errors'],
  knob: ['errors', 'random'],
  text: ['errors', 'random', 'knob'],
  model: ['errors', 'numeric', 'knob'],
  file: ['errors', 'knob', 'version', 'model', 'text'],
  runtime: ['errors', 'model'],
  temperature: ['errors', 'numeric', 'random', 'knob'],
  generate: [...FLOOR, 'model', 'text', 'runtime', 'temperature', 'file'],
  measure: [...FLOOR, 'model', 'text', 'runtime', 'temperature', 'file', 'generate'],
  train: [...FLOOR, 'model', 'text', 'file'],
  interop: [...FLOOR, 'model', 'text', 'file'],
  index: [
    ...FLOOR,
    ...['model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure', 'interop'],
  ],
  server: [...FLOOR, 'model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure'],
  node: [
    ...[...FLOOR, 'model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure'],
    ...['train', 'interop', 'server', 'index'],
  ],
  browser: [
    ...[...FLOOR, 'model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure'],
    ...['train', 'interop', 'index'],
  ],
  cli: [
    ...[...FLOOR, 'model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure'],
    ...['train', 'interop', 'server', 'node'],
  ],
}

/** Rooms that know Node or the page; all others run anywhere. */
const OUTSIDE = ['node', 'browser', 'cli']

/** Packages that a room may import; no other room imports any. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  text: ['jschardet'],
  interop: ['fflate'],
  cli: ['commander', 'picocolors'],
  node: ['onnxruntime-node', '@hono/node-server', 'hono', '@resvg/resvg-js'],
  browser: ['onnxruntime-web'],
  server: ['hono'],
}

interface Import {
  readonly file: string
  readonly room: string
  /** As written. */
  readonly what: string
  /** The room it leads to, or undefined for a package. */
  readonly to: string | undefined
}

const roomOf = (path: string): string => relative(src, path).split(sep)[0].replace(/\.ts$/, '')

function sources(folder = src): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    // Tests and what they share may look anywhere; AssemblyScript has no imports of ours.
    return /(?<!\.test|\.fixture|\.as|\.d)\.ts$/.test(entry.name) ? [path] : []
  })
}

/** Every import of a file: static, type-only, dynamic, re-export, `import('...')` in a type. */
function importsOf(file: string): string[] {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
        found.push(node.moduleSpecifier.text)
      }
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      found.push(argument && ts.isStringLiteralLike(argument) ? argument.text : '(computed)')
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) found.push(node.argument.literal.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

const imports: Import[] = sources().flatMap(file =>
  importsOf(file).map(what => ({
    file: relative(src, file),
    room: roomOf(file),
    what,
    to: what.startsWith('.')
      ? roomOf(resolve(dirname(file), what.replace(/\.js$/, '.ts')))
      : undefined,
  })),
)

const shown = ({ file, what }: Import): string => `src/${file} imports ${what}`

describe('the order of the rooms', () => {
  it('reads the imports at all', () => {
    expect(imports.length).toBeGreaterThan(100)
    expect(imports.map(shown)).toContain('src/generate/generate.ts imports ../runtime/network.js')
  })

  it('knows every room of src/', () => {
    expect(Object.keys(MAY_IMPORT)).toEqual(
      expect.arrayContaining([...new Set(imports.map(one => one.room))]),
    )
  })

  it('has no room that points back up', () => {
    const wrong = imports.filter(
      ({ room, to }) => to !== undefined && to !== room && !MAY_IMPORT[room]?.includes(to),
    )
    expect(wrong.map(shown)).toEqual([])
  })

  it('has a table without circles', () => {
    const order: string[] = []
    const visit = (room: string, path: readonly string[]): void => {
      expect(path, `a circle: ${[...path, room].join(' -> ')}`).not.toContain(room)
      if (order.includes(room)) return
      for (const below of MAY_IMPORT[room]) visit(below, [...path, room])
      order.push(room)
    }
    for (const room of Object.keys(MAY_IMPORT)) visit(room, [])
  })

  it('keeps node:* out of the rooms that run anywhere', () => {
    const wrong = imports.filter(
      ({ room, what }) => what.startsWith('node:') && !['node', 'cli'].includes(room),
    )
    expect(wrong.map(shown)).toEqual([])
  })

  it('lets only the doors import packages', () => {
    const wrong = imports.filter(({ room, what, to }) => {
      if (to !== undefined || what.startsWith('node:')) return false
      return !PACKAGES[room]?.some(name => what === name || what.startsWith(`${name}/`))
    })
    expect(wrong.map(shown)).toEqual([])
  })

  it('has nothing that leans on what only tests share', () => {
    expect(imports.filter(({ what }) => what.includes('.fixture')).map(shown)).toEqual([])
  })

  it('compiles every room that runs anywhere without Node and DOM', () => {
    const json = ts.parseConfigFileTextToJson(
      'tsconfig.core.json',
      readFileSync(new URL('../tsconfig.core.json', import.meta.url), 'utf8'),
    ).config
    expect(json.compilerOptions).toMatchObject({ lib: ['ES2023', 'WebWorker'], types: [] })
    const left = (json.exclude as string[]).filter(entry => /^src\/\w+$/.test(entry))
    expect(left.sort()).toEqual(OUTSIDE.map(room => `src/${room}`).sort())
  })
})
