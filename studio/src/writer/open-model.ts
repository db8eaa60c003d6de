/** Reads a model file and collects the facts about the model that the page shows. */
import { FileError, type Model, modelFileHash } from 'ondo'
import { parameterCount } from 'ondo/model'
import type { ModelFacts } from './protocol.js'

/** @throws FileError when the address cannot be reached or answers with an error */
export async function readModelFile(source: string | Blob): Promise<Uint8Array> {
  if (typeof source !== 'string') return new Uint8Array(await source.arrayBuffer())
  const response = await fetch(source).catch(cause => {
    throw new FileError('network', `The model did not arrive: ${cause.message}.`, { cause })
  })
  if (!response.ok) {
    throw new FileError('network', `The server answered ${response.status} for ${source}.`)
  }
  return new Uint8Array(await response.arrayBuffer())
}

export async function modelFacts(
  model: Model,
  fallbackName: string,
  bytes: number,
): Promise<ModelFacts> {
  const { config, tokenizer } = model
  // The spelling filter of the training text is left out: it is large and the page does not use it.
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
    ...(config.window !== undefined && { window: config.window }),
    training: model.training,
    measures,
    symbols: Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id)),
    prompt: model.prompt ?? '',
  }
}
