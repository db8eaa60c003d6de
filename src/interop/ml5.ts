/**
 * ml5's charRNN: a folder with manifest.json, vocab.json and a file a tensor, exported from TensorFlow's
 * BasicLSTMCell.
 *
 * kernel [in + H, 4H], rows x then h, columns i j f o (j is the candidate); the forget bias 1.0 is added
 * by the cell and is not in the stored bias. Source: ml5-library's CharRNN, training-charRNN.
 */
import { counted, FileError, quote } from '../errors.js'
import { isRecord } from '../file/json.js'
import { LIMITS } from '../model/config.js'
import { assemble, type LayerMatrices, reorderGates, transpose } from './assemble.js'
import { jsonIn } from './json-file.js'
import type { Format, SourceFile, Vocabulary } from './source.js'

/** The place of each gate of ours (i f g o) in i j f o. */
const ORDER = [0, 2, 1, 3]
const FORGET_BIAS = 1
const OTHER = /(?:^|\/)(embedding|softmax_w|softmax_b)$/
const CELL = /(?:^|\/)cell_(\d+)\/basic_lstm_cell\/(kernel|weights|bias|biases)$/

interface Entry {
  readonly filename: string
  readonly shape: readonly number[]
}

const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

const find = (files: readonly SourceFile[], name: string): SourceFile | undefined =>
  files.find(file => baseName(file.name) === name)

/** The manifest: an object of files and shapes with an LSTM among them, whatever its name. */
function manifestIn(files: readonly SourceFile[]): Map<string, Entry> | undefined {
  for (const json of files.map(jsonIn)) {
    if (!isRecord(json)) continue
    const entries = Object.entries(json as Record<string, Partial<Entry> | null>)
    const good = entries.every(
      ([, entry]) => typeof entry?.filename === 'string' && isShape(entry.shape),
    )
    if (good && entries.some(([name]) => CELL.test(name))) {
      return new Map(entries as [string, Entry][])
    }
  }
  return undefined
}

const isShape = (shape: unknown): boolean =>
  Array.isArray(shape) && shape.every(size => Number.isSafeInteger(size) && size >= 0)

/**
 * The files of a folder that hold the network, in the order of the manifest; undefined when the manifest
 * is not one of charRNN. A page fetches these alone.
 */
export function tensorFiles(manifest: SourceFile): readonly string[] | undefined {
  const entries = manifestIn([manifest])
  const needed = [...(entries ?? [])].filter(([name]) => CELL.test(name) || OTHER.test(name))
  return entries && [...new Set(needed.map(([, { filename }]) => filename))]
}

/** Float32, little-endian, as many as the shape says. */
function tensorOf(
  files: readonly SourceFile[],
  name: string,
  { filename, shape }: Entry,
): Float32Array {
  const file = find(files, baseName(filename))
  const expected = 4 * shape.reduce((a, b) => a * b, 1)
  if (!file) {
    throw new FileError(
      'ml5',
      `The manifest names the file ${quote(filename)} for ${quote(name)}, but it is not there; choose the whole folder.`,
    )
  }
  if (file.bytes.length !== expected) {
    throw new FileError(
      'ml5',
      `The file ${quote(file.name)} has ${counted(file.bytes.length, 'byte')}; expected ${expected} for ${shape.join(' x ')} numbers: it is incomplete, download the model again.`,
    )
  }
  const view = new DataView(file.bytes.buffer, file.bytes.byteOffset, expected)
  // A loop: with Float32Array.from and a function, reading 17 million numbers took 3.3 s instead of 0.7.
  const numbers = new Float32Array(expected / 4)
  for (let i = 0; i < numbers.length; i++) numbers[i] = view.getFloat32(4 * i, true)
  return numbers
}

/** `{ character: id }`, with the ids 0..V-1. */
function vocabularyIn(files: readonly SourceFile[]): Vocabulary | undefined {
  const isMap = (json: unknown): json is Record<string, unknown> =>
    isRecord(json) && Object.values(json).some(id => typeof id === 'number')
  const named = find(files, 'vocab.json')
  const json = [...(named ? [named] : []), ...files].map(jsonIn).find(isMap)
  if (!json) return undefined
  const symbols: (string | undefined)[] = []
  for (const [symbol, id] of Object.entries(json)) {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > 1_114_111) {
      throw new FileError(
        'ml5',
        `The vocabulary gives ${quote(symbol)} the id ${quote(id)}; expected a whole number from 0.`,
      )
    }
    symbols[id as number] = symbol
  }
  if (symbols.length > 2 * Object.keys(json).length + 256) {
    throw new FileError(
      'ml5',
      `The vocabulary has ${counted(Object.keys(json).length, 'symbol')}, but ids up to ${symbols.length - 1}; expected ids from 0 without gaps.`,
    )
  }
  return { symbols: Array.from(symbols) }
}

/** A layer of TensorFlow's BasicLSTMCell or LSTMCell: kernel [in + H, 4H], bias [4H]. */
export function basicLstmLayer(kernel: Float32Array, bias: Float32Array): LayerMatrices {
  const H = bias.length / 4
  const columns = 4 * H
  const inputs = kernel.length / columns - H
  if (!(Number.isInteger(inputs) && inputs > 0)) {
    throw new FileError(
      'ml5',
      `A layer has ${counted(kernel.length, 'weight')} and ${counted(bias.length, 'bias')}; expected four gates a unit, and more rows of weights than units: its files are damaged, download the model again.`,
    )
  }
  const biasIh = reorderGates(bias, 1, ORDER)
  for (let i = H; i < 2 * H; i++) biasIh[i] = (biasIh[i] as number) + FORGET_BIAS
  return {
    weightIh: reorderGates(
      transpose(kernel.subarray(0, inputs * columns), inputs, columns),
      inputs,
      ORDER,
    ),
    weightHh: reorderGates(transpose(kernel.subarray(inputs * columns), H, columns), H, ORDER),
    biasIh,
    biasHh: new Float32Array(columns),
  }
}

export const ml5: Format = {
  kind: 'ml5',
  about: { en: 'ml5 charRNN (folder)', ja: 'ml5 charRNN（フォルダー）' },

  recognises(files) {
    return manifestIn(files) !== undefined
  },

  read(files, options) {
    const manifest = manifestIn(files) as Map<string, Entry>
    const tensors = new Map<string, Float32Array>()
    const named = new Set<string>()
    const cells: { kernel?: Float32Array; bias?: Float32Array }[] = []
    for (const [name, entry] of manifest) {
      const cell = CELL.exec(name)
      if (named.has(entry.filename)) {
        throw new FileError(
          'ml5',
          `The manifest names the file ${quote(entry.filename)} for several tensors; expected a file a tensor.`,
        )
      }
      named.add(entry.filename)
      const other = OTHER.exec(name)
      if (cell) {
        const part = cell[2] === 'kernel' || cell[2] === 'weights' ? 'kernel' : 'bias'
        const at = Number(cell[1])
        if (at >= LIMITS.layers) {
          throw new FileError(
            'ml5',
            `The manifest names ${quote(name)}; expected at most ${counted(LIMITS.layers, 'layer')}.`,
          )
        }
        cells[at] = { ...cells[at], [part]: tensorOf(files, name, entry) }
      } else if (other) tensors.set(other[1] as string, tensorOf(files, name, entry))
    }
    const headBias = tensors.get('softmax_b')
    const headWeight = tensors.get('softmax_w')
    if (!headBias || !headWeight) {
      throw new FileError(
        'ml5',
        'The manifest lacks rnnlm/softmax_w or rnnlm/softmax_b; export the model again.',
      )
    }
    const V = headBias.length
    const layers = Array.from(cells, (cell, k) => {
      if (cell?.kernel && cell.bias) return basicLstmLayer(cell.kernel, cell.bias)
      throw new FileError('ml5', `The manifest lacks the weights of cell_${k}; export it again.`)
    })
    const embedding = tensors.get('embedding')
    return {
      ...assemble({
        cell: 'lstm',
        ...(embedding && { embedding }),
        layers,
        headWeight: transpose(headWeight, headWeight.length / V, V),
        headBias,
      }),
      ...(!options.vocabulary && { vocabulary: vocabularyIn(files) }),
      corpusOrder: 'frequency',
      notes: [
        {
          en: 'the forget bias 1.0, which the cell added, is now in the bias; columns i j f o became rows i f g o',
          ja: 'セルが足していた忘却バイアス1.0をバイアスに含め、ゲートの列i j f oを行i f g oに並べ替えました',
        },
      ],
    }
  },
}
