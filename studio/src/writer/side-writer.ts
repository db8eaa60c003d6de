/** Writes side texts and verifies stored texts in the worker, beside the running text. */
import { createChain, type Model, networkOf, type SymbolRecord } from 'ondo'
import { StateCache, TimeSlices } from 'ondo/generate'
import { encodeInput } from 'ondo/text'
import { buffersOf, columnsOf, textOf } from './columns.js'
import { withHeldUnits } from './held-units.js'
import type { FromWorker, ToWorker } from './protocol.js'
import { workWhile } from './text-reader.js'
import { Verifier } from './verifier.js'

/** The worker writes for this long before it reads messages again, ms. */
export const SLICE = 10

type Post = (message: FromWorker, moved?: ArrayBuffer[]) => void
type MessageOf<Type> = Extract<ToWorker, { type: Type }>

export class SideWriter {
  private readonly post: Post
  /** The model that is open now. */
  private readonly model: () => Model | undefined
  /** The newest job of each channel. */
  private readonly jobs = new Map<string, number>()

  constructor(post: Post, model: () => Model | undefined) {
    this.post = post
    this.model = model
  }

  async write({ channel, job, texts }: MessageOf<'side-texts'>): Promise<void> {
    const whole = this.model()
    this.jobs.set(channel, job)
    if (!whole) return
    const slices = new TimeSlices({ milliseconds: SLICE })
    for (const [place, wanted] of texts.entries()) {
      const model = withHeldUnits(whole, wanted.held)
      const network = await networkOf(model)
      const { prompt, unknown, chain, temperature, length } = wanted
      const { ids } = encodeInput(prompt, model.tokenizer, unknown)
      const made = chain === undefined ? undefined : createChain(chain, model.tokenizer)
      const text = new StateCache(model, network, ids)
      const newest = () => this.jobs.get(channel) === job && whole === this.model()
      if (!(await workWhile(newest, options => text.prepare(0, options)))) return
      const writer = text.writerAt(0, {
        seed: BigInt(wanted.seed),
        stream: wanted.stream,
        chain: made,
        watch: true,
        intervals: true,
      })
      const positions: SymbolRecord[] = []
      try {
        while (positions.length < length) {
          positions.push(writer.next(temperature))
          if (positions.length < length && !slices.over) continue
          await slices.yield()
          // Another request of this channel, or another model, may have come meanwhile.
          if (!newest()) return
        }
      } finally {
        writer.dispose()
      }
      const columns = columnsOf(positions)
      const shown = textOf(positions)
      this.post({ type: 'side-text', job, place, text: shown, columns }, buffersOf(columns))
    }
  }

  async verify({ job, texts, chains }: MessageOf<'verify'>): Promise<void> {
    const model = this.model()
    if (!model) return
    const sameModel = () => model === this.model()
    await workWhile(sameModel, async options => {
      const verifier = new Verifier(model, chains, options)
      let symbols = 0
      for (const [text, each] of texts.entries()) {
        const at = await verifier.differenceOf(each)
        if (!sameModel()) return
        if (at !== undefined) {
          this.post({ type: 'verified', job, symbols, text, at })
          return
        }
        symbols += each.ids.length - each.from
      }
      this.post({ type: 'verified', job, symbols })
    })
  }
}
