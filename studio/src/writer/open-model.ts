/** From a file or an address to a model, and what the page is told of it. */
import { FileError, type Model, modelFileHash, OndoError, type Way } from 'ondo'
import { memoryError, parameterCount } from 'ondo/model'
import { UnrecognisedError } from 'ondo/text'
import type { ModelFacts } from './protocol.js'

/** An error as it travels. */
export interface ErrorMessage {
  readonly code: string
  readonly message: string
  /** In Japanese, where there is one. */
  readonly ja?: string
  /** Likely encodings of a text, best first. */
  readonly encodings?: readonly string[]
  /** The message without what to do, and what that is: the page says it in its own words. */
  readonly fact?: string
  readonly way?: Way
}

export function errorMessage(cause: unknown): ErrorMessage {
  const error = memoryError(cause) ?? cause
  if (!(error instanceof OndoError)) {
    const message = error instanceof Error ? error.message : String(error)
    return errorMessage(new OndoError('unexpected', message)) // which shortens the message
  }
  const { code, message, fact, way, ja } = error
  return {
    code,
    message,
    ...(ja !== undefined && { ja }),
    ...(error instanceof UnrecognisedError && { encodings: error.encodings }),
    ...(way !== undefined && { fact, way }),
  }
}

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
