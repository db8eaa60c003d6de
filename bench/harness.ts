/**
 * The benchmark harness: seeded data, a warm-up, rounds in which all candidates run one after another (so
 * that a busy minute of the machine affects all of them), the median with its spread, and a sink that
 * prevents dead-code elimination. A ratio is the median of the ratios *within* rounds.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'

/**
 * The clock of the measurements: wall time, or with `--cpu` the processor time of this process, for a
 * machine with other load.
 */
export const CLOCK: 'wall' | 'cpu' = process.argv.includes('--cpu') ? 'cpu' : 'wall'

/** `--quick` only tests that a subject runs; its numbers mean nothing. */
export const QUICK = process.argv.includes('--quick')

/** Milliseconds on `CLOCK`. */
export function now(): number {
  if (CLOCK === 'wall') return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Something to time: `run` does its work `count` times and returns the milliseconds. */
export interface Candidate {
  readonly name: string
  run(count: number): number | Promise<number>
}

/** Times a function; it returns a number for the sink. */
export function timed(name: string, work: (count: number) => number | Promise<number>): Candidate {
  return {
    name,
    async run(count) {
      const start = now()
      sink(await work(count))
      return now() - start
    },
  }
}

let sunk = 0

/** Uses a result, so that computing it is not optimised away. */
export function sink(value: number): void {
  sunk += value
  if (sunk === 1234.56789) console.log(sunk)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export interface Rates {
  readonly name: string
  /** Operations a second in each round. */
  readonly rates: readonly number[]
}

/**
 * Times candidates in interleaved rounds.
 * @param ms approximate time of one candidate in one round; less with `--quick`, in two rounds
 * @returns rates of each candidate by round
 */
export async function interleave(
  candidates: readonly Candidate[],
  { rounds = 7, ms = 400 }: { rounds?: number; ms?: number } = {},
): Promise<Rates[]> {
  if (QUICK) {
    rounds = 2
    ms = Math.min(ms, 50)
  }
  const counts: number[] = []
  for (const candidate of candidates) {
    // Warms up and chooses the count: it grows until one run takes long enough.
    let count = 1
    let took = await candidate.run(count)
    while (took < ms / 4) {
      count = Math.ceil(count * Math.min(10, Math.max(2, ms / 2 / Math.max(took, 1e-3))))
      took = await candidate.run(count)
    }
    counts.push(Math.max(1, Math.round((count * ms) / took)))
  }
  const rates: number[][] = candidates.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, candidate] of candidates.entries()) {
      rates[i].push((counts[i] * 1000) / (await candidate.run(counts[i])))
    }
  }
  return candidates.map(({ name }, i) => ({ name, rates: rates[i] }))
}

/** Median over the rounds of a's rate divided by b's rate in the same round. */
export function ratio(a: Rates, b: Rates): number {
  return median(a.rates.map((rate, round) => rate / b.rates[round]))
}

/** Half the interquartile range, as a fraction of the median. */
export function spread(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]
  return (at(0.75) - at(0.25)) / 2 / median(values)
}

/** One line of a result. */
export interface Row {
  readonly what: string
  readonly who: string
  /** Printed unchanged; a skipped row gives the reason. */
  readonly value: string
  readonly note: string
  /** The numbers for the JSON file. */
  readonly data?: Readonly<Record<string, unknown>>
}

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `12,345 ±2%` */
export function rateText(rates: readonly number[]): string {
  return `${number.format(median(rates))} ±${(spread(rates) * 100).toFixed(0)}%`
}

/** A table of at most 80 columns. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(row => [row.what, row.who, row.value, row.note])
  const widths = [0, 1, 2].map(i => Math.max(...cells.map(row => row[i].length)))
  let what = ''
  return cells
    .map(row => {
      const first = row[0] === what ? '' : row[0]
      what = row[0]
      const line = `${first.padEnd(widths[0])}  ${row[1].padEnd(widths[1])}  ${row[2].padStart(widths[2])}  ${row[3]}`
      return line.trimEnd().slice(0, 80)
    })
    .join('\n')
}

/** The machine of the measurements. */
export function machine(): Record<string, unknown> {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split('-')[0]}`,
    node: process.versions.node,
    v8: process.versions.v8,
    clock: CLOCK,
    loadAtStart: loadavg()[0],
  }
}

export function machineLine(about: Record<string, unknown>): string {
  const { cpu, cores, memoryGiB, node, date } = about
  const clock = CLOCK === 'cpu' ? '; processor time' : ''
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB; Node ${node}; ${date}${clock}`
}

/** Writes `bench/results/SUBJECT.json`. */
export function save(
  subject: string,
  about: Record<string, unknown>,
  rows: readonly Row[],
): string {
  const folder = new URL('results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = new URL(`${subject}.json`, folder)
  writeFileSync(file, `${JSON.stringify({ subject, machine: about, rows }, null, 2)}\n`)
  return `bench/results/${subject}.json`
}
