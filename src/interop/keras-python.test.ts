/**
 * Files that Keras itself wrote, against its own predictions (test/witness/keras_models.py). Runs where a
 * Python with keras (3) or tf_keras (2) is found: `python3`, or the one named by ONDO_PYTHON.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { FileError, InputError } from '../errors.js'
import { loadNetwork } from '../runtime/network.js'
import { importModel } from './import.js'
import type { SourceFile } from './source.js'

const SCRIPT = fileURLToPath(new URL('../../test/witness/keras_models.py', import.meta.url))

function pythonWith(library: string): string | undefined {
  return [process.env.ONDO_PYTHON, 'python3'].find(command => {
    if (!command) return false
    const probe = `import importlib.util as u, sys; sys.exit(not u.find_spec("${library}"))`
    try {
      execFileSync(command, ['-c', probe], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

interface Case {
  readonly ids: readonly number[]
  readonly log_p: readonly number[] | null
  readonly refused: boolean
  /** Half precision rounds in Keras' own pass. */
  readonly tolerance?: number
  readonly window?: number
  /** Keras leaves out symbol 0, and Ondo says that it does not. */
  readonly masked?: boolean
}

const logSoftmax = (logits: Float32Array): number[] => {
  const max = Math.max(...logits)
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - max), 0)
  return Array.from(logits, logit => logit - max - Math.log(sum))
}

describe.each(['keras', 'tf_keras'])('%s', { timeout: 600_000 }, library => {
  const python = pythonWith(library)
  const folder = python ? mkdtempSync(join(tmpdir(), 'ondo-keras-')) : ''
  afterAll(() => {
    if (python) rmSync(folder, { recursive: true })
  })

  it.skipIf(!python)('predicts what Ondo predicts from each of its files', async () => {
    execFileSync(python as string, [SCRIPT, folder], {
      env: { ...process.env, KERAS: library, OMP_NUM_THREADS: '1' },
      stdio: 'ignore',
    })
    const wrong: string[] = []
    const names = readdirSync(folder)
    expect(names.length).toBeGreaterThan(100)
    for (const name of names) {
      const path = join(folder, name)
      const one = JSON.parse(readFileSync(join(path, 'case.json'), 'utf8')) as Case
      const files: SourceFile[] = readdirSync(path)
        .filter(file => file !== 'case.json')
        .map(file => ({ name: file, bytes: new Uint8Array(readFileSync(join(path, file))) }))
      const options = {
        vocabulary: { symbols: [...'abcdefg'] },
        ...(one.window !== undefined && { window: one.window }),
      }
      const read = await importModel(files, options).catch((error: unknown) => error)
      if (read instanceof Error) {
        const sentence = read instanceof FileError || read instanceof InputError
        if (!one.refused || !sentence) wrong.push(`${name}: ${read.message}`)
        continue
      }
      const { model, notes } = read as Awaited<ReturnType<typeof importModel>>
      if (one.masked) {
        expect(notes.map(({ en }) => en).join()).toContain('mask_zero')
        continue
      }
      if (one.refused) {
        wrong.push(`${name}: not refused`)
        continue
      }
      const session = (await loadNetwork(model.config, model.weights)).session()
      const ours = logSoftmax(session.prefill(one.ids))
      const apart = Math.max(...ours.map((x, v) => Math.abs(x - (one.log_p?.[v] ?? Number.NaN))))
      if (!(apart < (one.tolerance ?? 1e-5))) wrong.push(`${name}: ${apart} nats apart`)
    }
    expect(wrong).toEqual([])
  })
})
