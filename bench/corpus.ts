/**
 * Large corpora: the speed of counting and encoding a text, then training on a file of 500 MB in a
 * process of its own: seconds to the first step, and peak memory. The file is generated and removed.
 * TMPDIR chooses the disk.
 */
import { execFile } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openCorpus } from '../src/node/open-corpus.js'
import type { TokenizerKind } from '../src/text/index.js'
import { type Candidate, interleave, QUICK, type Row, rateText, timed } from './harness.js'

const MB = 1e6
/** The Linux kernel of Karpathy's post has 474 MB. */
const WHOLE = (QUICK ? 80 : 500) * MB
const ENCODED = (QUICK ? 4 : 32) * MB
const STEPS = QUICK ? 5 : 30

export const title = `A corpus of ${WHOLE / MB} MB`

const LATIN = [...'eeeettttaaaaoooiiinnnssshhhrrrdddlllucmwfgypbvké']
const JAPANESE = [
  ...'のにはをたがでてとしれさあいうかきくこそつなまもよらりるん一二人日本大年中出上生見行手',
]

/** Writes `size` bytes of UTF-8: random words, some more frequent, with punctuation and line ends. */
function writeText(path: string, size: number, letters: readonly string[]): void {
  let state = 1
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0 // Numerical Recipes
    return state / 2 ** 32
  }
  const words = Array.from({ length: 3000 }, () => {
    const length = 1 + Math.floor(uniform() * 8)
    return Array.from({ length }, () => letters[Math.floor(uniform() * letters.length)]).join('')
  })
  const gaps = letters === LATIN ? [' ', ' ', ' ', ' ', ' ', ', ', '. ', '.\n'] : ['', '、', '。\n']
  let text = ''
  while (text.length < 2 * MB) {
    text += words[Math.floor(uniform() ** 3 * words.length)]
    text += gaps[Math.floor(uniform() * gaps.length)]
  }
  const bytes = new TextEncoder().encode(text)
  const fd = openSync(path, 'wx')
  for (let at = 0; at < size; at += bytes.length)
    writeSync(fd, bytes, 0, Math.min(bytes.length, size - at))
  closeSync(fd)
}

/** Candidates that count and encode the whole file. */
async function passes(
  folder: string,
  path: string,
  name: string,
  kind: TokenizerKind,
): Promise<[Candidate, Candidate]> {
  const options = { tempFolder: async () => folder, largeFrom: 0, tokenizerKind: kind }
  const corpus = await openCorpus([path], options)
  const { tokenizer } = await corpus.build(kind)
  return [
    timed(`${name}: count`, async count => {
      let symbols = 0
      for (let i = 0; i < count; i++) {
        const again = await openCorpus([path], options)
        symbols += (await again.build(kind)).report.total
      }
      return symbols
    }),
    timed(`${name}: encode and hash`, async count => {
      let symbols = 0
      for (let i = 0; i < count; i++) {
        symbols += (await corpus.encode(tokenizer)).ids.length
        corpus.close()
      }
      return symbols
    }),
  ]
}

export async function* measure(log: (line: string) => void): AsyncIterable<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'ondo-corpus-'))
  try {
    const [latin, japanese] = [join(folder, 'latin.txt'), join(folder, 'japanese.txt')]
    writeText(latin, ENCODED, LATIN)
    writeText(japanese, ENCODED, JAPANESE)
    log(`counting and encoding ${ENCODED / MB} MB ...`)
    const candidates = [
      ...(await passes(folder, latin, 'Latin, characters', 'character')),
      ...(await passes(folder, japanese, 'Japanese, characters', 'character')),
      ...(await passes(folder, latin, 'any file, bytes', 'byte')),
      ...(await passes(folder, latin, 'Latin, graphemes', 'grapheme')),
      ...(await passes(folder, japanese, 'Japanese, graphemes', 'grapheme')),
    ]
    const rates = await interleave(candidates, { rounds: 5, ms: 1 })
    for (const { name, rates: each } of rates) {
      const perSecond = each.map(rate => (rate * ENCODED) / MB)
      const [what, who] = name.split(': ')
      yield { what, who, value: rateText(perSecond), note: 'MB/s', data: { perSecond } }
    }
    rmSync(latin)

    const whole = join(folder, 'whole.txt')
    writeText(whole, WHOLE, LATIN)
    log(`training ${STEPS} steps on ${WHOLE / MB} MB ...`)
    const child = fileURLToPath(new URL('./corpus-child.ts', import.meta.url))
    const args = ['--import', 'tsx', child, whole, join(folder, 'run'), String(STEPS)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const told = JSON.parse(stdout)
    const what = `training on ${WHOLE / MB} MB`
    for (const [who, value, unit] of [
      ['vocabulary counted', told.counted, 's'],
      ['first step done', told.first, 's'],
      ['memory at most', told.peak / MB, 'MB resident'],
    ] as const) {
      yield { what, who, value: value.toFixed(unit === 's' ? 1 : 0), note: unit, data: told }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
