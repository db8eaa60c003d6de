/**
 * char-rnn (Andrej Karpathy): a .t7 checkpoint whose `protos.rnn` is an `nn.gModule`.
 *
 * One-hot input; every matrix is an `nn.Linear` [outputs, inputs] with a bias of its own. LSTM: rows
 * i f o g. GRU: h' = z n + (1 - z) h, n = tanh(W x + U (r h)), so that its z is our 1 - z. RNN: tanh.
 * `vocab` maps a string of one byte to an id from 1.
 *
 * Source: char-rnn's train.lua, model/LSTM.lua, GRU.lua and RNN.lua.
 */
import { counted, FileError, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import type { CellKind } from '../model/config.js'
import {
  assemble,
  concatenate,
  type LayerMatrices,
  type NetworkMatrices,
  reorderGates,
} from './assemble.js'
import { type CharRnnLayers, charRnnLayers, type Sum, sizeOf } from './char-rnn-layers.js'
import type { Format, Imported, ImportOptions, SourceFile, Vocabulary } from './source.js'
import { includesText } from './torch-rnn.js'
import { isTorch7, LuaObject, LuaTable, LuaTensor, type LuaValue, readTorch7 } from './torch7.js'
import { byteOf } from './torch7-input.js'
import { ofBytes } from './vocabulary.js'
import { vocabularyFile } from './vocabulary-file.js'

/** The place of each gate of ours (i f g o) in i f o g. */
const LSTM_ORDER = [0, 1, 3, 2]

const GATE_NOTES: Readonly<Record<CellKind, Bilingual | undefined>> = {
  lstm: { en: 'rows i f o g became i f g o', ja: 'ゲートの行i f o gをi f g oに並べ替えました' },
  gru: {
    en: "the update gate's weights are negated: its z is the part of h that is replaced, ours the part that is kept",
    ja: '更新ゲートの重みの符号を反転しました（元のzはhのうち置き換える割合、Ondoのzは残す割合です）',
  },
  rnn: undefined,
}

function refuse({ name }: SourceFile, what: string): FileError {
  return new FileError('char-rnn', `The char-rnn file ${quote(name)} ${what}.`)
}

const fieldOf = (value: LuaValue | undefined, name: string): LuaValue | undefined =>
  value instanceof LuaTable
    ? value.fields.get(name)
    : value instanceof LuaObject
      ? value.field(name)
      : undefined

const isCheckpoint = (file: SourceFile): boolean =>
  isTorch7(file) && includesText(file.bytes, 'nn.gModule')

/** A Linear's weight [outputs, inputs] and bias [outputs]; zeros where it has no bias. */
function linearOf(
  file: SourceFile,
  linear: LuaObject,
): { weight: Float32Array; bias: Float32Array } {
  const [outputs] = sizeOf(linear)
  const weight = linear.field('weight')
  const bias = linear.field('bias')
  if (!(weight instanceof LuaTensor)) throw refuse(file, 'has an nn.Linear without weights')
  const numbers = bias instanceof LuaTensor ? bias.toFloat32(file.name) : new Float32Array(outputs)
  if (numbers.length !== outputs) {
    throw refuse(file, `has an nn.Linear of ${outputs} outputs with ${numbers.length} biases`)
  }
  return { weight: weight.toFloat32(file.name), bias: numbers }
}

const negated = (numbers: Float32Array): Float32Array => numbers.map(value => -value)

function layerOf(file: SourceFile, cell: CellKind, sums: readonly Sum[]): LayerMatrices {
  const inputs = sums.map(({ input }) => linearOf(file, input))
  const recurrents = sums.map(({ recurrent }) => linearOf(file, recurrent))
  const [sum] = sums as [Sum]
  const K = sizeOf(sum.input)[1]
  const H = sizeOf(sum.recurrent)[1]
  const joined = (parts: readonly Float32Array[], width: number): Float32Array => {
    const [update, reset, candidate] = parts as [Float32Array, Float32Array, Float32Array]
    if (cell === 'gru') return concatenate([reset, negated(update), candidate])
    return cell === 'lstm' ? reorderGates(update, width, LSTM_ORDER) : update
  }
  const weights = (parts: readonly { weight: Float32Array }[]) => parts.map(({ weight }) => weight)
  const biases = (parts: readonly { bias: Float32Array }[]) => parts.map(({ bias }) => bias)
  return {
    weightIh: joined(weights(inputs), K),
    weightHh: joined(weights(recurrents), H),
    biasIh: joined(biases(inputs), 1),
    biasHh: joined(biases(recurrents), 1),
  }
}

/** The network in the checkpoint: `protos.rnn`, or the file's own object. */
function networkOf(file: SourceFile, root: LuaValue): LuaObject {
  const protos = fieldOf(root, 'protos')
  const network = root instanceof LuaObject ? root : fieldOf(protos, 'rnn')
  if (network instanceof LuaObject) return network
  throw refuse(file, 'lacks protos.rnn; expected a checkpoint of char-rnn')
}

/** Symbols by id, from `vocab`: a string to an id from 1, or the other way round. */
function vocabularyIn(table: LuaValue | undefined): Vocabulary | undefined {
  if (!(table instanceof LuaTable) || table.entries.length === 0) return undefined
  const pairs = table.entries.map(([a, b]) => (typeof a === 'string' ? [a, b] : [b, a]))
  const symbols: (string | undefined)[] = new Array(pairs.length).fill(undefined)
  for (const [symbol, id] of pairs) {
    if (typeof symbol !== 'string' || typeof id !== 'number') return undefined
    if (id >= 1 && id <= pairs.length) symbols[id - 1] = symbol
  }
  return { symbols }
}

/** `vocab.t7` of char-rnn's data folder: a table alone. */
function vocabularyBeside(files: readonly SourceFile[], V: number): Vocabulary | undefined {
  for (const file of files) {
    if (!isTorch7(file) || file.bytes[0] === 4 || isCheckpoint(file)) continue
    const vocabulary = vocabularyIn(readTorch7(file))
    if (vocabulary?.symbols.length === V) return vocabulary
  }
  return vocabularyFile(files, V)
}

/** Bytes by id where the symbols are bytes that are no text by themselves; undefined for characters. */
function bytesOf(vocabulary: Vocabulary | undefined): Map<number, number> | undefined {
  const bytes = vocabulary?.symbols.map(symbol =>
    symbol === undefined ? undefined : byteOf(symbol),
  )
  if (!bytes?.some(byte => byte !== undefined && byte >= 0x80)) return undefined
  const ids = new Map<number, number>()
  for (const [id, byte] of bytes.entries()) if (byte !== undefined) ids.set(byte, id)
  return ids.size === bytes.length ? ids : undefined
}

/** @throws FileError where `opt` tells of another network than the one that was found */
function checkSizes(file: SourceFile, opt: LuaValue | undefined, found: CharRnnLayers): void {
  const [, H] = sizeOf(found.decoder)
  const said = { num_layers: found.layers.length, rnn_size: H, model: found.cell }
  for (const [name, value] of Object.entries(said)) {
    const expected = fieldOf(opt, name)
    if (expected === undefined || expected === null || expected === value) continue
    throw refuse(
      file,
      `says opt.${name} = ${quote(expected as string | number)}, but its network has ${quote(value)}; it is no checkpoint of char-rnn as it was published`,
    )
  }
}

function imported(
  network: NetworkMatrices,
  vocabulary: Vocabulary | undefined,
): Omit<Imported, 'prompt'> {
  const V = network.headBias.length
  const gates = GATE_NOTES[network.cell]
  const notes: Bilingual[] = [
    { en: 'ids count from 0 instead of 1', ja: 'IDを1からではなく0から数えます' },
    ...(gates ? [gates] : []),
  ]
  const bytes = vocabulary?.symbols.length === V ? bytesOf(vocabulary) : undefined
  if (!bytes) return { ...assemble(network), vocabulary, notes }
  const { note, ...model } = ofBytes(network, bytes)
  return { ...model, notes: [...notes, note] }
}

export const charRnn: Format = {
  kind: 'char-rnn',
  about: { en: 'char-rnn (.t7)', ja: 'char-rnn（.t7）' },

  recognises: files => files.some(isCheckpoint),

  read(files, options: ImportOptions) {
    const checkpoints = files.filter(isCheckpoint)
    const [file] = checkpoints as [SourceFile]
    if (checkpoints.length > 1) {
      throw new FileError(
        'char-rnn',
        `There are ${counted(checkpoints.length, 'checkpoint')}: ${checkpoints
          .slice(0, 4)
          .map(({ name }) => quote(name))
          .join(', ')}; choose one of them.`,
      )
    }
    const root = readTorch7(file)
    const network = networkOf(file, root)
    const opt = fieldOf(root, 'opt')
    const model = fieldOf(opt, 'model')
    const found = charRnnLayers(network, typeof model === 'string' ? model : undefined)
    if (!found) {
      throw refuse(
        file,
        'has a network whose nn.Linear modules do not make an LSTM, GRU or RNN of char-rnn',
      )
    }
    checkSizes(file, opt, found)
    const decoder = linearOf(file, found.decoder)
    const table = found.embedding?.field('weight')
    return imported(
      {
        cell: found.cell,
        ...(found.cell === 'gru' && { reset: 'before' as const }),
        ...(table instanceof LuaTensor && { embedding: table.toFloat32(file.name) }),
        layers: found.layers.map(sums => layerOf(file, found.cell, sums)),
        headWeight: decoder.weight,
        headBias: decoder.bias,
      },
      options.vocabulary?.(decoder.bias.length) ??
        vocabularyIn(fieldOf(root, 'vocab')) ??
        vocabularyBeside(files, decoder.bias.length),
    )
  },
}
