/**
 * Damaged files of all formats, and one law for all of them: `importModel` refuses in one sentence, or
 * gives a model that reads text; within 2 seconds of the processor, without allocating more than four
 * times the files besides what the whole file takes (and 2 MB).
 *
 *     npx vitest run src/interop/mutations.test.ts                    some thousand, for every run
 *     ONDO_MUTATIONS=100000 npx vitest run src/interop/mutations.test.ts
 */
import { describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { FIXTURES } from './formats.fixture.js'
import { importModel } from './import.js'
import { mutated } from './mutations.fixture.js'
import { type FormatFixture, Numbers, type Sample } from './sample.fixture.js'
import type { SourceFile } from './source.js'

const COUNT = Number(process.env.ONDO_MUTATIONS ?? 3000)
const SEED = Number(process.env.ONDO_SEED ?? 20_261_130)
const MOST_SECONDS = 2
const MOST_MEMORY = 4
/** Short-lived arrays are counted, too: those of the 48 steps that tell a broken network. */
const ALWAYS_ALLOWED = 2 ** 21

const SYMBOLS = ['\n', ' ', 'a', 'b', 'c', 'd', 'e']

interface Measured extends Sample {
  /** Bytes that are allocated for the whole file. */
  readonly usual: number
}

async function samplesOf({ variants, write }: FormatFixture): Promise<Measured[]> {
  const samples: Measured[] = []
  for (const variant of variants) {
    const sample = write({ variant, symbols: SYMBOLS, hidden: 3 })
    const usual = await allocatedBy(() => importModel(sample.files, sample.options))
    samples.push({ ...sample, usual })
  }
  return samples
}

const ARRAYS = [
  'ArrayBuffer',
  'Uint8Array',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
] as const

/**
 * The bytes of all arrays that are allocated while `work` runs, however short they live: an upper bound
 * of the memory that they hold at a time.
 */
async function allocatedBy(work: () => Promise<unknown>): Promise<number> {
  let bytes = 0
  const globals = globalThis as unknown as Record<string, new (...args: unknown[]) => object>
  const originals = ARRAYS.map(name => globals[name] as new (...args: unknown[]) => object)
  for (const [i, name] of ARRAYS.entries()) {
    globals[name] = new Proxy(originals[i] as new (...args: unknown[]) => object, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget)
        const isView = args[0] instanceof (originals[0] as new (...args: unknown[]) => object)
        if (!isView) bytes += (made as Uint8Array).byteLength
        return made
      },
    })
  }
  try {
    await work()
  } finally {
    for (const [i, name] of ARRAYS.entries()) globals[name] = originals[i]!
  }
  return bytes
}

interface Outcome {
  readonly seconds: number
  readonly allocated: number
  readonly wrong: string | undefined
  readonly isRead: boolean
}

function wrongIn(error: unknown): string | undefined {
  if (!(error instanceof FileError || error instanceof InputError)) {
    return `${error instanceof Error ? error.stack : error}`
  }
  const { message } = error
  if (!/^[A-Z][^\n]*[.?]$/s.test(message)) return `no sentence: ${message}`
  // A damaged weight may well be NaN.
  if (/undefined|NaN(?!: the training)|\[object/.test(message)) return `nonsense: ${message}`
  return message.length > 700 ? `a long sentence: ${message}` : undefined
}

async function outcomeOf(files: readonly SourceFile[], { options }: Sample): Promise<Outcome> {
  let wrong: string | undefined
  let isRead = false
  const before = process.cpuUsage()
  const allocated = await allocatedBy(async () => {
    try {
      const { model } = await importModel(files, options)
      isRead = true
      // The same structure: sizes and symbols that fit each other.
      if (model.tokenizer.size !== model.config.vocabulary) wrong = 'another vocabulary'
      if (model.config.hidden > 64 || model.config.layers > 8) wrong = 'a larger network'
    } catch (error) {
      wrong = wrongIn(error)
    }
  })
  const { user, system } = process.cpuUsage(before)
  return { seconds: (user + system) / 1e6, allocated, wrong, isRead }
}

describe('damaged files of all formats', () => {
  it(`${COUNT} of them: a sentence or a model, in time and in bounds`, async () => {
    const numbers = new Numbers(SEED)
    const samples: { kind: string; samples: Measured[] }[] = []
    for (const fixture of FIXTURES) {
      samples.push({ kind: fixture.kind, samples: await samplesOf(fixture) })
    }
    const all = samples.flatMap(({ samples }) => samples.flatMap(({ files }) => files))
    const donor = (): Uint8Array => all[numbers.below(all.length)]!.bytes
    const failures: string[] = []
    let read = 0
    for (let i = 0; i < COUNT && failures.length < 20; i++) {
      const { kind, samples: own } = samples[i % samples.length]!
      const sample = own[numbers.below(own.length)]!
      const { files, what } = mutated(sample.files, numbers, donor)
      const one = await outcomeOf(files, sample)
      const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
      if (one.isRead) read++
      const fault =
        one.wrong ??
        (one.seconds > MOST_SECONDS ? `${one.seconds} seconds` : undefined) ??
        (one.allocated > MOST_MEMORY * size + sample.usual + ALWAYS_ALLOWED
          ? `${one.allocated} bytes allocated for ${size}`
          : undefined)
      if (fault !== undefined) failures.push(`${i} ${kind} (${what}): ${fault}`)
    }
    expect(failures).toEqual([])
    // Damage to a weight or a title cannot be seen; most damage can.
    expect(read).toBeGreaterThan(COUNT / 50)
    expect(read).toBeLessThan(COUNT / 2)
  }, 3_600_000)
})
