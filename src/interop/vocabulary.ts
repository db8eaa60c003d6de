/** Makes a tokenizer from the symbols of a foreign model. */
import { counted, FileError, InputError, quote } from '../errors.js'
import { isRecord } from '../file/json.js'
import type { Bilingual } from '../knob.js'
import { CharacterTokenizer, type Tokenizer, tokenizerFrom } from '../text/index.js'
import { assemble, type NetworkMatrices } from './assemble.js'
import { jsonIn } from './json-file.js'
import type { SourceFile, Vocabulary } from './source.js'

const isOneCharacter = (symbol: string): boolean => [...symbol].length === 1

/** A sentence that lists what is wrong with symbols, at most four of them. */
function listed(wrong: readonly (readonly [id: number, symbol: string | undefined])[]): string {
  const shown = wrong
    .slice(0, 4)
    .map(([id, symbol]) => `${id} is ${symbol === undefined ? 'missing' : quote(symbol)}`)
  return wrong.length > 4 ? `${shown.join(', ')} and ${wrong.length - 4} more` : shown.join(', ')
}

/**
 * The tokenizer of a vocabulary.
 * @param V symbols that the network predicts
 * @returns undefined for no vocabulary: the caller asks for one
 * @throws FileError for symbols that are missing, repeat or are no single character, naming their ids
 * @throws InputError for a vocabulary of another size
 */
export function tokenizerOf(vocabulary: Vocabulary | undefined, V: number): Tokenizer | undefined {
  if (!vocabulary) return undefined
  const count = vocabulary.symbols.length
  if (count !== V) {
    throw new InputError(
      'vocabulary',
      `The vocabulary has ${counted(count, 'symbol')}, but the model predicts ${V}`,
      { way: 'vocabulary' },
    )
  }
  const seen = new Set<string>()
  const wrong = [...vocabulary.symbols.entries()].filter(([, symbol]) => {
    const bad = symbol === undefined || !isOneCharacter(symbol) || seen.has(symbol)
    if (symbol !== undefined) seen.add(symbol)
    return bad
  })
  if (wrong.length > 0) {
    throw new FileError(
      'vocabulary',
      `The vocabulary is damaged: ${listed(wrong)}; expected ${V} different characters`,
      { way: 'vocabulary' },
    )
  }
  return new CharacterTokenizer(vocabulary.symbols as readonly string[])
}

/** A logit at which exp gives 0 at any temperature up to 1e7, and which float32 and float16 can hold. */
const NEVER = -60_000

/**
 * A network of some bytes as one of all 256 bytes, where the id of a byte is the byte. A byte that it
 * lacks reads as no input and is never drawn at a finite temperature.
 * @param ids from byte to id
 */
function expandBytes(network: NetworkMatrices, ids: ReadonlyMap<number, number>): NetworkMatrices {
  const SIZE = 256
  const [first, ...rest] = network.layers
  if (!first) return network
  const V = network.headBias.length
  const rows = first.biasIh.length
  const H = network.headWeight.length / V
  const table = network.embedding
  const E = table ? table.length / V : 0
  // Matrices that do not fit are refused when they are assembled.
  if (!table && first.weightIh.length !== rows * V) return network
  if (!Number.isInteger(H) || !Number.isInteger(E)) return network
  const inputs = new Float32Array(SIZE * E)
  const weightIh = new Float32Array(rows * SIZE)
  const headWeight = new Float32Array(SIZE * H)
  const headBias = new Float32Array(SIZE).fill(NEVER)
  for (const [byte, id] of ids) {
    if (!(byte < SIZE && Number.isInteger(id) && id >= 0 && id < V)) {
      throw new FileError(
        'vocabulary',
        `The vocabulary gives the byte ${byte} the id ${id}; expected bytes up to 255, and ids up to ${V - 1}.`,
      )
    }
    if (table) inputs.set(table.subarray(id * E, (id + 1) * E), byte * E)
    else {
      for (let r = 0; r < rows; r++) {
        weightIh[r * SIZE + byte] = first.weightIh[r * V + id] as number
      }
    }
    headWeight.set(network.headWeight.subarray(id * H, (id + 1) * H), byte * H)
    headBias[byte] = network.headBias[id] as number
  }
  const head = { headWeight, headBias }
  if (table) return { ...network, ...head, embedding: inputs }
  return { ...network, ...head, layers: [{ ...first, weightIh }, ...rest] }
}

/**
 * A network of some bytes as a model of all 256.
 * @param ids from byte to id
 */
export function ofBytes(
  network: NetworkMatrices,
  ids: ReadonlyMap<number, number>,
): ReturnType<typeof assemble> & { readonly tokenizer: Tokenizer; readonly note: Bilingual } {
  const count = network.headBias.length
  return {
    ...assemble(expandBytes(network, ids)),
    tokenizer: tokenizerFrom({ kind: 'byte' }),
    note: {
      en: `the vocabulary of ${counted(count, 'byte')} became all 256, the others with a probability of 0`,
      ja: `${count}種類のバイトの語彙を256種類に広げました（ほかのバイトの確率は0です）`,
    },
  }
}

/** Ids by symbol or symbols by id, as a JSON object or list; undefined for anything else. */
export function symbolsIn(json: unknown, V: number): (string | undefined)[] | undefined {
  if (Array.isArray(json)) {
    return json.length === V && json.every(symbol => typeof symbol === 'string') ? json : undefined
  }
  if (!isRecord(json)) return undefined
  const symbols: (string | undefined)[] = new Array(V).fill(undefined)
  const entries = Object.entries(json)
  const numbered = entries.every(([key, value]) => /^\d+$/.test(key) && typeof value === 'string')
  for (const [key, value] of entries) {
    const [symbol, id] = numbered ? [value, Number(key)] : [key, value]
    if (typeof symbol !== 'string' || !Number.isInteger(id) || (id as number) < 0) return undefined
    if ((id as number) >= V) return undefined
    symbols[id as number] = symbol
  }
  return entries.length > 0 && entries.length <= V ? symbols : undefined
}

/** The vocabulary of V symbols in one of the JSON files beside the weights, whatever its name, if one holds it whole. */
export function vocabularyFile(files: readonly SourceFile[], V: number): Vocabulary | undefined {
  for (const file of files) {
    const symbols = symbolsIn(jsonIn(file), V)
    if (symbols?.every(symbol => symbol !== undefined)) return { symbols }
  }
  return undefined
}
