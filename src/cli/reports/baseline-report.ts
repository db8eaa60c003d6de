/** What `ondo baseline` shows: the loss of each order, and what was counted and predicted. */
import { counted } from '../../errors.js'
import type { SplitSettings, TestedBaseline } from '../../node/baseline.js'
import { exp, LN2 } from '../../numeric.js'
import { formatCount, formatDuration, formatLoss, formatSplit } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { padEnd } from '../terminal/language.js'

const row = (label: string, nats: number): string =>
  `${label}${nats.toFixed(4).padStart(9)}${(nats / LN2).toFixed(4).padStart(9)}` +
  `${exp(nats).toFixed(3).padStart(13)}`

export async function reportBaseline(
  { best, test, counted: symbols, seconds }: TestedBaseline,
  settings: SplitSettings,
  io: Io,
): Promise<void> {
  const { bold, dim } = io.stdoutColors
  const head = io.t({
    en: 'order     nats     bits   perplexity',
    ja: '次数    ナット   ビット パープレキシティ',
  })
  await io.write(`${dim(head)}\n`)
  for (const [i, nats] of best.losses.entries()) {
    const line = row(String(i + 1).padStart(5), nats)
    const mark = io.t({ en: ' best', ja: ' 最良' })
    await io.write(i === best.order - 1 ? `${bold(line + mark)}\n` : `${line}\n`)
  }
  if (test) await io.write(`${row(padEnd(io.t({ en: 'test', ja: 'テスト' }), 5), test.nats)}\n`)
  const split = formatSplit(settings.split, { ...settings }, io)
  const [all, predicted] = [symbols, best.count].map(count => formatCount(count, io))
  const duration = formatDuration(seconds, io)
  io.info({
    en: `counted ${counted(all!, 'symbol')} and predicted ${predicted} in ${duration}; held out: ${split}`,
    ja: `${all}文字を数え、${predicted}文字を予測（${duration}）。検証用: ${split}`,
  })
  if (!test) return
  const count = formatCount(test.count, io)
  io.info({
    en: `test: ${counted(count, 'symbol')} behind it that chose nothing: ${formatLoss(test.nats, io)}`,
    ja: `テスト: その後ろの、次数選びに使わない${count}文字: ${formatLoss(test.nats, io)}`,
  })
}
