/** What is drawn or put together has a written form beside it: the errors of both. */
import { InputError } from 'ondo'

export interface Wrong {
  /** The character that can't be read, from 1; undefined where all of it can't be used. */
  readonly at: number | undefined
  readonly message: string
}

/** @returns why it was refused; undefined when it was not */
export function refusalOf(act: () => void): Wrong | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const place = /at character (\d+)/.exec(error.message)
    return { at: place ? Number(place[1]) : undefined, message: error.message }
  }
}
