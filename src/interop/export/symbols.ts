/** The symbols of a model, for systems whose vocabularies are characters of JavaScript strings. */
import { InputError, quote } from '../../errors.js'
import type { Model } from '../../file/index.js'

/** What is wrong with a model for a form, and what to do. */
export function refusal(en: string, ja: string): InputError {
  return new InputError('export', en, { ja })
}

/**
 * The symbols in the order of their ids.
 * @param system its name in the sentence
 * @param fits whether the system can hold a symbol
 * @throws InputError for bytes, and for a symbol that does not fit
 */
export function symbolsFor(
  { tokenizer }: Model,
  system: string,
  fits: (symbol: string) => boolean,
): readonly string[] {
  const { kind, symbols } = tokenizer.toJSON()
  if (!symbols) {
    throw refusal(
      `The model's symbols are ${kind}s, and ${system} has characters only; train one with the character tokenizer, or export it as onnx, pytorch or page.`,
      `このモデルの記号はバイトですが、${system}は文字しか扱えません。文字のトークナイザーで学習するか、onnx、pytorch、pageで書き出してください。`,
    )
  }
  const wrong = symbols.find(symbol => !fits(symbol))
  if (wrong === undefined) return symbols
  throw refusal(
    `The model has the symbol ${quote(wrong)}, which is more than one character for ${system}; export it as onnx, pytorch or page.`,
    `このモデルの記号 ${quote(wrong)} は、${system}では1文字になりません。onnx、pytorch、pageで書き出してください。`,
  )
}

/**
 * What of a model's config only we have, in words; undefined when an LSTM or RNN of any other system can
 * hold it.
 */
export function ownFeature({ config }: Model): { en: string; ja: string } | undefined {
  const known = ['cell', 'vocabulary', 'embedding', 'hidden', 'layers', 'activation', 'reset']
  const own = Object.entries(config)
    .filter(([key, value]) => value !== undefined && value !== false && !known.includes(key))
    .map(([key]) => key)
    .filter(key => key !== 'dropout' && key !== 'restart')
  if (own.length === 0) return undefined
  const words: Readonly<Record<string, { en: string; ja: string }>> = {
    gates: { en: 'piecewise linear gates', ja: '区分線形のゲート' },
    window: { en: 'a window', ja: 'ウィンドウ' },
    skip: { en: 'skip connections', ja: 'スキップ接続' },
    smoothing: { en: 'smoothed probabilities', ja: '確率の平滑化' },
  }
  const first = own[0] as string
  return words[first] ?? { en: first, ja: first }
}
