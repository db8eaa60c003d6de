/** Errors in the written form of a chain or schedule. */
import { InputError } from 'ondo'

export interface WrittenError {
  /** The character that can't be read, from 1; undefined where the whole can't be used. */
  readonly at: number | undefined
  readonly message: string
}

/** @returns why it was refused; undefined when it was not */
export function writtenErrorOf(act: () => void): WrittenError | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const place = /at character (\d+)/.exec(error.message)
    return { at: place ? Number(place[1]) : undefined, message: error.message }
  }
}
