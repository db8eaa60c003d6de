/** Numbers and names in words, English and Japanese: one place for all commands. */
import { counted } from '../../errors.js'
import type { Bilingual } from '../../knob.js'
import type { ModelConfig } from '../../model/config.js'
import { LN2 } from '../../numeric.js'
import type { Io } from './io.js'

/** The default of a setting that `settingsFor` chooses. */
export const CHOSEN_BY_TEXT_LENGTH = { en: 'by the text', ja: 'テキストに応じて決定' }

/** Writes a number with separators: 1,115,394. */
export const formatCount = (value: number, io: Io): string => value.toLocaleString(io.language)

/** 1.94 MB: powers of ten, as disks are sold. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = -1
  do {
    value /= 1000
    unit++
  } while (value >= 999.5 && unit < units.length - 1)
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** `42 s`, `3 min 05 s`, `1 h 12 min`. */
export function formatDuration(seconds: number, io: Io): string {
  const whole = Math.max(0, Math.round(seconds))
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const two = (value: number): string => String(value).padStart(2, '0')
  if (h > 0) return io.t({ en: `${h} h ${two(min)} min`, ja: `${h}時間${two(min)}分` })
  if (min > 0) return io.t({ en: `${min} min ${two(s)} s`, ja: `${min}分${two(s)}秒` })
  return io.t({ en: `${s} s`, ja: `${s}秒` })
}

/** `1.3864 nats (2.0002 bits) a symbol`. */
export const formatLoss = (nats: number, io: Io): string =>
  io.t({
    en: `${nats.toFixed(4)} nats (${(nats / LN2).toFixed(4)} bits) a symbol`,
    ja: `1文字あたり${nats.toFixed(4)}ナット（${(nats / LN2).toFixed(4)}ビット）`,
  })

export function formatNetwork(config: ModelConfig, io: Io): string {
  const { cell, layers, hidden, embedding, activation, reset, bits } = config
  const notes: string[] = []
  if (cell === 'rnn') notes.push(activation)
  if (cell === 'gru') {
    notes.push(
      io.t(
        reset === 'after'
          ? { en: 'reset after the product', ja: '積の後でリセット' }
          : { en: 'reset before the product', ja: '積の前でリセット' },
      ),
    )
  }
  notes.push(
    embedding > 0
      ? io.t({ en: `embedding of ${embedding}`, ja: `埋め込み${embedding}` })
      : io.t({ en: 'one-hot input', ja: 'ワンホット入力' }),
  )
  for (const note of imported(config)) notes.push(io.t(note))
  if (bits) notes.push(io.t({ en: `${bits}-bit weights`, ja: `${bits}ビットの重み` }))
  const layersOf = io.t({
    en: `${layers} ${layers === 1 ? 'layer' : 'layers'} of ${counted(hidden, 'unit')}`,
    ja: `${layers}層×${hidden}ユニット`,
  })
  return `${cell.toUpperCase()}, ${layersOf}, ${notes.join(', ')}`
}

/** What only imported models have, in words. */
function imported(config: ModelConfig): Bilingual[] {
  const { gates, skip, attention, restart, smoothing } = config
  const notes: Bilingual[] = []
  if (gates !== undefined) notes.push({ en: 'piecewise linear gates', ja: '折れ線関数のゲート' })
  if (skip) notes.push({ en: 'skip connections', ja: 'スキップ接続' })
  if (attention) notes.push({ en: 'attention', ja: '注意層' })
  if (config.window !== undefined) {
    notes.push({
      en: `window of ${counted(config.window, 'symbol')}`,
      ja: `${config.window}記号の窓`,
    })
  }
  if (restart !== undefined) notes.push({ en: 'independent texts', ja: '独立した文章' })
  if (smoothing !== undefined) {
    notes.push({ en: `probabilities + ${smoothing}`, ja: `確率+${smoothing}` })
  }
  return notes
}

/** What was held out of training, in words. */
export function formatSplit(
  split: string,
  settings: Readonly<Record<string, unknown>> | undefined,
  io: Io,
): string {
  const part = typeof settings?.holdout === 'number' ? settings.holdout : undefined
  const share = part === undefined ? '' : `${+(part * 100).toFixed(2)}%`
  switch (split) {
    case 'tail':
      return io.t({
        en: `the last ${share || 'part'} of the text (tail)`,
        ja: `末尾${share}（tail）`,
      })
    case 'striped':
      return io.t({
        en: `the last ${share || 'part'} of each stream (striped; reads easier than tail)`,
        ja: `各ストリームの末尾${share}（striped。tailより易しい）`,
      })
    default:
      return split
  }
}

/** A word as a shell reads it; quoted where it has to be. */
export const shellQuoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word)
    ? word
    : /['\n\t]/.test(word)
      ? `$'${word.replaceAll(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`
      : `'${word}'`
