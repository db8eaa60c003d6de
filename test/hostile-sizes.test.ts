/**
 * One megabyte in each field of each interface: the refusal is one short sentence, of whole
 * characters, and it takes less than a second.
 */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CommandSpec } from '../src/cli/spec.js'
import { OndoError } from '../src/errors.js'
import { file, sampleWeights } from '../src/file/damaged.fixture.js'
import {
  decodeModel,
  decodeSafetensors,
  encodeSafetensors,
  readModelHeader,
} from '../src/file/index.js'
import { parseJson } from '../src/file/json.js'
import { encodeModel } from '../src/file/model-file.js'
import { mockModel } from '../src/generate/mock.fixture.js'
import {
  createChain,
  decodeRun,
  encodeRun,
  generateText,
  loadModel,
  loadTree,
  measureText,
  nextTemperature,
  parseChain,
  type Run,
  readRun,
  SeedTexts,
  sweep,
  verifyRun,
} from '../src/index.js'
import { importModel } from '../src/interop/index.js'
import { readKnob } from '../src/knob.js'
import { aim, parseTemperatures, SpellingFilter, storedMeasures } from '../src/measure/index.js'
import { modelConfig } from '../src/model/config.js'
import { findModel, readFileBytes } from '../src/node/files.js'
import { readCorpus } from '../src/node/read.js'
import { createApp } from '../src/server/index.js'
import { checkSchedule, parseSchedule } from '../src/temperature/index.js'
import { encodingNamed } from '../src/text/encoding-names.js'
import { tokenizerFrom } from '../src/text/index.js'
import { trainSettings } from '../src/train/settings.js'

const MB = 1_000_000
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** One megabyte each: words and escapes, emoji whose halves are no characters, one grapheme. */
const LARGE: Readonly<Record<string, string>> = {
  words: 'word "\\ \u0001 '.repeat(MB / 10),
  emoji: '👩‍👩‍👧'.repeat(MB / 8),
  marks: `e${'\u0301'.repeat(MB)}`,
}

/** The longest part of a message that is made of a large value. */
const longestQuote = (message: string): number =>
  Math.max(
    0,
    ...[/(word |\\u0001 |\p{Cc} |["\\]| )+/gu, /(👩‍👩‍👧)+/gu, /e?\u0301+/g].flatMap(pattern =>
      (message.match(pattern) ?? []).map(found => found.length),
    ),
  )

function checkMessage(message: string, name: string): void {
  const shown = `${name}: ${message.slice(0, 300)}`
  expect(message.length, shown).toBeLessThan(700)
  // The constructor of errors cuts a message as the last resort; no interface needs that.
  expect(longestQuote(message), shown).toBeLessThan(200)
  expect(/\p{Surrogate}/u.test(message), shown).toBe(false)
}

/** Processor seconds: a busy machine does not change them as it changes the clock. */
async function secondsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

type Field = readonly [name: string, use: (text: string) => unknown]

async function expectRefusal([name, use]: Field, text: string): Promise<void> {
  let error: unknown
  const seconds = await secondsOf(async () => {
    try {
      await use(text)
    } catch (cause) {
      error = cause
    }
  })
  expect(error instanceof OndoError, `${name}: ${String(error).slice(0, 300)}`).toBe(true)
  checkMessage((error as OndoError).message, name)
  expect(seconds, name).toBeLessThan(LIMIT)
}

/** Some tenths of a second are usual; compilers and garbage collectors of a test run add to them. */
const LIMIT = 2

const model = mockModel('abcdefgh \n')
const graphemes = mockModel('abcdefgh \n', { kind: 'grapheme' })
const run: Run = {
  ondo: '0.1.0',
  model: model.hash,
  tokenizer: 'character',
  prompt: 'ab',
  seed: '1',
  stream: 0,
  temperature: '0.8',
  length: 5,
  stop: [],
}

/** A field may come with another type than it has. */
const shapes = (text: string): unknown[] => [text, [text], { [text]: text }, Array(100_000).fill(7)]
const inShapes = (name: string, use: (value: never) => unknown): Field[] =>
  [0, 1, 2, 3].map(i => [`${name} ${i}`, text => use(shapes(text)[i] as never)])

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

const chains: readonly Field[] = (
  [
    ['written', text => text],
    ['a name', text => [{ sampler: text }]],
    ['an unknown setting', text => [{ sampler: 'top-k', [text]: 1 }]],
    ['a setting', text => [{ sampler: 'top-k', k: text }]],
    ['a symbol', text => [{ sampler: 'ban', symbols: [text] }]],
    ['a class', text => [{ sampler: 'ban', symbols: [`[${text}]`] }]],
    ['a pattern', text => [{ sampler: 'ban', pattern: `(${text}` }]],
    ['weights', text => [{ sampler: 'bias', weights: [[text, text]] }]],
    ['breakers', text => [{ sampler: 'dry', breakers: text }]],
    ['no sampler', text => [text]],
    ['a written symbol', text => `ban ${JSON.stringify(text.slice(0, 90_000))}`],
    ['a written pattern', text => `allow /(${text.replaceAll('/', '').slice(0, 90_000)}/`],
  ] as readonly Field[]
).map(([name, chain]) => [
  `chain: ${name}`,
  text => createChain(chain(text) as never, model.tokenizer),
])

const OPTIONS = ['prompt', 'stop', 'chain', 'temperature', 'length', 'seed', 'stream', 'unknown']
const generation: readonly Field[] = [
  ...OPTIONS.flatMap((option): Field[] => [
    [`generate ${option}`, text => generateText(model, { length: 1, [option]: text })],
    [`generate ${option} list`, text => generateText(model, { length: 1, [option]: [[text]] })],
    [`generate ${option}, graphemes`, text => generateText(graphemes, { [option]: text })],
  ]).filter(([name]) => name !== 'generate stop list'),
  ...['seed', 'stream', 'length', 'unknown'].map(
    (option): Field => [
      `seed texts ${option}`,
      text => SeedTexts.of(model, { length: 1, [option]: text } as never),
    ],
  ),
  ['next temperature', text => nextTemperature(model, { temperature: text }, 'up')],
  ['parse chain', text => parseChain(text)],
  ['parse schedule', text => parseSchedule(text)],
  ...inShapes('check schedule', value => checkSchedule(value)),
]

const measurement: readonly Field[] = [
  ...['temperatures', 'seeds', 'length', 'prompt', 'chain'].map(
    (option): Field => [
      `sweep ${option}`,
      text => drain(sweep(model, { length: 1, seeds: 1, [option]: text } as never) as never),
    ],
  ),
  ...['measure', 'target', 'seed', 'length', 'prompt', 'chain'].map(
    (option): Field => [
      `aim ${option}`,
      text =>
        drain(
          aim(model, {
            measure: 'entropy',
            target: 1,
            length: 9,
            [option]: text,
          } as never) as never,
        ),
    ],
  ),
  ['temperatures', text => parseTemperatures(text)],
  ['filter', text => SpellingFilter.fromJSON({ version: text, unit: text } as never)],
  ['measures', text => storedMeasures({ ...model, measures: { sweep: text } })],
]

const settings: readonly Field[] = [
  ['an unknown setting', text => trainSettings({ [text]: 1 })],
  ['a preset', text => trainSettings({}, text as never)],
  ...inShapes('hidden', value => trainSettings({ hidden: value })),
  ...inShapes('cell', value => modelConfig({ vocabulary: 2, hidden: 2, layers: 1, cell: value })),
  ...inShapes('layers', value => modelConfig({ vocabulary: 2, hidden: 2, layers: value })),
  ...inShapes('tokenizer', value => tokenizerFrom({ kind: value } as never)),
  ...inShapes('more of a tokenizer', value =>
    tokenizerFrom({ kind: 'byte', more: value } as never),
  ),
  ['symbols', text => tokenizerFrom({ kind: 'character', symbols: text } as never)],
  ['a long symbol', text => tokenizerFrom({ kind: 'character', symbols: ['ab', text] } as never)],
  ['a symbol twice', text => tokenizerFrom({ kind: 'grapheme', symbols: [text, text] } as never)],
  ['encoding', text => encodingNamed(text)],
]

const runs: readonly Field[] = [
  ['code', text => decodeRun(text)],
  ['code with ondo', text => decodeRun(`ondo${btoa(text.replaceAll(/\P{ASCII}/gu, 'x'))}`)],
  ['run', text => readRun(text)],
  ['format', text => readRun({ format: text, version: 1 })],
  ['version', text => readRun({ format: 'ondo-run', version: text })],
  ...Object.keys(run).map(
    (field): Field => [
      `run ${field}`,
      text =>
        readRun({
          format: 'ondo-run',
          version: 1,
          run: { ...run, promptIds: [0, 1], [field]: field === 'stop' ? [7, text] : [text] },
        }),
    ],
  ),
  ['tree', text => loadTree(model, { format: 'ondo-tree', version: 1, model: text })],
  [
    'run of another model',
    text => {
      const other = decodeRun(encodeRun({ ...run, model: text }))
      const kept = { format: 'ondo-run', version: 1, stop: 'length', text: '', hash: '', ids: [] }
      return verifyRun(model, { ...kept, run: { ...other, promptIds: [] } } as never)
    },
  ],
]

const config = modelConfig({ cell: 'rnn', vocabulary: 2, hidden: 2, layers: 1 })
const small = {
  config,
  tokenizer: tokenizerFrom({ kind: 'character', symbols: ['a', 'b'] }),
  weights: sampleWeights(config),
}
const bytes = encodeModel(small)
const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)))

// biome-ignore lint/suspicious/noExplicitAny: any field of a header may hold anything
function readChanged(change: (copy: any) => void): unknown {
  const copy = structuredClone(header)
  change(copy)
  return decodeModel(file(JSON.stringify(copy), bytes.subarray(8 + headerLength)))
}

const METADATA = ['format', 'version', 'config', 'tokenizer', 'training', 'stop', 'measures', 'id']
const files: readonly Field[] = [
  ...METADATA.flatMap((key): Field[] => {
    const change = (value: (text: string) => string) => (text: string) =>
      readChanged(copy => {
        copy.__metadata__[key] = value(text)
      })
    return [
      [`metadata ${key}`, change(text => text)],
      [`metadata ${key} as JSON`, change(text => JSON.stringify(text))],
      [
        `metadata ${key} as an object`,
        change(text =>
          JSON.stringify({ cell: text, kind: text, corpus: [text], spelling: { version: text } }),
        ),
      ],
    ]
  }).filter(([name]) => !/ id|training as JSON|training as an object/.test(name)),
  ...['dtype', 'shape', 'data_offsets', 'unknown'].flatMap(field =>
    inShapes(`tensor's ${field}`, value =>
      readChanged(copy => {
        copy['head.bias'][field] = value
      }),
    ),
  ),
  [
    "tensor's name",
    text =>
      readChanged(copy => {
        copy[text] = { dtype: 'F32', shape: [0], data_offsets: [0, 0] }
      }),
  ],
  ['no safetensors', text => decodeSafetensors(utf8(text))],
  ['no model', text => readModelHeader(utf8(text))],
  ['a key twice', text => parseJson(`{${JSON.stringify(text)}:1,${JSON.stringify(text)}:1}`, 'It')],
  [
    'a tensor to write',
    text => {
      const tensor = { dtype: 'F32', shape: [2], data: new Float32Array(1) } as const
      return encodeSafetensors(new Map([[text, tensor]]))
    },
  ],
  ['a name', text => findModel(text)],
  ['a path', text => findModel(`/${text}.safetensors`)],
  ['a file', text => readFileBytes(`/${text}`)],
  ['a corpus', text => readCorpus([`/${text}`], {})],
  ['a model', text => loadModel(text)],
]

const importFile = (name: string, content: string | Uint8Array, options = {}): unknown =>
  importModel(
    [{ name, bytes: typeof content === 'string' ? utf8(content) : content }],
    options as never,
  )
/** A pickle of protocol 2: `text` stands where a line or a string is. */
const pickle = (...parts: (string | number[])[]): Uint8Array =>
  Uint8Array.from([
    0x80,
    2,
    ...parts.flatMap(p => (typeof p === 'string' ? [...utf8(p)] : p)),
    0x2e,
  ])
const imports: readonly Field[] = [
  ['from', text => importFile('a.json', '{}', { from: text })],
  ['a name', text => importFile(text, '{}')],
  ['a name of JSON', text => importFile(`${text}.json`, '{}')],
  ['a name of a pickle', text => importFile(`${text}.pt`, pickle('N'))],
  ['a pickle of a call', text => importFile('a.pt', pickle(`c${text.replaceAll('\n', '')}\nx\n`))],
  ['a pickle of an opcode', text => importFile('a.pt', pickle(text))],
  ['a pickle of a line', text => importFile('a.pt', pickle(`I${text}\n`))],
  ['recurrentjs', text => importFile('a.json', JSON.stringify({ generator: text, model: {} }))],
  [
    'recurrentjs hidden sizes',
    text =>
      importFile(
        'a.json',
        JSON.stringify({ generator: 'lstm', model: {}, hidden_sizes: text, hiddenSizes: text }),
        { from: 'recurrentjs' },
      ),
  ],
  [
    'ml5',
    text =>
      importModel([
        { name: 'manifest.json', bytes: utf8(JSON.stringify({ [text]: { filename: text } })) },
        { name: 'vocab.json', bytes: utf8(JSON.stringify({ [text]: text })) },
      ]),
  ],
  ['torch-rnn', text => importFile('a.json', JSON.stringify({ [text]: text }))],
  [
    'safetensors of others',
    text =>
      importFile(
        'a.safetensors',
        file(JSON.stringify({ [text]: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }), [
          ...utf8('abcd'),
        ]),
      ),
  ],
  ['a vocabulary', text => importFile('a.json', '{}', { vocabulary: { symbols: [text, text] } })],
]

const kinds: readonly [string, readonly Field[]][] = [
  ['a chain', chains],
  ['what is generated', generation],
  ['what is measured', measurement],
  ['settings, configs, tokenizers', settings],
  ['runs, codes, trees', runs],
  ['files and their names', files],
  ["other systems' models", imports],
]

describe.each(Object.entries(LARGE))('one megabyte (%s) is refused shortly and soon', (_, text) => {
  it.each(kinds)('in %s', async (_, fields) => {
    for (const field of fields) await expectRefusal(field, text)
  })

  it('in flags of the command line', async () => {
    let refused = 0
    const folder = new URL('../src/cli/commands/', import.meta.url)
    for (const name of readdirSync(folder).filter(name => !name.includes('.test.'))) {
      const specs = Object.values(await import(new URL(name, folder).href)).filter(
        (value): value is CommandSpec => typeof (value as CommandSpec)?.run === 'function',
      )
      for (const flag of specs.flatMap(spec => spec.flags)) {
        const read = flag.parse ?? (flag.knob && ((given: string) => readKnob(flag.knob!, given)))
        try {
          read?.(text)
        } catch (error) {
          refused++
          expect(error instanceof OndoError, flag.flags).toBe(true)
          checkMessage((error as OndoError).message, flag.flags)
        }
      }
    }
    expect(refused).toBeGreaterThan(30)
  })

  it('in requests to the server', async () => {
    const app = createApp({
      models: [{ name: 'tiny', read: async () => new Uint8Array(bytes) }],
      onError: () => {},
    })
    const post = async (body: unknown): Promise<void> => {
      const answer = await app.request('/completions', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
      const said = await answer.text()
      const name = JSON.stringify(body).slice(0, 50)
      expect([400, 404, 413], `${name} ${said.slice(0, 200)}`).toContain(answer.status)
      checkMessage(JSON.parse(said).error.message, name)
    }
    const part = text.slice(0, 100_000)
    for (const field of ['model', ...OPTIONS, 'promptIds', 'candidates']) {
      expect(await secondsOf(() => post({ [field]: part })), field).toBeLessThan(LIMIT)
      await post({ [field]: [[part]] })
    }
    await post({ [part]: part })
    await post({ prompt: text })
    const away = await app.request(`/${encodeURIComponent(text.slice(0, 1000))}`)
    checkMessage(JSON.parse(await away.text()).error.message, 'path')
  })

  it('in a text that is measured, which may have any size', async () => {
    expect(await secondsOf(() => measureText(text.slice(0, 50_000)))).toBeLessThan(2 * LIMIT)
  })
})
