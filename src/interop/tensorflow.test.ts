/** TensorFlow's checkpoints: what the conformance suite does not ask. */
import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.js'
import { importModel } from './import.js'
import { Global, Instance, writePickle } from './pickle.fixture.js'
import { Numbers, utf8 } from './sample.fixture.js'
import type { SourceFile } from './source.js'
import { tensorflow } from './tensorflow.fixture.js'
import { writeBundle, writeFirstForm, writeSortedTable } from './tf-checkpoint.fixture.js'

const symbols = [...'\nabcdef']
const filesOf = (variant: string): SourceFile[] => [...tensorflow.write({ variant, symbols }).files]

/** A file of those, changed. */
function changed(
  files: readonly SourceFile[],
  name: RegExp,
  change: (bytes: Uint8Array) => Uint8Array,
): SourceFile[] {
  return files.map(file =>
    name.test(file.name) ? { ...file, bytes: change(Uint8Array.from(file.bytes)) } : file,
  )
}

it('computes the checksum of RFC 3720', () => {
  expect(crc32c(utf8('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
})

describe('a checkpoint', () => {
  it('is chosen among several by the file checkpoint', async () => {
    const late = filesOf('lstm')
    const early = tensorflow
      .write({ variant: 'lstm', symbols, seed: 9 })
      .files.filter(({ name }) => name.startsWith('model'))
      .map(file => ({ ...file, name: file.name.replace('500', '100') }))
    const { model } = await importModel(late)
    const all = [...early, ...late]
    expect((await importModel(all)).model.hash).toBe(model.hash)
    const without = all.filter(({ name }) => name !== 'checkpoint')
    await expect(importModel(without)).rejects.toThrow(
      /2 checkpoints: "model\.ckpt-100\.index", "model\.ckpt-500\.index"; choose one/,
    )
  })

  it('numbers the characters of a corpus by falling frequency', async () => {
    const corpus = 'aabbbbbbccaaadd'.repeat(9).concat('ceeff\n\n')
    const order = ['b', 'a', 'c', 'd', 'e', 'f', '\n']
    const files = filesOf('lstm').filter(({ name }) => !name.endsWith('.pkl'))
    const { model } = await importModel(files, { vocabulary: corpus })
    expect(order.map((_, id) => model.tokenizer.symbol(id))).toEqual(order)
  })

  it('opens with the pickled settings and the graph beside it', async () => {
    const settings = new Instance(new Global('argparse', 'Namespace'), new Map([['rnn_size', 5]]))
    const beside = [
      { name: 'config.pkl', bytes: writePickle(settings) },
      { name: 'model.ckpt-500.meta', bytes: utf8('a graph') },
    ]
    const { model, from } = await importModel([...beside, ...filesOf('gru shards')])
    expect(from).toBe('tensorflow')
    expect(model.config).toMatchObject({ cell: 'gru', reset: 'before', layers: 2 })
  })

  it('reads one-hot input, cells without a number, and an output layer of another name', async () => {
    const numbers = new Numbers(3)
    const [V, H] = [symbols.length, 4]
    const data = {
      'rnn/lstm_cell/kernel': [V + H, 4 * H],
      'rnn/lstm_cell/bias': [4 * H],
      'fully_connected/weights': [H, V],
      'fully_connected/biases': [V],
      global_step: [],
    }
    const tensors = Object.entries(data).map(([name, shape]) => ({
      name,
      shape,
      data: numbers.matrix(shape.reduce((a, b) => a * b, 1)),
    }))
    const bytes = writeFirstForm(tensors)
    const { model } = await importModel([{ name: 'best', bytes }], { vocabulary: { symbols } })
    expect(model.config).toMatchObject({ cell: 'lstm', embedding: 0, hidden: H, layers: 1 })
  })
})

describe('what is refused, in a sentence', () => {
  const files = filesOf('lstm')

  it('numbers with a wrong checksum or without their file', async () => {
    const flipped = changed(files, /data/, bytes =>
      bytes.map((byte, i) => (i === 99 ? byte ^ 4 : byte)),
    )
    await expect(importModel(flipped)).rejects.toThrow(/The numbers of ".*" are damaged/)
    const alone = files.filter(({ name }) => !name.includes('data'))
    await expect(importModel(alone)).rejects.toThrow(
      /keeps its numbers in "model\.ckpt-500\.data-00000-of-00001", but it is not there/,
    )
  })

  it('any changed bit of an index', async () => {
    const index = files.find(({ name }) => name.endsWith('.index')) as SourceFile
    const { model } = await importModel(files)
    for (let i = 0; i < index.bytes.length; i += 13) {
      const mutated = changed(files, /index/, bytes => {
        bytes[i] = (bytes[i] as number) ^ (1 << (i % 8))
        return bytes
      })
      const result = await importModel(mutated).catch((error: Error) => error)
      if (result instanceof Error) {
        expect(result.message).toMatch(/is damaged|no known format|compressed/)
      } else expect(result.model.hash).toBe(model.hash) // the padding of the footer
    }
  })

  it('a compressed table', async () => {
    const bytes = writeSortedTable([[utf8(''), new Uint8Array(4)]], { compression: 1 })
    await expect(importModel([{ name: 'a.index', bytes }])).rejects.toThrow(
      /"a\.index" is compressed/,
    )
  })

  it('another cell, and a checkpoint without cells', async () => {
    const tensor = { shape: [2, 2], data: [1, 2, 3, 4] }
    const of = (name: string) => {
      const { index, data } = writeBundle([{ ...tensor, name }])
      return data.map((bytes, k) => [
        { name: 'a.index', bytes: index },
        { name: `a.data-0000${k}-of-00001`, bytes },
      ])[0] as SourceFile[]
    }
    await expect(importModel(of('rnn/nas_cell/kernel'))).rejects.toThrow(
      /NASCell, which Ondo has not/,
    )
    await expect(importModel(of('conv1/weights'))).rejects.toThrow(
      /holds no recurrent layer .* it has "conv1\/weights"/,
    )
  })

  it('kernels whose sizes do not belong together', async () => {
    const zeros = (name: string, shape: number[]) => ({
      name,
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    })
    const of = (...tensors: ReturnType<typeof zeros>[]) =>
      importModel([{ name: 'a', bytes: writeFirstForm(tensors) }])
    for (const [kernel, bias] of [
      [[3, 16], [16]],
      [[9, 15], [15]],
      [[9, 16], [12]],
      [[9, 16, 1], [16]],
    ] as const) {
      const tensors = [zeros('lstm_cell/kernel', [...kernel]), zeros('lstm_cell/bias', [...bias])]
      await expect(of(...tensors)).rejects.toThrow(/layer 1 that belong together: \[/)
    }
    await expect(
      of(
        zeros('gru_cell/gates/kernel', [9, 8]),
        zeros('gru_cell/gates/bias', [8]),
        zeros('gru_cell/candidate/kernel', [8, 4]),
        zeros('gru_cell/candidate/bias', [4]),
      ),
    ).rejects.toThrow(/of different sizes in its layer 1/)
  })

  it('a table whose blocks overlap, without reading them again and again', async () => {
    const bytes = writeSortedTable([[utf8('a'), new Uint8Array(200_000)]], { repeat: 5000 })
    const started = process.cpuUsage().user
    await expect(importModel([{ name: 'a.index', bytes }])).rejects.toThrow(/is damaged/)
    expect(process.cpuUsage().user - started).toBeLessThan(2e6)
  })
})
