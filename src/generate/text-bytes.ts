/** The bytes of a byte model's text: what is not UTF-8 has no characters, and must not be lost. */
import type { Model } from '../file/model.js'
import type { StreamDecoder } from '../text/tokenizer.js'
import { REPLACEMENT } from '../text/vocabulary.js'
import type { Step } from './stop.js'

/** Lead bytes of UTF-8, after which more bytes of the same character come. */
const isLead = (byte: number): boolean => byte >= 0xc2 && byte <= 0xf4

/**
 * Steps in, bytes out: in all, exactly the bytes that were drawn, without those of a stop string.
 * Bytes come as soon as their character is whole or known to be broken, so that a stop string is
 * never half written.
 */
export class TextBytes {
  private readonly decoder: StreamDecoder
  private open: number[] = []
  private stopped = false

  /** @param model its tokenizer is `byte`, so the id of a step is its byte */
  constructor(model: Pick<Model, 'tokenizer'>) {
    this.decoder = model.tokenizer.decoder()
  }

  push(step: Pick<Step, 'id' | 'text'>): Uint8Array {
    if (this.stopped) return new Uint8Array(0)
    const { open } = this
    const whole = this.decoder.push(step.id)
    open.push(step.id)
    if (step.text.length < whole.length) {
      // A stop string begins here. What stands before it in the same step is one broken sequence.
      this.stopped = true
      this.open = []
      return Uint8Array.from(step.text === REPLACEMENT ? open.slice(0, -1) : [])
    }
    if (whole === '') return new Uint8Array(0)
    this.open = isLead(step.id) ? open.splice(-1) : []
    return Uint8Array.from(open)
  }

  /** What is left when the text ends inside a character. */
  flush(): Uint8Array {
    const left = Uint8Array.from(this.open)
    this.open = []
    return left
  }
}

/** All bytes of a text that a byte model wrote. @param steps all that `generate` gave, in order */
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
