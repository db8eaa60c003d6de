/**
 * What pages say in their own words of the bundled models, and pictures of them: a person has to see
 * to these when a model was replaced. Each is found by its words, so that the numbers may be any.
 */
import { readFileSync } from 'node:fs'

export interface Claim {
  /** Pages, from the package's root; `x.md` stands for `x.ja.md` too where `japanese` is given. */
  readonly page: string
  /** Must match once, in one line or over several; the first line is named. */
  readonly words: RegExp
  readonly japanese?: RegExp
  /** The command that gives the new number, or what to look at. */
  readonly how: string
}

const TEXTS = 'tiny-shakespeare.txt, kokoro.txt, names.txt: the corpora of models/README.md'
const TRAIN = 'the recipe in models/README.md; `ondo inspect NAME` says epochs and losses'
const CALIBRATE = 'written with `npm run record -- --corpora DIR`; or `ondo calibrate NAME TEXT`'
const DYNAMIC = '`ondo eval RUN tiny-shakespeare.txt --dynamic` (RUN: the training folder, float32)'
const BASELINE = 'loss of `ondo inspect NAME` less the n-gram of `ondo baseline TEXT`'
const CURVE = '`ondo sweep NAME --out DIR`, curve.csv'
const LEADS = '`ondo sweep NAME --out DIR` for the periods; leads: logits of the rounds at T = 0'

export const CLAIMS: readonly Claim[] = [
  {
    page: 'models/README.md',
    words: /^`ondo eval` reads the text in one go; for `shakespeare`/m,
    how: '`ondo eval shakespeare tiny-shakespeare.txt`, held-out part: nats at 1 of calibration.md',
  },
  {
    page: 'models/README.md',
    words: /^\| model \| network \| parameters .* held out/m,
    how: 'columns "corpus" and "held out" are not recorded: split and holdout in `ondo inspect NAME`',
  },
  {
    page: 'models/README.md',
    words: /^version may round otherwise .* All were trained with/m,
    how: 'true of the new recipes? And the recipes below it',
  },
  {
    page: 'docs/results.md',
    words: /^\| LSTM 2x\d+, the bundled `shakespeare` \|/m,
    how: `${TRAIN}; curves below it: metrics.jsonl of the run, figure: bench/curves.ts`,
  },
  { page: 'docs/results.md', words: /the bundled model's training run \|/, how: DYNAMIC },
  {
    page: 'docs/results.md',
    words: /^\| names, the end .* \(bundled, LSTM 2x/m,
    how: 'written where the bundled names are striped; if they are not, move it to the row above',
  },
  {
    page: 'docs/results.md',
    words: /^- The bundled こころ predicts .* \(perplexity [\d.]+ of/m,
    how: BASELINE,
  },
  {
    page: 'docs/results.md',
    words: /^`ondo eval shakespeare tiny-shakespeare\.txt` reads/m,
    how: '`ondo eval shakespeare tiny-shakespeare.txt`, time and held-out part',
  },
  {
    page: 'docs/calibration.md',
    words: /^\| `shakespeare` \| [\d,]+ \|/m,
    japanese: /^\| `shakespeare` \| [\d,]+ \|/m,
    how: CALIBRATE,
  },
  {
    page: 'docs/calibration.md',
    words: /^\| `kokoro` \| [\d,]+ \|/m,
    japanese: /^\| `kokoro` \| [\d,]+ \|/m,
    how: CALIBRATE,
  },
  {
    page: 'docs/calibration.md',
    words: /^All three are a little too sure/m,
    japanese: /^三つとも少し自信過剰/m,
    how: 'T* above 1 for all, and is the error of the favourite smaller at T* in all?',
  },
  {
    page: 'docs/calibration.md',
    words: /images\/calibration-shakespeare-dark\.svg/,
    japanese: /images\/calibration-shakespeare-dark\.svg/,
    how: '`ondo calibrate shakespeare tiny-shakespeare.txt --out DIR`: the two figures',
  },
  {
    page: 'docs/sweep.md',
    words: /images\/sweep-shakespeare-dark\.svg/,
    japanese: /images\/sweep-shakespeare-dark\.svg/,
    how: '`ondo sweep shakespeare --corpus TEXT --out DIR`: the two figures',
  },
  {
    page: 'docs/sweep.md',
    words: /images\/sweep-kokoro-dark\.svg/,
    japanese: /images\/sweep-kokoro-dark\.svg/,
    how: '`ondo sweep kokoro --corpus TEXT --out DIR`: the two figures',
  },
  {
    page: 'docs/sweep.md',
    words: /^- \*\*Repetition falls with T\*\*: in all three/m,
    japanese: /^- \*\*温度が上がると反復は減る\*\*: 三つとも/m,
    how: `at every step of the grid? ${CURVE}`,
  },
  {
    page: 'docs/sweep.md',
    words: /Shakespeare's from T = [\d.]+ on; below it/,
    japanese: /Shakespeareでは[\d.]+から上で増えます/,
    how: `from where on it rises: ${CURVE}`,
  },
  {
    page: 'docs/sweep.md',
    words: /^- \*\*Entropy rises\*\* everywhere, and with these models surprisal/m,
    japanese: /このモデルでは意外さも増えます/,
    how: CURVE,
  },
  {
    page: 'docs/sweep.md',
    words: /\(periods \d+, \d+ and \d+\)/,
    japanese: /（周期\d+、\d+、\d+）/,
    how: LEADS,
  },
  {
    page: 'docs/sweep.md',
    words: /leads by [\d.]+ nats \(Shakespeare;[\s\S]*?no lead changes by more than/,
    japanese: /差は[\d.]+ナット（Shakespeare。/,
    how: LEADS,
  },
  {
    page: 'docs/export.md',
    words: /deflated: [\d.]+ to [\d.]+ of the file/,
    japanese: /元の [\d.]+〜[\d.]+ に/,
    how: 'planes and deflate of each bundled file, `src/file/printable-bytes.ts`',
  },
  {
    page: 'docs/breakpoints.md',
    words: /With `shakespeare` \(V = 65\)/,
    japanese: /`shakespeare`（V = 65）/,
    how: 'npm run bench -- interval --cpu (docs/results.md too)',
  },
  {
    page: 'README.md',
    words: /docs\/images\/studio\.png/,
    japanese: /docs\/images\/studio-ja\.png/,
    how: 'screenshots (studio, studio-ja, studio-dark, phone) show texts and zones of the models',
  },
]

/** Where each claim stands now, and which are no longer there. */
export function placesOf(root: string): { place: string; line: string; how: string }[] {
  return CLAIMS.flatMap(({ page, words, japanese, how }) => {
    const pages: [string, RegExp][] = [[page, words]]
    if (japanese) pages.push([page.replace(/\.md$/, '.ja.md'), japanese])
    return pages.map(([name, pattern]) => {
      const text = readFileSync(`${root}${name}`, 'utf8')
      const found = text.search(pattern)
      if (found < 0) return { place: name, line: `NOT FOUND, mend CLAIMS: ${pattern}`, how }
      const number = text.slice(0, found).split('\n').length
      return { place: `${name}:${number}`, line: text.split('\n')[number - 1].trim(), how }
    })
  })
}

/** The claims as lines to go through, those with the same way together. */
export function checklist(root: string): string {
  const byHow = new Map<string, string[]>()
  for (const { place, line, how } of placesOf(root)) {
    const short = Array.from(line).slice(0, 90).join('')
    byHow.set(how, [...(byHow.get(how) ?? []), `    ${place}  ${short}`])
  }
  const groups = [...byHow].map(([how, places]) => `[ ] ${how}\n${places.join('\n')}`)
  return `\nWhat the pages say in their own words of the bundled models (${TEXTS}):\n${groups.join('\n')}`
}
