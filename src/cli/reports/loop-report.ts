/** `ondo sample --loops`: says where a text begins to go round, while it is written. */
import { counted } from '../../errors.js'
import type { Model } from '../../file/index.js'
import {
  idsToRead,
  leaveLoop,
  networkOf,
  prefillInSlices,
  SeedTexts,
  type Step,
} from '../../generate/index.js'
import type { Bilingual } from '../../knob.js'
import { type LoopProof, LoopProver } from '../../measure/sweep/loop-proof.js'
import type { Session } from '../../runtime/session.js'
import type { Schedule } from '../../temperature/index.js'
import { type Loop, MIN_LOOP, printable, type UnknownPolicy } from '../../text/index.js'
import type { Io } from '../terminal/io.js'
import { promptProgress } from '../terminal/progress-line.js'

/** Texts to look at for the way out; each costs about as much as the rest of the text. */
const TEXTS = 100
/** Symbols of a loop that are shown. */
const SHOWN = 40

export interface LoopRun {
  readonly promptIds: ArrayLike<number>
  readonly prompt: string
  readonly unknown: UnknownPolicy
  readonly temperature: number | Schedule
  /** Temperature alone: only then does a text have a next one. */
  readonly plain: boolean
  readonly seed: number | string
  readonly stream: number
  readonly stop: readonly string[]
}

export class LoopReporter {
  private readonly io: Io
  private readonly model: Model
  private readonly run: LoopRun
  private readonly prover: LoopProver | undefined
  private readonly session: Session | undefined
  private readonly ids: number[] = []
  private current: Loop | undefined
  private said = false
  private proof: LoopProof | undefined

  /** A session of its own follows the text at T = 0, for the proof. */
  static async of(model: Model, run: LoopRun, io: Io): Promise<LoopReporter> {
    const proves = run.temperature === 0 && run.plain
    if (!proves) return new LoopReporter(model, run, io, undefined)
    const session = (await networkOf(model)).session()
    const ids = idsToRead(model, run.promptIds)
    if (ids.length > 0) {
      await prefillInSlices(session, ids, {
        signal: io.interrupt,
        onProgress: promptProgress(io),
      })
    }
    return new LoopReporter(model, run, io, session)
  }

  /** @param session has read the prompt */
  constructor(model: Model, run: LoopRun, io: Io, session: Session | undefined) {
    this.io = io
    this.model = model
    this.run = run
    this.session = session
    if (session) this.prover = new LoopProver()
  }

  push(step: Step): void {
    this.ids.push(step.id)
    if (this.prover && this.session && !this.proof) {
      this.proof = this.prover.push(this.session.snapshot(), step.id)
      this.session.step(step.id)
      if (this.proof) this.sayProof(this.proof)
    }
    const { current } = this
    const loop = step.loop && step.loop.length >= MIN_LOOP ? step.loop : undefined
    if (loop?.start === current?.start && loop?.period === current?.period) {
      this.current = loop
      return
    }
    if (current && !loop) this.sayLeft(current)
    this.current = loop
    if (loop) this.sayLoop(loop)
  }

  /** Called after the last step: the way out of the loop in which the text ended, if any. */
  async end(signal: AbortSignal): Promise<Record<string, unknown>> {
    this.session?.dispose()
    const { current: loop, proof, run } = this
    if (!this.said) {
      const { length } = this.ids
      this.say({ en: `no loop in ${counted(length, 'symbol')}`, ja: `${length}文字にループはない` })
    }
    if (!loop) return {}
    if (!run.plain || typeof run.temperature !== 'number') return { loop }
    const { prompt, unknown, seed, stream, stop } = run
    const texts = await SeedTexts.of(this.model, {
      ...{ prompt, unknown, seed, stream, stop, length: this.ids.length },
      signal,
      onPrompt: promptProgress(this.io),
    })
    const found = await leaveLoop(texts, run.temperature, { limit: TEXTS, signal })
    const exit = found?.exit
    this.say(
      exit
        ? {
            en: `leaves the loop at T = ${exit.temperature} (at ${exit.position} ${this.symbol(exit.from.id)} becomes ${this.symbol(exit.to.id)})`,
            ja: `温度 ${exit.temperature} でループを抜ける（位置 ${exit.position} の ${this.symbol(exit.from.id)} が ${this.symbol(exit.to.id)} に変わる）`,
          }
        : {
            en: `still in a loop at every temperature up to ${found?.until} (${counted(found?.texts ?? 0, 'text')} looked at)`,
            ja: `温度 ${found?.until} までのどの温度でもループの中（${found?.texts}の文章を調べた）`,
          },
    )
    return {
      ...{ loop, proof, loopUntil: found?.until },
      ...(exit && { exit: { ...exit, text: undefined } }),
    }
  }

  private symbol(id: number): string {
    return printable(this.model.tokenizer.symbol(id))
  }

  private say(text: Bilingual): void {
    this.io.info(this.io.stderrColors.dim(`— ${this.io.t(text)}`))
  }

  private sayLoop({ period, start }: Loop): void {
    this.said = true
    const once = this.ids.slice(start, start + Math.min(period, SHOWN)).map(id => this.symbol(id))
    const shown = once.join('') + (period > SHOWN ? '…' : '')
    this.say({
      en: `loop of ${period} from ${start}: ${shown}`,
      ja: `位置 ${start} から周期 ${period} のループ：${shown}`,
    })
  }

  private sayLeft({ start, length }: Loop): void {
    this.say({
      en: `left it at ${start + length}`,
      ja: `位置 ${start + length} で抜けた`,
    })
  }

  private sayProof({ start, period }: LoopProof): void {
    this.say({
      en: `proved: the state of ${start} came back after ${period}, so at T = 0 this never ends`,
      ja: `証明：位置 ${start} の状態が ${period} 文字後に戻った。温度0ではこのまま終わらない`,
    })
  }
}
