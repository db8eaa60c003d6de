/**
 * NumPy arrays (.npz, or a folder of .npy) of a plain RNN as Karpathy's min-char-rnn names them: Wxh,
 * Whh, Why, bh, by. h' = tanh(Wxh x + Whh h + bh), y = Why h + by, with column vectors; programs with row
 * vectors keep the transposes. Arrays with PyTorch's names are read as a state_dict.
 *
 * Source: min-char-rnn.py (gist karpathy/d4dee566867f8291f086).
 */
import { FileError, quote } from '../errors.js'
import type { Bilingual } from '../knob.js'
import { assemble, transpose } from './assemble.js'
import { isNpy, type NumpyArray, readNpy } from './npy.js'
import type { Format, Imported, SourceFile, Vocabulary } from './source.js'
import { fromStateDict } from './state-dict.js'
import { hasLayer } from './state-dict-networks.js'
import { vocabularyFile } from './vocabulary-file.js'
import { VOCABULARY_FIELD } from './vocabulary-values.js'
import { isZip, readZip } from './zip.js'

/** Names of the weights: input, recurrent, output, and their biases; the second are those of the textbook. */
const ROLES = {
  input: /^(w_?xh|u)$/i,
  recurrent: /^(w_?hh|w)$/i,
  output: /^(w_?hy|v)$/i,
  bias: /^(b_?h|b)$/i,
  outputBias: /^(b_?y|c)$/i,
} as const
type Role = keyof typeof ROLES

const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)
const arrayName = (name: string): string => baseName(name).replace(/\.npy$/i, '')

const refuse = (file: string, what: string): FileError =>
  new FileError('numpy', `The NumPy file ${quote(file)} ${what}.`)

/** Whether the first entry of a zip is an array; np.savez writes nothing else. */
function isNpz({ bytes }: SourceFile): boolean {
  if (!isZip(bytes)) return false
  const length = (bytes[26] ?? 0) + 256 * (bytes[27] ?? 0)
  return /\.npy$/.test(String.fromCharCode(...bytes.subarray(30, 30 + length)))
}

/** A file of arrays, or all .npy files together: the bytes of each array by its name. */
interface Source {
  readonly name: string
  readonly entries: ReadonlyMap<string, Uint8Array>
}

function sourceIn(files: readonly SourceFile[]): Source | undefined {
  const archive = files.find(isNpz)
  if (archive) {
    const entries = [...readZip(archive)].map(([name, bytes]) => [arrayName(name), bytes] as const)
    return { name: archive.name, entries: new Map(entries) }
  }
  // One that is cut to nothing is refused when it is read.
  const arrays = files.filter(({ name, bytes }) => isNpy(bytes) || /\.npy$/i.test(name))
  const first = arrays.find(({ bytes }) => isNpy(bytes))
  const entries = arrays.map(({ name, bytes }) => [arrayName(name), bytes] as const)
  return first && { name: first.name, entries: new Map(entries) }
}

const namesFor = (names: Iterable<string>, role: Role): string[] =>
  [...names].filter(name => ROLES[role].test(name))

/** The array of a role: by min-char-rnn's name before the textbook's. */
function arrayFor(source: Source, role: Role): NumpyArray | undefined {
  const [name] = namesFor(source.entries.keys(), role).sort((a, b) => b.length - a.length)
  const bytes = name === undefined ? undefined : source.entries.get(name)
  return bytes && readNpy({ name: name as string, bytes })
}

const isPlain = (names: readonly string[]): boolean =>
  (['input', 'recurrent', 'output'] as const).every(role => namesFor(names, role).length > 0)

function shaped(source: Source, role: Role): NumpyArray {
  const array = arrayFor(source, role)
  if (array?.shape.length === 2 && !array.isText) return array
  const known = { input: 'Wxh', recurrent: 'Whh', output: 'Why', bias: 'bh', outputBias: 'by' }[
    role
  ]
  const shape = array
    ? `has the shape [${array.shape.join(', ')}]; expected a matrix`
    : 'is missing'
  throw refuse(source.name, `is of no plain RNN: ${known} ${shape}`)
}

/** A bias of n numbers, whatever its orientation; zeros where there is none. */
function biasOf(source: Source, role: 'bias' | 'outputBias', n: number): Float32Array {
  const array = arrayFor(source, role)
  if (!array) return new Float32Array(n)
  const numbers = array.toFloat32()
  const isVector = array.shape.filter(size => size !== 1).length <= 1
  if (isVector && numbers.length === n) return numbers
  throw refuse(
    source.name,
    `has ${role === 'bias' ? 'bh' : 'by'} of the shape [${array.shape.join(', ')}]; expected ${n} numbers`,
  )
}

const AMBIGUOUS: Bilingual = {
  en: 'the network has as many units as symbols, so that nothing tells whether its vectors are columns or rows; columns, as in min-char-rnn, were taken',
  ja: 'ユニット数と記号数が同じで、列ベクトルか行ベクトルかを判別できないため、min-char-rnnと同じ列ベクトルとしました',
}
const NO_BIAS: Bilingual = {
  en: 'it has no array bh or by; a bias of 0 was taken',
  ja: 'bhまたはbyの配列がないため、バイアスを0としました',
}
const ROWS: Bilingual = {
  en: 'its vectors are rows, so that the matrices are transposed',
  ja: '行ベクトルで書かれているため、行列を転置しました',
}

/** Whether matrices act on rows (x W) instead of columns (W x); undefined where shapes don't tell. */
function actsOnRows(source: Source, H: number, V: number): boolean | undefined {
  const input = shaped(source, 'input').shape
  if (H !== V) return input[0] === V
  // A bias of two dimensions is a vector as the program has it.
  for (const role of ['bias', 'outputBias'] as const) {
    const shape = arrayFor(source, role)?.shape
    if (shape?.length === 2 && shape[0] !== shape[1]) return shape[0] === 1
  }
  return undefined
}

function plainNetwork(source: Source): Omit<Imported, 'tokenizer'> {
  const [input, recurrent, output] = (['input', 'recurrent', 'output'] as const).map(role =>
    shaped(source, role),
  ) as [NumpyArray, NumpyArray, NumpyArray]
  const [H = 0, columns] = recurrent.shape
  const V = input.shape.find(size => size !== H) ?? H
  const fits = (shape: readonly number[], rows: number, width: number): boolean =>
    shape[0] === rows && shape[1] === width
  const asColumns = fits(input.shape, H, V) && fits(output.shape, V, H)
  const asRows = fits(input.shape, V, H) && fits(output.shape, H, V)
  if (H === 0 || columns !== H || !(asColumns || asRows)) {
    const shapes = [input, recurrent, output].map(({ shape }) => `[${shape.join(', ')}]`).join(', ')
    throw refuse(
      source.name,
      `has Wxh, Whh, Why of the shapes ${shapes}; expected [H, V], [H, H], [V, H], or the transposes`,
    )
  }
  const rows = actsOnRows(source, H, V)
  const matrix = (array: NumpyArray, height: number, width: number): Float32Array =>
    rows ? transpose(array.toFloat32(), width, height) : array.toFloat32()
  return {
    ...assemble({
      cell: 'rnn',
      activation: 'tanh',
      layers: [
        {
          weightIh: matrix(input, H, V),
          weightHh: matrix(recurrent, H, H),
          biasIh: biasOf(source, 'bias', H),
          biasHh: new Float32Array(H),
        },
      ],
      headWeight: matrix(output, V, H),
      headBias: biasOf(source, 'outputBias', V),
    }),
    notes: [
      ...(rows === undefined ? [AMBIGUOUS] : rows ? [ROWS] : []),
      ...(arrayFor(source, 'bias') && arrayFor(source, 'outputBias') ? [] : [NO_BIAS]),
    ],
  }
}

/** Text in an array: a list of symbols, or one string of them. */
function vocabularyIn(source: Source, V: number): Vocabulary | undefined {
  for (const [name, bytes] of source.entries) {
    if (!isOfType(bytes, 'US')) continue
    const texts = readNpy({ name, bytes }).toTexts()
    const [only = ''] = texts
    const symbols = texts.length === 1 && V > 1 ? [...only] : texts
    if (symbols.length === V) return { symbols }
  }
  return undefined
}

/** Whether an array is of one of some types, by the letters of NumPy: `U` text, `O` Python objects. */
const isOfType = (bytes: Uint8Array, letters: string): boolean =>
  new RegExp(`'descr'\\s*:\\s*'.?[${letters}]`).test(String.fromCharCode(...bytes.subarray(0, 256)))

/** The refusal of a vocabulary that is a pickle: a dict in np.savez becomes one. */
function refuseObjects(source: Source): void {
  const found = [...source.entries].find(
    ([name, bytes]) => VOCABULARY_FIELD.test(name) && isOfType(bytes, 'O'),
  )
  if (!found) return
  throw new FileError(
    'vocabulary',
    `The array ${quote(found[0])} holds Python objects, which can run code when they are read, and is refused`,
    {
      way: 'vocabulary',
      ja: `配列 ${quote(found[0])} はPythonのオブジェクトで、読むとプログラムを実行し得るため読みません`,
    },
  )
}

function stateDict(source: Source): Omit<Imported, 'tokenizer'> {
  const dict = new Map(
    [...source.entries]
      .filter(([, bytes]) => !isOfType(bytes, 'USO'))
      .map(([name, bytes]) => [name, readNpy({ name, bytes })] as const),
  )
  return { ...fromStateDict(dict, { file: source.name }), notes: [] }
}

export const numpy: Format = {
  kind: 'numpy',
  about: { en: 'NumPy (.npz, .npy)', ja: 'NumPy（.npz、.npy）' },

  // The arrays of a folder belong together.
  choosesItself: true,

  recognises: files => files.some(file => isNpz(file)) || files.some(({ bytes }) => isNpy(bytes)),

  read(files, options) {
    const source = sourceIn(files) as Source
    const names = [...source.entries.keys()]
    const isState = hasLayer(names)
    if (!isState && !isPlain(names)) {
      const listed = names.slice(0, 6).map(quote).join(', ')
      throw refuse(
        source.name,
        `has the arrays ${listed}; expected Wxh, Whh, Why, bh and by of min-char-rnn, or PyTorch's names`,
      )
    }
    const network = isState ? stateDict(source) : plainNetwork(source)
    if (options.vocabulary) return network
    const V = network.config.vocabulary
    const vocabulary = vocabularyIn(source, V)
    if (!vocabulary && !vocabularyFile(files, V)) refuseObjects(source)
    return { ...network, vocabulary }
  },
}
