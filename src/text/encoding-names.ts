/**
 * Names of encodings as people write them, brought to those of the Encoding Standard.
 */
import { didYouMean, InputError } from '../errors.js'

/** Names that `--help` lists and that error messages suggest; TextDecoder accepts more. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'shift_jis',
  'euc-jp',
  'iso-2022-jp',
  'gb18030',
  'big5',
  'euc-kr',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'windows-874',
  'iso-8859-2',
  'iso-8859-5',
  'iso-8859-7',
  'koi8-r',
  'koi8-u',
  'ibm866',
] as const

/** Numbers of code pages, as Windows and DOS count them. */
const CODE_PAGES: Readonly<Record<string, string>> = {
  866: 'ibm866',
  874: 'windows-874',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  1200: 'utf-16le',
  1201: 'utf-16be',
  10000: 'macintosh',
  10007: 'x-mac-cyrillic',
  20866: 'koi8-r',
  20932: 'euc-jp',
  20936: 'gbk',
  21866: 'koi8-u',
  50220: 'iso-2022-jp',
  50221: 'iso-2022-jp',
  51932: 'euc-jp',
  51936: 'gbk',
  51949: 'euc-kr',
  54936: 'gb18030',
  65001: 'utf-8',
}

/** Names that people use and the Encoding Standard does not list, without what stands between. */
const ALIASES: Readonly<Record<string, string>> = {
  ansi: 'windows-1252',
  big5eten: 'big5',
  big5hkscs: 'big5',
  big5hkscs2004: 'big5',
  euccn: 'gbk',
  eucjis2004: 'euc-jp',
  eucjp: 'euc-jp',
  euckr: 'euc-kr',
  hkscs: 'big5',
  gb2312: 'gbk',
  hz: 'gbk',
  jis: 'iso-2022-jp',
  jis7: 'iso-2022-jp',
  koi8: 'koi8-r',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'windows-1254',
  latin9: 'iso-8859-15',
  mac: 'macintosh',
  maccyrillic: 'x-mac-cyrillic',
  macroman: 'macintosh',
  shiftjis: 'shift_jis',
  shiftjis2004: 'shift_jis',
  shiftjisx0213: 'shift_jis',
  sjis: 'shift_jis',
  sjisopen: 'shift_jis',
  tis620: 'windows-874',
  ucs2: 'utf-16le',
  uhc: 'euc-kr',
  usascii: 'windows-1252',
  utf16: 'utf-16le',
  utf16be: 'utf-16be',
  utf16le: 'utf-16le',
  utf8: 'utf-8',
  utf8bom: 'utf-8',
  utf8sig: 'utf-8',
  windows31j: 'shift_jis',
}

function known(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

/** The Encoding Standard's name of an encoding, in lower case; undefined for one that it lacks. */
export function knownEncoding(label: string): string | undefined {
  const name = label.trim().toLowerCase()
  const bare = name.replaceAll(/[^a-z0-9]/g, '')
  const page = /^(?:cp|ms|ibm|win|windows|dos|codepage|page|xcp)?(\d{3,5})$/.exec(bare)?.[1]
  const iso = /^iso8859(\d{1,2})$/.exec(bare)?.[1]
  return (
    known(name) ??
    known(ALIASES[bare] ?? '') ??
    (page === undefined ? undefined : known(CODE_PAGES[page] ?? `windows-${page}`)) ??
    (iso === undefined ? undefined : known(`iso-8859-${iso}`))
  )
}

/** @throws InputError for a name that the platform does not know */
export function encodingNamed(label: string): string {
  const encoding = knownEncoding(label)
  if (encoding !== undefined) return encoding
  const shown = label.length > 80 ? `${label.slice(0, 80)}…` : label
  const near = didYouMean(label.trim().toLowerCase().slice(0, 80), ENCODINGS)
  throw new InputError(
    'encoding',
    `The encoding "${shown}" is not known; expected one such as ${ENCODINGS.slice(0, 5).join(', ')}, ` +
      `gb18030, windows-1252 or koi8-r, or convert the text to UTF-8 first.${near}`,
    {
      ja:
        `文字コード「${shown}」は使えません。${ENCODINGS.slice(0, 5).join('、')}、gb18030、windows-1252、` +
        'koi8-rなどを指定するか、先にUTF-8に変換してください。',
    },
  )
}
