/** torch-rnn's vocabularies of bytes, and modules that are refused. */
import { expect, it } from 'vitest'
import { loadNetwork } from '../runtime/network.js'
import { importModel } from './import.js'
import { torchRnn } from './torch-rnn.fixture.js'
import { TorchObject, writeTorch7 } from './torch7.fixture.js'

it('reads tokens of bytes, [195] for the byte 195, as a model of bytes', async () => {
  const symbols = ['a', '\n', '[195]', '[169]', '[255]', '[']
  const bytes = [97, 10, 195, 169, 255, 91]
  const sample = torchRnn.write({ variant: 'lstm', symbols })
  const { model, notes } = await importModel(sample.files)
  expect(model.tokenizer.kind).toBe('byte')
  expect(notes.at(-1)?.en).toContain('6 bytes became all 256')
  expect([...model.tokenizer.encode('aé[\n').ids]).toEqual([97, 195, 169, 91, 10])
  const session = (await loadNetwork(model.config, model.weights)).session()
  const logits = session.prefill([195, 169])
  const exact = sample.forward([2, 3]).at(-1) as number[]
  for (const [v, logit] of exact.entries()) {
    expect(Math.abs((logits[bytes[v] as number] as number) - logit)).toBeLessThan(1e-5)
  }
})

it('names a token that is no byte and no character', async () => {
  const sample = torchRnn.write({ variant: 'lstm', symbols: ['a', '[19]', '[300]', 'b'] })
  await expect(importModel(sample.files)).rejects.toThrow(/1 is "\[19\]", 2 is "\[300\]"/)
})

it('names the modules of another network', async () => {
  const modules = [new TorchObject('nn.LookupTable', {}), new TorchObject('nn.SeqBRNN', {})]
  const net = new TorchObject('nn.Sequential', { modules })
  const model = new TorchObject('nn.LanguageModel', { idx_to_token: ['a'], net })
  const file = { name: 'a.t7', bytes: writeTorch7({ model }) }
  await expect(importModel([file])).rejects.toThrow(
    /has the modules "nn\.LookupTable", "nn\.SeqBRNN"; expected nn\.LookupTable/,
  )
})
