/**
 * torch-rnn (Justin Johnson): a .t7 file with an `nn.LanguageModel`.
 *
 * Ids count from 1. LSTM: weight [D + H, 4H], rows x then h, columns i f o g, bias [4H] with the forget
 * bias inside. VanillaRNN: weight [D + H, H], tanh. GRU (guillitte's fork): weight [D + H, 3H], columns
 * z r n, h' = (1 - z) h + z n, n = tanh(x W + (r h) U + b). Batch normalisation may stand behind a layer;
 * the recurrent product takes h without it.
 * Source: torch-rnn's LanguageModel.lua and LSTM.lua, the fork's GRU.lua, nn's BatchNormalization.lua.
 */
import { FileError, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import type { CellKind } from '../model/config.js'
import {
  assemble,
  type LayerMatrices,
  type NetworkMatrices,
  reorderGates,
  transpose,
} from './assemble.js'
import type { Format, SourceFile } from './source.js'
import { isTorch7, LuaObject, LuaTable, LuaTensor, type LuaValue, readTorch7 } from './torch7.js'
import { byteOf } from './torch7-input.js'
import { ofBytes } from './vocabulary.js'

interface CellClass {
  readonly cell: CellKind
  /** The place of each gate of ours (LSTM i f g o, GRU r z n) in theirs. */
  readonly order: readonly number[]
}

const CELLS: Readonly<Record<string, CellClass>> = {
  'nn.LSTM': { cell: 'lstm', order: [0, 1, 3, 2] },
  'nn.VanillaRNN': { cell: 'rnn', order: [0] },
  'nn.GRU': { cell: 'gru', order: [1, 0, 2] },
}

const NOTES: Readonly<Record<CellKind, Bilingual | undefined>> = {
  lstm: {
    en: 'columns i f o g became rows i f g o',
    ja: 'ゲートの列i f o gを行i f g oに並べ替えました',
  },
  gru: {
    en: 'columns z r n became rows r z n; the weights of z are negated: its z is the part of h that is replaced, ours the part that is kept',
    ja: 'ゲートの列z r nを行r z nに並べ替え、zの重みの符号を反転しました（元のzはhのうち置き換える割合、Ondoのzは残す割合です）',
  },
  rnn: undefined,
}

const isLanguageModel = (file: SourceFile): boolean =>
  isTorch7(file) && includesText(file.bytes, 'nn.LanguageModel')

function modelOf(root: LuaValue): LuaObject | undefined {
  const model = root instanceof LuaTable ? root.fields.get('model') : root
  return model instanceof LuaObject && model.type === 'nn.LanguageModel' ? model : undefined
}

function refuse({ name }: SourceFile, what: string): FileError {
  return new FileError('torch-rnn', `The torch-rnn file ${quote(name)} ${what}.`)
}

function tensorOf(file: SourceFile, owner: LuaValue | undefined, field: string): LuaTensor {
  const tensor = owner instanceof LuaObject ? owner.field(field) : undefined
  if (tensor instanceof LuaTensor) return tensor
  throw refuse(file, `lacks the tensor ${field}`)
}

/** Modules of the net in order. */
function modulesOf(file: SourceFile, net: LuaValue | undefined): LuaObject[] {
  const modules = net instanceof LuaObject ? net.field('modules') : undefined
  if (!(modules instanceof LuaTable)) throw refuse(file, 'lacks its modules')
  return modules.list.filter(one => one instanceof LuaObject)
}

function layerOf(file: SourceFile, module: LuaObject): LayerMatrices {
  const { cell, order } = CELLS[module.type] as CellClass
  const weight = tensorOf(file, module, 'weight')
  const [rows = 0, columns = 0] = weight.shape
  const H = columns / order.length
  const D = rows - H
  const numbers = weight.toFloat32(file.name)
  const bias = tensorOf(file, module, 'bias').toFloat32(file.name)
  if (!(D > 0 && Number.isInteger(H) && bias.length === columns)) {
    throw refuse(file, `has a layer of ${rows} x ${columns} weights and ${bias.length} biases`)
  }
  /** In our order; a GRU's z (our second gate) is 1 - z there. */
  const ours = (matrix: Float32Array, width: number): Float32Array => {
    const block = H * width
    const reordered = reorderGates(matrix, width, order)
    return cell === 'gru'
      ? reordered.map((value, i) => (Math.floor(i / block) === 1 ? -value : value))
      : reordered
  }
  return {
    weightIh: ours(transpose(numbers.subarray(0, D * columns), D, columns), D),
    weightHh: ours(transpose(numbers.subarray(D * columns), H, columns), H),
    biasIh: ours(bias, 1),
    biasHh: new Float32Array(columns),
  }
}

/** What batch normalisation does when nothing is trained: y = scale x + shift, unit by unit. */
function normalisation(
  file: SourceFile,
  module: LuaObject,
): { scale: Float64Array; shift: Float64Array } {
  const own = (field: string): Float32Array | undefined => {
    const tensor = module.field(field)
    return tensor instanceof LuaTensor ? tensor.toFloat32(file.name) : undefined
  }
  const mean = tensorOf(file, module, 'running_mean').toFloat32(file.name)
  const epsilon = module.field('eps')
  const variance = own('running_var')
  // Torch7 before 2016 kept 1 / sqrt(variance + epsilon) instead, as running_std.
  const inverse = variance
    ? variance.map(value => 1 / Math.sqrt(value + (typeof epsilon === 'number' ? epsilon : 1e-5)))
    : tensorOf(file, module, 'running_std').toFloat32(file.name)
  const weight = own('weight')
  const bias = own('bias')
  const scale = Float64Array.from(mean, (_, j) => (inverse[j] ?? Number.NaN) * (weight?.[j] ?? 1))
  const shift = Float64Array.from(mean, (m, j) => (bias?.[j] ?? 0) - m * (scale[j] as number))
  return { scale, shift }
}

/** The matrix and the bias that take x, so that they take scale x + shift instead. */
function folded(
  weight: Float32Array,
  bias: Float32Array,
  { scale, shift }: ReturnType<typeof normalisation>,
): { weight: Float32Array; bias: Float32Array } {
  const K = scale.length
  const sums = bias.map((value, r) => {
    let sum = value
    for (let j = 0; j < K; j++) sum += (weight[r * K + j] as number) * (shift[j] as number)
    return sum
  })
  return { weight: weight.map((value, i) => value * (scale[i % K] as number)), bias: sums }
}

/** The network: recurrent layers and the head, each with the normalisation before it inside. */
function networkOf(file: SourceFile, modules: readonly LuaObject[]): NetworkMatrices {
  const [table, head] = ['nn.LookupTable', 'nn.Linear'].map(type =>
    modules.find(module => module.type === type),
  )
  const layers: LayerMatrices[] = []
  const kinds = new Set<CellKind>()
  let before: ReturnType<typeof normalisation> | undefined
  for (const module of modules) {
    if (module.type === 'nn.BatchNormalization') before = normalisation(file, module)
    const kind = CELLS[module.type]
    if (!kind) continue
    kinds.add(kind.cell)
    const layer = layerOf(file, module)
    const input = before && folded(layer.weightIh, layer.biasIh, before)
    layers.push(input ? { ...layer, weightIh: input.weight, biasIh: input.bias } : layer)
    before = undefined
  }
  const [cell, ...others] = kinds
  if (!cell || others.length > 0 || !table || !head) {
    const types = [...new Set(modules.map(({ type }) => type))].slice(0, 8).map(quote).join(', ')
    throw refuse(
      file,
      `has the modules ${types}; expected nn.LookupTable, one kind of nn.LSTM, nn.VanillaRNN or nn.GRU, and nn.Linear`,
    )
  }
  const weight = tensorOf(file, head, 'weight').toFloat32(file.name)
  const bias = tensorOf(file, head, 'bias').toFloat32(file.name)
  const ends = before ? folded(weight, bias, before) : { weight, bias }
  return {
    cell,
    ...(cell === 'gru' && { reset: 'before' as const }),
    embedding: tensorOf(file, table, 'weight').toFloat32(file.name),
    layers,
    headWeight: ends.weight,
    headBias: ends.bias,
  }
}

/** Bytes by id where the corpus was read as bytes: those from 128 have the tokens `[128]` to `[255]`. */
function bytesOf(tokens: readonly (string | undefined)[]): Map<number, number> | undefined {
  const bytes = tokens.map(token => {
    const written = /^\[(1[2-9]\d|2\d\d)\]$/.exec(token ?? '')
    return written ? Number(written[1]) : byteOf(token ?? '')
  })
  const written = bytes.some((byte, id) => byte !== undefined && (tokens[id]?.length ?? 0) > 1)
  if (!written || bytes.some(byte => byte === undefined || byte > 255)) return undefined
  const ids = new Map(bytes.map((byte, id) => [byte as number, id]))
  return ids.size === bytes.length ? ids : undefined
}

export const torchRnn: Format = {
  kind: 'torch-rnn',
  about: { en: 'torch-rnn (.t7)', ja: 'torch-rnn（.t7）' },

  recognises: files => files.some(isLanguageModel),

  read(files, options) {
    const file = files.find(isLanguageModel) as SourceFile
    const model = modelOf(readTorch7(file))
    if (!model) throw refuse(file, 'holds no nn.LanguageModel')
    const modules = modulesOf(file, model.field('net'))
    const network = networkOf(file, modules)
    const gates = NOTES[network.cell]
    const notes: Bilingual[] = [
      { en: 'ids count from 0 instead of 1', ja: 'IDを1からではなく0から数えます' },
      ...(gates ? [gates] : []),
    ]
    if (modules.some(({ type }) => type === 'nn.BatchNormalization')) {
      notes.push({
        en: 'the batch normalisation between its layers is now in the weights of the next layer',
        ja: '層の間のバッチ正規化を、次の層の重みに含めました',
      })
    }
    const tokens = model.field('idx_to_token')
    const symbols = tokens instanceof LuaTable ? Array.from(tokens.list, tokenText) : undefined
    const V = network.headBias.length
    const bytes = options.vocabulary || symbols?.length !== V ? undefined : bytesOf(symbols)
    if (bytes) {
      const { note, ...converted } = ofBytes(network, bytes)
      return { ...converted, notes: [...notes, note] }
    }
    return { ...assemble(network), vocabulary: symbols && { symbols }, notes }
  },
}

const tokenText = (token: LuaValue | undefined): string | undefined =>
  token === undefined || token === null ? undefined : String(token)

/** Whether the ASCII text stands anywhere in the bytes. */
export function includesText(bytes: Uint8Array, text: string): boolean {
  const first = text.charCodeAt(0)
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let i = 1
    while (i < text.length && bytes[at + i] === text.charCodeAt(i)) i++
    if (i === text.length) return true
  }
  return false
}
