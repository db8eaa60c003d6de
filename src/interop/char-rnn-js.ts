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
  readonly arrays: readonly {
    readonly dim: readonly number[]
    readonly offset: number
    readonly length: number
  }[]
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

function arraysOf(
  index: Index,
  data: SourceFile,
): { dim: readonly number[]; data: Float32Array }[] {
  const view = new DataView(data.bytes.buffer, data.bytes.byteOffset, data.bytes.byteLength)
  return index.arrays.map(({ dim, offset, length }, k) => {
    const size = Array.isArray(dim) ? dim.reduce((a, b) => a * b, 1) : -1
    const whole = Number.isSafeInteger(offset) && offset >= 0 && size === length
    if (!whole || offset + 4 * length > data.bytes.length) {
      throw refuse(
        data,
        `has ${counted(data.bytes.length, 'byte')}, but array ${k + 1} is said to have ${length} numbers at byte ${offset}; it is incomplete, download it again`,
      )
    }
    return {
      dim,
      data: Float32Array.from({ length }, (_, i) => view.getFloat32(offset + 4 * i, true)),
    }
  })
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
    const arrays = arraysOf(index, dat)
    if (arrays.length < 6 || arrays.length % 4 !== 2) {
      throw refuse(
        json,
        `lists ${arrays.length} arrays; expected four a layer and two of the decoder`,
      )
    }
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
