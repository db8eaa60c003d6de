/** What `ondo sweep` shows: the folder's state, progress, the table of medians and the zones. */
import { counted } from '../../errors.js'
import { type Bilingual, formatNumber } from '../../knob.js'
import {
  type CurvePoint,
  type SweepEvent,
  type SweepMeasure,
  type SweepResult,
  type ZoneName,
  zoneAt,
} from '../../measure/index.js'
import type { SweepFolder } from '../../node/sweep-folder.js'
import { formatCount } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { padEnd, width, wrap } from '../terminal/language.js'
import { bar, formatTimeLeft, LiveLine } from '../terminal/progress-line.js'

/** Warns of damage in the folder of an earlier sweep, and of damage that can't be found there. */
export function warnOfFolder(out: SweepFolder, io: Io): void {
  const { damaged, unchecked, path } = out
  if (damaged > 0) {
    io.warn(
      io.t({
        en: `${path}/texts.jsonl: ${damaged} damaged ${damaged === 1 ? 'line is' : 'lines are'} left out; the texts of these lines are written again`,
        ja: `${path}/texts.jsonl: 壊れた${damaged}行を除外しました。その文章は書き直します`,
      }),
    )
  }
  if (unchecked) {
    io.warn(
      io.t({
        en: `${path} was begun by an earlier Ondo, whose texts have no checksums: damage in them can't be detected`,
        ja: `${path}は以前のバージョンのOndoで始めたもので、文章にチェックサムがありません。破損していても検出できません`,
      }),
    )
  }
}

/** How far a sweep is: a line that moves on a terminal, ten lines in all elsewhere. */
export class SweepProgress {
  private readonly io: Io
  private readonly length: number
  private readonly line: LiveLine
  private readonly started = performance.now()
  private before = 0
  private tenths = 0

  /** @param length characters of each text */
  constructor(io: Io, length: number) {
    this.io = io
    this.length = length
    this.line = new LiveLine(io)
  }

  get seconds(): number {
    return (performance.now() - this.started) / 1000
  }

  /** @param concurrency texts that are written at the same time */
  start({ done, total }: Extract<SweepEvent, { type: 'start' }>, concurrency: number): void {
    const { io, length } = this
    this.before = done
    const earlier =
      done > 0
        ? io.t({ en: `, ${done} of them done before`, ja: `（うち${done}本は作成済み）` })
        : ''
    io.info({
      en: `${counted(formatCount(total, io), 'text')} of ${counted(formatCount(length, io), 'character')}${earlier}; ${concurrency} at once`,
      ja: `${formatCount(length, io)}字の文章を${formatCount(total, io)}本${earlier}。同時に${concurrency}本`,
    })
  }

  text({ done, total, text }: Extract<SweepEvent, { type: 'text' }>): void {
    const { io } = this
    const secondsLeft = (this.seconds / (done - this.before)) * (total - done)
    const at = `T ${formatNumber(text.temperature)}`
    const state = `${done}/${total} ${padEnd(at, 8)} ${formatTimeLeft(secondsLeft, io)}`
    this.line.update(columns => {
      const cells = Math.max(3, Math.min(40, columns - width(state) - 1))
      return `${bar(done / total, cells)} ${state}`
    })
    const tenths = Math.floor((10 * done) / total)
    if (io.live || tenths <= this.tenths) return
    this.tenths = tenths
    io.info(state)
  }

  clear(): void {
    this.line.clear()
  }
}

const COLUMNS: readonly (readonly [
  measure: SweepMeasure,
  unit: '%' | '',
  columns: number,
  en: string,
  ja: string,
])[] = [
  ['repetition', '%', 9, 'repeats', '反復'],
  ['looping', '%', 9, 'in loop', 'ループ'],
  ['spelling', '%', 10, 'misspelt', '綴り誤り'],
  ['surprisal', '', 11, 'surprisal', '意外さ'],
  ['entropy', '', 9, 'entropy', '乱雑さ'],
  ['longest', '', 8, 'copied', '写し'],
]

const ZONE_NAMES: Readonly<Record<ZoneName, Bilingual>> = {
  loops: { en: 'loops', ja: 'ループ' },
  reads: { en: 'reads like the corpus', ja: 'コーパスらしく読める' },
  breaks: { en: 'breaks', ja: '崩れる' },
}

/** What a sweep that was interrupted has done. @param kept whether a folder holds the texts */
export const interruptedLine = (done: number, total: number, kept: boolean): Bilingual => ({
  en: `interrupted: ${done} of ${counted(total, 'text')}${kept ? ' are kept; the same command continues' : ''}`,
  ja: `中断しました: ${total}本中${done}本${kept ? 'を保存しました。同じコマンドで続きから再開できます' : ''}`,
})

const padStart = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - width(text))) + text

function cell(point: CurvePoint, measure: SweepMeasure, unit: '%' | ''): string {
  const value = point.values[measure]?.median
  if (value === undefined) return '-'
  if (unit === '%') return `${(100 * value).toFixed(1)}%`
  return measure === 'longest' ? String(Math.round(value)) : value.toFixed(2)
}

/** A table of medians with a row for each temperature, at most 80 columns wide. */
export function curveTable(result: SweepResult, io: Io): string {
  const shown = COLUMNS.filter(([measure]) =>
    result.curve.some(point => point.values[measure] !== undefined),
  )
  const zoneOf = (T: number): string => {
    const zone = zoneAt(result.zones, T)
    return zone ? io.t({ ...ZONE_NAMES[zone], en: zone }) : ''
  }
  const head = shown.map(([, , columns, en, ja]) => padStart(io.t({ en, ja }), columns)).join('')
  const lines = [
    `${padStart('T', 6)}${head}  ${result.zones ? io.t({ en: 'zone', ja: '領域' }) : ''}`,
  ]
  for (const point of result.curve) {
    const cells = shown.map(([measure, unit, columns]) =>
      padStart(cell(point, measure, unit), columns),
    )
    lines.push(
      `${padStart(formatNumber(point.temperature), 6)}${cells.join('')}  ${zoneOf(point.temperature)}`,
    )
  }
  return `${io.stdoutColors.dim(lines[0]!.trimEnd())}\n${lines
    .slice(1)
    .map(line => `${line.trimEnd()}\n`)
    .join('')}`
}

const rounded = (T: number): string => formatNumber(Number(T.toPrecision(3)))

/** The zones, and what is known of the text at T = 0. */
export function zoneLines(result: SweepResult, io: Io): string[] {
  const { zones, figures, texts } = result
  const lines: string[] = []
  for (const { zone, from, to } of zones?.zones ?? []) {
    const border =
      zone === 'breaks' ? zones?.breaksAbove : zone === 'loops' ? zones?.loopsBelow : undefined
    const known =
      border && border.to > border.from
        ? io.t({
            en: ` (the border lies between ${rounded(border.from)} and ${rounded(border.to)})`,
            ja: `（境は${rounded(border.from)}と${rounded(border.to)}の間）`,
          })
        : ''
    lines.push(`${padEnd(io.t(ZONE_NAMES[zone]), 22)}T ${rounded(from)} – ${rounded(to)}${known}`)
  }
  for (const note of zones?.notes ?? []) lines.push(io.t(note))
  if (figures && !zones) {
    lines.push(
      io.t({
        en: 'Not enough temperatures to tell zones: measure two or more.',
        ja: '領域を決めるには温度が足りない: 2つ以上を測る。',
      }),
    )
  }
  if (!figures) {
    lines.push(
      io.t({
        en: 'No zones: the model file does not say what is usual for its corpus; train it again, or give --corpus.',
        ja: '領域は不明: モデルファイルにコーパスの基準値がない。学習し直すか、--corpusを指定する。',
      }),
    )
  }
  return [...lines, ...zeroLines(texts, io)]
}

/** Whether the text at T = 0 repeats for ever, and how that is known. */
function zeroLines(texts: SweepResult['texts'], io: Io): string[] {
  const lines: string[] = []
  const text = texts.find(({ temperature }) => temperature === 0)
  if (text?.proof) {
    const { start, period } = text.proof
    lines.push(
      ...wrap(
        io.t({
          en: `T = 0: proved that it never ends its loop: the network's state at ${start} came back, to the bit, ${counted(period, 'symbol')} later`,
          ja: `温度0: ループが終わらないことの証明。位置${start}のネットワークの状態が${period}文字後にビット単位で一致`,
        }),
        80,
      ),
    )
  } else if (text?.loop) {
    const { start, period } = text.loop
    lines.push(
      io.t({
        en: `T = 0: repeats every ${counted(period, 'character')} from ${start} on`,
        ja: `温度0: ${start}字目から${period}字ごとに繰り返す`,
      }),
    )
    if (text.settled) {
      const { margin, drift } = text.settled
      const [lead, change] = [margin.toPrecision(2), drift.toExponential(0)]
      lines.push(
        ...wrap(
          io.t({
            en: `That it never ends is not proved: the network's state did not come back to the bit. But its closest choice leads by ${lead} nats, and from round to round no lead changes by more than ${change}.`,
            ja: `終わらないことの証明はない（ネットワークの状態はビット単位では戻らなかった）。ただし最も際どい選択でも${lead}ナットの差があり、一巡ごとの差の変化は${change}以下。`,
          }),
          80,
        ),
      )
    }
  }
  return lines
}
