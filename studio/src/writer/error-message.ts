/** Converts errors of the workers to messages for the page. */
import { OndoError, type Way } from 'ondo'
import { memoryError } from 'ondo/model'

/** An error as a worker sends it to the page. */
export interface ErrorMessage {
  readonly code: string
  readonly message: string
  /** The Japanese message, if there is one. */
  readonly ja?: string
  /** The likely encodings of a text, the most likely first. */
  readonly encodings?: readonly string[]
  /** The message without the advice, and the key of the advice: the page has its own wording for it. */
  readonly fact?: string
  readonly way?: Way
}

export function errorMessage(cause: unknown): ErrorMessage {
  const error = memoryError(cause) ?? cause
  if (!(error instanceof OndoError)) {
    const message = error instanceof Error ? error.message : String(error)
    return errorMessage(new OndoError('unexpected', message)) // OndoError shortens the message
  }
  const { code, message, fact, way, ja } = error
  // Asking for the class of these errors would load all decoders with the page.
  const { encodings } = error as { readonly encodings?: readonly string[] }
  return {
    code,
    message,
    ...(ja !== undefined && { ja }),
    ...(encodings !== undefined && { encodings }),
    ...(way !== undefined && { fact, way }),
  }
}
