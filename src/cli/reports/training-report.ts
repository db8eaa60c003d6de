/** What a person sees of training: a line that moves, samples, and at the end what to do next. */
import { counted } from '../../errors.js'
import type { Model } from '../../file/index.js'
import { bytesOfSteps, generate, type Step } from '../../generate/index.js'
import type { NgramBaseline } from '../../measure/model/ngram.js'
import type { ModelConfig, Weights } from '../../model/config.js'
import { LN2 } from '../../numeric.js'
import { readableBytes, type Tokenizer } from '../../text/index.js'
import { splitGraphemes } from '../../text/segment.js'
import type {
  BudgetEvent,
  EndEvent,
  EvaluationEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
} from '../../train/index.js'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatNetwork,
  formatSplit,
  shellQuoted,
} from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { wrap } from '../terminal/language.js'
import { formatRate, formatTimeLeft, LiveLine, trainingLine } from '../terminal/progress-line.js'
import { beforeAfterLine, frozenNames } from './fine-tuning-report.js'

/** Low, middle, as the model is: what each loss sounds like. */
const TEMPERATURES = [0.2, 0.6, 1]
const SAMPLE_LENGTH = 150
/** Seconds between lines in a pipe. */
const LINE_EVERY = 10

export interface ReportOptions {
  readonly out: string
  readonly tokenizer: Tokenizer
  readonly prompt: string | undefined
  readonly samples: boolean
  /** In updates; 0 at each validation. */
  readonly sampleEvery: number
  /** The command as it was given, and the one that goes on. */
  readonly command: string
  readonly resumeCommand: string
}

export class TrainingReporter {
  finished = false
  private readonly io: Io
  private readonly options: ReportOptions
  private readonly line: LiveLine
  private config: ModelConfig | undefined
  private epochs = 1
  private batches = 1
  private validation: number | undefined
  private latest: StepEvent | undefined
  private lastLine = performance.now()
  private baseline: NgramBaseline | undefined

  constructor(io: Io, options: ReportOptions) {
    this.io = io
    this.options = options
    this.line = new LiveLine(io)
  }

  async report(event: TrainEvent): Promise<void> {
    switch (event.type) {
      case 'start':
        return this.start(event)
      case 'budget':
        return this.io.info(budgetLine(event, this.io))
      case 'pace':
        this.epochs = Math.max(1, Math.ceil(event.steps / this.batches))
        return
      case 'step':
        return this.step(event)
      case 'evaluation':
        return this.evaluation(event)
      case 'warning':
        this.line.clear()
        return this.io.warn(this.io.stderrColors.yellow(this.io.t(event.message)))
      case 'checkpoint':
        return
      case 'end':
        return this.end(event)
    }
  }

  reportMoved(to: string): void {
    this.io.info(
      this.io.t({ en: `the earlier run is now in ${to}`, ja: `以前の学習は ${to} に移しました` }),
    )
  }

  /** The n-gram to name beside the network's loss. */
  setBaseline(baseline: NgramBaseline): void {
    this.baseline = baseline
  }

  /** Ctrl-C was pressed. */
  reportInterrupt(): void {
    if (this.finished || this.io.closed) return
    this.line.clear()
    this.io.warn({
      en: 'saving after this step ... (Ctrl-C again quits at once)',
      ja: 'この更新の後で保存します…（もう一度Ctrl-Cで即座に終了）',
    })
  }

  /**
   * A file could not be written: the error says why, this says what is left and how to go on.
   * @param saved step of the checkpoint in the folder; undefined where there is none yet
   */
  reportWriteFailure(saved: number | undefined): void {
    const { io, options } = this
    const { out } = options
    this.line.clear()
    io.warn(
      saved === undefined
        ? io.t({
            en: `training stopped before anything was saved in ${out}. When this is mended, begin again with:`,
            ja: `${out} に何も保存しないうちに学習を中断しました。下の問題を直したら、次でもう一度始められます:`,
          })
        : io.t({
            en: `training stopped; the checkpoint of update ${saved} in ${out} is whole. When this is mended, go on with:`,
            ja: `学習を中断しました。${out} にある更新${saved}回のチェックポイントは無事です。下の問題を直したら、次で再開できます:`,
          }),
    )
    io.warn(
      `  ${io.stderrColors.cyan(saved === undefined ? options.command : options.resumeCommand)}`,
    )
  }

  close(): void {
    this.line.clear()
  }

  private start(event: StartEvent): void {
    const { io } = this
    const { config, settings, step, steps, batches, batch, seq } = event
    this.config = config
    this.batches = batches
    this.epochs = Math.max(1, Math.ceil(steps / batches))
    io.info(
      `${formatNetwork(config, io)}: ${io.t({ en: counted(formatCount(event.parameters, io), 'parameter'), ja: `${formatCount(event.parameters, io)}パラメーター` })}`,
    )
    io.info(
      io.t({
        en: `${counted(formatCount(steps, io), 'update')} of ${batch} x ${seq} symbols, ${formatCount(batches, io)} an epoch`,
        ja: `${batch}×${seq}文字の更新を${formatCount(steps, io)}回、1エポック${formatCount(batches, io)}回`,
      }),
    )
    const { dropout, ar, tar, optimizer, rate: highest, schedule } = settings
    const penalties = [ar === 0 ? '' : `ar ${ar}`, tar === 0 ? '' : `tar ${tar}`]
    const after = (comma: string): string => penalties.map(one => (one ? comma + one : '')).join('')
    io.info(
      io.t({
        en: `dropout ${dropout}${after(', ')}; ${optimizer} at ${highest}, ${schedule}`,
        ja: `ドロップアウト${dropout}${after('、')}、${optimizer}の学習率${highest}、${schedule}`,
      }),
    )
    const frozen = event.startedFrom && frozenNames(event.startedFrom, io)
    if (frozen) io.info(`${io.t({ en: 'frozen', ja: '固定' })}: ${frozen}`)
    if (event.validationSymbols > 0) {
      io.info(
        `${io.t({ en: 'held out', ja: '検証用' })}: ${formatSplit(settings.split, settings, io)}`,
      )
    }
    if (step > 0) {
      io.info(
        io.t({
          en: `goes on after update ${formatCount(step, io)}, epoch ${(step / batches).toFixed(2)}`,
          ja: `更新${formatCount(step, io)}回、${(step / batches).toFixed(2)}エポックの後から再開`,
        }),
      )
    }
  }

  private async step(event: StepEvent): Promise<void> {
    this.latest = event
    this.line.update(columns =>
      trainingLine(
        {
          epoch: event.epoch,
          epochs: this.epochs,
          done: event.step / event.steps,
          loss: event.smoothedLoss,
          validation: this.validation,
          symbolsPerSecond: event.symbolsPerSecond,
          secondsLeft: event.secondsLeft,
        },
        columns,
        this.io,
      ),
    )
    const now = performance.now()
    if (!this.io.live && now - this.lastLine > LINE_EVERY * 1000) {
      this.lastLine = now
      this.io.info(this.plain(event))
    }
    const { sampleEvery } = this.options
    if (sampleEvery > 0 && event.step % sampleEvery === 0) await this.sample(event.weights())
  }

  /** A line for a pipe or a log: the same words in the same order each time. */
  private plain(event: StepEvent): string {
    const { smoothedLoss: loss, step, steps } = event
    const epoch = `${event.epoch.toFixed(2)}/${this.epochs}`
    const nats = loss.toFixed(4)
    const bits = (loss / LN2).toFixed(4)
    return this.io.t({
      en: `step ${step}/${steps} epoch ${epoch} loss ${nats} nats ${bits} bits${this.pace(event)}`,
      ja: `更新${step}/${steps} エポック${epoch} 損失${nats}ナット ${bits}ビット${this.pace(event)}`,
    })
  }

  /** How fast it goes, and how long it still takes. */
  private pace({ symbolsPerSecond, secondsLeft }: StepEvent): string {
    const speed = formatRate(symbolsPerSecond)
    const words = this.io.t({ en: `${speed} symbols/s`, ja: `毎秒${speed}文字` })
    return ` ${words} ${formatTimeLeft(secondsLeft, this.io)}`
  }

  private async evaluation(event: EvaluationEvent): Promise<void> {
    const { io } = this
    this.validation = event.loss
    this.lastLine = performance.now()
    const [nats, bits] = [event.loss.toFixed(4), (event.loss / LN2).toFixed(4)]
    const pace = this.latest && !io.live ? this.pace(this.latest) : ''
    const best = event.best ? ` ${io.stderrColors.green(io.t({ en: 'best', ja: '最良' }))}` : ''
    const epoch = `${event.epoch.toFixed(2)}/${this.epochs}`
    const loss = event.smoothedLoss.toFixed(4)
    if (event.step === 0) {
      this.line.print(
        io.t({
          en: `before training: validation ${nats} nats ${bits} bits`,
          ja: `学習前: 検証${nats}ナット ${bits}ビット`,
        }),
      )
      return this.sampleAfterValidation(event)
    }
    this.line.print(
      io.t({
        en: `step ${event.step} epoch ${epoch} loss ${loss} validation ${nats} nats ${bits} bits`,
        ja: `更新${event.step} エポック${epoch} 損失${loss} 検証${nats}ナット ${bits}ビット`,
      }) +
        pace +
        best,
    )
    await this.sampleAfterValidation(event)
  }

  private async sampleAfterValidation(event: EvaluationEvent): Promise<void> {
    if (this.options.sampleEvery === 0) await this.sample(event.weights())
  }

  private async sample(weights: Weights): Promise<void> {
    const { samples, tokenizer, prompt } = this.options
    const { io, config } = this
    if (!samples || io.quiet || config === undefined) return
    const model: Model = { config, tokenizer, weights, hash: '', training: {}, prompt }
    for (const temperature of TEMPERATURES) {
      const text = await sampleText(model, temperature)
      const [first, ...rest] = wrap((prompt ?? '') + visible(text), 72)
      this.line.print(
        `${io.stderrColors.cyan(`T ${temperature}`.padEnd(7))} ${io.stderrColors.dim(first)}`,
      )
      for (const more of rest) this.line.print(`        ${io.stderrColors.dim(more)}`)
    }
  }

  private end(event: EndEvent): void {
    const { io, options } = this
    const { out } = options
    this.line.clear()
    this.finished = event.reason !== 'aborted'
    const loss = event.best?.loss ?? event.validation?.loss
    if (this.finished) {
      const measured = loss ?? event.smoothedLoss
      // Of the whole process, the model's samples and validation too; maxRSS is in KiB.
      const memory = formatBytes(process.resourceUsage().maxRSS * 1024)
      if (event.reason === 'early') {
        io.info(
          io.t({
            en: `stopped early at update ${formatCount(event.step, io)}: validation has got no better for a while (--patience)`,
            ja: `更新${formatCount(event.step, io)}回で早めに終了: 検証の損失がしばらく良くなりません（--patience）`,
          }),
        )
      }
      io.info(
        io.t({
          en: `trained in ${formatDuration(event.seconds, io)} and ${memory} of memory${measured === undefined ? '' : `: ${formatLoss(measured, io)}${loss === undefined ? ' in training' : ' on held-out text'}`}`,
          ja: `学習は${formatDuration(event.seconds, io)}で終了、メモリーは最大${memory}${measured === undefined ? '' : `。${formatLoss(measured, io)}${loss === undefined ? '（学習時）' : '（検証用テキスト）'}`}`,
        }),
      )
      const change = beforeAfterLine(event, io)
      if (change) io.info(change)
      if (this.baseline && loss !== undefined) io.info(comparison(this.baseline, loss, io))
      io.info(keptWhere(event, out, io))
      io.info(`  ${io.stderrColors.cyan(`ondo sample ${shellQuoted(out)}`)}`)
      return
    }
    io.warn(
      io.t({
        en: `stopped after update ${event.step}, epoch ${event.epoch.toFixed(2)}; saved in ${out}. Go on with:`,
        ja: `更新${event.step}回、${event.epoch.toFixed(2)}エポックで停止し、${out} に保存しました。再開するには:`,
      }),
    )
    io.warn(`  ${io.stderrColors.cyan(options.resumeCommand)}`)
  }
}

/** How many symbols more may belong to the last character that people see. */
const OVERHANG = 16

/** A text for the log: as many symbols, and those that its last grapheme still takes. */
async function sampleText(model: Model, temperature: number): Promise<string> {
  const steps: Step[] = []
  const length = SAMPLE_LENGTH + OVERHANG
  const request = { prompt: model.prompt ?? '', temperature, length, stop: [] }
  for await (const step of generate(model, request)) steps.push(step)
  const kept = steps.slice(0, SAMPLE_LENGTH)
  if (model.tokenizer.kind === 'byte') return readableBytes(bytesOfSteps(model, kept))
  const least = kept.reduce((sum, step) => sum + step.text.length, 0)
  let text = ''
  for (const grapheme of splitGraphemes(steps.map(step => step.text).join(''))) {
    if (text.length >= least) break
    text += grapheme
  }
  return text
}

/** What a budget of time buys, and why no larger model was taken. */
function budgetLine(event: BudgetEvent, io: Io): string {
  const { seconds, hidden, parameters, symbols, passes, larger, symbolsPerParameter, fixed } = event
  const each = (symbols / parameters).toFixed(1)
  const reads = io.t({
    en: `${formatDuration(seconds, io)} to train: ${counted(hidden, 'unit')} read ${counted(Math.round(symbols), 'symbol')} in it, ${passes.toFixed(1)} passes, ${each} for each parameter`,
    ja: `学習に${formatDuration(seconds, io)}: ${hidden}ユニットなら${formatRate(symbols)}文字、${passes.toFixed(1)}エポック、1パラメーターあたり${each}文字読める`,
  })
  if (fixed) return reads
  if (larger === undefined) {
    return io.t({
      en: `${reads}; the text is too short for more units`,
      ja: `${reads}。これより大きくするにはテキストが短い`,
    })
  }
  return io.t({
    en: `${reads}; ${larger.hidden} would read ${formatRate(larger.symbols)}, ${(larger.symbols / larger.parameters).toFixed(1)} each, and want ${symbolsPerParameter}`,
    ja: `${reads}。${larger.hidden}ユニットでは${formatRate(larger.symbols)}文字、${(larger.symbols / larger.parameters).toFixed(1)}文字ずつで、${symbolsPerParameter}文字に足りない`,
  })
}

/** Which model `ondo sample` takes, and from where. */
function keptWhere({ best, step, epoch }: EndEvent, out: string, io: Io): string {
  if (best === undefined || best.step === step) {
    return io.t({ en: `the model is in ${out}`, ja: `モデルは ${out} にあります` })
  }
  if (best.step === 0) {
    return io.t({
      en: `the best model is the one that training began with; it is in ${out}, with the symbols of the text`,
      ja: `最良なのは学習前のモデルで、テキストの文字を加えて ${out} にあります`,
    })
  }
  const at = ((epoch * best.step) / step).toFixed(2)
  return io.t({
    en: `the best model, of epoch ${at}, is in ${out}`,
    ja: `最良のモデル（${at}エポック）は ${out} にあります`,
  })
}

/** `a 7-gram of the same text: 1.5196 nats; the network is 0.0312 better`. */
function comparison({ order, nats }: NgramBaseline, loss: number, io: Io): string {
  const gain = nats - loss
  const by = Math.abs(gain).toFixed(4)
  return io.t({
    en: `${[8, 11, 18].includes(order) ? 'an' : 'a'} ${order}-gram of the same text: ${nats.toFixed(4)} nats; the network is ${by} ${gain >= 0 ? 'better' : 'worse'}`,
    ja: `同じテキストの${order}-gram: ${nats.toFixed(4)}ナット。ネットワークのほうが${by}${gain >= 0 ? '良い' : '悪い'}`,
  })
}

/** A sample as one paragraph: line ends and controls as signs. */
const visible = (text: string): string =>
  text.replaceAll('\n', '↵ ').replaceAll(/[\p{Cc}\u2028\u2029]/gu, '·')
