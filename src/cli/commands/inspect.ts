/** `ondo inspect`: what a model is, what it was trained on, how to use it. */
import { counted } from '../../errors.js'
import { modelFileHash, type TrainingRecord } from '../../file/index.js'
import { parameterCount } from '../../model/config.js'
import { LN2 } from '../../numeric.js'
import { isInvisible, printable } from '../../text/index.js'
import { type OpenedModelFile, openModelFile } from '../inputs/open-model.js'
import { frozenNames } from '../reports/fine-tuning-report.js'
import type { CommandSpec } from '../spec.js'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatNetwork,
  formatSplit,
  shellQuoted,
} from '../terminal/format.js'
import { DONE, type Io } from '../terminal/io.js'
import { padEnd, wrap } from '../terminal/language.js'

const LABEL = 16

function rows(
  io: Io,
  pairs: readonly (readonly [label: string, value: string | undefined])[],
): string {
  let text = ''
  for (const [label, value] of pairs) {
    if (value === undefined) continue
    const lines = wrap(value, 80 - LABEL - 2)
    text += `  ${io.stdoutColors.dim(padEnd(label, LABEL))}${lines[0]}\n`
    for (const line of lines.slice(1)) text += `${' '.repeat(LABEL + 2)}${line}\n`
  }
  return text
}

/** The vocabulary as labels, visible ones first, cut where a terminal ends being of use. */
function symbolList({ model }: OpenedModelFile, io: Io): string {
  const { tokenizer } = model
  if (tokenizer.kind === 'byte') return io.t({ en: 'all 256 bytes', ja: '256種類の全バイト' })
  const symbols = Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id))
  const sorted = [...symbols.filter(isInvisible), ...symbols.filter(symbol => !isInvisible(symbol))]
  const shown = sorted.slice(0, 120).map(printable).join(' ')
  const rest = symbols.length - 120
  return rest > 0 ? `${shown} ${io.t({ en: `and ${rest} more`, ja: `ほか${rest}` })}` : shown
}

/** The model that training went on from. */
function startRows({ startedFrom: start }: TrainingRecord, io: Io): [string, string][] {
  if (!start) return []
  const { name, hash, corpus, shared, added, dropped, loss } = start
  const symbols = (list: readonly string[]): string =>
    list.length === 0
      ? ''
      : `: ${list.slice(0, 40).map(printable).join(' ')}${list.length > 40 ? ' …' : ''}`
  const title = name ?? corpus ?? io.t({ en: 'a model', ja: 'モデル' })
  const counts = io.t({
    en: `${counted(shared, 'symbol')} shared, ${added.length} new${symbols(added)}; ${dropped.length} left out${symbols(dropped)}`,
    ja: `共通の文字${shared}種類、新しい文字${added.length}種類${symbols(added)}、除いた文字${dropped.length}種類${symbols(dropped)}`,
  })
  const rows: [string, string][] = [
    [io.t({ en: 'went on from', ja: '元のモデル' }), `${title}, ${hash}`],
    [io.t({ en: 'its symbols', ja: 'その文字' }), counts],
  ]
  const frozen = frozenNames(start, io)
  if (frozen) rows.push([io.t({ en: 'frozen', ja: '固定した層' }), frozen])
  if (loss !== undefined) {
    rows.push([io.t({ en: 'loss before', ja: '学習前の損失' }), formatLoss(loss, io)])
  }
  return rows
}

/** Where an imported model comes from. */
async function importRows({ model }: OpenedModelFile, io: Io): Promise<string> {
  const { imported, version } = model.training
  if (!imported) return ''
  // Only here: importers are a large part of the program.
  const { FORMATS } = await import('../../interop/index.js')
  const format = FORMATS.find(({ kind }) => kind === imported.from)
  const { files, conversions } = imported
  const names = files.slice(0, 3).map(({ name }) => name)
  const rest = files.length - names.length
  const more = rest > 0 ? io.t({ en: ` and ${rest} more`, ja: `、ほか${rest}件` }) : ''
  return rows(io, [
    [io.t({ en: 'system', ja: 'システム' }), format ? io.t(format.about) : imported.from],
    [
      io.t({ en: files.length === 1 ? 'file' : 'files', ja: 'ファイル' }),
      `${names.join(io.t({ en: ', ', ja: '、' }))}${more}`,
    ],
    ...conversions.map(
      (sentence, i) =>
        [i === 0 ? io.t({ en: 'converted', ja: '変換' }) : '', io.t(sentence)] as const,
    ),
    [io.t({ en: 'made by', ja: '作成' }), version && `ondo ${version}`],
  ])
}

async function describe(opened: OpenedModelFile, name: string, io: Io): Promise<string> {
  const { model, header, path, bytes } = opened
  const { config, tokenizer, training } = model
  const bold = (text: string): string => `${io.stdoutColors.bold(text)}\n`
  const size = formatCount(parameterCount(config), io)
  const fileHash = await modelFileHash(model)
  let text = bold(model.name ?? name)
  text += rows(io, [
    [io.t({ en: 'network', ja: 'ネットワーク' }), formatNetwork(config, io)],
    [io.t({ en: 'parameters', ja: 'パラメーター' }), size],
    [
      io.t({ en: 'file', ja: 'ファイル' }),
      `${path}, ${formatBytes(bytes)}, ${header.dtypes.join(' + ')}`,
    ],
    [io.t({ en: 'identity', ja: '識別ハッシュ' }), model.hash],
    [io.t({ en: 'file SHA-256', ja: 'ファイルSHA-256' }), fileHash],
    [
      io.t({ en: 'vocabulary', ja: '語彙' }),
      `${tokenizer.size} (${tokenizer.kind}): ${symbolList(opened, io)}`,
    ],
    [
      io.t({ en: 'prompt', ja: '書き出し' }),
      model.prompt === undefined ? undefined : JSON.stringify(model.prompt),
    ],
    [
      io.t({ en: 'ends before', ja: '終わり' }),
      model.stop?.map(stop => JSON.stringify(stop)).join(io.t({ en: ' or ', ja: ' か ' })),
    ],
  ])
  const { corpus, corpusSize, epochs, seconds, validationLoss, trainLoss } = training
  const known = rows(io, [
    [
      io.t({ en: 'corpus', ja: 'コーパス' }),
      corpus &&
        `${corpus}${corpusSize ? `, ${formatCount(corpusSize, io)} ${io.t({ en: 'symbols', ja: '文字' })}` : ''}`,
    ],
    [
      io.t({ en: 'held out', ja: '検証用' }),
      training.split && formatSplit(training.split, training.settings, io),
    ],
    [
      io.t({ en: 'loss', ja: '損失' }),
      validationLoss === undefined
        ? undefined
        : `${formatLoss(validationLoss, io)}${io.t({ en: ' on held-out text', ja: '（検証用テキスト）' })}`,
    ],
    [
      io.t({ en: 'in training', ja: '学習時の損失' }),
      trainLoss === undefined ? undefined : formatLoss(trainLoss, io),
    ],
    [
      io.t({ en: 'effort', ja: '学習量' }),
      epochs === undefined
        ? undefined
        : `${io.t({ en: `${+epochs.toFixed(2)} epochs`, ja: `${+epochs.toFixed(2)}エポック` })}${seconds === undefined ? '' : `, ${formatDuration(seconds, io)}`}`,
    ],
    ...startRows(training, io),
    [io.t({ en: 'seed', ja: 'シード' }), training.seed?.toString()],
    [
      io.t({ en: 'made by', ja: '作成' }),
      training.imported ? undefined : training.version && `ondo ${training.version}`,
    ],
  ])
  const imported = await importRows(opened, io)
  if (imported) text += `\n${bold(io.t({ en: 'Imported', ja: '取り込み' }))}${imported}`
  if (known) text += `\n${bold(io.t({ en: 'Trained on', ja: '学習' }))}${known}`
  text += `\n${bold(io.t({ en: 'Use it', ja: '使い方' }))}`
  const shown = shellQuoted(name)
  const prompt = model.prompt ? ` --prompt ${shellQuoted(model.prompt)}` : ''
  text += `  ondo sample ${shown}${prompt} --temperature 0.8\n`
  if (model.stop?.includes('\n')) text += `  ondo sample ${shown} --count 20\n`
  text += `  ondo sample ${shown} --json | head -3\n`
  text += `  ondo eval ${shown} TEXT\n`
  return text
}

async function run(io: Io, [given]: readonly unknown[], options: object): Promise<number> {
  const name = typeof given === 'string' ? given : 'shakespeare'
  const opened = await openModelFile(name)
  const { model, header, path, bytes } = opened
  if (!('json' in options && options.json)) {
    await io.write(await describe(opened, name, io))
    return DONE
  }
  const { config, tokenizer, training } = model
  await io.json({
    name: model.name ?? null,
    path,
    bytes,
    dtypes: header.dtypes,
    identity: model.hash,
    sha256: await modelFileHash(model),
    parameters: parameterCount(config),
    config,
    tokenizer: tokenizer.toJSON(),
    prompt: model.prompt ?? null,
    stop: model.stop ?? [],
    training,
    bitsPerSymbol: training.validationLoss === undefined ? null : training.validationLoss / LN2,
    measures: model.measures ?? {},
  })
  return DONE
}

export const inspect: CommandSpec = {
  name: 'inspect',
  arguments: '[model]',
  about: {
    en: 'Shows what a model is, what it was trained on and how to use it. MODEL is a bundled name, a model file, a training folder, or - for standard input; without one, shakespeare.',
    ja: 'モデルの構成、学習に使った文章、使い方を示します。MODELは付属モデルの名前、モデルファイル、学習フォルダー、または標準入力を表す「-」。省略するとshakespeare。',
  },
  examples: [
    ['ondo inspect', { en: 'the bundled Shakespeare', ja: '付属のシェイクスピア' }],
    [
      'ondo inspect runs/book',
      { en: 'a training folder: its best model', ja: '学習フォルダーの最良モデル' },
    ],
    ['ondo inspect kokoro --json', { en: 'for programs', ja: 'プログラム用に' }],
  ],
  flags: [
    {
      flags: '--json',
      about: { en: 'print everything as one line of JSON', ja: 'すべてを1行のJSONで出力する' },
    },
  ],
  run,
}
