/**
 * textgenrnn: Keras weights (HDF5), a vocabulary and a config (JSON). Each prediction reads the last
 * tokens of a text, filled up with id 0 on the left, from a zero state: an Embedding, LSTM layers, all
 * of them one beside the other, an average by attention, and a Dense layer with a softmax.
 *
 * Source: textgenrnn's model.py, AttentionWeightedAverage.py and utils.py.
 */
import { counted, FileError, quote } from '../errors.js'
import { isRecord } from '../file/json.js'
import type { Bilingual } from '../knob.js'
import { LIMITS } from '../model/config.js'
import { type Tokenizer, WordTokenizer } from '../text/index.js'
import { assemble } from './assemble.js'
import { isHdf5, openHdf5 } from './hdf5.js'
import { jsonIn } from './json-file.js'
import { readLegacy } from './keras-file.js'
import { denseOf, type KerasLayer, recurrentOf } from './keras-layers.js'
import type { Format, ImportOptions, SourceFile, Vocabulary } from './source.js'

/** The token before and after each text. */
const META = '<s>'
/** Its symbol here: a line end, where the vocabulary has none; else a picture of a record separator. */
const META_SYMBOLS = ['\n', '\u241e', '\ue000']
/** The symbol of id 0, which stands for nothing and is never drawn. */
const PADDING_SYMBOLS = ['\ufffd', '\u2400', '\ue001']
/** textgenrnn's default config. */
const MAX_LENGTH = 40
/** Keras' epsilon(), which textgenrnn adds to each probability before it divides by the temperature. */
const EPSILON = 1e-7

const refuse = (file: SourceFile, what: string): FileError =>
  new FileError('textgenrnn', `The textgenrnn model ${quote(file.name)} ${what}.`)

/** Whether a file has the layers of textgenrnn, whatever its weights are called. */
export function isTextgenrnn(file: SourceFile): boolean {
  if (!isHdf5(file)) return false
  try {
    const root = openHdf5(file)
    const names = (root.child('model_weights') ?? root).names('layer_names')
    return ['embedding', 'rnn_1', 'attention', 'output'].every(name => names.includes(name))
  } catch {
    return false // the reader of Keras says what is wrong
  }
}

/** The settings that `textgenrnn_config.json` holds. */
interface Config {
  readonly window: number
  readonly words: boolean
  /** The model was trained on one text: no token separates texts. */
  readonly single: boolean | undefined
}

/** @throws FileError for a damaged config: without one textgenrnn takes its defaults, which may be wrong */
function configIn(files: readonly SourceFile[]): Config {
  const damaged = files.find(file => /config\.json$/i.test(file.name) && jsonIn(file) === undefined)
  if (damaged) {
    throw new FileError(
      'textgenrnn',
      `The config ${quote(damaged.name)} of the textgenrnn model is damaged or cut short; save or download it again.`,
    )
  }
  const config = files
    .map(jsonIn)
    .find(
      (json): json is Record<string, unknown> =>
        isRecord(json) && typeof json.max_length === 'number' && !('class_name' in json),
    )
  const length = config?.max_length
  return {
    window:
      typeof length === 'number' && Number.isInteger(length) && length > 0
        ? Math.min(length, LIMITS.window)
        : MAX_LENGTH,
    words: config?.word_level === true,
    single: typeof config?.single_text === 'boolean' ? config.single_text : undefined,
  }
}

/** The user may leave out id 0, which has no symbol. */
function givenTokens(
  vocabulary: NonNullable<ImportOptions['vocabulary']>,
  V: number,
): (string | undefined)[] {
  const withZero = (symbols: Vocabulary['symbols']): (string | undefined)[] =>
    symbols.length === V - 1 ? [undefined, ...symbols] : [...symbols]
  try {
    return withZero(vocabulary(V).symbols)
  } catch (error) {
    try {
      return withZero(vocabulary(V - 1).symbols)
    } catch {
      throw error
    }
  }
}

/** Tokens by id, id 0 without one: of a JSON object of token to id from 1 to V - 1, or as the user gave them. */
function tokensOf(
  files: readonly SourceFile[],
  { vocabulary }: ImportOptions,
  V: number,
): (string | undefined)[] | undefined {
  if (vocabulary) return givenTokens(vocabulary, V)
  for (const file of files) {
    const json = jsonIn(file)
    if (!isRecord(json)) continue
    const entries = Object.entries(json)
    const tokens: (string | undefined)[] = new Array(V).fill(undefined)
    for (const [token, id] of entries) {
      if (typeof id === 'number' && id > 0 && id < V) tokens[id] = token
    }
    if (entries.length === V - 1 && tokens.slice(1).every(token => token !== undefined)) {
      return tokens
    }
  }
  return undefined
}

/**
 * The tokenizer of a model of words.
 * @throws FileError for a vocabulary of another size, with holes or repetitions
 */
function wordsOf(
  symbols: readonly (string | undefined)[] | undefined,
  V: number,
): Tokenizer | undefined {
  if (!symbols) return undefined
  const missing = symbols.findIndex(symbol => symbol === undefined || symbol === '')
  if (symbols.length !== V || missing >= 0 || new Set(symbols).size !== V) {
    throw new FileError(
      'vocabulary',
      `The vocabulary of words ${missing >= 0 ? `lacks id ${missing}` : `has ${counted(symbols.length, 'symbol')}, some of them twice`}; expected ${V - 1} different words with the ids from 1`,
      { way: 'vocabulary' },
    )
  }
  return new WordTokenizer(symbols as readonly string[])
}

/** The first of some symbols that no token is. */
function freeSymbol(
  candidates: readonly string[],
  tokens: readonly (string | undefined)[],
): string | undefined {
  return candidates.find(symbol => !tokens.includes(symbol))
}

function layerNamed(layers: readonly KerasLayer[], name: string): KerasLayer {
  return layers.find(layer => layer.name === name) as KerasLayer
}

/** The network in our layout. */
function networkOf(file: SourceFile, window: number, restart: number | undefined) {
  const { tensors: layers, version } = readLegacy(file, [])
  const recurrent = layers
    .filter(({ name }) => /^rnn_\d+$/.test(name))
    .sort((a, b) => Number(a.name.slice(4)) - Number(b.name.slice(4)))
  for (const { name, tensors } of recurrent) {
    if (tensors.some(tensor => /(forward|backward|bidirectional)/.test(tensor.name))) {
      throw refuse(
        file,
        `reads its text in both directions (${name}, rnn_bidirectional); expected one direction, since text is written forwards`,
      )
    }
  }
  if (recurrent.length > LIMITS.layers) {
    throw refuse(
      file,
      `has ${counted(recurrent.length, 'layer')}; at most ${LIMITS.layers} can be read`,
    )
  }
  const table = layerNamed(layers, 'embedding').tensors[0]?.tensor
  const attention = layerNamed(layers, 'attention').tensors[0]?.tensor
  if (!table || !attention) throw refuse(file, 'lacks the weights of its embedding or attention')
  return assemble({
    cell: 'lstm',
    embedding: table.toFloat32(),
    // The gates are the logistic function whatever Keras' default was: textgenrnn says so itself.
    layers: recurrent.map(
      layer =>
        recurrentOf(
          { ...layer, type: 'LSTM', config: { recurrent_activation: 'sigmoid' } },
          version,
        ).matrices,
    ),
    ...denseOf(layerNamed(layers, 'output')),
    attentionWeight: attention.toFloat32(),
    ...{ skip: true, window, padding: 0, smoothing: EPSILON },
    ...(restart !== undefined && { restart }),
  })
}

const notesOf = (window: number, meta: string | undefined): readonly Bilingual[] => [
  {
    en: `each prediction reads the last ${counted(window, 'symbol')} from a zero state, as in training`,
    ja: `予測のたびに、学習時と同じく直前の${window}記号を状態0から読みます`,
  },
  {
    en: '1e-7 is added to each probability before the temperature acts, as textgenrnn does',
    ja: 'textgenrnnと同じく、温度を適用する前に各確率へ1e-7を加えます',
  },
  ...(meta === undefined
    ? []
    : [
        {
          en: `${META}, which begins and ends a text, is ${meta === '\n' ? 'a line end' : quote(meta)}; the window begins anew at it`,
          ja: `文の始まりと終わりを表す${META}は${meta === '\n' ? '改行' : `「${meta}」`}になり、そこで窓が初期化されます`,
        },
      ]),
]

export const textgenrnn: Format = {
  kind: 'textgenrnn',
  about: { en: 'textgenrnn (.hdf5)', ja: 'textgenrnn（.hdf5）' },

  recognises: files => files.some(isTextgenrnn),

  read(files, options) {
    const file = files.find(isTextgenrnn) as SourceFile
    const config = configIn(files)
    const bias = readLegacy(file, []).tensors.find(({ name }) => name === 'output')
    const V = bias ? denseOf(bias).headBias.length : 0
    const tokens = tokensOf(files, options, V)
    const metaId = config.single === true ? -1 : (tokens?.indexOf(META) ?? -1)
    const restart = metaId > 0 ? metaId : undefined
    const meta = restart === undefined ? undefined : freeSymbol(META_SYMBOLS, tokens ?? [])
    const symbols = tokens && [...tokens]
    if (symbols) {
      symbols[0] = freeSymbol(PADDING_SYMBOLS, symbols)
      if (restart !== undefined) symbols[restart] = meta
    }
    const window = options.window ?? config.window
    return {
      ...networkOf(file, window, restart),
      ...(config.words
        ? { tokenizer: wordsOf(symbols, V) }
        : { vocabulary: symbols && { symbols } }),
      ...(meta !== undefined && { prompt: meta }),
      notes: notesOf(window, meta),
    }
  },
}
