/**
 * PyTorch checkpoints in the forms that people save, written by the fixtures; torch-witness.test.ts reads
 * those of PyTorch itself.
 */
import { describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../file/safetensors.js'
import { importModel } from './import.js'
import { Global, Instance, type PyInput, Reduce, Tuple } from './pickle.fixture.js'
import { Numbers } from './sample.fixture.js'
import { ordered, TorchStorages, writeTorchLegacy, writeTorchZip } from './torch-file.fixture.js'

const SYMBOLS = ['\n', 'a', 'b', 'c', '温', '😀']
const V = SYMBOLS.length
const [E, H] = [4, 5]

type Tensors = readonly (readonly [name: string, ...shape: number[]])[]

const gru = (prefix = '', inputs = E): Tensors => [
  [`${prefix}emb.weight`, V, inputs],
  [`${prefix}gru.weight_ih_l0`, 3 * H, inputs],
  [`${prefix}gru.weight_hh_l0`, 3 * H, H],
  [`${prefix}gru.bias_ih_l0`, 3 * H],
  [`${prefix}gru.bias_hh_l0`, 3 * H],
  [`${prefix}fc.weight`, V, H],
  [`${prefix}fc.bias`, V],
]

/** A state_dict in one file; the same seed gives the same numbers for the same tensors. */
class Checkpoint {
  readonly storages = new TorchStorages()

  state(tensors: Tensors, seed = 1): PyInput {
    const numbers = new Numbers(seed)
    return ordered(
      tensors.map(([name, ...shape]) => {
        const data = numbers.matrix(shape.reduce((a, b) => a * b, 1))
        return [name, this.storages.tensor(shape, data)]
      }),
    )
  }

  open(value: PyInput, { legacy = false } = {}) {
    const bytes = legacy
      ? writeTorchLegacy(value, this.storages)
      : writeTorchZip(value, this.storages)
    return importModel([{ name: 'x.pt', bytes }])
  }
}

const hashOf = async (make: (file: Checkpoint) => PyInput, legacy = false): Promise<string> => {
  const file = new Checkpoint()
  return (await file.open(make(file), { legacy })).model.hash
}

const refusal = async (make: (file: Checkpoint) => PyInput): Promise<string> => {
  const file = new Checkpoint()
  const error = await file.open(make(file)).catch((thrown: unknown) => thrown)
  if (!(error instanceof Error)) return expect.fail('nothing was refused')
  expect(error.message).toMatch(/^[A-Z][^\n]*\.$/)
  return error.message
}

const itos = [...SYMBOLS]

describe('a state_dict', () => {
  const plain = hashOf(file => ({ model: file.state(gru()), itos }))

  it.each<[string, (file: Checkpoint) => PyInput]>([
    ['alone with a vocabulary', file => [file.state(gru()), { itos }]],
    ['deep inside', file => ({ a: [{ b: new Tuple(1, { c: file.state(gru()) }) }], itos })],
    ['of DataParallel', file => ({ net: file.state(gru('module.')), itos })],
    ['of torch.compile', file => ({ net: file.state(gru('_orig_mod.')), itos })],
    [
      'beside its average',
      file => ({ model: file.state(gru()), model_ema: file.state(gru(), 2), itos }),
    ],
    [
      'with its average in it',
      file => ({
        state_dict: ordered([
          ...(file.state(gru('model.')) as Reduce & { args: [[PyInput, PyInput][]] }).args[0],
          ...(file.state(gru('ema.'), 2) as Reduce & { args: [[PyInput, PyInput][]] }).args[0],
        ]),
        itos,
      }),
    ],
    [
      'beside moments under its names',
      file => ({ w: file.state(gru()), optimizer: { exp_avg: file.state(gru(), 3) }, itos }),
    ],
    [
      'beside plain data of Python',
      file => ({
        model: file.state(gru()),
        itos,
        when: new Reduce(new Global('datetime', 'datetime'), ['x']),
        path: new Reduce(new Global('pathlib', 'PosixPath'), ['data', 'input.txt']),
        args: new Instance(new Global('argparse', 'Namespace'), { lr: 0.1 }),
        big: 2n ** 70n,
      }),
    ],
  ])('%s gives the same model', async (_, make) => {
    expect(await hashOf(make)).toBe(await plain)
    expect(await hashOf(make, true)).toBe(await plain)
  })

  it('lists networks of which each may be meant', async () => {
    const two = (a: string, b: string) => (file: Checkpoint) => ({
      [a]: file.state(gru()),
      [b]: file.state(gru(), 2),
      itos,
    })
    expect(await refusal(two('red', 'blue'))).toMatch(
      /several networks: "red", "blue"; save the one/,
    )
    expect(await refusal(two('model', 'net'))).toMatch(/"model", "net"/)
    const inside = await refusal(file => ({
      d: file.state([...gru('red.', H), ...gru('blue.', H)]),
      itos,
    }))
    expect(inside).toMatch(/"d\.red", "d\.blue"/)
  })

  it.each<[string, Tensors, RegExp]>([
    [
      'a LayerNorm',
      [
        ['norm.weight', H],
        ['norm.bias', H],
      ],
      /has norm\.weight \[5\], norm\.bias \[5\]/,
    ],
    [
      'a matrix',
      [
        ['mix.weight', H, H],
        ['mix.bias', H],
      ],
      /mix\.weight \[5, 5\]/,
    ],
    ['an initial state', [['h0', 1, H]], /has h0 \[1, 5\]/],
    ['spectral_norm', [['fc.weight_u', V]], /fc\.weight_u.*remove the parametrization/],
  ])('with %s besides is refused by name', async (_, more, sentence) => {
    const message = await refusal(file => ({ model: file.state([...gru(), ...more]), itos }))
    expect(message).toMatch(sentence)
  })

  it('with what only training uses is read without it', async () => {
    const more: Tensors = [
      ['criterion.weight', V],
      ['val_accuracy.total', 1],
    ]
    expect(await hashOf(file => ({ m: file.state([...gru(), ...more]), itos }))).toBe(await plain)
  })

  it('takes the bias of a tied head that is stored with the embedding alone', async () => {
    const tensors = gru('', H).filter(([name]) => name !== 'fc.weight')
    const numbers = new Numbers(5)
    const data = new Map(
      tensors.map(([name, ...shape]) => {
        return [name, { shape, data: numbers.matrix(shape.reduce((a, b) => a * b, 1)) }] as const
      }),
    )
    const bytes = encodeSafetensors(
      new Map([...data].map(([name, tensor]) => [name, { ...tensor, dtype: 'F32' as const }])),
    )
    const { model } = await importModel([{ name: 'x', bytes }], {
      vocabulary: { symbols: SYMBOLS },
    })
    expect(model.weights.get('head.bias')).toEqual(data.get('fc.bias')?.data)
    expect(model.weights.get('head.weight')).toEqual(data.get('emb.weight')?.data)
  })

  it.each([
    ['weight_hh_l0_g', 'weight_hh_l0_v'],
    ['parametrizations.weight_hh_l0.original0', 'parametrizations.weight_hh_l0.original1'],
  ])('computes a weight from %s', async (g, v) => {
    const file = new Checkpoint()
    const rest = gru().filter(([name]) => !name.includes('weight_hh'))
    const own: Tensors = [
      [`gru.${g}`, 3 * H, 1],
      [`gru.${v}`, 3 * H, H],
    ]
    const { model } = await file.open({ model: file.state([...own, ...rest]), itos })
    const numbers = new Numbers(1)
    const lengths = numbers.matrix(3 * H)
    const values = numbers.matrix(3 * H, H)
    const weight = model.weights.get('rnn.weight_hh_l0') as Float32Array
    for (let r = 0; r < 3 * H; r++) {
      const row = values.subarray(r * H, (r + 1) * H)
      const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))
      for (let c = 0; c < H; c++) {
        expect(weight[r * H + c]).toBeCloseTo(
          ((row[c] as number) * (lengths[r] as number)) / norm,
          6,
        )
      }
    }
  })
})

describe('a vocabulary', () => {
  const plain = hashOf(file => ({ model: file.state(gru()), itos }))
  const ids = SYMBOLS.map((symbol, id): [string, number] => [symbol, id])
  const dtype = new Reduce(
    new Global('numpy', 'dtype'),
    ['U1', false, true],
    [new Tuple(3, '<', null, null, null, -1, -1, 0)][0],
  )
  const latin1 = (bytes: Uint8Array): PyInput =>
    new Reduce(new Global('_codecs', 'encode'), [String.fromCharCode(...bytes), 'latin1'])
  const utf32 = new Uint8Array(Uint32Array.from(SYMBOLS, symbol => symbol.codePointAt(0)!).buffer)
  const array = new Reduce(
    new Global('numpy.core.multiarray', '_reconstruct'),
    [new Global('numpy', 'ndarray'), new Tuple(0), latin1(Uint8Array.of(98))],
    new Tuple(1, new Tuple(V), dtype, false, latin1(utf32)),
  )

  it.each<[string, PyInput]>([
    ['chars', SYMBOLS.join('')],
    ['chars', new Tuple(...SYMBOLS)],
    ['char2int', new Map(ids)],
    ['int2char', new Map(ids.map(([symbol, id]) => [id, symbol]))],
    ['idx2char', array],
    ['vocab', new Instance(new Global('data', 'Vocab'), { stoi: new Map(ids) })],
    ['hparams', new Instance(new Global('argparse', 'Namespace'), { tokens: [...SYMBOLS] })],
  ])('is found under %s', async (name, value) => {
    expect(await hashOf(file => ({ model: file.state(gru()), [name]: value }))).toBe(await plain)
  })

  it('is asked for where only a set holds it', async () => {
    const message = await refusal(file => ({ model: file.state(gru()), chars: new Set(SYMBOLS) }))
    expect(message).toMatch(/predicts 6 symbols, but the files do not say which/)
  })
})

describe('calls in a pickle', () => {
  it.each([
    ['os', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'getattr'],
    ['torch', 'load'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
  ])('of %s.%s are refused by name', async (module, name) => {
    const message = await refusal(file => ({
      model: file.state(gru()),
      x: new Reduce(new Global(module, name), ['echo']),
    }))
    const shown = `${module === '__builtin__' ? 'builtins' : module}.${name}`
    expect(message).toContain(`calls "${shown}", which tensors do not need`)
  })

  it('of storages whose type is a name of JavaScript are refused', async () => {
    const message = await refusal(file => {
      const storage = file.storages.add(new Float32Array(2))
      const { items } = storage.id as Tuple
      const [kind, , ...rest] = items
      const named = new Tuple(kind!, new Global('torch', 'constructor'), ...rest)
      return file.storages.view(Object.assign(storage, { id: named }), [2], [1])
    })
    expect(message).toContain('keeps numbers as "torch.constructor"')
  })
})

it('says that tanh was taken where nothing names the function of a plain RNN', async () => {
  const rnn: Tensors = [
    ['rnn.weight_ih_l0', H, V],
    ['rnn.weight_hh_l0', H, H],
    ['fc.weight', V, H],
  ]
  const open = (more: Record<string, PyInput>) => {
    const file = new Checkpoint()
    return file.open({ model: file.state(rnn), itos, ...more })
  }
  const guessed = await open({})
  expect(guessed.model.config.activation).toBe('tanh')
  expect(guessed.notes.map(({ en }) => en).join()).toMatch(/does not say whether .* tanh or relu/)
  const said = await open({
    args: new Instance(new Global('a', 'Namespace'), { model: 'RNN_RELU' }),
  })
  expect(said.model.config.activation).toBe('relu')
  expect(said.notes).toEqual([])
})
