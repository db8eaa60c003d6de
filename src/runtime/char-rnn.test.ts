/** Compares a char-rnn model by another author with a NumPy forward pass of it (not in the repo). */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { modelConfig } from '../model/config.js'
import { negativeLogLikelihood } from '../numeric.js'
import { loadNetwork } from './network.js'

const models = new URL('../../../shared/models/', import.meta.url)
const folder = new URL('char-rnn-js/', models)

interface Reference {
  prompt_ids: number[]
  last3_logits_float64: number[][]
  greedy_200_bytes: number[]
  nll_nats_float64: number
}

interface Description {
  vocab: (number | null)[]
  arrays: { dim: number[]; length: number; offset: number }[]
}

const json = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T

/** Torch7's rows are i f o g, PyTorch's i f g o. */
function reorder(tensor: Float32Array): Float32Array {
  const block = tensor.length / 4
  const [i, f, o, g] = [0, 1, 2, 3].map(k => tensor.subarray(k * block, (k + 1) * block))
  return Float32Array.from([...i, ...f, ...g, ...o])
}

describe.skipIf(!existsSync(folder))("char-rnn's LSTM (3 x 100, 196 bytes, one-hot)", () => {
  async function open() {
    const { arrays, vocab } = json<Description>('small.json')
    const bytes = readFileSync(new URL('small.dat', folder))
    const [L, H, V] = [3, 100, 196]
    const data = arrays.map(
      ({ offset, length }) =>
        new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset).slice(0, length * 4)),
    )
    const weights = new Map<string, Float32Array>()
    for (let k = 0; k < L; k++) {
      const names = ['weight_ih', 'bias_ih', 'weight_hh', 'bias_hh']
      names.forEach((name, i) => {
        weights.set(`rnn.${name}_l${k}`, reorder(data[4 * k + i]))
      })
    }
    weights.set('head.weight', data[4 * L])
    weights.set('head.bias', data[4 * L + 1])
    const config = modelConfig({ cell: 'lstm', vocabulary: V, hidden: H, layers: L })
    const session = (await loadNetwork(config, weights)).session()
    return { session, vocab, reference: json<Reference>('reference.json') }
  }

  it('has the reference logits after the prompt, and generates the same 200 bytes at T = 0', async () => {
    const { session, vocab, reference } = await open()
    const prompt = reference.prompt_ids
    session.prefill(prompt.slice(0, -3))
    let logits = new Float32Array()
    prompt.slice(-3).forEach((id, i) => {
      logits = session.step(id) as typeof logits
      reference.last3_logits_float64[i].forEach((want, v) => {
        expect(Math.abs(logits[v] - want)).toBeLessThan(5e-5)
      })
    })
    const byteOf = new Map(vocab.map((id, byte) => [id, byte]))
    const written = reference.greedy_200_bytes.map(() => {
      const id = logits.indexOf(Math.max(...logits))
      logits = session.step(id) as typeof logits
      return byteOf.get(id)
    })
    expect(written).toEqual(reference.greedy_200_bytes)
  })

  it('has the reference loss on 1,999 bytes', async () => {
    const { session, vocab, reference } = await open()
    const text = readFileSync(new URL('nll_text_2000.txt', models))
    let sum = 0
    for (let t = 0; t < 1999; t++) {
      const logits = session.step(vocab[text[t]] as number)
      sum += negativeLogLikelihood(logits, vocab[text[t + 1]] as number)
    }
    expect(sum / 1999).toBeCloseTo(reference.nll_nats_float64, 6)
  })
})
