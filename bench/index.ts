/**
 * `npm run bench [-- SUBJECT...]`: measures, prints a table, keeps it in bench/results/.
 * With `--quick`, just to see that it runs (kept nowhere); with `--cpu`, processor time instead of
 * the clock's, for a machine that others use too.
 * A new subject is one file with `measure()` and one line here.
 */
import { didYouMean } from '../src/errors.js'
import { machine, machineLine, QUICK, type Row, save, table } from './harness.js'

interface Subject {
  /** One line above the table. */
  readonly title: string
  /** Yields rows as they are measured; `log` goes to the screen only. */
  measure(log: (line: string) => void): AsyncIterable<Row>
  /** Versions of the peers that took part. */
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
    console.log(`Kept in ${save(name, { ...about, ...subject.versions?.() }, rows)}\n`)
  }
  return 0
}

process.exitCode = await main(process.argv.slice(2).filter(name => !name.startsWith('--')))
