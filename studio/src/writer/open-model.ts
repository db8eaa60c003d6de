/** From a file or an address to a model, and what the page shows of it. */
import { FileError, type Model, modelFileHash } from 'ondo'
import { parameterCount } from 'ondo/model'
import type { ModelFacts } from './protocol.js'

/** @throws FileError when nothing comes from the address */
export async function read(source: string | Blob): Promise<Uint8Array> {
  if (typeof source !== 'string') return new Uint8Array(await source.arrayBuffer())
  const response = await fetch(source).catch(cause => {
    throw new FileError('network', `The model did not arrive: ${cause.message}.`, { cause })
  })
  if (!response.ok) {
    throw new FileError('network', `The server answered ${response.status} for ${source}.`)
  }
  return new Uint8Array(await response.arrayBuffer())
}

export async function facts(
  model: Model,
  fallbackName: string,
  bytes: number,
): Promise<ModelFacts> {
  const { config, tokenizer } = model
  // The filter of the training text's spelling is large, and the page does not spell.
  const { spelling: _, ...measures } = model.measures ?? {}
  return {
    name: model.name ?? fallbackName,
    hash: model.hash,
    fileHash: await modelFileHash(model),
    tokenizer: model.tokenizer.kind,
    bytes,
    cell: config.cell,
    layers: config.layers,
    hidden: config.hidden,
    parameters: parameterCount(config),
    training: model.training,
    measures,
    symbols: Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id)),
    prompt: model.prompt ?? '',
  }
}
