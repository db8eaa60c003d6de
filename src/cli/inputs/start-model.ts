/** The model that `ondo train --init-from` goes on from. */
import { counted, InputError } from '../../errors.js'
import type { Model } from '../../file/index.js'
import { printable, type Tokenizer, type TokenizerKind } from '../../text/index.js'
import type { Io } from '../terminal/io.js'
import { modelTitle, openModel } from './open-model.js'

export interface StartModel {
  readonly model: Model
  /** Its name for people. */
  readonly title: string
}

export interface StartFlags {
  readonly initFrom?: string
  readonly freeze?: readonly string[]
  readonly dropSymbols?: boolean
  readonly compareScratch?: boolean
  readonly tokenizer?: TokenizerKind
  readonly resume?: boolean
}

const needsModel = (flag: string): InputError =>
  new InputError(
    'option',
    `${flag} was given without a model to go on from; name it with --init-from MODEL, or leave ${flag} out.`,
    {
      ja: `${flag}には続きを学習するモデルが必要です。--init-from MODELで指定するか、${flag}を外してください。`,
    },
  )

/** @throws InputError for flags that do not fit together; FileError for a model that can't be read */
export async function openStartModel(flags: StartFlags): Promise<StartModel | undefined> {
  const { initFrom, freeze, dropSymbols, compareScratch, tokenizer, resume } = flags
  if (dropSymbols && resume) {
    throw new InputError(
      'option',
      'Both --resume and --drop-symbols were given; a run that goes on keeps the symbols that it was started with: leave --drop-symbols out.',
      {
        ja: '--resumeと--drop-symbolsが両方指定されています。再開する学習の文字は始めたときのままなので、--drop-symbolsを外してください。',
      },
    )
  }
  if (initFrom === undefined) {
    if (compareScratch && !resume) throw needsModel('--compare-scratch')
    if (dropSymbols) throw needsModel('--drop-symbols')
    if (freeze && !resume) throw needsModel('--freeze')
    return undefined
  }
  const model = await openModel(initFrom)
  const { kind } = model.tokenizer
  const title = modelTitle(model, initFrom)
  if (tokenizer !== undefined && tokenizer !== kind) {
    throw new InputError(
      'tokenizer-kind',
      `${title} reads by the tokenizer ${kind}, and --tokenizer ${tokenizer} was given; leave --tokenizer out, or choose a model that reads so.`,
      {
        ja: `${title}の記号の単位は${kind}ですが、--tokenizer ${tokenizer}が指定されています。--tokenizerを外すか、その単位のモデルを選んでください。`,
      },
    )
  }
  return { model, title }
}

/** Symbols shown in a line. */
const SHOWN = 24

function listed(symbols: readonly string[], io: Io): string {
  const shown = symbols.slice(0, SHOWN).map(printable).join(' ')
  const more = symbols.length - SHOWN
  return more > 0 ? `${shown} ${io.t({ en: `and ${more} more`, ja: `ほか${more}` })}` : shown
}

const symbolsOf = (tokenizer: Tokenizer): string[] =>
  Array.from({ length: tokenizer.size }, (_, id) => tokenizer.symbol(id))

/**
 * Lines about the symbols that the model and the text share, and about those of one of them only.
 * @param text the tokenizer of the text; `trained` the one to train with
 */
export function startLines(
  { model, title }: StartModel,
  { text, trained }: { readonly text: Tokenizer; readonly trained: Tokenizer },
  io: Io,
): string[] {
  const known = symbolsOf(model.tokenizer)
  const wanted = symbolsOf(text)
  const kept = symbolsOf(trained)
  if (known.length === kept.length && trained.kind === 'byte') {
    return [io.t({ en: `goes on from ${title}`, ja: `${title}の続きを学習` })]
  }
  const [inModel, inText, inResult] = [new Set(known), new Set(wanted), new Set(kept)]
  const added = kept.filter(symbol => !inModel.has(symbol))
  const shared = wanted.filter(symbol => inModel.has(symbol)).length
  const unused = known.filter(symbol => !inText.has(symbol) && inResult.has(symbol))
  const dropped = known.filter(symbol => !inResult.has(symbol))
  const lines = [
    io.t({
      en: `goes on from ${title}: it knows ${shared} of the text's ${counted(wanted.length, 'kind')}`,
      ja: `${title}の続きを学習: テキストの${wanted.length}種類のうち${shared}種類を知っている`,
    }),
  ]
  if (added.length > 0) {
    lines.push(
      io.t({
        en: `new to it, with random weights: ${listed(added, io)}`,
        ja: `モデルに新しい文字（乱数の重みから）: ${listed(added, io)}`,
      }),
    )
  }
  if (unused.length > 0) {
    lines.push(
      io.t({
        en: `its ${counted(unused.length, 'kind')} that the text lacks ${unused.length === 1 ? 'is' : 'are'} kept: ${listed(unused, io)}`,
        ja: `テキストにないモデルの文字${unused.length}種類は残る: ${listed(unused, io)}`,
      }),
    )
  }
  if (dropped.length > 0) {
    lines.push(
      io.t({
        en: `its ${counted(dropped.length, 'kind')} that the text lacks ${dropped.length === 1 ? 'is' : 'are'} left out: ${listed(dropped, io)}`,
        ja: `テキストにないモデルの文字${dropped.length}種類を除外: ${listed(dropped, io)}`,
      }),
    )
  }
  return lines
}
