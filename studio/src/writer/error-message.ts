/** Errors of the workers, for the page. */
import { OndoError, type Way } from 'ondo'
import { memoryError } from 'ondo/model'
import { UnrecognisedError } from 'ondo/text'

/** An error as it travels from a worker to the page. */
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
