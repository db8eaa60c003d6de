/** A vocabulary in one of the files beside the weights. */
import { jsonIn } from './json-file.js'
import { readVocabulary } from './read-vocabulary.js'
import type { SourceFile } from './source.js'
import { type NamedSymbols, symbolsInValue } from './vocabulary-values.js'

/** Names of files that hold a vocabulary and nothing else. */
const NAMED = /(vocab|char|token|symbol|alphabet|letter|itos|stoi|idx|ix_?to|index_to|to_(ix|id))/i
/** A vocabulary is short: larger files are weights or corpora. */
const MOST_BYTES = 2 ** 25

const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/** Whether all V ids have symbols; a corpus that happens to lie there is not asked. */
const isWhole = ({ symbols, unused }: NamedSymbols, V: number): boolean =>
  symbols.length === V && symbols.every((symbol, id) => symbol !== undefined || unused?.has(id))

/** A text or a pickle of such a name; a JSON file may have any. */
const isNamedFile = ({ name }: SourceFile): boolean =>
  /\.(txt|pkl|pickle)$/i.test(name) && NAMED.test(baseName(name))

function read(file: SourceFile, V: number): NamedSymbols | undefined {
  const { name, bytes } = file
  const isNamed = NAMED.test(baseName(name))
  const json = jsonIn(file)
  if (json !== undefined) {
    const found = symbolsInValue(json, V)
    // Any other JSON may name something else in a field; only a plain list or map counts there.
    return isNamed || found?.depth === 0 ? found : undefined
  }
  // A text of this length names its symbols once each; a longer one may be any.
  if (!isNamedFile(file) || (/\.txt$/i.test(name) && bytes.length > 8 * V)) return undefined
  try {
    return readVocabulary({ name, bytes }, V)
  } catch {
    return undefined
  }
}

/** The vocabulary of V symbols in one of the files beside the weights, if one holds it whole. */
export function vocabularyFile(files: readonly SourceFile[], V: number): NamedSymbols | undefined {
  const likely = files
    .filter(({ bytes }) => bytes.length <= MOST_BYTES)
    .sort((a, b) => Number(NAMED.test(baseName(b.name))) - Number(NAMED.test(baseName(a.name))))
  for (const file of likely) {
    const found = read(file, V)
    if (found && isWhole(found, V)) {
      const name = baseName(file.name)
      return {
        ...found,
        form: { en: `${found.form.en}, in ${name}`, ja: `${found.form.ja}（${name}）` },
      }
    }
  }
  return undefined
}
