/**
 * ml5's charRNN: the folder that `ml5.charRNN` of version 0.x reads. The converse of ../ml5.ts, where the
 * layout is described. Its output layer reads h of the second of its layers, whatever their number.
 */
import { counted } from '../../errors.js'
import type { Model } from '../../file/index.js'
import { inputWidth } from '../../model/config.js'
import { concatenate, reorderGates, transpose } from '../assemble.js'
import type { SourceFile } from '../source.js'
import { type ExportForm, jsonFile } from './form.js'
import { ownFeature, refusal, symbolsFor } from './symbols.js'

const SYSTEM = 'ml5'
const LAYERS = 2
/** The place of each gate of i j f o in ours (i f g o); it exchanges two, so that it is its own inverse. */
const ORDER = [0, 2, 1, 3]
/** Added by the cell itself. */
const FORGET_BIAS = 1

function check(model: Model): void {
  const { cell, layers, restart } = model.config
  const feature =
    ownFeature(model) ??
    (restart === undefined
      ? undefined
      : { en: 'a symbol that begins a new text', ja: '新しい文章を始める記号' })
  if (feature || cell !== 'lstm') {
    const what = feature ?? { en: cell === 'gru' ? 'a GRU' : 'an RNN', ja: cell.toUpperCase() }
    throw refusal(
      `The model ${feature ? 'has' : 'is'} ${what.en}, and ml5 runs only a plain LSTM of 2 layers; train one, or export it as onnx, pytorch or page.`,
      `このモデルは${what.ja}${feature ? 'を使いますが' : 'ですが'}、ml5で動くのは標準の2層のLSTMだけです。2層のLSTMを学習するか、onnx、pytorch、pageで書き出してください。`,
    )
  }
  if (layers !== LAYERS) {
    throw refusal(
      `The model has ${counted(layers, 'layer')}, and ml5 reads the output of layer 2 of 2; train one of 2 layers, or export it as onnx, pytorch or page.`,
      `このモデルは${layers}層ですが、ml5は2層のモデルしか正しく読めません。2層で学習するか、onnx、pytorch、pageで書き出してください。`,
    )
  }
}

/** Rows [4 H, width] in our order to columns [width, 4 H] in theirs. */
const columns = (rows: Float32Array, width: number): Float32Array =>
  transpose(reorderGates(rows, width, ORDER), rows.length / width, width)

type NamedTensor = readonly [name: string, shape: readonly number[], data: Float32Array]

function cell({ config, weights }: Model, k: number): NamedTensor[] {
  const { hidden: H } = config
  const of = (name: string): Float32Array => weights.get(`rnn.${name}_l${k}`) as Float32Array
  const [biasIh, biasHh] = [of('bias_ih'), of('bias_hh')]
  const bias = biasIh.map((value, i) => {
    const forget = i >= H && i < 2 * H ? FORGET_BIAS : 0
    return value + (biasHh[i] as number) - forget
  })
  const width = inputWidth(config, k)
  const kernel = concatenate([columns(of('weight_ih'), width), columns(of('weight_hh'), H)])
  const name = `rnnlm/multi_rnn_cell/cell_${k}/basic_lstm_cell`
  return [
    [`${name}/kernel`, [width + H, 4 * H], kernel],
    [`${name}/bias`, [4 * H], reorderGates(bias, 1, ORDER)],
  ]
}

/** Float32, little-endian. */
function littleEndian(data: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.byteLength))
  for (const [i, value] of data.entries()) view.setFloat32(4 * i, value, true)
  return new Uint8Array(view.buffer)
}

export const ml5: ExportForm = {
  kind: 'ml5',
  about: {
    en: 'a model folder for charRNN of ml5 0.x (LSTM of 2 layers)',
    ja: 'ml5 0.xのcharRNNのためのモデルフォルダー（2層のLSTM）',
  },

  write(model) {
    check(model)
    const symbols = symbolsFor(model, SYSTEM, symbol => [...symbol].length === 1)
    const { config, weights } = model
    const { vocabulary: V, hidden: H, embedding: E } = config
    const of = (name: string): Float32Array => weights.get(name) as Float32Array
    const tensors: NamedTensor[] = [
      ...cell(model, 0),
      ...cell(model, 1),
      ['rnnlm/softmax_w', [H, V], transpose(of('head.weight'), V, H)],
      ['rnnlm/softmax_b', [V], of('head.bias')],
    ]
    if (E > 0) tensors.unshift(['embedding', [V, E], of('embedding.weight')])
    const fileName = (name: string): string => name.replaceAll('/', '_')
    const files: SourceFile[] = tensors.map(([name, , data]) => ({
      name: fileName(name),
      bytes: littleEndian(data),
    }))
    const manifest = tensors.map(([name, shape]) => [name, { filename: fileName(name), shape }])
    return {
      files: [
        ...files,
        jsonFile('vocab.json', Object.fromEntries(symbols.map((symbol, id) => [symbol, id]))),
        jsonFile('manifest.json', Object.fromEntries(manifest)),
      ],
      notes: [],
    }
  },
}
