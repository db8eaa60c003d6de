/**
 * PyTorch checkpoints: a state_dict, a dict with one somewhere inside, or a whole pickled module; and
 * safetensors files with PyTorch's names. Vocabulary fields are found by the names that people give.
 */
import { FileError, quote } from '../errors.js'
import { readForeignHeader } from '../file/safetensors.js'
import type { Bilingual } from '../knob.js'
import type { Format, Imported, SourceFile, Vocabulary } from './source.js'
import { fromStateDict, type NamedTensor } from './state-dict.js'
import { type Candidate, hasLayer, networksIn, pickNetwork } from './state-dict-networks.js'
import { plainWeights } from './state-dict-weights.js'
import { type Dtype, isTorchFile, readTorchFile, Storage, TorchTensor } from './torch-file.js'
import { TorchSearch } from './torch-search.js'

/** What the note says of a plain RNN whose function is nowhere said. */
const TANH_NOTE: Bilingual = {
  en: 'the file does not say whether the RNN has tanh or relu; tanh, the default of nn.RNN, was taken',
  ja: 'RNNの関数がtanhかreluかはファイルに書かれていないため、nn.RNNの既定であるtanhとしました',
}

function imported(
  { dict, module }: Candidate,
  { name: file }: SourceFile,
  {
    activation,
    vocabulary,
  }: {
    readonly activation?: 'tanh' | 'relu' | undefined
    readonly vocabulary?: (V: number) => Vocabulary | undefined
  },
): Imported {
  const network = fromStateDict(dict, {
    file,
    ...(activation && { activation }),
    ...(module && { classes: module.classes }),
  })
  const V = network.config.vocabulary
  const isGuessed = network.config.cell === 'rnn' && activation === undefined
  return {
    ...network,
    vocabulary: vocabulary?.(V),
    notes: isGuessed ? [TANH_NOTE] : [],
  }
}

export const pytorch: Format = {
  kind: 'pytorch',
  about: { en: 'PyTorch (.pt, .pth, .bin)', ja: 'PyTorch（.pt、.pth、.bin）' },

  recognises: files => files.some(isTorchFile),

  read(files) {
    const file = files.find(isTorchFile) as SourceFile
    const search = new TorchSearch(file.name)
    search.visit(readTorchFile(file))
    const network = pickNetwork(search.candidates, `The PyTorch file ${quote(file.name)}`)
    return imported(network, file, {
      activation: search.functionOf(network),
      vocabulary: V => search.vocabulary(V),
    })
  },
}

const isSafetensors = ({ bytes }: SourceFile): boolean =>
  bytes.length > 9 && bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0

export const safetensors: Format = {
  kind: 'safetensors',
  about: {
    en: "safetensors with PyTorch's names",
    ja: 'PyTorchの名前によるsafetensors',
  },

  recognises: files => files.some(isSafetensors),

  read(files) {
    const file = files.find(isSafetensors) as SourceFile
    const what = `The safetensors file ${quote(file.name)}`
    const dict = plainWeights(tensorsOf(file), file.name)
    const networks = hasLayer(dict.keys()) ? networksIn({ path: '', dict }) : []
    const network = pickNetwork(networks, what)
    return imported(network, file, {})
  },
}

/** The types of safetensors that PyTorch has as well. */
const DTYPES: Readonly<Record<string, Dtype>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
}

function tensorsOf({ bytes, name: file }: SourceFile): Map<string, NamedTensor> {
  const tensors = new Map<string, NamedTensor>()
  for (const [name, { dtype, shape, begin, end }] of readForeignHeader(bytes)) {
    const known = DTYPES[dtype]
    if (known === undefined) {
      const toFloat32 = (): never => {
        throw new FileError(
          'dtype',
          `The file ${quote(file)} keeps ${quote(name)} as ${dtype}; expected F64, F32, F16 or BF16: convert the model and save it again.`,
        )
      }
      tensors.set(name, { shape, dtype: `float ${dtype}`, toFloat32 })
      continue
    }
    const storage = new Storage(known, name)
    storage.bytes = bytes.subarray(begin, end)
    const stride = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1))
    tensors.set(name, new TorchTensor(file, storage, { shape, stride, offset: 0 }))
  }
  return tensors
}
