/**
 * ONNX: one step, a loop over T, and a folder that transformers.js loads.
 *
 * step.onnx: `ids` int64 [B] and `state` [B, S] to `logits` [B, V] and `next_state` [B, S].
 * scan.onnx: `ids` int64 [B, T] and `state` to `logits` [B, T, V] and `next_state`.
 * onnx/model.onnx: the loop with the names of transformers.js. That library has no recurrent network,
 * but one type of model whose cache may hold a state of any shape, `lfm2` ("past_conv"). The length of
 * a text so far is there the shape of an attention's keys, so that the graph has such a tensor of zeros.
 */
import { InputError } from '../../errors.js'
import type { Model } from '../../file/index.js'
import type { Graph, Value } from '../../onnx/graph.js'
import { type Exported, type ExportForm, jsonFile } from './form.js'
import { notExpressed, OnnxNetwork, stateSize, weightBytes } from './onnx-network.js'
import { type ExportedTokenizer, tokenizerJson } from './tokenizer-json.js'

/** A protobuf message has at most 2^31 - 1 bytes. */
const LARGEST = 2 ** 31 - 1
/** Room for the graph beside its weights. */
const GRAPH_BYTES = 1e6

function check({ config }: Model): void {
  const missing = notExpressed(config)
  if (missing.length > 0) {
    throw new InputError(
      'export',
      `The model has ${missing.join(', ')}, which the ONNX export does not write; export it as page, or sample it here.`,
      {
        ja: `このモデルの ${missing.join('、')} はONNXの書き出しに対応していません。page で書き出すか、Ondoで使ってください。`,
      },
    )
  }
  const bytes = weightBytes(config)
  if (bytes + GRAPH_BYTES > LARGEST) {
    throw new InputError(
      'export',
      `The model has ${(bytes / 1e9).toFixed(1)} GB of weights; an ONNX file holds at most 2.1 GB.`,
      {
        ja: `モデルの重みは${(bytes / 1e9).toFixed(1)} GBですが、ONNXファイルの上限は2.1 GBです。`,
      },
    )
  }
}

function step(model: Model): Uint8Array {
  const network = new OnnxNetwork(model)
  const { graph: g } = network
  const S = stateSize(model.config)
  const ids = g.openInput('ids', 'int64', ['batch'])
  const next = network.step(g, ids, g.openInput('state', 'float32', ['batch', S]))
  g.output('logits', network.logits(next.output), ['batch', model.config.vocabulary])
  g.output('next_state', next.state, ['batch', S])
  return network.build()
}

function scan(model: Model): Uint8Array {
  const network = new OnnxNetwork(model)
  const { graph: g } = network
  const S = stateSize(model.config)
  const ids = g.openInput('ids', 'int64', ['batch', 'steps'])
  const next = network.scan(ids, g.openInput('state', 'float32', ['batch', S]))
  g.output('logits', network.logits(next.output), ['batch', 'steps', model.config.vocabulary])
  g.output('next_state', next.state, ['batch', S])
  return network.build()
}

/** [B, 1, P, 1] becomes [B, 1, P + T, 1]: transformers.js reads the length so far from this shape. */
function longer(g: Graph, past: Value, ids: Value): Value {
  const filled = g.op('Unsqueeze', [g.op('Cast', [ids], { to: 1 }), g.int64s([1, 3])])
  return g.concat([past, g.multiply(filled, g.float32s([0]))], 2)
}

function transformersModel(model: Model): Uint8Array {
  const network = new OnnxNetwork(model)
  const { graph: g } = network
  const S = stateSize(model.config)
  // transformers.js knows the dimension by this name.
  const B = 'batch_size'
  const ids = g.openInput('input_ids', 'int64', [B, 'sequence_length'])
  const state = g.openInput('past_conv.0', 'float32', [B, S, 1])
  const past = g.openInput('past_key_values.1.key', 'float32', [B, 1, 'past_length', 1])
  const next = network.scan(ids, g.reshape(state, [-1, S]))
  const V = model.config.vocabulary
  g.output('logits', network.drawingLogits(next.output), [B, 'sequence_length', V])
  g.output('present_conv.0', g.reshape(next.state, [-1, S, 1]), [B, S, 1])
  g.output('present.1.key', longer(g, past, ids), [B, 1, 'total_length', 1])
  return network.build()
}

/** Ids at which a text ends: the stop strings that are one symbol. */
function endIds({ stop = [], tokenizer }: Model): { ids: number[]; longer: string[] } {
  const ids: number[] = []
  const rest: string[] = []
  for (const text of stop) {
    const encoded = tokenizer.encode(text, 'skip')
    if (encoded.ids.length === 1 && encoded.unknown.length === 0) ids.push(encoded.ids[0] as number)
    else rest.push(text)
  }
  return { ids, longer: rest }
}

function configFiles(model: Model, { filler, begin }: ExportedTokenizer, ends: readonly number[]) {
  const { config, hash, name, prompt, stop } = model
  const V = config.vocabulary
  const start = begin !== undefined && { bos_token_id: V + 1 }
  const end = ends.length > 0 && { eos_token_id: ends.length === 1 ? ends[0] : ends }
  return [
    jsonFile(
      'tokenizer_config.json',
      {
        tokenizer_class: 'PreTrainedTokenizerFast',
        pad_token: filler,
        ...(begin !== undefined && { bos_token: begin, add_bos_token: true }),
        padding_side: 'left',
        clean_up_tokenization_spaces: false,
        model_max_length: 1e30,
      },
      2,
    ),
    jsonFile(
      'generation_config.json',
      // top_k would be 50 by default, which cuts what a high temperature draws.
      { do_sample: true, temperature: 0.8, top_k: 0, pad_token_id: V, ...start, ...end },
      2,
    ),
    jsonFile(
      'config.json',
      {
        architectures: ['Lfm2ForCausalLM'],
        model_type: 'lfm2',
        vocab_size: V,
        hidden_size: stateSize(config),
        num_hidden_layers: 2,
        layer_types: ['conv', 'full_attention'],
        conv_L_cache: 1,
        // The width of a head is hidden_size by their number: 1.
        num_attention_heads: stateSize(config),
        num_key_value_heads: 1,
        pad_token_id: V,
        ...start,
        ...end,
        'transformers.js_config': { dtype: 'fp32' },
        ondo: { identity: hash, config, ...(name && { name }), prompt, stop },
      },
      2,
    ),
  ]
}

/** The graphs alone: BPE without merges reads characters. */
function wordModel(model: Model): Exported {
  const { config, hash, name, tokenizer } = model
  const { symbols } = tokenizer.toJSON()
  const ondo = { identity: hash, config, ...(name && { name }), symbols }
  return {
    files: [
      { name: 'step.onnx', bytes: step(model) },
      { name: 'scan.onnx', bytes: scan(model) },
      jsonFile('config.json', { hidden_size: stateSize(config), ondo }),
    ],
    notes: [
      {
        en: 'the symbols are words, which are in config.json: tokenizer.json and the files of transformers.js read characters and are left out',
        ja: '記号は単語で、config.json にあります。tokenizer.json と transformers.js 用のファイルは文字しか読めないため、書き出しません',
      },
      ...notesOf(model, []),
    ],
  }
}

export const onnx: ExportForm = {
  kind: 'onnx',
  about: {
    en: 'ONNX graphs (a step, a loop), loaded by transformers.js too',
    ja: 'ONNXグラフ（1ステップとループ）。transformers.jsでも動く',
  },

  write(model): Exported {
    check(model)
    if (model.tokenizer.kind === 'word') return wordModel(model)
    const tokenizer = tokenizerJson(model.tokenizer, model.config.restart !== undefined)
    const ends = endIds(model)
    return {
      files: [
        { name: 'step.onnx', bytes: step(model) },
        { name: 'scan.onnx', bytes: scan(model) },
        { name: 'onnx/model.onnx', bytes: transformersModel(model) },
        jsonFile('tokenizer.json', tokenizer.json),
        ...configFiles(model, tokenizer, ends.ids),
      ],
      notes: notesOf(model, ends.longer),
    }
  },
}

function notesOf({ config, tokenizer }: Model, longer: readonly string[]): Exported['notes'] {
  const notes = []
  const words = tokenizer.kind === 'word'
  if (longer.length > 0) {
    const shown = longer.map(text => JSON.stringify(text)).join(', ')
    notes.push({
      en: `the stop strings ${shown} are longer than one symbol: transformers.js has no place for them in its files`,
      ja: `終了文字列 ${shown} は1記号より長いため、transformers.jsのファイルには書けません`,
    })
  }
  if (tokenizer.kind === 'grapheme') {
    notes.push({
      en: 'tokenizer.json splits graphemes that the model does not know into characters',
      ja: 'モデルにない書記素は、tokenizer.jsonでは文字に分かれます',
    })
  }
  if (tokenizer.kind === 'word') {
    notes.push({
      en: 'tokenizer.json cannot split text into the words of the model: give it ids',
      ja: 'tokenizer.jsonではテキストをモデルの単語に分けられません。IDを渡してください',
    })
  }
  if (config.smoothing !== undefined || config.padding !== undefined) {
    notes.push({
      en: `${words ? '' : 'only onnx/model.onnx draws as the model does: '}logits of step.onnx and scan.onnx are those before smoothing, and the id that fills windows is not excluded`,
      ja: `${words ? '' : '記号の選び方がモデルどおりなのは onnx/model.onnx だけです。'}step.onnx と scan.onnx のロジットは平滑化の前のもので、ウィンドウを埋めるIDも除いていません`,
    })
  }
  if (config.window !== undefined) {
    notes.push({
      en: `each step reads the last ${config.window} ids from a zero state, as the model does here`,
      ja: `各ステップは、Ondoと同じく直近の${config.window}個のIDをゼロ状態から読みます`,
    })
  }
  return notes
}
