/**
 * `npm run bench [-- SUBJECT...]` measures, prints a table, and saves it in bench/results/. `--quick` only
 * tests that a subject runs, and saves nothing; `--cpu` measures processor time instead of wall time.
 * A new subject is a file with `measure()` and a line here.
 */
import { didYouMean } from '../src/errors.js'
import { machine, machineLine, QUICK, type Row, save, table } from './harness.js'

interface Subject {
  /** One line above the table. */
  readonly title: string
  /** Yields rows as they are measured; `log` goes to the screen only. */
  measure(log: (line: string) => void): AsyncIterable<Row>
  /** Versions of the compared libraries. */
  versions?(): Record<string, string>
}

const SUBJECTS: Record<string, () => Promise<Subject>> = {
  sample: () => import('./sample.js'),
  page: () => import('./page.js'),
  train: () => import('./train.js'),
  corpus: () => import('./corpus.js'),
  interval: () => import('./interval.js'),
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find(name => !(name in SUBJECTS))
  if (unknown !== undefined) {
    const known = Object.keys(SUBJECTS)
    console.error(
      `There is no bench "${unknown}".${didYouMean(unknown, known)} Known: ${known.join(', ')}.`,
    )
    return 2
  }
  for (const name of names.length ? names : Object.keys(SUBJECTS)) {
    const subject = await SUBJECTS[name]()
    const about = machine()
    console.log(`${subject.title}\n${machineLine(about)}`)
    const rows: Row[] = []
    for await (const row of subject.measure(line => process.stderr.write(`${line}\n`))) {
      rows.push(row)
    }
    console.log(table(rows))
    if (QUICK) continue
    console.log(`Saved in ${save(name, { ...about, ...subject.versions?.() }, rows)}\n`)
  }
  return 0
}

process.exitCode = await main(process.argv.slice(2).filter(name => !name.startsWith('--')))
