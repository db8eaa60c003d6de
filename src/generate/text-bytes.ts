/** The bytes of the text of a byte model, including those that are not valid UTF-8. */
import type { Model } from '../file/model.js'
import type { StreamDecoder } from '../text/tokenizer.js'
import { REPLACEMENT } from '../text/vocabulary.js'
import type { Step } from './stop.js'

/** Whether a byte is the first of a multi-byte UTF-8 character. */
const isLead = (byte: number): boolean => byte >= 0xc2 && byte <= 0xf4

/**
 * Turns steps into bytes: exactly those that were drawn, without those of a stop string. Bytes are
 * returned when their character is complete or known to be invalid, so that no part of a stop string
 * is ever output.
 */
export class TextBytes {
  private readonly decoder: StreamDecoder
  private open: number[] = []
  private stopped = false

  /** @param model with a `byte` tokenizer, so that the id of a step is a byte */
  constructor(model: Pick<Model, 'tokenizer'>) {
    this.decoder = model.tokenizer.decoder()
  }

  push(step: Pick<Step, 'id' | 'text'>): Uint8Array {
    if (this.stopped) return new Uint8Array(0)
    const { open } = this
    const whole = this.decoder.push(step.id)
    open.push(step.id)
    if (step.text.length < whole.length) {
      // A stop string begins here. Before it, the step can only contain one invalid sequence.
      this.stopped = true
      this.open = []
      return Uint8Array.from(step.text === REPLACEMENT ? open.slice(0, -1) : [])
    }
    if (whole === '') return new Uint8Array(0)
    this.open = isLead(step.id) ? open.splice(-1) : []
    return Uint8Array.from(open)
  }

  /** Returns the remaining bytes when the text ends inside a character. */
  flush(): Uint8Array {
    const left = Uint8Array.from(this.open)
    this.open = []
    return left
  }
}

/** All bytes of a text of a byte model. @param steps all steps of `generate`, in order */
export function bytesOfSteps(
  model: Pick<Model, 'tokenizer'>,
  steps: Iterable<Pick<Step, 'id' | 'text'>>,
): Uint8Array {
  const bytes = new TextBytes(model)
  const all: number[] = []
  for (const step of steps) all.push(...bytes.push(step))
  all.push(...bytes.flush())
  return Uint8Array.from(all)
}
