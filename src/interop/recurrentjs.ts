/**
 * recurrentjs (Andrej Karpathy): the JSON that its character demo saves.
 *
 * Matrices are row-major n x d and act on column vectors. Id 0 is START when read and END when drawn;
 * every sentence begins from a zero state. The generator "rnn" uses relu in its hidden layers.
 * Source: recurrentjs' src/recurrent.js and character_demo.html.
 */
import { FileError, quote } from '../errors.js'
import { isRecord } from '../file/json.js'
import { assemble, concatenate, type LayerMatrices } from './assemble.js'
import { jsonIn } from './json-file.js'
import type { Format, SourceFile } from './source.js'

/** What a sentence's START and END is as text: sentences stand on lines of their own. */
const SENTENCE_END = '\n'
/** The gates in our order (i f g o): input, forget, cell write, output. */
const GATES = ['i', 'f', 'c', 'o'] as const

interface Saved {
  readonly generator: string
  readonly hidden_sizes: readonly number[]
  readonly model: Readonly<Record<string, unknown>>
  readonly indexToLetter?: Readonly<Record<string, unknown>>
  readonly letterToIndex?: Readonly<Record<string, unknown>>
}

function savedOf(file: SourceFile): Saved | undefined {
  const value = jsonIn(file)
  if (!isRecord(value)) return undefined
  const saved = value as Partial<Saved>
  const isOurs = typeof saved.generator === 'string' && Array.isArray(saved.hidden_sizes)
  return isOurs && typeof saved.model === 'object' && saved.model !== null
    ? (saved as Saved)
    : undefined
}

function refuse({ name }: SourceFile, what: string): FileError {
  return new FileError('recurrentjs', `The recurrentjs file ${quote(name)} ${what}.`)
}

/** A matrix; its numbers are an array, or an object with the keys "0", "1", ... (a typed array in JSON). */
function matrixOf(file: SourceFile, saved: Saved, name: string): Float32Array {
  const matrix = saved.model[name] as { n?: unknown; d?: unknown; w?: unknown } | undefined
  const { n, d, w } = matrix ?? {}
  if (typeof n !== 'number' || typeof d !== 'number' || typeof w !== 'object' || w === null) {
    throw refuse(file, `lacks the matrix ${name}`)
  }
  const numbers = Array.isArray(w) ? w : Object.values(w as Record<string, unknown>)
  const good = numbers.length === n * d && numbers.every(value => typeof value === 'number')
  if (!good)
    throw refuse(file, `has the matrix ${name} with ${numbers.length} numbers for ${n} x ${d}`)
  return Float32Array.from(numbers as number[])
}

function layerOf(file: SourceFile, saved: Saved, k: number): LayerMatrices {
  const of = (name: string): Float32Array => matrixOf(file, saved, `${name}${k}`)
  if (saved.generator === 'rnn') {
    const bias = of('bhh')
    return { weightIh: of('Wxh'), weightHh: of('Whh'), biasIh: bias, biasHh: bias.map(() => 0) }
  }
  const bias = concatenate(GATES.map(gate => of(`b${gate}`)))
  return {
    weightIh: concatenate(GATES.map(gate => of(`W${gate}x`))),
    weightHh: concatenate(GATES.map(gate => of(`W${gate}h`))),
    biasIh: bias,
    biasHh: bias.map(() => 0),
  }
}

/** Ids to letters; id 0 is the end of a sentence. */
function symbolsOf(saved: Saved, V: number): (string | undefined)[] {
  const symbols: (string | undefined)[] = new Array(V).fill(undefined)
  symbols[0] = SENTENCE_END
  for (const [id, letter] of Object.entries(saved.indexToLetter ?? {})) {
    symbols[Number(id)] = typeof letter === 'string' ? letter : undefined
  }
  if (!saved.indexToLetter) {
    for (const [letter, id] of Object.entries(saved.letterToIndex ?? {}))
      symbols[Number(id)] = letter
  }
  return symbols
}

export const recurrentjs: Format = {
  kind: 'recurrentjs',
  about: { en: 'recurrentjs (JSON)', ja: 'recurrentjs（JSON）' },

  recognises: files => files.some(file => savedOf(file) !== undefined),

  read(files) {
    const file = files.find(one => savedOf(one)) as SourceFile
    const saved = savedOf(file) as Saved
    if (saved.generator !== 'lstm' && saved.generator !== 'rnn') {
      throw refuse(file, `is of the generator ${quote(saved.generator)}; expected lstm or rnn`)
    }
    const headBias = matrixOf(file, saved, 'bd')
    const V = headBias.length
    const symbols = symbolsOf(saved, V)
    return {
      ...assemble({
        cell: saved.generator,
        activation: saved.generator === 'rnn' ? 'relu' : 'tanh',
        embedding: matrixOf(file, saved, 'Wil'),
        layers: saved.hidden_sizes.map((_, k) => layerOf(file, saved, k)),
        headWeight: matrixOf(file, saved, 'Whd'),
        headBias,
        restart: 0,
      }),
      vocabulary: { symbols },
      prompt: SENTENCE_END,
      notes: [
        {
          en: 'id 0, which begins and ends a sentence, is a line end; the state begins anew at it',
          ja: '文の始まりと終わりを表すID 0は改行になり、そこで状態が初期化されます',
        },
      ],
    }
  },
}
