/**
 * Makes a bundled model of a training run: its best weights in F16 with a title, a prompt that shows
 * it well, stop strings, and the sweep that names its zones of temperature. The spelling filter and
 * what is usual for the corpus come from the run; for an older model, which lacks them, from --corpus.
 * What is not given stays as it is in RUN, which may also be a bundled model. The recipes are in
 * models/README.md.
 *
 *   npx tsx models/bundle.ts runs/shakespeare shakespeare --title Shakespeare --prompt "ROMEO:"
 *   npx tsx models/bundle.ts shakespeare shakespeare --corpus tiny-shakespeare.txt
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { hashOfCorpus } from '../src/cli/inputs/corpus.js'
import { decodeModel, encodeModel, type Model, modelFileHash } from '../src/file/index.js'
import { encodeMeasures, type StoredMeasures, storedMeasures, sweep } from '../src/measure/index.js'
import { corpusMeasures } from '../src/node/corpus-measures.js'
import { writeFileAtomic } from '../src/node/files.js'
import { loadModel } from '../src/node/load.js'
import { readCorpus } from '../src/node/read.js'
import { encodeContent } from '../src/text/index.js'
import { recordedDataParts } from '../src/train/data-parts.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    title: { type: 'string' },
    prompt: { type: 'string' },
    stop: { type: 'string', multiple: true },
    corpus: { type: 'string' },
    seeds: { type: 'string', default: '8' },
    length: { type: 'string', default: '2000' },
    light: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const [run, name] = positionals
if (run === undefined || name === undefined) {
  console.error(
    'usage: tsx models/bundle.ts RUN NAME [--title T] [--prompt P] [--stop S] [--corpus FILE] [--seeds N] [--length N] [--light] [--out FILE]',
  )
  process.exit(2)
}

/** A shell has no easy way to write a line break. */
const withBreaks = (text: string): string => text.replaceAll('\\n', '\n')

async function ofCorpus(model: Model, path: string): Promise<StoredMeasures> {
  const { tokenizer, training } = model
  const corpus = await readCorpus([path], { tokenizerKind: tokenizer.kind })
  if ((await hashOfCorpus(corpus)) !== training.corpusHash) {
    throw new Error(`${path} is not the corpus that ${run} was trained on (${training.corpus}).`)
  }
  const { ids } = encodeContent(tokenizer, corpus.content, 'skip')
  const parts = recordedDataParts(training, ids.length)
  if (!parts) throw new Error(`${run} does not say which part of its corpus it was trained on.`)
  return corpusMeasures(ids, tokenizer, parts)
}

const source = await loadModel(run)
const parts = {
  ...source,
  name: values.title ?? source.name ?? name,
  prompt: values.prompt === undefined ? source.prompt : withBreaks(values.prompt),
  stop: values.stop?.map(withBreaks) ?? source.stop,
}
const { filter, corpus } = values.corpus
  ? await ofCorpus(source, values.corpus)
  : storedMeasures(source)
if (!filter || !corpus) throw new Error(`${run} has no spelling filter: name its --corpus FILE.`)

// Swept as it will be read: F16 rounds the weights.
const plain = { ...parts, measures: encodeMeasures({ filter, corpus }) }
const model = await decodeModel(encodeModel(plain, { dtype: 'F16' }))
const options = { seeds: Number(values.seeds), length: Number(values.length) }
for await (const event of sweep(model, options)) {
  if (event.type === 'text') process.stderr.write(`\rsweep ${event.done}/${event.total}`)
  if (event.type !== 'end') continue
  process.stderr.write('\n')
  const { prompt, length, curve, zones } = event.result
  const kept = { prompt, length, seeds: options.seeds, curve, ...(zones && { zones }) }
  // The filter is large, and a model that only writes does without.
  const measures = encodeMeasures(values.light ? { sweep: kept } : { filter, corpus, sweep: kept })
  const bytes = encodeModel({ ...parts, measures }, { dtype: 'F16' })
  const path = values.out ?? fileURLToPath(new URL(`${name}.safetensors`, import.meta.url))
  await writeFileAtomic(path, bytes)
  const written = await decodeModel(bytes)
  console.log(
    `${values.out ?? `models/${name}.safetensors`}  ${bytes.length} bytes  identity ${written.hash}  sha256 ${await modelFileHash(written)}`,
  )
  for (const zone of zones?.zones ?? []) console.log(`  ${zone.zone} ${zone.from} to ${zone.to}`)
  for (const note of zones?.notes ?? []) console.log(`  ${note}`)
}
