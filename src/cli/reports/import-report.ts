/** What `ondo import` recognised, what it converted, and what to do next. */
import { basename } from 'node:path'
import { counted } from '../../errors.js'
import type { ImportResult } from '../../interop/index.js'
import { parameterCount } from '../../model/config.js'
import type { TokenizerKind } from '../../text/index.js'
import { formatBytes, formatCount, formatNetwork, shellQuoted } from '../terminal/format.js'
import type { Io } from '../terminal/io.js'
import { wrap } from '../terminal/language.js'

const WIDTH = 80
const KINDS: Readonly<Record<TokenizerKind, string>> = {
  character: '文字',
  byte: 'バイト',
  grapheme: '書記素',
  word: '語',
}

interface Written {
  /** What was given, short. */
  readonly source: string
  readonly out: string
  readonly bytes: number
}

export function importLines(
  { model, about, files, notes, trainedWindow }: ImportResult,
  { source, out, bytes }: Written,
  io: Io,
): string[] {
  const { config, tokenizer } = model
  const size = formatCount(tokenizer.size, io)
  const parameters = formatCount(parameterCount(config), io)
  const kind = KINDS[tokenizer.kind]
  const [only] = files
  const read =
    files.length === 1 && only !== undefined
      ? only
      : io.t({ en: counted(files.length, 'file'), ja: `${files.length}ファイル` })
  const lines = [
    ...wrap(`${source}: ${io.t(about)}${basename(source) === read ? '' : `, ${read}`}`, WIDTH),
    ...wrap(
      io.t({
        en: `${formatNetwork(config, io)}: ${counted(parameters, 'parameter')}`,
        ja: `${formatNetwork(config, io)}：${parameters}パラメーター`,
      }),
      WIDTH,
    ),
    io.t({
      en: `vocabulary: ${counted(size, tokenizer.kind)}`,
      ja: `語彙：${size}${kind}`,
    }),
  ]
  const hint =
    trainedWindow !== undefined && config.window === undefined
      ? [
          {
            en: `--window ${trainedWindow} runs it as it was trained`,
            ja: `--window ${trainedWindow} を付けると学習時と同じ読み方になります`,
          },
        ]
      : []
  for (const note of [...notes, ...hint]) {
    const [first, ...rest] = wrap(io.t(note), WIDTH - 2)
    lines.push(`- ${first}`, ...rest.map(line => `  ${line}`))
  }
  if (out === '-') return lines
  const shown = shellQuoted(out)
  lines.push(
    io.t({
      en: `the model is in ${out} (${formatBytes(bytes)})`,
      ja: `モデルを ${out} に保存しました（${formatBytes(bytes)}）`,
    }),
    `  ondo sample ${shown}`,
    `  ondo inspect ${shown}`,
  )
  return lines
}
