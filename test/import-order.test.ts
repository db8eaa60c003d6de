/**
 * Imports go one way: a folder imports only those that the table below allows. It is the rule of
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
  onnx: [],
  file: ['errors', 'knob', 'version', 'model', 'text'],
  runtime: ['errors', 'event-loop', 'model'],
  temperature: ['errors', 'numeric', 'random', 'knob'],
  generate: [...FLOOR, 'model', 'text', 'runtime', 'temperature', 'file'],
  measure: [...FLOOR, 'model', 'text', 'runtime', 'temperature', 'file', 'generate'],
  ml5: [...FLOOR, 'model', 'text', 'file', 'runtime', 'temperature', 'generate', 'interop'],
  train: [...FLOOR, 'model', 'text', 'file', 'onnx'],
  interop: [...FLOOR, 'model', 'text', 'file', 'onnx', 'runtime'],
  index: [
    ...FLOOR,
    ...['model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure', 'interop'],
  ],
  server: [...FLOOR, 'model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure'],
  node: [
    ...[...FLOOR, 'model', 'text', 'file', 'runtime', 'temperature', 'generate', 'measure'],
    ...['onnx', 'train', 'interop', 'server', 'index'],
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

/**
 * The rooms of the studio, and which of them a room may import, besides itself and the library.
 * `shared` is also the exported page's; `app` is the page as a whole, on top.
 */
const STUDIO_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  storage: [],
  writer: [],
  controls: ['shared', 'writer'],
  settings: ['shared', 'controls'],
  layout: ['shared', 'settings'],
  models: ['storage', 'writer'],
  import: ['shared', 'writer', 'controls', 'settings', 'models'],
  text: ['shared', 'storage', 'writer', 'controls', 'settings', 'layout', 'models'],
  dial: ['shared', 'controls', 'settings', 'layout', 'models', 'text'],
  share: ['shared', 'writer', 'controls', 'settings', 'layout', 'models', 'text'],
  tabs: [
    ...['shared', 'writer', 'controls', 'settings', 'layout', 'models', 'text'],
    ...['import', 'dial', 'share'],
  ],
  views: ['shared', 'writer', 'controls', 'settings', 'layout', 'models', 'text', 'tabs'],
  app: [
    ...['shared', 'writer', 'controls', 'settings', 'layout', 'models', 'text'],
    ...['import', 'dial', 'share', 'tabs', 'views'],
  ],
  main: ['app', 'writer'],
}

/** The workers of the studio, each with the folders whose files run in it. */
const WORKERS: Readonly<Record<string, readonly string[]>> = {
  'writer/worker.ts': ['writer/'],
  'import/worker.ts': ['writer/', 'import/'],
  'tabs/inside/worker.ts': ['writer/', 'tabs/inside/'],
  'tabs/sweep/worker.ts': ['writer/', 'tabs/sweep/'],
  'tabs/train/worker.ts': ['writer/', 'tabs/train/'],
}

/** What only a page has. */
const PAGE_ONLY = [
  ...['document', 'window', 'localStorage', 'sessionStorage', 'matchMedia', 'HTMLElement'],
  ...['requestAnimationFrame', 'alert', 'getComputedStyle', 'history'],
]

interface Import {
  readonly file: string
  readonly room: string
  /** As written. */
  readonly what: string
  /** The room it leads to, or undefined for a package. */
  readonly to: string | undefined
}

const roomOf = (path: string): string => relative(src, path).split(sep)[0].replace(/\.ts$/, '')

function sources(folder: string, ends: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path, ends)
    // Tests and what they share may import anything; AssemblyScript has no imports of ours.
    const left = /\.(test|fixture|as|d)\.ts$/.test(entry.name)
    return new RegExp(`\\.(${ends})$`).test(entry.name) && !left ? [path] : []
  })
}

/** Of a component its scripts, and the imports in its markup. */
function treeOf(file: string): ts.SourceFile {
  const text = readFileSync(file, 'utf8')
  const scripts = [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, code]) => code)
  const markup = text.replaceAll(/<script[^>]*>[\s\S]*?<\/script>/g, '')
  const loaded = [...markup.matchAll(/import\('[^']*'\)/g)].map(([code]) => code)
  const code = file.endsWith('.svelte') ? [...scripts, ...loaded].join('\n') : text
  return ts.createSourceFile(file, code, ts.ScriptTarget.Latest)
}

/** Every import of a file: static, type-only, dynamic, re-export, `import('...')` in a type. */
function importsOf(file: string): string[] {
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
  visit(treeOf(file))
  return found
}

const targetOf = (file: string, what: string): string =>
  resolve(dirname(file), what.replace(/\.js$/, '.ts'))

const imports: Import[] = sources(src, 'ts').flatMap(file =>
  importsOf(file).map(what => ({
    file: relative(src, file),
    room: roomOf(file),
    what,
    to: what.startsWith('.') ? roomOf(targetOf(file, what)) : undefined,
  })),
)

const shown = ({ file, what }: Import): string => `src/${file} imports ${what}`

/** Some circle of a graph, as a sentence; undefined where there is none. */
function circleIn(graph: Readonly<Record<string, readonly string[]>>): string | undefined {
  const done = new Set<string>()
  const visit = (node: string, path: readonly string[]): string | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node].join(' -> ')
    if (done.has(node)) return undefined
    for (const next of graph[node] ?? []) {
      const circle = visit(next, [...path, node])
      if (circle !== undefined) return circle
    }
    done.add(node)
    return undefined
  }
  for (const node of Object.keys(graph)) {
    const circle = visit(node, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

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

  it('has a table without circles', () => expect(circleIn(MAY_IMPORT)).toBeUndefined())

  it('keeps node:* out of the rooms that run anywhere', () => {
    const wrong = imports.filter(
      ({ room, what }) => what.startsWith('node:') && !['node', 'cli'].includes(room),
    )
    expect(wrong.map(shown)).toEqual([])
  })

  it('lets only the listed folders import packages', () => {
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

describe('the order of the rooms of the studio', () => {
  const studio = fileURLToPath(new URL('../studio/', import.meta.url))
  const page = join(studio, 'src')
  const files = [...sources(page, 'ts|svelte'), ...sources(join(studio, 'shared'), 'ts')]
  const studioRoomOf = (path: string): string =>
    relative(path.startsWith(page) ? page : studio, path)
      .split(sep)[0]
      .replace(/\.ts$/, '')
  const inStudio = files.flatMap(file =>
    importsOf(file)
      .filter(what => what.startsWith('.') && !what.endsWith('.css'))
      .map(what => ({ file, what, target: targetOf(file, what) })),
  )
  const targets = (file: string): string[] =>
    inStudio.filter(one => one.file === file).map(({ target }) => target)
  const short = ({ file, what }: (typeof inStudio)[number]): string =>
    `studio/${relative(studio, file)} imports ${what}`

  it('reads the imports of scripts and of markup', () => {
    expect(inStudio.length).toBeGreaterThan(300)
    expect(inStudio.map(short)).toContain('studio/src/app/App.svelte imports ./Palette.svelte')
    expect(inStudio.map(short)).toContain('studio/src/app/App.svelte imports ../dial/Dial.svelte')
  })

  it('knows every room', () => {
    const rooms = new Set(files.map(studioRoomOf))
    expect(Object.keys(STUDIO_MAY_IMPORT).sort()).toEqual([...rooms].sort())
  })

  it('has no room that points back up', () => {
    const wrong = inStudio.filter(({ file, target }) => {
      if (target.startsWith(src)) return false
      const [room, to] = [studioRoomOf(file), studioRoomOf(target)]
      return to !== room && !STUDIO_MAY_IMPORT[room]?.includes(to)
    })
    expect(wrong.map(short)).toEqual([])
  })

  it('has neither rooms nor files in a circle', () => {
    expect(circleIn(STUDIO_MAY_IMPORT)).toBeUndefined()
    expect(circleIn(Object.fromEntries(files.map(file => [file, targets(file)])))).toBeUndefined()
  })

  it('has these workers, and only these files in them', () => {
    const found = files.filter(file => file.endsWith(`${sep}worker.ts`))
    expect(found.map(file => relative(page, file).split(sep).join('/')).sort()).toEqual(
      Object.keys(WORKERS).sort(),
    )
    for (const [worker, folders] of Object.entries(WORKERS)) {
      const wrong = closureOf(join(page, worker), targets)
        .map(file => relative(page, file).split(sep).join('/'))
        .filter(file => !file.startsWith('../../src/'))
        .filter(file => /\.svelte(\.ts)?$/.test(file) || !folders.some(at => file.startsWith(at)))
      expect(wrong, worker).toEqual([])
    }
  })

  it('has workers that know no document and no window', () => {
    const inWorkers = new Set(
      Object.keys(WORKERS).flatMap(worker => closureOf(join(page, worker), targets)),
    )
    const wrong = [...inWorkers]
      .filter(file => file.startsWith(page))
      .flatMap(file => globalsIn(file).map(name => `${relative(studio, file)}: ${name}`))
    expect(wrong).toEqual([])
    expect(globalsIn(join(page, 'text/frame-queue.ts'))).toContain('document')
  })
})

/** A file, all that it imports, and what those import. */
function closureOf(file: string, targets: (file: string) => readonly string[]): string[] {
  const found = new Set([file])
  for (const each of found) for (const target of targets(each)) found.add(target)
  return [...found]
}

/** The names of PAGE_ONLY that a file uses, other than as properties. */
function globalsIn(file: string): string[] {
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && PAGE_ONLY.includes(node.text)) found.add(node.text)
    if (ts.isPropertyAccessExpression(node)) visit(node.expression)
    else if (ts.isPropertyAssignment(node)) visit(node.initializer)
    else if (!ts.isPropertySignature(node)) ts.forEachChild(node, visit)
    else if (node.type) visit(node.type)
  }
  visit(treeOf(file))
  return [...found]
}
