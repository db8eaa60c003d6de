/**
 * char-rnn.js: an LSTM of char-rnn as a JSON list of arrays and a .dat file of float32.
 *
 * Arrays in order: for each layer i2h weight [4H, K] and bias, h2h weight [4H, H] and bias, then the
 * decoder [V, H] and its bias. Rows are i f o g. The vocabulary maps a byte to an id, or to null.
 */
import { counted, FileError, quote } from '../errors.js'
import { isRecord } from '../file/json.js'
import { type LayerMatrices, reorderGates } from './assemble.js'
import { jsonIn } from './json-file.js'
import type { Format, SourceFile } from './source.js'
import { ofBytes } from './vocabulary.js'

/** The place of each gate of ours (i f g o) in i f o g. */
const ORDER = [0, 1, 3, 2]

interface Index {
  readonly vocab: readonly (number | null)[]
  readonly arrays: readonly Listed[]
}

function indexOf(file: SourceFile): Index | undefined {
  const value = jsonIn(file)
  if (!isRecord(value)) return undefined
  const { vocab, arrays } = value as Partial<Index>
  return Array.isArray(vocab) && Array.isArray(arrays) ? (value as unknown as Index) : undefined
}

const dataOf = (files: readonly SourceFile[]): SourceFile | undefined =>
  files.find(file => file.name.endsWith('.dat')) ?? files.find(file => indexOf(file) === undefined)

function refuse({ name }: SourceFile, what: string): FileError {
  return new FileError('char-rnn-js', `The char-rnn.js file ${quote(name)} ${what}.`)
}

interface Listed {
  readonly dim: readonly number[]
  readonly offset: number
  readonly length: number
}

const isWhole = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

/** An entry of the list: sizes whose product is its length, and where it begins. */
function isListed(value: unknown): value is Listed {
  if (!isRecord(value)) return false
  const { dim, offset, length } = value
  const isShape = Array.isArray(dim) && dim.every(isWhole)
  return isShape && isWhole(offset) && isWhole(length) && dim.reduce((a, b) => a * b, 1) === length
}

function arraysOf(
  json: SourceFile,
  index: Index,
  data: SourceFile,
): { dim: readonly number[]; data: Float32Array }[] {
  const { arrays } = index
  const wrong = arrays.findIndex(array => !isListed(array))
  if (wrong >= 0) {
    throw refuse(
      json,
      `lists ${quote(arrays[wrong] ?? null)} as array ${wrong + 1}; expected sizes, their product as its length, and an offset`,
    )
  }
  const size = data.bytes.length
  const count = arrays.reduce((sum, { length }) => sum + length, 0)
  const last = arrays.reduce((end, { offset, length }) => Math.max(end, offset + 4 * length), 0)
  if (Math.max(4 * count, last) > size) {
    throw refuse(
      data,
      `has ${counted(size, 'byte')}, but its arrays need ${Math.max(4 * count, last)}; it is incomplete, download it again`,
    )
  }
  const view = new DataView(data.bytes.buffer, data.bytes.byteOffset, size)
  return arrays.map(({ dim, offset, length }) => ({
    dim,
    data: Float32Array.from({ length }, (_, i) => view.getFloat32(offset + 4 * i, true)),
  }))
}

export const charRnnJs: Format = {
  kind: 'char-rnn-js',
  about: { en: 'char-rnn.js (.json and .dat)', ja: 'char-rnn.js（.jsonと.dat）' },

  recognises: files => files.some(file => indexOf(file) !== undefined),

  read(files) {
    const json = files.find(file => indexOf(file)) as SourceFile
    const index = indexOf(json) as Index
    const dat = dataOf(files)
    if (!dat) throw refuse(json, 'comes without its .dat file; choose both')
    const { length } = index.arrays
    if (length < 6 || length % 4 !== 2) {
      throw refuse(json, `lists ${length} arrays; expected four a layer and two of the decoder`)
    }
    const arrays = arraysOf(json, index, dat)
    const layers: LayerMatrices[] = []
    for (let k = 0; k + 2 < arrays.length; k += 4) {
      const [ih, bi, hh, bh] = arrays.slice(k, k + 4).map(({ data }) => data) as Float32Array[]
      const columns = arrays[k]?.dim[1] ?? 1
      const H = (bi as Float32Array).length / 4
      layers.push({
        weightIh: reorderGates(ih as Float32Array, columns, ORDER),
        weightHh: reorderGates(hh as Float32Array, H, ORDER),
        biasIh: reorderGates(bi as Float32Array, 1, ORDER),
        biasHh: reorderGates(bh as Float32Array, 1, ORDER),
      })
    }
    const [weight, bias] = arrays.slice(-2).map(({ data }) => data) as [Float32Array, Float32Array]
    const network = { cell: 'lstm' as const, layers, headWeight: weight, headBias: bias }
    const bytes = index.vocab.flatMap((id, byte) => (typeof id === 'number' ? [[byte, id]] : []))
    const { note, ...model } = ofBytes(network, new Map(bytes as [number, number][]))
    const order = {
      en: 'rows i f o g became i f g o',
      ja: 'ゲートの行i f o gをi f g oに並べ替えました',
    }
    return { ...model, notes: [order, note] }
  },
}
