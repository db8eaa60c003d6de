/** Balance: brackets and quotes that a text leaves open. */

/** A bracket or quote without its partner. */
export interface UnmatchedMark {
  readonly mark: string
  /** Where it stands, in UTF-16 units. */
  readonly position: number
}

export interface Balance {
  /** Opened and not closed. */
  readonly open: number
  /** Closed and not opened. */
  readonly stray: number
  /** All of them, in the order of the text. */
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

/** Marks that are the same on both sides. */
const STRAIGHT = ['"', '＂']

const CLOSING = new Set(Object.values(CLOSES).join(''))
/** Quotes that English novels open anew at each paragraph of a long speech. */
const CONTINUED = '“‘'
const LETTER = /[\p{L}\p{M}\p{N}]/u

/**
 * Brackets and quotes left open, and closing ones that close nothing. A closing mark closes the
 * nearest opening one that it fits; those opened in between stay open.
 *
 * Not counted: `'`, which is an apostrophe far more often than a quote; `’` where no `‘` is open or
 * a letter stands on both sides; a `“` or `‘` that begins a paragraph inside the same open quote,
 * which continues it. Guillemets may point either way. `"` goes by parity.
 */
export function balance(text: string): Balance {
  const opened: UnmatchedMark[] = []
  const loose: UnmatchedMark[] = []
  for (let position = 0; position < text.length; position++) {
    const mark = text[position]
    if (!(mark in CLOSES) && !CLOSING.has(mark)) continue
    if (mark === '’' && betweenLetters(text, position)) continue
    const partner = opened.findLastIndex(open => CLOSES[open.mark].includes(mark))
    if (partner >= 0) {
      // What was opened in between can't be closed from outside any more.
      loose.push(...opened.splice(partner).slice(1))
    } else if (mark in CLOSES) {
      if (!continues(text, position, opened.at(-1)?.mark)) opened.push({ mark, position })
    } else if (mark !== '’') {
      loose.push({ mark, position })
    }
  }
  loose.push(...opened)
  for (const mark of STRAIGHT) {
    if (text.split(mark).length % 2 === 0) loose.push({ mark, position: text.lastIndexOf(mark) })
  }
  loose.sort((a, b) => a.position - b.position)
  const open = loose.filter(({ mark }) => mark in CLOSES || STRAIGHT.includes(mark)).length
  return { open, stray: loose.length - open, marks: loose }
}

function betweenLetters(text: string, position: number): boolean {
  return LETTER.test(text[position - 1] ?? '') && LETTER.test(text[position + 1] ?? '')
}

/** Does a quote stand at the beginning of a line while the same quote is open? */
function continues(text: string, position: number, open: string | undefined): boolean {
  if (open !== text[position] || !CONTINUED.includes(open)) return false
  let before = position - 1
  while (text[before] === ' ' || text[before] === '\t' || text[before] === '\u3000') before--
  return text[before] === '\n' || text[before] === '\r'
}
