/** Balance: unmatched brackets and quotes in a text. */

/** A bracket or quote without its counterpart. */
export interface UnmatchedMark {
  readonly mark: string
  /** Offset in the text, UTF-16 units. */
  readonly position: number
}

export interface Balance {
  /** Number of marks opened and not closed. */
  readonly open: number
  /** Number of closing marks that close nothing. */
  readonly stray: number
  /** All unmatched marks, in the order of the text. */
  readonly marks: readonly UnmatchedMark[]
}

/** Each opening mark with the marks that close it: `„` closes with `“` in German, `”` elsewhere. */
const CLOSES: Readonly<Record<string, string>> = {
  '(': ')',
  '[': ']',
  '{': '}',
  '（': '）',
  '［': '］',
  '｛': '｝',
  '「': '」',
  '『': '』',
  '｢': '｣',
  '【': '】',
  '《': '》',
  '〈': '〉',
  '〔': '〕',
  '〖': '〗',
  '〘': '〙',
  '〚': '〛',
  '〝': '〟〞',
  '“': '”',
  '„': '“”',
  '‘': '’',
  '‚': '‘’',
  '«': '»',
  '»': '«',
  '‹': '›',
  '›': '‹',
}

/** Quotes that open and close with the same mark. */
const STRAIGHT = ['"', '＂']

const CLOSING = new Set(Object.values(CLOSES).join(''))
/** Quotes that English novels open again at each paragraph of a long speech. */
const CONTINUED = '“‘'
const LETTER = /[\p{L}\p{M}\p{N}]/u

/**
 * Finds brackets and quotes left open, and closing ones that close nothing. A closing mark closes the
 * nearest opening mark of its kind; marks opened in between stay open.
 *
 * Not counted: `'`, which is an apostrophe far more often than a quote; `’` where no `‘` is open or
 * between two letters; a `“` or `‘` at the start of a paragraph inside the same open quote, which
 * continues it. Guillemets may point either way. An odd number of `"` counts as one left open.
 */
export function balance(text: string): Balance {
  const opened: UnmatchedMark[] = []
  const unmatched: UnmatchedMark[] = []
  for (let position = 0; position < text.length; position++) {
    const mark = text[position]
    if (!(mark in CLOSES) && !CLOSING.has(mark)) continue
    if (mark === '’' && betweenLetters(text, position)) continue
    const partner = opened.findLastIndex(open => CLOSES[open.mark].includes(mark))
    if (partner >= 0) {
      // Marks opened in between can no longer be closed.
      unmatched.push(...opened.splice(partner).slice(1))
    } else if (mark in CLOSES) {
      if (!continues(text, position, opened.at(-1)?.mark)) opened.push({ mark, position })
    } else if (mark !== '’') {
      unmatched.push({ mark, position })
    }
  }
  unmatched.push(...opened)
  for (const mark of STRAIGHT) {
    if (text.split(mark).length % 2 === 0)
      unmatched.push({ mark, position: text.lastIndexOf(mark) })
  }
  unmatched.sort((a, b) => a.position - b.position)
  const open = unmatched.filter(({ mark }) => mark in CLOSES || STRAIGHT.includes(mark)).length
  return { open, stray: unmatched.length - open, marks: unmatched }
}

function betweenLetters(text: string, position: number): boolean {
  return LETTER.test(text[position - 1] ?? '') && LETTER.test(text[position + 1] ?? '')
}

/** Whether a quote is at the beginning of a line while the same quote is open. */
function continues(text: string, position: number, open: string | undefined): boolean {
  if (open !== text[position] || !CONTINUED.includes(open)) return false
  let before = position - 1
  while (text[before] === ' ' || text[before] === '\t' || text[before] === '\u3000') before--
  return text[before] === '\n' || text[before] === '\r'
}
