/** What a person sees of training that goes on from a model: before, after, and from random weights. */
import { counted } from '../../errors.js'
import type { StartRecord } from '../../file/index.js'
import type { EndEvent, TrainEvent } from '../../train/index.js'
import { formatCount, formatDuration, formatLoss, formatNetwork } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { LiveLine, trainingLine } from '../terminal/progress-line.js'

/** `layer 0` for `0`. */
function layerName(name: string, io: Io): string {
  if (name === 'embedding') return io.t({ en: 'embedding', ja: '埋め込み' })
  if (name === 'head') return io.t({ en: 'head', ja: '出力層' })
  return io.t({ en: `layer ${name}`, ja: `第${name}層` })
}

/** Which layers stay as they are; undefined when all are trained. */
export function frozenNames({ frozen, added }: StartRecord, io: Io): string | undefined {
  if (frozen.length === 0) return undefined
  const names = frozen.map(name => layerName(name, io)).join(io.t({ en: ', ', ja: '、' }))
  const except = added.length > 0 && frozen.some(name => ['embedding', '0', 'head'].includes(name))
  return io.t({
    en: `${names}${except ? `; what belongs to the ${counted(added.length, 'new symbol')} is trained all the same` : ''}`,
    ja: `${names}${except ? `。新しい文字${added.length}種類の重みだけは学習する` : ''}`,
  })
}

/** `0.1234 better`. */
const gainOf = (before: number, after: number, io: Io): string => {
  const by = Math.abs(before - after).toFixed(4)
  return io.t(
    after <= before
      ? { en: `${by} better`, ja: `${by}良い` }
      : { en: `${by} worse`, ja: `${by}悪い` },
  )
}

/** Loss on held-out text before and after; undefined without one of them. */
export function beforeAfterLine({ record, best }: EndEvent, io: Io): string | undefined {
  const before = record.startedFrom?.loss
  if (before === undefined || best === undefined) return undefined
  if (best.step === 0) {
    return io.t({
      en: `before training: ${before.toFixed(4)} nats on the same text; no update made it better`,
      ja: `学習前は同じテキストで${before.toFixed(4)}ナット。学習で良くなることはなかった`,
    })
  }
  return io.t({
    en: `before training: ${before.toFixed(4)} nats on the same text; training made it ${gainOf(before, best.loss, io)}`,
    ja: `学習前は同じテキストで${before.toFixed(4)}ナット。学習で${gainOf(before, best.loss, io)}`,
  })
}

/**
 * Shows training from random weights, and at the end its loss beside that of the run.
 * @returns the last event; undefined when it was stopped
 */
export async function reportScratch(
  events: AsyncIterable<TrainEvent>,
  run: EndEvent,
  io: Io,
): Promise<EndEvent | undefined> {
  const loss = run.best?.loss
  if (loss === undefined) {
    io.info({
      en: 'no text was held out, so there is no loss to compare with training from scratch',
      ja: '検証用のテキストがないので、はじめからの学習と損失を比べられません',
    })
    return undefined
  }
  io.info(
    io.t({
      en: `to compare: training from scratch for ${formatDuration(run.seconds, io)} ... (Ctrl-C ends it; the model is saved)`,
      ja: `比較のため、はじめから${formatDuration(run.seconds, io)}学習します…（Ctrl-Cで終了。モデルは保存済み）`,
    }),
  )
  const line = new LiveLine(io)
  let validation: number | undefined
  let epochs = 1
  let end: EndEvent | undefined
  try {
    for await (const event of events) {
      if (event.type === 'start') epochs = Math.max(1, Math.ceil(event.steps / event.batches))
      if (event.type === 'evaluation') validation = event.loss
      if (event.type === 'end') end = event
      if (event.type !== 'step') continue
      const { epoch, step, steps, smoothedLoss, symbolsPerSecond, secondsLeft } = event
      const done = step / steps
      const shown = { epoch, epochs, done, loss: smoothedLoss, symbolsPerSecond, secondsLeft }
      line.update(columns => trainingLine({ ...shown, validation }, columns, io))
    }
  } finally {
    line.clear()
  }
  if (!end?.best || end.reason === 'aborted') {
    io.info({ en: 'the comparison was ended early', ja: '比較は途中で終えました' })
    return undefined
  }
  const network = `${formatNetwork(end.config, io)}`
  const updates = formatCount(end.step, io)
  io.info(
    io.t({
      en: `from scratch in ${formatDuration(end.seconds, io)}: ${formatLoss(end.best.loss, io)} (${network}, ${counted(updates, 'update')}); going on from the model is ${gainOf(end.best.loss, loss, io)}`,
      ja: `はじめから${formatDuration(end.seconds, io)}学習すると${formatLoss(end.best.loss, io)}（${network}、更新${updates}回）。モデルの続きのほうが${gainOf(end.best.loss, loss, io)}`,
    }),
  )
  return end
}
