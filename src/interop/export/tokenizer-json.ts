/**
 * A tokenizer of ours as Hugging Face's tokenizer.json: BPE without merges, which reads a text character
 * by character. Read by `tokenizers` (Rust, Python), `@huggingface/tokenizers` and transformers.js.
 */
import { InputError } from '../../errors.js'
import type { Tokenizer } from '../../text/index.js'

/** A token that the tokenizer looks for in the text before the model reads the rest. */
function addedToken(id: number, content: string, special: boolean) {
  return {
    ...{ id, content, special },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }
}

/** The character of each byte in GPT-2's byte-level BPE: printable ones are themselves. */
function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(printable(byte) ? byte : next++),
  )
}

/** Two code points that Unicode reserves for programs, so that no text holds them. */
function reservedCharacters(symbols: readonly string[]): [filler: string, begin: string] {
  const codes = Array.from({ length: 17 }, (_, plane) => plane * 0x10000 + 0xffff)
  const free = codes.map(code => String.fromCodePoint(code)).filter(one => !symbols.includes(one))
  const [filler, begin] = free
  if (filler !== undefined && begin !== undefined) return [filler, begin]
  throw new InputError(
    'tokenizer',
    "The vocabulary has nearly all noncharacters from U+FFFF to U+10FFFF, and an export needs two that are none of the model's symbols.",
  )
}

export interface ExportedTokenizer {
  /** The content of tokenizer.json. */
  readonly json: object
  /** The token of id V: it fills shorter texts of a batch and stands for what the vocabulary lacks. */
  readonly filler: string
  /** The token of id V + 1, which the tokenizer puts before a text; absent where none begins one. */
  readonly begin?: string
}

/** Puts a token before every text. */
const beginWith = (token: string, id: number) => ({
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [
    { SpecialToken: { id: token, type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { Sequence: { id: 'B', type_id: 0 } },
  ],
  special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
})

/** @param begins whether an id of the model begins a text, so that each is to start with a token for it */
export function tokenizerJson(tokenizer: Tokenizer, begins = false): ExportedTokenizer {
  const { kind, symbols: own } = tokenizer.toJSON()
  const symbols = kind === 'byte' ? byteCharacters() : (own ?? [])
  const [filler, begin] = reservedCharacters(symbols)
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true }
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      // BPE without merges reads single code points; longer graphemes are found before it.
      ...[...symbols.entries()]
        .filter(([, symbol]) => [...symbol].length > 1)
        .map(([id, symbol]) => addedToken(id, symbol, false)),
      addedToken(symbols.length, filler, true),
      ...(begins ? [addedToken(symbols.length + 1, begin, true)] : []),
    ],
    normalizer: null,
    pre_tokenizer: kind === 'byte' ? { ...byteLevel, use_regex: false } : null,
    post_processor: begins ? beginWith(begin, symbols.length + 1) : null,
    decoder: kind === 'byte' ? { ...byteLevel, use_regex: false } : { type: 'Fuse' },
    model: {
      type: 'BPE',
      dropout: null,
      // The loop leaves a state as it is for this token, so that unknown characters have no effect.
      unk_token: filler,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...symbols, filler].map((symbol, id) => [symbol, id])),
      merges: [],
    },
  }
  return { json, filler, ...(begins && { begin }) }
}
