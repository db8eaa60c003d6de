/**
 * torch-rnn (Justin Johnson): a .t7 file with an `nn.LanguageModel`.
 *
 * Ids count from 1. LSTM: weight [D + H, 4H], rows x then h, columns i f o g, bias [4H] with the forget
 * bias inside. VanillaRNN: weight [D + H, H], tanh. Source: torch-rnn's LanguageModel.lua, LSTM.lua.
 */
import { FileError, quote } from '../errors.js'
import { assemble, type LayerMatrices, reorderGates, transpose } from './assemble.js'
import type { Format, SourceFile } from './source.js'
import { isTorch7, LuaObject, LuaTable, LuaTensor, type LuaValue, readTorch7 } from './torch7.js'
import { tokenizerOf } from './vocabulary.js'

/** The place of each gate of ours (i f g o) in torch's i f o g. */
const ORDER = [0, 1, 3, 2]

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
  const gates = module.type === 'nn.LSTM' ? 4 : 1
  const weight = tensorOf(file, module, 'weight')
  const [rows = 0, columns = 0] = weight.shape
  const H = columns / gates
  const D = rows - H
  const numbers = weight.toFloat32(file.name)
  const bias = tensorOf(file, module, 'bias').toFloat32(file.name)
  const order = gates === 4 ? ORDER : [0]
  if (!(D > 0 && Number.isInteger(H) && bias.length === columns)) {
    throw refuse(file, `has a layer of ${rows} x ${columns} weights and ${bias.length} biases`)
  }
  return {
    weightIh: reorderGates(transpose(numbers.subarray(0, D * columns), D, columns), D, order),
    weightHh: reorderGates(transpose(numbers.subarray(D * columns), H, columns), H, order),
    biasIh: reorderGates(bias, 1, order),
    biasHh: new Float32Array(columns),
  }
}

export const torchRnn: Format = {
  kind: 'torch-rnn',
  about: { en: 'torch-rnn (.t7)', ja: 'torch-rnn（.t7）' },

  recognises(files) {
    return files.some(isLanguageModel)
  },

  read(files, options) {
    const file = files.find(isLanguageModel) as SourceFile
    const model = modelOf(readTorch7(file))
    if (!model) throw refuse(file, 'holds no nn.LanguageModel')
    if (model.field('batchnorm') === 1) {
      throw refuse(file, 'uses batch normalisation between its layers, which Ondo has not')
    }
    const modules = modulesOf(file, model.field('net'))
    const of = (type: string): LuaObject[] => modules.filter(module => module.type === type)
    const lstm = of('nn.LSTM')
    const rnn = of('nn.VanillaRNN')
    const [table] = of('nn.LookupTable')
    const [head] = of('nn.Linear')
    const layers = lstm.length > 0 ? lstm : rnn
    if (layers.length === 0 || !table || !head) throw refuse(file, 'lacks a layer of its network')
    const headWeight = tensorOf(file, head, 'weight').toFloat32(file.name)
    const headBias = tensorOf(file, head, 'bias').toFloat32(file.name)
    const tokens = model.field('idx_to_token')
    const symbols = tokens instanceof LuaTable ? Array.from(tokens.list, tokenText) : undefined
    const V = headBias.length
    return {
      ...assemble({
        cell: lstm.length > 0 ? 'lstm' : 'rnn',
        embedding: tensorOf(file, table, 'weight').toFloat32(file.name),
        layers: layers.map(module => layerOf(file, module)),
        headWeight,
        headBias,
      }),
      tokenizer: tokenizerOf(options.vocabulary ?? (symbols && { symbols }), V),
      notes: [
        {
          en: 'ids count from 0 instead of 1; columns i f o g became rows i f g o',
          ja: 'IDを1からではなく0から数え、ゲートの列i f o gを行i f g oに並べ替えました',
        },
      ],
    }
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
