/** What Keras' descriptions say beside the layers: windows, functions, order. */
import { unzipSync, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { importModel } from './import.js'
import { keras } from './keras.fixture.js'
import { utf8 } from './sample.fixture.js'

interface Layer {
  class_name: string
  config: Record<string, unknown>
}

/** A model of Keras 3 whose layers are changed in its description. */
function changed(change: (layers: Layer[]) => Layer[], variant = '3 lstm one-hot') {
  const { files } = keras.write({ variant, symbols: [...'\nabcd'] })
  return files.map(file => {
    if (!file.name.endsWith('.keras')) return file
    const entries = unzipSync(file.bytes)
    const config = JSON.parse(new TextDecoder().decode(entries['config.json']))
    config.config.layers = change(config.config.layers)
    const described = { ...entries, 'config.json': utf8(JSON.stringify(config)) }
    return { ...file, bytes: zipSync(described, { level: 0 }) }
  })
}

const input = (steps: number | null): Layer => ({
  class_name: 'InputLayer',
  config: { name: 'input', batch_shape: [1, steps, 5] },
})

const stateful = (layers: Layer[]): Layer[] =>
  layers.map(layer => ({ ...layer, config: { ...layer.config, stateful: true } }))

describe('windows of training', () => {
  const noted = async (change: (layers: Layer[]) => Layer[]): Promise<string> =>
    (await importModel(changed(change))).notes.map(({ en }) => en).join()

  it('are said where the input has a length and no state goes on', async () => {
    expect(await noted(layers => [input(30), ...layers])).toContain('windows of 30 symbols')
    expect(await noted(layers => [input(null), ...layers])).not.toContain('windows')
    expect(await noted(layers => [input(1), ...layers])).not.toContain('window')
    expect(await noted(layers => [input(30), ...stateful(layers)])).not.toContain('windows')
  })
})

describe('layers that the network lacks', () => {
  const activation = (name: string): Layer => ({
    class_name: 'Activation',
    config: { name: `my_${name}`, activation: name },
  })
  const dense = (layers: Layer[]): Layer => layers.at(-1) as Layer

  it.each([
    [
      'relu between',
      (all: Layer[]) => [...all.slice(0, -1), activation('relu'), dense(all)],
      /relu.*my_relu/,
    ],
    [
      'softmax between',
      (all: Layer[]) => [...all.slice(0, -1), activation('softmax'), dense(all)],
      /softmax/,
    ],
    [
      'sigmoid behind',
      (all: Layer[]) => [...all, activation('sigmoid')],
      /"sigmoid".*expected softmax/,
    ],
    [
      'the Dense first',
      (all: Layer[]) => [dense(all), ...all.slice(0, -1)],
      /order "Dense, LSTM, LSTM"/,
    ],
    [
      'both directions',
      (all: Layer[]) => [{ class_name: 'Bidirectional', config: { name: 'both' } }, ...all],
      /both/,
    ],
  ] as const)('are refused: %s', async (_, change, message) => {
    await expect(importModel(changed(change))).rejects.toThrow(message)
  })

  it('are no layers that compute nothing', async () => {
    const files = changed(all => [
      input(null),
      ...all
        .slice(0, -1)
        .flatMap(layer => [layer, { class_name: 'Dropout', config: { name: 'd' } }]),
      dense(all),
      activation('softmax'),
    ])
    expect((await importModel(files)).model.config.layers).toBe(2)
  })
})
