/** A run as the command line names it, and the model that it was made with. */
import { existsSync } from 'node:fs'
import { FileError } from '../../errors.js'
import type { Model } from '../../file/index.js'
import { matchesHash } from '../../file/index.js'
import {
  decodeRun,
  looksLikeCode,
  type Run,
  type RunRecord,
  readRun,
} from '../../generate/index.js'
import { checkModel } from '../../generate/run/fields.js'
import { bundledModels, findModel } from '../../node/files.js'
import { loadModel } from '../../node/load.js'
import { VERSION } from '../../version.js'
import type { Io } from '../terminal/io.js'
import { openModel, readInput } from './open-model.js'

export interface OpenedRun {
  readonly run: Run
  /** Absent for a code. */
  readonly record?: RunRecord
}

/** @param named a code, the path of a saved run, or `-` for one on standard input */
export async function openRun(named: unknown): Promise<OpenedRun> {
  const name = String(named)
  if (looksLikeCode(name) && !existsSync(name)) return { run: decodeRun(name) }
  const record = await readRun(new TextDecoder().decode(readInput(name)))
  return { run: record.run, record }
}

/**
 * The model of a run: the one named, else by its identity the one that the run's file remembers, else a
 * bundled one.
 * @throws FileError when it is another, or isn't here
 */
export async function modelOfRun(
  { run, record }: OpenedRun,
  named: unknown,
  io: Io,
): Promise<Model> {
  if (run.ondo !== VERSION) {
    io.info({
      en: `the run was made by ondo ${run.ondo}; this is ${VERSION}`,
      ja: `この記録を書いたのは ondo ${run.ondo}。いま動いているのは ${VERSION}`,
    })
  }
  if (typeof named === 'string') {
    const model = await openModel(named)
    await checkModel(model, run.model, 'The run')
    return model
  }
  const remembered = record?.source
  const places = [...(remembered ? [remembered] : []), ...(await bundledModels())]
  for (const place of places) {
    const path = await findModel(place).catch(() => undefined)
    // A file that can't be read is not the one that is looked for.
    const model = path === undefined ? undefined : await loadModel(path).catch(() => undefined)
    if (model && (await matchesHash(model, run.model))) return model
  }
  const called = remembered ? `, called "${remembered}" there` : ''
  throw new FileError(
    'model',
    `The model of the run (${run.model.slice(0, 12)}…${called}) is not here, nor is it one of those bundled: name its file after the run.`,
  )
}

/** What a saved run is read as, in the help of the commands that take one. */
export const RUN_ARGUMENT = '<run> [model]'
